// `loupe bench`: speed of the engine on this machine, as a table or as JSON.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Tier, tiers } from '../../contract/learning.ts';
import type { EngineBench } from '../../evaluate/bench/engineBench.ts';
import type { StepPart } from '../../learn/adapter/stepBench.ts';
import type { Terminal } from '../../terminal.ts';
import { material, numberBetween, parseSeed, wholeNumber } from '../arguments/options.ts';
import { addAblation } from './ablation.ts';
import { columned } from './figures.ts';

export function addBench(program: Command, terminal: Terminal): void {
  const bench = program.command('bench').description('measure speed');
  bench
    .command('click')
    .description('clicks that refine a mask, through the host and its engine, beside the bare decoder in the same run')
    .option('--clicks <count>', 'clicks on each picture', wholeNumber(5, 10_000), 100)
    .option('--while-teaching', 'instead: the same clicks before a run of teaching and while it trains')
    .addOption(new Option('--tier <name>', 'of that run').choices(tiers).default('supervised'))
    .option('--json', 'print one JSON document instead of a table')
    .action((options: ClickOptions) => benchOfClicks(options, terminal));
  bench
    .command('canvas')
    .description('frames of the canvas in Chromium with 1,000 and 5,000 shapes, beside those of the bare image')
    .option('--json', 'print one JSON document instead of a table')
    .action((options: { json?: boolean }) => benchOfCanvas(options, terminal));
  bench
    .command('folder')
    .description('a folder of very many images: its first rows, and from one image to the next')
    .option('--images <count>', 'images in the folder', wholeNumber(1, 1_000_000), 100_000)
    .option('--steps <count>', 'images to open', wholeNumber(1, 10_000), 200)
    .option('--json', 'print one JSON document instead of a table')
    .action((options: { images: number; steps: number; json?: boolean }) => benchOfFolder(options, terminal));
  bench
    .command('large')
    .description('one very large image: from opening it to what a window shows, and the memory of the host')
    .option('--side <pixels>', 'its width and height', wholeNumber(4097, 16_000), 10_000)
    .option('--json', 'print one JSON document instead of a table')
    .action((options: { side: number; json?: boolean }) => benchOfLarge(options, terminal));
  bench
    .command('export')
    .description('a project of 20,000 and one of 200,000 shapes to COCO files: time and largest memory')
    .option('--json', 'print one JSON document instead of a table')
    .action((options: { json?: boolean }) => benchOfExport(options, terminal));
  bench
    .command('models')
    .description('segmenters and Qwen2.5-VL-3B at full size with random weights: 8 GB of temporary files, many minutes')
    .option('--only <name>', 'the one model to measure, as SAM2-tiny')
    .option('--runs <count>', 'each figure is the best of so many', wholeNumber(1, 100), 3)
    .option('--json', 'print one JSON document instead of a table')
    .action((options: ModelOptions) => benchOfModels(options, terminal));
  bench
    .command('step')
    .description('one training step of LENS-3B at full size with random weights: 2 GB of temporary files, minutes')
    .addOption(new Option('--part <name>', 'what learns').choices(['updates', 'decoder']))
    .option('--json', 'print one JSON document instead of a table')
    .action((options: StepOptions) => benchOfStep(options, terminal));
  bench
    .command('engine')
    .description('training steps of two transformers beside the MatMul peak measured in the same run')
    .option('--json', 'print one JSON document instead of a table')
    .action((options: { json?: boolean }) => benchOfEngine(options, terminal));
  addTeachBench(bench, terminal);
  addLeaveOut(bench, terminal);
  addAblation(bench, terminal);
}

interface TeachOptions {
  seed: number;
  images: number;
  held: number;
  minutes: number;
  tier?: Tier;
  json?: boolean;
  curve?: readonly number[] | true;
  clicks: number;
  svg?: string;
  curves?: string;
}

/** Corrected pictures of the learning curve. */
const CURVE = [5, 10, 20, 40];

