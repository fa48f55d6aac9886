// `loupe masks`: draws a mask for every shape of which only a box is known, without a window; a stopped run goes on the next time.
import type { Command } from 'commander';
import { exitCode } from '../failure.ts';
import type { BoxMasksReport, MadeMask } from '../jobs/prompting/boxMasks.ts';
import type { Terminal } from '../terminal.ts';
import { type DrawOptions, withProjectEngine } from './arguments/projectEngine.ts';
import { weightsOptions } from './arguments/weights.ts';

export function addMasks(program: Command, terminal: Terminal): void {
  const command = program
    .command('masks')
    .description('give a mask to every shape of which only a box is known, in one step that can be undone')
    .argument('<project>', 'the .loupe file')
    .option('--label <name>', 'only boxes of this label')
    .option('--json', 'print one JSON document instead of text');
  weightsOptions(command).action((file: string, options: DrawOptions) => masks(file, options, terminal));
}

async function masks(file: string, options: DrawOptions, terminal: Terminal): Promise<void> {
  const { boxesToMasks, boxMasksWords } = await import('../jobs/prompting/boxMasks.ts');
  await withProjectEngine({ file, counted: 'boxes', options, terminal }, async ({ weights, meter, ...opened }) => {
    const report = await boxesToMasks({ ...opened, recorded: () => {}, made: () => {} }, meter);
    terminal.note('\n');
    terminal.print(
      options.json ? `${JSON.stringify({ weights, ...report })}\n` : asText(report, boxMasksWords(report)),
    );
    terminal.finish(report.shapes.some(({ verdict }) => verdict === 'mask') ? exitCode.done : exitCode.nothing);
  });
}

/** More lines would not be read. */
const MOST_LINES = 20;

/** The masks that fit their boxes worst come first: those are to be looked at. */
function asText({ shapes, failed }: BoxMasksReport, words: string): string {
  const doubtful = shapes
    .flatMap(({ agreement, ...shape }) => (agreement !== null && agreement < 0.5 ? [{ ...shape, agreement }] : []))
    .toSorted((a, b) => a.agreement - b.agreement);
  const lines = [
    words,
    ...(doubtful.length > 0 ? [`${doubtful.length} masks overlap their boxes by less than half:`] : []),
    ...doubtful.slice(0, MOST_LINES).map(line),
    ...failed.map(({ path: name, why }) => (why.includes(name) ? why : `${name}: ${why}`)),
  ];
  return `${lines.join('\n')}\n`;
}

const line = ({ agreement, image, label, shapeId }: MadeMask & { agreement: number }): string =>
  `  ${agreement.toFixed(3)}  ${image}  ${label} (${shapeId})`;
