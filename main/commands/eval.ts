// `loupe eval`: what the weights get right, on drawn scenes of unseen seeds and on photographs.
import path from 'node:path';
import type { Command } from 'commander';
import type { Figures } from '../evaluate/metrics.ts';
import type { BoxToMaskEvaluation, MaskFigures } from '../evaluate/photos.ts';
import type { SceneEvaluation } from '../evaluate/scenes.ts';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './options.ts';
import { readPhotos } from './photos.ts';
import { openPredictor, type WeightsOptions, weightsOptions } from './weights.ts';

interface ScenesOptions extends WeightsOptions {
  readonly seed: number;
  readonly count: number;
  readonly json?: boolean;
}

interface PhotosOptions extends WeightsOptions {
  readonly material: string;
  readonly json?: boolean;
}

const material = path.resolve(import.meta.dirname, '../../../shared/material');

export function addEval(program: Command, terminal: Terminal): void {
  const evaluation = program.command('eval').description('measure what the weights get right');
  const scenes = evaluation
    .command('scenes')
    .description('drawn scenes: format, boxes, masks and time per category')
    .requiredOption('--seed <number>', 'first seed of the scenes', wholeNumber(0, 2 ** 30 - 1))
    .requiredOption('--count <number>', 'scenes to draw', wholeNumber(1, 1_000_000))
    .option('--json', 'print one JSON document instead of a table');
  weightsOptions(scenes).action((options: ScenesOptions) => evalScenes(options, terminal));
  const photos = evaluation
    .command('photos')
    .description('photographs, which the embedded weights were not trained on: box to mask beside GrabCut')
    .option('--material <folder>', 'images/ and annotations/ of coco_tiny, coco_person and isat_coco', material)
    .option('--json', 'print one JSON document instead of a table');
  weightsOptions(photos).action((options: PhotosOptions) => evalPhotos(options, terminal));
}

async function evalPhotos(options: PhotosOptions, terminal: Terminal): Promise<void> {
  const photos = await readPhotos(options.material);
  const predictor = await openPredictor(options, terminal);
  try {
    const { evaluatePhotos } = await import('../evaluate/photos.ts');
    const progress = (done: number) => terminal.note(`\r${done} things`);
    const figures = await evaluatePhotos(predictor, photos, { signal: terminal.signal, progress });
    terminal.note('\n');
    terminal.print(options.json ? `${JSON.stringify(figures)}\n` : photosTable(figures));
  } finally {
    await predictor.release();
  }
}

async function evalScenes(options: ScenesOptions, terminal: Terminal): Promise<void> {
  const predictor = await openPredictor(options, terminal);
  try {
    const { evaluateScenes } = await import('../evaluate/scenes.ts');
    const progress = (done: number) => terminal.note(`\r${done} of ${options.count} scenes`);
    const { seed, count } = options;
    const figures = await evaluateScenes(predictor, { seed, count, signal: terminal.signal, progress });
    terminal.note('\n');
    terminal.print(options.json ? `${JSON.stringify(figures)}\n` : scenesTable(figures));
  } finally {
    await predictor.release();
  }
}

export function scenesTable({ overall, categories, segmenter }: SceneEvaluation): string {
  const rows = Object.entries(categories).map(([name, figures]) => row(name, figures));
  const heads = ['category', 'count', 'format', 'box>=0.5', 'gIoU', 'cIoU', 'reward', 'median ms'];
  const lines = [heads, ...rows, row('overall', overall)].map(([name = '', ...cells]) =>
    [name.padEnd(15), ...cells.map((cell) => cell.padStart(10))].join(''),
  );
  return `${lines.join('\n')}\nsegmenter alone, given the true box: gIoU ${segmenter.gIoU.toFixed(3)}\n`;
}

const row = (name: string, { count, format, box50, gIoU, cIoU, reward, medianMs }: Figures): string[] => [
  name,
  String(count),
  ...[format, box50, gIoU, cIoU, reward].map((share) => share.toFixed(3)),
  medianMs.toFixed(0),
];

export function photosTable({ sets, ...overall }: BoxToMaskEvaluation): string {
  const heads = ['box to mask by', 'gIoU', 'cIoU', 'median ms'];
  const blocks = Object.entries({ ...sets, overall }).map(([name, figures]) => {
    const { photos, things, segmenter, grabCut, box } = figures;
    const rows = Object.entries({ segmenter, GrabCut: grabCut, 'the box itself': box }).map(photoRow);
    return [[`${name}: ${things} things on ${photos} photos`], ...rows];
  });
  const lines = [heads, ...blocks.flat()].map(([name = '', ...cells]) =>
    [name.padEnd(18), ...cells.map((cell) => cell.padStart(10))].join('').trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

const photoRow = ([name, { gIoU, cIoU, medianMs }]: [string, MaskFigures]): string[] => [
  `  ${name}`,
  ...[gIoU.toFixed(3), cIoU.toFixed(3), medianMs.toFixed(0)],
];
