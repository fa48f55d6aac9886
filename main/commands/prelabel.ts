// `loupe prelabel`: asks one prompt of every image of a project, without a window; goes on where it was stopped.
import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { quotedWords, unlikeWords } from '../contract/answer.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Job } from '../contract/jobs.ts';
import { longestPrompt } from '../contract/project.ts';
import type { Engine } from '../engine/supervisor.ts';
import { exitCode } from '../failure.ts';
import type { PromptAllReport, Shard } from '../jobs/prompting/prompting.ts';
import type { Project } from '../store/project.ts';
import type { Terminal } from '../terminal.ts';
import { type LogOptions, logOption, openedLog } from './arguments/log.ts';
import { engineSettings } from './arguments/projectEngine.ts';
import { type WeightsOptions, weightsOptions } from './arguments/weights.ts';

interface PrelabelOptions extends WeightsOptions, LogOptions {
  readonly prompt: string;
  readonly shard?: Shard;
  readonly into?: string;
  readonly json?: boolean;
}

export function addPrelabel(program: Command, terminal: Terminal): void {
  const command = program
    .command('prelabel')
    .description('ask one prompt of every image of a project that has no answer to it yet')
    .argument('<project>', 'the .loupe file')
    .requiredOption('--prompt <text>', 'what to segment, in words')
    .option('--shard <i/n>', 'only the i-th of n parts of the images', parseShard)
    .option('--into <copy>', 'answer in a copy of the project, so that many workers can; "loupe gather" takes them in')
    .option('--json', 'print one JSON document instead of text');
  logOption(weightsOptions(command)).action((file: string, options: PrelabelOptions) =>
    prelabel(file, options, terminal),
  );
}

/** "2/8": the second of eight parts. */
export function parseShard(text: string): Shard {
  const match = /^(\d{1,6})\/(\d{1,6})$/u.exec(text.trim());
  const shard = { index: Number(match?.[1]), count: Number(match?.[2]) };
  if (shard.index >= 1 && shard.index <= shard.count) return shard;
  throw new InvalidArgumentError('It takes i/n with 1 <= i <= n, such as 2/8.');
}

/** Finishes with `nothing` where no image of the part has an object. */
async function prelabel(file: string, options: PrelabelOptions, terminal: Terminal): Promise<void> {
  const text = options.prompt.trim();
  if (text === '') throw new BadInput('the prompt is empty; --prompt takes what to segment, in words');
  if (text.length > longestPrompt)
    throw new BadInput(`the prompt is ${text.length} characters long; at most ${longestPrompt} are kept with an image`);
  // Loaded late: no other command needs SQLite and the engine.
  const [{ Engine }, { openChecked }, { openCopy }] = await Promise.all([
    import('../engine/supervisor.ts'),
    import('../jobs/opening/opening.ts'),
    import('../jobs/prompting/shards.ts'),
  ]);
  const log = await openedLog(options, terminal);
  const project = options.into === undefined ? await openChecked(file) : await openCopy(file, options.into);
  const engine = new Engine(engineSettings(options), () => {}, { log });
  try {
    const weights = await opened(engine);
    for (const warning of engine.status.warnings) terminal.note(`warning: ${warning}\n`);
    const started = performance.now();
    const folder = path.dirname(path.resolve(file));
    const report = await run({ project, engine, text, shard: options.shard, folder }, terminal);
    const seconds = (performance.now() - started) / 1000;
    terminal.print(options.json ? asJson(report, { weights, seconds }) : asText(report, { weights, seconds }));
    terminal.finish(isFound(report) ? exitCode.done : exitCode.nothing);
  } finally {
    await engine.close();
    project.close();
  }
}

/** Weights that cannot be opened are the caller's to mend. */
const opened = (engine: Engine): Promise<string> =>
  engine.weights().catch((error: Error) => {
    throw new BadInput(error.message);
  });

const isFound = ({ images, nothing, unreadable, unknown, failed }: PromptAllReport): boolean =>
  images > nothing.length + unreadable.length + unknown.length + failed.length;

interface PrelabelRun {
  readonly project: Project;
  readonly engine: Engine;
  readonly text: string;
  readonly shard?: Shard;
  /** What the paths of images start from. */
  readonly folder: string;
}

async function run(asked: PrelabelRun, terminal: Terminal): Promise<PromptAllReport> {
  const [{ Meter }, { promptAll }] = await Promise.all([
    import('../jobs/queue/queue.ts'),
    import('../jobs/prompting/prompting.ts'),
  ]);
  const work = {
    ...asked,
    fileOf: (image: { path: string }) => path.resolve(asked.folder, image.path),
    recorded: () => {},
    answered: () => {},
  };
  const meter = new Meter(terminal.signal, progressTo(terminal));
  try {
    return await promptAll(work, meter);
  } finally {
    terminal.note('\n');
  }
}

const EVERY_MS = 1000;

/** "412/1000 images, 38 s left", over and over on one line. */
function progressTo(terminal: Terminal): (fields: Partial<Job>) => void {
  let last = Number.NEGATIVE_INFINITY;
  return ({ done = 0, total, secondsLeft }) => {
    const now = performance.now();
    if (now - last < EVERY_MS || total === null || total === undefined) return;
    last = now;
    const left = secondsLeft === null || secondsLeft === undefined ? '' : `, ${Math.ceil(secondsLeft)} s left`;
    terminal.note(`\r${done}/${total} images${left}   `);
  };
}

interface About {
  readonly weights: string;
  readonly seconds: number;
}

function asJson(report: PromptAllReport, { weights, seconds }: About): string {
  return `${JSON.stringify({ ...report, weights, seconds })}\n`;
}

function asText(
  { images, before, found, nothing, missed, unreadable, unknown, unknownWords, failed }: PromptAllReport,
  { weights, seconds }: About,
): string {
  const lines = [
    `${images} images, ${before} answered before; ${weights} found an object in ${found} (${seconds.toFixed(1)} s)`,
    ...listed('nothing found', nothing),
    ...(missed.length > 0 ? [`in ${missed.length} of these it may still be there: ${unlikeWords(false)}`] : []),
    ...listed(`not asked, as ${quotedWords(unknownWords)} not known there`, unknown),
    ...listed('answer cannot be read', unreadable),
    ...listed(
      'no answer',
      failed.map(({ path: name, why }) => (why.includes(name) ? why : `${name}: ${why}`)),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const listed = (title: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${title}: ${names.length}`, ...names.map((name) => `  ${name}`)];