function addTeachBench(bench: Command, terminal: Terminal): void {
  bench
    .command('teach')
    .description(
      'a project in a style that nano has not seen, with new words: answers to held-out prompts before and after',
    )
    .option('--seed <number>', 'of the pictures, the words and the training', parseSeed, 1)
    .option('--images <count>', 'corrected pictures', wholeNumber(5, 1000), 40)
    .option('--held <count>', 'pictures that are held out', wholeNumber(5, 1000), 16)
    .option('--minutes <number>', 'how long each tier may train', numberBetween(0.05, 1440), 8)
    .addOption(new Option('--tier <name>', 'only this one').choices(tiers))
    .option(
      '--curve [counts]',
      'instead: answers, masks and simulated clicks after 5, 10, 20 and 40 corrected pictures',
      parseCounts,
    )
    .option('--clicks <count>', 'held-out objects of the curve that are clicked at', wholeNumber(0, 10_000), 40)
    .option('--svg <file>', 'of the curve: draw it, too')
    .option('--curves <folder>', 'draw what each tier’s run reported over its steps')
    .option('--json', 'print one JSON document instead of a table')
    .action((options: TeachOptions) => benchOfTeaching(options, terminal));
}

interface LeaveOutOptions {
  images: string;
  masks: string;
  label: string;
  minutes: number;
  clicks: number;
  seed: number;
  json?: boolean;
  set?: string;
  pictures: readonly number[];
  held: number;
}

function addLeaveOut(bench: Command, terminal: Terminal): void {
  bench
    .command('leave-out')
    .description('photographs of one thing: masks and clicks on each, by the decoder tier taught with all the others')
    .option('--images <folder>', 'the photographs', path.join(material, 'images/rings'))
    .option(
      '--masks <folder>',
      'a mask for each: ring1_mask.jpg of ring1.jpg',
      path.join(material, 'annotations/rings'),
    )
    .option('--label <name>', 'what the thing is called', 'ring')
    .option('--set <file>', 'instead: a COCO file, some of whose photographs are learnt from, and the others hidden')
    .option('--pictures <counts>', 'of the set: photographs that are learnt from, a run for each', parseCounts, [20])
    .option('--held <count>', 'of the set: hidden photographs that are measured on at most', wholeNumber(1, 1000), 30)
    .option('--minutes <number>', 'how long each may train', numberBetween(0.001, 1440), 1)
    .option('--clicks <count>', 'things of each photograph that are clicked at', wholeNumber(0, 100), 1)
    .option('--seed <number>', 'of the training and the clicks', parseSeed, 1)
    .option('--json', 'print one JSON document instead of a table')
    .action(async ({ json, clicks: clicked, set, pictures, held, ...task }: LeaveOutOptions) => {
      if (set !== undefined) {
        const { benchSet, setTable } = await import('./set.ts');
        const { seed, minutes } = task;
        const made = await benchSet({ set, pictures, held, seed, minutes, clicked }, terminal);
        terminal.print(json ? `${JSON.stringify(made)}\n` : setTable(made));
        return;
      }
      const { benchLeaveOut, leaveOutTable } = await import('./leaveOut.ts');
      const figures = await benchLeaveOut({ ...task, clicked }, terminal);
      terminal.print(json ? `${JSON.stringify(figures)}\n` : leaveOutTable(figures));
    });
}

/** "5,10,20,40" as rising numbers of pictures. */
function parseCounts(text: string): number[] {
  const counts = text.split(',').map(wholeNumber(5, 1000));
  if (counts.every((count, i) => i === 0 || count > (counts[i - 1] ?? 0))) return counts;
  throw new InvalidArgumentError('numbers of pictures must rise, as 5,10,20');
}

async function benchOfCurve(
  { curve, clicks: clicked, tier, svg, json, seed, held, minutes }: TeachOptions,
  terminal: Terminal,
): Promise<void> {
  const { benchCurve, curveTable, figuresOver } = await import('./curve.ts');
  const counts = curve === true || curve === undefined ? CURVE : curve;
  const made = await benchCurve({ counts, clicked, tier: tier ?? 'auto', seed, held, minutes }, terminal);
  if (svg !== undefined) {
    const { drawStage } = await import('../../learn/loop/curves.ts');
    await writeFile(svg, drawStage('learning curve', figuresOver(made), 'pictures'));
  }
  terminal.print(json ? `${JSON.stringify(made)}\n` : curveTable(made));
}

async function benchOfTeaching(options: TeachOptions, terminal: Terminal): Promise<void> {
  if (options.curve !== undefined) return benchOfCurve(options, terminal);
  const { tier, json, seed, images, held, minutes, curves } = options;
  const task = { seed, images, held, minutes, curves };
  const { benchTeach, teachTable } = await import('./teach.ts');
  const figures = await benchTeach({ ...task, tiers: tier && [tier] }, terminal);
  terminal.print(json ? `${JSON.stringify(figures)}\n` : teachTable(figures));
}

