// Opens a project and an engine together for a command that has the model draw in it, and closes both whatever happens.
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import type { Engine } from '../../engine/supervisor.ts';
import type { Meter } from '../../jobs/queue/queue.ts';
import type { Project } from '../../store/project.ts';
import type { Terminal } from '../../terminal.ts';
import type { WeightsOptions } from './weights.ts';

export interface DrawOptions extends WeightsOptions {
  readonly label?: string;
  readonly json?: boolean;
}

export interface ProjectEngine {
  readonly project: Project;
  readonly engine: Engine;
  /** Name of the weights in use. */
  readonly weights: string;
  /** null: shapes of every label. */
  readonly labelId: number | null;
  readonly meter: Meter;
  fileOf(image: { path: string }): string;
}

interface Opening {
  /** The project's file as the person named it: images are found from there. */
  readonly file: string;
  /** Where it is opened, if that is a copy. */
  readonly place?: string;
  /** What is counted on the terminal: "masks". */
  readonly counted: string;
  readonly options: DrawOptions;
  readonly terminal: Terminal;
}

/** Throws BadInput for a label that the project lacks, and where project or weights cannot be opened. */
export async function withProjectEngine(
  { file, place = file, counted, options, terminal }: Opening,
  work: (opened: ProjectEngine) => Promise<void>,
): Promise<void> {
  // Loaded late: no other command needs SQLite and the engine.
  const [{ Engine }, { openChecked }, { Meter }] = await Promise.all([
    import('../../engine/supervisor.ts'),
    import('../../jobs/opening/opening.ts'),
    import('../../jobs/queue/queue.ts'),
  ]);
  const project = await openChecked(place);
  const engine = new Engine(engineSettings(options));
  try {
    const labelId = options.label === undefined ? null : labelNamed(project.labels(), options.label, file);
    const weights = await engine.weights().catch((error: Error) => {
      throw new BadInput(error.message);
    });
    for (const warning of engine.status.warnings) terminal.note(`warning: ${warning}\n`);
    const folder = path.dirname(path.resolve(file));
    const meter = new Meter(terminal.signal, ({ done = 0, total }) => {
      if (total !== null && total !== undefined) terminal.note(`\r${done}/${total} ${counted}   `);
    });
    await work({ project, engine, weights, labelId, meter, fileOf: (image) => path.resolve(folder, image.path) });
  } finally {
    await engine.close();
    project.close();
  }
}

export const engineSettings = ({ weights, segmenter, provider = 'cpu' }: WeightsOptions) => ({
  ...{ weights: path.resolve(weights), device: provider },
  segmenter: segmenter === undefined ? null : path.resolve(segmenter),
});

function labelNamed(labels: readonly { id: number; name: string }[], wanted: string, file: string): number {
  const found = labels.find(({ name }) => name === wanted);
  if (found) return found.id;
  const known = labels.map(({ name }) => `"${name}"`).join(', ');
  throw new BadInput(`${file}: has no label "${wanted}"; there are ${known === '' ? 'none' : known}`);
}
