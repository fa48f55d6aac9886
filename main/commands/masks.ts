// `loupe masks`: every box of a project of which no mask is known becomes one, without a window; stopped, it goes on the next time.
import path from 'node:path';
import type { Command } from 'commander';
import { BadInput } from '../contract/badinput.ts';
import type { Job } from '../contract/jobs.ts';
import { exitCode } from '../failure.ts';
import type { BoxMasksReport, MadeMask } from '../jobs/boxMasks.ts';
import type { Terminal } from '../terminal.ts';
import { engineSettings, labelNamed } from './repair.ts';
import { type WeightsOptions, weightsOptions } from './weights.ts';

interface MasksOptions extends WeightsOptions {
  readonly label?: string;
  readonly json?: boolean;
}

export function addMasks(program: Command, terminal: Terminal): void {
  const command = program
    .command('masks')
    .description('give a mask to every shape of which only a box is known, in one step that can be undone')
    .argument('<project>', 'the .loupe file')
    .option('--label <name>', 'only boxes of this label')
    .option('--json', 'print one JSON document instead of text');
  weightsOptions(command).action((file: string, options: MasksOptions) => masks(file, options, terminal));
}

async function masks(file: string, options: MasksOptions, terminal: Terminal): Promise<void> {
  // Loaded late: no other command needs SQLite and the engine.
  const [{ Engine }, { openChecked }, { Meter }, { boxesToMasks, boxMasksWords }] = await Promise.all([
    import('../engine/supervisor.ts'),
    import('../jobs/opening.ts'),
    import('../jobs/queue.ts'),
    import('../jobs/boxMasks.ts'),
  ]);
  const project = await openChecked(file);
  const engine = new Engine(engineSettings(options));
  try {
    const labelId = options.label === undefined ? null : labelNamed(project.labels(), options.label, file);
    const weights = await engine.weights().catch((error: Error) => {
      throw new BadInput(error.message);
    });
    for (const warning of engine.status.warnings) terminal.note(`warning: ${warning}\n`);
    const folder = path.dirname(project.file);
    const fileOf = (image: { path: string }) => path.resolve(folder, image.path);
    const work = { project, engine, labelId, fileOf, recorded: () => {}, made: () => {} };
    const report = await boxesToMasks(work, new Meter(terminal.signal, progressTo(terminal)));
    terminal.note('\n');
    terminal.print(
      options.json ? `${JSON.stringify({ weights, ...report })}\n` : asText(report, boxMasksWords(report)),
    );
    terminal.finish(report.shapes.some(({ verdict }) => verdict === 'mask') ? exitCode.done : exitCode.nothing);
  } finally {
    await engine.close();
    project.close();
  }
}

const progressTo =
  (terminal: Terminal) =>
  ({ done = 0, total }: Partial<Job>): void => {
    if (total !== null && total !== undefined) terminal.note(`\r${done}/${total} boxes   `);
  };

/** More lines would not be read. */
const MOST_LINES = 20;

/** The masks that fit their boxes worst come first: those are to be looked at. */
function asText({ shapes, failed }: BoxMasksReport, words: string): string {
  const doubtful = shapes
    .filter(({ agreement }) => agreement !== null && agreement < 0.5)
    .toSorted((a, b) => (a.agreement ?? 0) - (b.agreement ?? 0));
  const lines = [
    words,
    ...(doubtful.length > 0 ? [`${doubtful.length} masks overlap their boxes by less than half:`] : []),
    ...doubtful.slice(0, MOST_LINES).map(line),
    ...failed.map(({ path: name, why }) => (why.includes(name) ? why : `${name}: ${why}`)),
  ];
  return `${lines.join('\n')}\n`;
}

const line = ({ agreement, image, label, shapeId }: MadeMask): string =>
  `  ${(agreement ?? 0).toFixed(3)}  ${image}  ${label} (${shapeId})`;