async function benchOfCanvas(options: { json?: boolean }, terminal: Terminal): Promise<void> {
  const { benchCanvas, canvasTable } = await import('./canvas.ts');
  const figures = await benchCanvas((line) => {
    terminal.note(`${line}\n`);
    terminal.signal.throwIfAborted();
  });
  terminal.print(options.json ? `${JSON.stringify(figures)}\n` : canvasTable(figures));
}

async function benchOfFolder(options: { images: number; steps: number; json?: boolean }, terminal: Terminal) {
  const { benchFolder, folderTable } = await import('./folder.ts');
  const figures = await benchFolder(options.images, options.steps, terminal.signal);
  terminal.print(options.json ? `${JSON.stringify(figures)}\n` : folderTable(figures));
}

async function benchOfExport(options: { json?: boolean }, terminal: Terminal): Promise<void> {
  const { benchExport, exportTable } = await import('./export.ts');
  const rows = await benchExport([20_000, 200_000], (line) => {
    terminal.note(`${line}\n`);
    terminal.signal.throwIfAborted();
  });
  terminal.print(options.json ? `${JSON.stringify(rows)}\n` : exportTable(rows));
}

async function benchOfLarge(options: { side: number; json?: boolean }, terminal: Terminal): Promise<void> {
  const { benchLarge, largeTable } = await import('./large.ts');
  const figures = await benchLarge(options.side, terminal.signal);
  terminal.print(options.json ? `${JSON.stringify(figures)}\n` : largeTable(figures));
}

async function benchOfEngine(options: { json?: boolean }, terminal: Terminal): Promise<void> {
  const { benchEngine } = await import('../../evaluate/bench/engineBench.ts');
  const figures = await benchEngine((line) => {
    terminal.note(`${line}\n`);
    terminal.signal.throwIfAborted();
  });
  terminal.print(options.json ? `${JSON.stringify(figures)}\n` : benchTable(figures));
}

interface ModelOptions {
  only?: string;
  runs: number;
  json?: boolean;
}

async function benchOfModels({ only, runs, json }: ModelOptions, terminal: Terminal): Promise<void> {
  const { benchModels, planOf } = await import('../../evaluate/bench/modelBench.ts');
  const { modelTable } = await import('./models.ts');
  const figures = await benchModels((line) => {
    terminal.note(`${line}\n`);
    terminal.signal.throwIfAborted();
  }, planOf({ only, runs }));
  terminal.print(json ? `${JSON.stringify(figures)}\n` : modelTable(figures));
}

interface StepOptions {
  part?: StepPart;
  json?: boolean;
}

async function benchOfStep({ part, json }: StepOptions, terminal: Terminal): Promise<void> {
  const { benchStep } = await import('../../learn/adapter/stepBench.ts');
  const { stepTable } = await import('./step.ts');
  const figures = await benchStep(
    (line) => {
      terminal.note(`${line}\n`);
      terminal.signal.throwIfAborted();
    },
    part ? [part] : ['updates', 'decoder'],
  );
  terminal.print(json ? `${JSON.stringify(figures)}\n` : stepTable(figures));
}

interface ClickOptions {
  clicks: number;
  whileTeaching?: boolean;
  tier: Tier;
  json?: boolean;
}

/** Pictures of the run that is clicked beside. */
const TAUGHT = { images: 24, held: 6 };

async function benchOfClicks({ clicks, whileTeaching, tier, json }: ClickOptions, terminal: Terminal): Promise<void> {
  if (whileTeaching) {
    const { benchClicksTeaching, teachingClickTable } = await import('./clickTeaching.ts');
    const made = await benchClicksTeaching({ clicks, tier, ...TAUGHT }, terminal);
    terminal.print(json ? `${JSON.stringify(made)}\n` : teachingClickTable(made));
    return;
  }
  const { benchClicks, clickTable } = await import('./click.ts');
  const figures = await benchClicks(clicks, terminal.signal);
  terminal.print(json ? `${JSON.stringify(figures)}\n` : clickTable(figures));
}

export function benchTable({ models }: EngineBench): string {
  const rows = Object.entries(models).map(([name, { msPerStep, gflops, matmulPeak, shareOfPeak, peakMB }]) => {
    const speeds = [gflops, matmulPeak].map((speed) => `${speed.toFixed(0)} GFLOP/s`);
    return [name, `${msPerStep.toFixed(0)} ms`, ...speeds, shareOfPeak.toFixed(2), `${peakMB.toFixed(0)} MB`];
  });
  return columned([['model', 'step', 'speed', 'MatMul peak', 'of peak', 'peak memory'], ...rows]);
}
