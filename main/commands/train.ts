// `loupe train`: trains the embedded weights, all or their segmenter, going on where an earlier run stopped; draws the curves.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { BadInput } from '../contract/badInput.ts';
import { type StageName, stageNames } from '../nano/stageNames.ts';
import type { Terminal } from '../terminal.ts';
import { embeddedWeights } from '../weights/embedded.ts';
import { numberBetween, parseSeed, wholeNumber } from './arguments/options.ts';

interface TrainOptions {
  readonly out: string;
  readonly seed: number;
  readonly from?: string;
  readonly photos?: string;
  readonly only?: readonly StageName[];
}

interface SegmenterOptions {
  readonly coco: readonly string[];
  readonly images?: string;
  readonly scenes: number;
  readonly steps: number;
  readonly out: string;
  readonly seed: number;
  readonly from: string;
}

interface DetectorOptions {
  readonly coco: readonly string[];
  readonly images?: string;
  readonly steps: number;
  readonly weights: string;
  readonly out: string;
  readonly seed: number;
}

interface PicturesOptions {
  readonly coco: readonly string[];
  readonly images?: string;
  readonly pictures: number;
  readonly weights: string;
}

interface RepairOptions {
  readonly coco: readonly string[];
  readonly images?: string;
  readonly masks: number;
  readonly weights: string;
  readonly seed: number;
}

export function addTrain(program: Command, terminal: Terminal): void {
  const train = program.command('train').description('train weights');
  train
    .command('nano')
    .description('loupe-nano from scratch; run it again after a stop and it goes on')
    .option('--out <folder>', 'checkpoints, curves and the finished weights', 'out/train-nano')
    .option('--seed <number>', 'seed of everything that is drawn', parseSeed, 1)
    .option('--from <folder>', 'weights to start from instead of the seed')
    .option('--photos <folder>', 'COCO files, with their photographs beside them, that the segmenter learns from too')
    .addOption(new Option('--only <stage...>', 'these stages alone, in their order').choices(stageNames))
    .action((options: TrainOptions) => trainWeights(options, terminal));
  train
    .command('segmenter')
    .description('the segmenter on photographs of your own; run it again after a stop (Ctrl-C saves) and it goes on')
    .requiredOption('--coco <file...>', 'COCO files with masks; images whose split is "val" or "test" are left out')
    .option('--images <folder>', 'where the photographs lie', undefined)
    .option('--scenes <share>', 'share of drawn scenes among the pictures', numberBetween(0, 1), 0.25)
    .option('--steps <number>', 'steps of 8 pictures with 4 prompts each', wholeNumber(1, 1_000_000), 2200)
    .option('--from <folder>', 'weights to start from', embeddedWeights)
    .option('--out <folder>', 'checkpoint, curves and the finished weights', 'out/train-segmenter')
    .option('--seed <number>', 'seed of everything that is drawn', parseSeed, 1)
    .action((options: SegmenterOptions) => trainOnPhotos(options, terminal));
  train
    .command('detector')
    .description(
      'what finds things on photographs by their names, a head on the segmenter: writes detector.json and .safetensors beside the weights',
    )
    .requiredOption('--coco <file...>', 'COCO files with masks; images whose split is "val" or "test" are left out')
    .option('--images <folder>', 'where the photographs lie', undefined)
    .option('--steps <number>', 'steps of 16 pictures', wholeNumber(1, 1_000_000), 8000)
    .option('--weights <folder>', 'the weights in question', embeddedWeights)
    .option('--out <folder>', 'checkpoint and curves', 'out/train-detector')
    .option('--seed <number>', 'seed of everything that is drawn', parseSeed, 1)
    .action((options: DetectorOptions) => trainNames(options, terminal));
  train
    .command('repair')
    .description(
      'what repairing coarse masks gains by weights, from photographs: writes repair.json beside the weights',
    )
    .requiredOption('--coco <file...>', 'COCO files with masks; images whose split is "val" or "test" are left out')
    .option('--images <folder>', 'where the photographs lie', undefined)
    .option(
      '--masks <number>',
      'masks that are made wrong and redrawn, evenly among all',
      wholeNumber(40, 100_000),
      600,
    )
    .option('--weights <folder>', 'the weights in question', embeddedWeights)
    .option('--seed <number>', 'seed of everything that is drawn', parseSeed, 1)
    .action((options: RepairOptions) => trainRepair(options, terminal));
  train
    .command('pictures')
    .description('by what signs photographs are unlike the scenes that words were learnt on: writes pictures.json')
    .requiredOption('--coco <file...>', 'COCO files with masks; images whose split is "val" or "test" are left out')
    .option('--images <folder>', 'where the photographs lie', undefined)
    .option('--pictures <number>', 'scenes, and photographs, that are compared', wholeNumber(20, 100_000), 800)
    .option('--weights <folder>', 'the weights in question', embeddedWeights)
    .action((options: PicturesOptions) => trainPictures(options, terminal));
}

