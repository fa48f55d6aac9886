// `loupe repair`: redraws coarse masks of a project, without a window; says which would gain, and with --apply replaces them.
import path from 'node:path';
import type { Command } from 'commander';
import { exitCode } from '../failure.ts';
import type { BetterShape, RepairAllReport } from '../jobs/prompting/repairing.ts';
import type { Terminal } from '../terminal.ts';
import { type DrawOptions, withProjectEngine } from './arguments/projectEngine.ts';
import { weightsOptions } from './arguments/weights.ts';

interface RepairOptions extends DrawOptions {
  readonly apply?: boolean;
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
  const [{ copyProject }, { withScratch }] = await Promise.all([
    import('../jobs/prompting/shards.ts'),
    import('../jobs/queue/scratch.ts'),
  ]);
  await withScratch('repair', async (folder) => {
    const copy = path.join(folder, path.basename(file));
    await copyProject(file, copy);
    await repairIn(copy, file, { options, terminal });
  });
}

interface RepairCall {
  readonly options: RepairOptions;
  readonly terminal: Terminal;
}

/** `file` is where images are found from. Finishes with `nothing` where no mask is likely better. */
async function repairIn(place: string, file: string, { options, terminal }: RepairCall): Promise<void> {
  const { repairAll } = await import('../jobs/prompting/repairing.ts');
  const opening = { file, place, counted: 'masks', options, terminal };
  await withProjectEngine(opening, async ({ weights, meter, ...opened }) => {
    const report = await repairAll({ ...opened, apply: options.apply === true }, meter);
    terminal.note('\n');
    terminal.print(options.json ? `${JSON.stringify({ weights, ...report })}\n` : asText(report, weights));
    terminal.finish(report.shapes.some(({ verdict }) => verdict === 'better') ? exitCode.done : exitCode.nothing);
  });
}

function asText({ shapes, expectedGain, applied, failed }: RepairAllReport, weights: string): string {
  const better = shapes
    .flatMap((shape) => (shape.verdict === 'better' ? [shape] : []))
    .toSorted((a, b) => b.gain - a.gain);
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

const line = ({ gain, boundary, image, label, shapeId }: BetterShape): string =>
  `  ${gain.toFixed(3).padStart(7)}  outline ${(100 * boundary).toFixed(0).padStart(3)} % different  ${image}  ${label} (${shapeId})`;
