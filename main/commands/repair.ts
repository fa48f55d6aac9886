// `loupe repair`: coarse masks of a project redrawn without a window; tells what would gain, and with --apply puts it in place.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { BadInput } from '../contract/badinput.ts';
import type { Job } from '../contract/jobs.ts';
import { exitCode } from '../failure.ts';
import type { RepairAllReport, RepairedShape } from '../jobs/repairing.ts';
import type { Terminal } from '../terminal.ts';
import { type WeightsOptions, weightsOptions } from './weights.ts';

interface RepairOptions extends WeightsOptions {
  readonly label?: string;
  readonly apply?: boolean;
  readonly json?: boolean;
}

export function addRepair(program: Command, terminal: Terminal): void {
  const command = program
    .command('repair')
    .description('redraw the masks of a project and tell which are likely better; the project stays as it is')
    .argument('<project>', 'the .loupe file')
    .option('--label <name>', 'only masks of this label')
    .option('--apply', 'replace the masks that are likely better, in one step that can be undone')
    .option('--json', 'print one JSON document instead of text');
  weightsOptions(command).action((file: string, options: RepairOptions) => repair(file, options, terminal));
}

/** Opening a project writes to its file: without --apply the masks are read from a copy of it. */
async function repair(file: string, options: RepairOptions, terminal: Terminal): Promise<void> {
  if (options.apply) return repairIn(file, file, { options, terminal });
  const { copyProject } = await import('../jobs/shards.ts');
  const folder = await mkdtemp(path.join(tmpdir(), 'loupe-repair-'));
  try {
    const copy = path.join(folder, path.basename(file));
    copyProject(file, copy);
    await repairIn(copy, file, { options, terminal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Asked {
  readonly options: RepairOptions;
  readonly terminal: Terminal;
}

/** `file` is where images are found from. Finishes with `nothing` where no mask is likely better. */
async function repairIn(place: string, file: string, { options, terminal }: Asked): Promise<void> {
  // Loaded late: no other command needs SQLite and the engine.
  const [{ Engine }, { openChecked }, { Meter }, { repairAll }] = await Promise.all([
    import('../engine/supervisor.ts'),
    import('../jobs/opening.ts'),
    import('../jobs/queue.ts'),
    import('../jobs/repairing.ts'),
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
    const fileOf = (image: { path: string }) => path.resolve(folder, image.path);
    const meter = new Meter(terminal.signal, progressTo(terminal));
    const report = await repairAll({ project, engine, labelId, apply: options.apply === true, fileOf }, meter);
    terminal.note('\n');
    terminal.print(options.json ? `${JSON.stringify({ weights, ...report })}\n` : asText(report, weights));
    terminal.finish(report.shapes.some(({ verdict }) => verdict === 'better') ? exitCode.done : exitCode.nothing);
  } finally {
    await engine.close();
    project.close();
  }
}

export const engineSettings = ({ weights, segmenter, provider = 'cpu' }: RepairOptions) => ({
  ...{ weights: path.resolve(weights), device: provider },
  segmenter: segmenter === undefined ? null : path.resolve(segmenter),
});

export function labelNamed(labels: readonly { id: number; name: string }[], wanted: string, file: string): number {
  const found = labels.find(({ name }) => name === wanted);
  if (found) return found.id;
  const known = labels.map(({ name }) => `"${name}"`).join(', ');
  throw new BadInput(`${file}: has no label "${wanted}"; there are ${known === '' ? 'none' : known}`);
}

const progressTo =
  (terminal: Terminal) =>
  ({ done = 0, total }: Partial<Job>): void => {
    if (total !== null && total !== undefined) terminal.note(`\r${done}/${total} masks   `);
  };

function asText({ shapes, expectedGain, applied, failed }: RepairAllReport, weights: string): string {
  const better = shapes.filter(({ verdict }) => verdict === 'better').toSorted((a, b) => (b.gain ?? 0) - (a.gain ?? 0));
  const locked = shapes.filter(({ verdict }) => verdict === 'locked').length;
  const done = applied > 0 ? `${applied} replaced in one step, which undo takes back` : 'nothing is replaced';
  const isMeasured = shapes.length === 0 || shapes.some(({ gain }) => gain !== null);
  const lines = [
    `${shapes.length} ${shapes.length === 1 ? 'mask' : 'masks'} redrawn by ${weights}: ${better.length} likely better, expected gain in IoU ${expectedGain.toFixed(3)} on average; ${done}`,
    ...(isMeasured ? [] : ['nobody measured what these weights gain; "loupe train repair" does']),
    ...(locked > 0 ? [`${locked} would be better and are locked`] : []),
    ...better.map(line),
    ...failed.map(({ path: name, why }) => (why.includes(name) ? why : `${name}: ${why}`)),
  ];
  return `${lines.join('\n')}\n`;
}

const line = ({ gain, boundary, image, label, shapeId }: RepairedShape): string =>
  `  ${(gain ?? 0).toFixed(3).padStart(7)}  outline ${(100 * boundary).toFixed(0).padStart(3)} % different  ${image}  ${label} (${shapeId})`;