/** The same photographs and weights give the same file. */
async function trainPictures({ coco, images, pictures, weights }: PicturesOptions, terminal: Terminal): Promise<void> {
  const source = sourceOf(coco, images);
  const { calibratePictures } = await import('../learn/calibration/calibratePictures.ts');
  const progress = (done: number, of: number) => terminal.note(`\r${done} of ${of} pictures`);
  const task = { most: pictures, signal: terminal.signal, progress };
  const { file, record } = await calibratePictures(path.resolve(weights), source, task);
  const { falseAlarms, recognised, pictures: count } = record.figures;
  const told = `${count} pictures, unseen by folds: ${recognised.toFixed(3)} of photographs are called unlike`;
  terminal.print(`\n${file}\n${told}, ${falseAlarms.toFixed(4)} of scenes\n`);
}

/** Run again after a stop it goes on. */
async function trainNames({ coco, images, out, ...options }: DetectorOptions, terminal: Terminal): Promise<void> {
  const photos = sourceOf(coco, images);
  const { trainDetector } = await import('../nano/trainDetector.ts');
  const { progressLine } = await import('../nano/train.ts');
  const folder = path.resolve(out);
  const made = await trainDetector({
    ...{ folder, photos, seed: options.seed, steps: options.steps, weights: path.resolve(options.weights) },
    signal: terminal.signal,
    report: (progress) => terminal.note(progressLine(progress)),
  });
  await drawCurves(folder, terminal);
  if (!made) return;
  const { least, figures, classes } = made.record;
  const told = `${classes.length} classes; on ${figures.photos} photographs held back, from a score of ${least} on`;
  const shares = `${figures.found.toFixed(3)} of large things are found and ${figures.absent.toFixed(3)} of absent ones said to be absent`;
  terminal.print(`${made.file}\n${told}: ${shares}\n`);
}

/** The same photographs, weights and seed give the same file. */
async function trainRepair({ coco, images, masks, weights, seed }: RepairOptions, terminal: Terminal): Promise<void> {
  const source = sourceOf(coco, images);
  const folder = path.resolve(weights);
  const { calibrateRepair } = await import('../learn/calibration/calibrateRepair.ts');
  const progress = (done: number, of: number) => terminal.note(`\r${done} of ${of} masks`);
  const task = { most: masks, seed, signal: terminal.signal, progress };
  const { file, record } = await calibrateRepair(folder, source, task);
  const { before, after, harm, auprc, masks: count } = record.figures;
  const told = `${count} masks, unseen by folds: IoU ${before.toFixed(3)} -> ${after.toFixed(3)}`;
  terminal.print(`\n${file}\n${told}; right masks lose ${harm.toFixed(4)}, AUPRC ${auprc.toFixed(3)}\n`);
}

/** Refuses what is not there. */
function sourceOf(coco: readonly string[], images?: string) {
  const missing = [...coco, ...(images === undefined ? [] : [images])].find((each) => !existsSync(each));
  if (missing !== undefined) throw new BadInput(`${missing}: does not exist`);
  return { files: coco.map((file) => path.resolve(file)), ...(images && { images: path.resolve(images) }) };
}

async function trainOnPhotos({ coco, images, out, ...options }: SegmenterOptions, terminal: Terminal): Promise<void> {
  const photos = sourceOf(coco, images);
  const { trainSegmenter } = await import('../nano/trainSegmenter.ts');
  const { progressLine } = await import('../nano/train.ts');
  const folder = path.resolve(out);
  const { scenes, steps, seed, from } = options;
  await trainSegmenter({
    folder,
    seed,
    steps,
    sceneShare: scenes,
    from: path.resolve(from),
    photos,
    signal: terminal.signal,
    report: (progress) => terminal.note(progressLine(progress)),
  });
  await drawCurves(folder, terminal);
  terminal.print(`${folder}\n`);
}

async function trainWeights({ out, seed, from, photos, only }: TrainOptions, terminal: Terminal): Promise<void> {
  const { trainNano } = await import('../nano/train.ts');
  const { cocoFilesIn } = await import('./eval/photos.ts');
  const folder = path.resolve(out);
  const files = photos === undefined ? undefined : await cocoFilesIn(photos);
  await trainNano({
    folder,
    seed,
    from,
    photos: files,
    only,
    signal: terminal.signal,
    report: (line) => terminal.note(line),
  });
  await drawCurves(folder, terminal);
  terminal.print(`${folder}\n`);
}

/** A run that was stopped before its first report has none to draw. */
async function drawCurves(folder: string, terminal: Terminal): Promise<void> {
  const file = path.join(folder, 'curves.jsonl');
  if (!existsSync(file)) return;
  const { writeCurves } = await import('../learn/loop/curves.ts');
  const drawn = await writeCurves(file, path.join(folder, 'curves'));
  terminal.note(`curves   ${drawn.map((each) => path.relative('', each)).join(', ')}\n`);
}
