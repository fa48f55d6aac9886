// `loupe export --for`: writes a project as the training files of a published trainer, without a window.
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { Job, TrainerName } from '../contract/jobs.ts';
import type { Terminal } from '../terminal.ts';

interface Wanted {
  readonly project: string;
  readonly folder: string;
  readonly trainer: TrainerName;
}

interface Given {
  readonly polygons?: boolean;
  readonly runs?: boolean;
  readonly accepted?: boolean;
  readonly writeBack?: boolean;
  readonly json?: boolean;
}

export async function exportFor({ project: file, folder, trainer }: Wanted, given: Given, terminal: Terminal) {
  if (given.polygons || given.runs || given.accepted || given.writeBack)
    throw new BadInput(
      '--for goes with neither --polygons, --runs, --accepted nor --write-back: a trainer reads one form',
    );
  // Loaded late: no other command needs SQLite and sharp.
  const [{ openChecked }, { exportForTrainer }, { sentenceOfTraining }, { Meter }] = await Promise.all([
    import('../jobs/opening/opening.ts'),
    import('../jobs/exporting/trainerExport.ts'),
    import('../jobs/exporting/importExportReports.ts'),
    import('../jobs/queue/queue.ts'),
  ]);
  const project = await openChecked(path.resolve(file));
  try {
    const meter = new Meter(terminal.signal, progressTo(terminal));
    const report = await exportForTrainer(project, { folder: path.resolve(folder), trainer }, meter);
    terminal.note('\n');
    const lines = [sentenceOfTraining(report, folder), ...report.leftOut.map((line) => `left out: ${line}`), ''];
    terminal.print(given.json ? `${JSON.stringify(report)}\n` : lines.join('\n'));
  } finally {
    project.close();
  }
}

const progressTo =
  (terminal: Terminal) =>
  ({ done = 0, total }: Partial<Job>): void => {
    if (total !== null && total !== undefined) terminal.note(`\r${done}/${total} images   `);
  };
