// `loupe eval`: what the weights get right, on drawn scenes of unseen seeds and on photographs.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { BadInput } from '../../contract/badInput.ts';
import type { ExpressionSet } from '../../evaluate/expressions.ts';
import type { Figures } from '../../evaluate/metrics.ts';
import type { MaskUnderBox, SetFigures, SetsEvaluation } from '../../evaluate/photoSets.ts';
import type { BoxToMaskEvaluation, MaskFigures } from '../../evaluate/photos.ts';
import type { PluralFigures } from '../../evaluate/plural.ts';
import type { ReferringFigures } from '../../evaluate/referring.ts';
import type { RepairFigures } from '../../evaluate/repair.ts';
import type { SceneEvaluation } from '../../evaluate/scenes.ts';
import type { WordFigures } from '../../evaluate/words.ts';
import { exitCode } from '../../failure.ts';
import type { Predictor } from '../../flow/predictor.ts';
import type { Terminal } from '../../terminal.ts';
import { material, parseSeed, wholeNumber } from '../arguments/options.ts';
import { prepareFolder } from '../arguments/outFolder.ts';
import { openPredictor, type WeightsOptions, weightsOptions } from '../arguments/weights.ts';
import { type EvalProjectOptions, evalProject } from './evalProject.ts';
import { addReferring, referringTable } from './evalReferring.ts';

interface ScenesOptions extends WeightsOptions {
  readonly seed: number;
  readonly count: number;
  readonly json?: boolean;
}

interface PhotosOptions extends WeightsOptions {
  readonly material: string;
  readonly set?: string;
  readonly split: 'train' | 'val' | 'all';
  readonly grabcuts: number;
  readonly clicks: number;
  readonly repairs: number;
  readonly words: number;
  readonly most?: number;
  readonly pictures?: string;
  readonly withoutPhotographs?: boolean;
  readonly json?: boolean;
}

export function addEval(program: Command, terminal: Terminal): void {
  const evaluation = program.command('eval').description('measure what the weights get right');
  const scenes = evaluation
    .command('scenes')
    .description('drawn scenes: format, boxes, masks and time per category; prompts for several things beside them')
    .requiredOption('--seed <number>', 'first seed of the scenes', wholeNumber(0, 2 ** 30 - 1))
    .requiredOption('--count <number>', 'scenes to draw', wholeNumber(1, 1_000_000))
    .option('--json', 'print one JSON document instead of a table');
  weightsOptions(scenes).action((options: ScenesOptions) => evalScenes(options, terminal));
  const photos = evaluation
    .command('photos')
    .description('photographs, which the embedded weights were not trained on: box to mask beside GrabCut')
    .option('--material <folder>', 'images/ and annotations/ of coco_tiny, coco_person and isat_coco', material)
    .option('--set <folder>', 'instead: COCO files with photographs beside them; boxes and clicks, set by set')
    .addOption(new Option('--split <part>', 'images of the set').choices(['train', 'val', 'all']).default('val'))
    .option('--grabcuts <count>', 'things of the set that GrabCut is tried on', wholeNumber(0, 1_000_000), 300)
    .option('--clicks <count>', 'things of the set that are clicked at', wholeNumber(0, 1_000_000), 300)
    .option(
      '--repairs <count>',
      'things of the set whose masks are made wrong and repaired',
      wholeNumber(0, 1_000_000),
      300,
    )
    .option('--words <count>', 'photographs of the set that are asked about in words', wholeNumber(0, 1_000_000), 150)
    .option('--most <count>', 'things of the set that are measured, evenly among all', wholeNumber(1, 1_000_000))
    .option('--pictures <folder>', "draws the set's best, median and worst ten masks under true boxes as SVG")
    .option('--without-photographs', 'draws them on plain ground, for where the photographs may not be shown')
    .option('--json', 'print one JSON document instead of a table');
  weightsOptions(photos).action((options: PhotosOptions) => evalPhotos(options, terminal));
  addReferring(evaluation, terminal);
  evaluation
    .command('project')
    .description('the images of a project that "loupe teach" measures on and never learns')
    .argument('<project>', 'the .loupe file')
    .option('--weights <which>', 'a folder, or the number of a version of the project; without it what is in use')
    .option('--clicks <count>', 'objects that a simulated annotator clicks at', wholeNumber(0, 100_000), 100)
    .option('--seed <number>', 'of its clicks', parseSeed, 1)
    .option('--json', 'print one JSON document instead of text')
    .action((file: string, options: EvalProjectOptions) => evalProject(file, options, terminal));
}

/** Images without a split count as "val". */
async function evalSets(options: PhotosOptions, folder: string, terminal: Terminal): Promise<void> {
  const { readCocoPhotos } = await import('../../evaluate/cocoPhotos.ts');
  const { evaluatePhotoSets } = await import('../../evaluate/photoSets.ts');
  const { cocoFilesIn } = await import('./photos.ts');
  const { pictures } = options;
  if (pictures !== undefined) await prepareFolder(pictures);
  const splits = options.split === 'all' ? 'all' : [options.split];
  const leftOut: string[] = [];
  const leave = (why: string) => void leftOut.push(why);
  const photos = await readCocoPhotos({ files: await cocoFilesIn(folder) }, { splits, unsaid: 'val', leave });
  const predictor = await openPredictor(options, terminal);
  try {
    const progress = (done: number, of: number, what: string) => terminal.note(`\r${done} of ${of} ${what}   `);
    const { grabcuts: grabCuts, clicks: clicked, repairs: repaired, words: worded, most } = options;
    const drawn: MaskUnderBox[] = [];
    const found = (mask: MaskUnderBox) => void (pictures !== undefined && drawn.push(mask));
    const task = { grabCuts, clicked, repaired, worded, most, signal: terminal.signal, progress, found };
    const figures = await evaluatePhotoSets(predictor, photos, task);
    terminal.note('\n');
    if (pictures !== undefined) await drawSheets(pictures, drawn, options, terminal);
    if (leftOut.length > 0) terminal.finish(exitCode.nothing);
    terminal.print(
      options.json ? `${JSON.stringify({ ...figures, leftOut })}\n` : `${setsTable(figures)}${leftOutLines(leftOut)}`,
    );
  } finally {
    await predictor.release();
  }
}

/** Empty where nothing was. */
function leftOutLines(whys: readonly string[]): string {
  if (whys.length === 0) return '';
  const lines = whys.map((why) => `left out: ${why}\n`).join('');
  return `these figures are not of the whole set: ${whys.length} left out\n${lines}`;
}

async function drawSheets(
  folder: string,
  masks: readonly MaskUnderBox[],
  { withoutPhotographs = false }: PhotosOptions,
  terminal: Terminal,
): Promise<void> {
  const { writeSheets } = await import('./maskSheets.ts');
  const files = await writeSheets(folder, masks, withoutPhotographs ? 'plain' : 'picture');
  terminal.note(`drew ${files.join(', ')}\n`);
}

async function evalPhotos(options: PhotosOptions, terminal: Terminal): Promise<void> {
  if (options.pictures !== undefined && options.set === undefined)
    throw new BadInput('--pictures draws the masks of a set: name its folder with --set');
  if (options.withoutPhotographs && options.pictures === undefined)
    throw new BadInput('--without-photographs says how --pictures draws: name a folder with --pictures');
  if (options.set !== undefined) return evalSets(options, options.set, terminal);
  const { readPhotos } = await import('./photos.ts');
  const photos = await readPhotos(options.material);
  // Read before: what is broken in them must not cost the figures of minutes.
  const asked = await promptsIn(options.material);
  const predictor = await openPredictor(options, terminal);
  try {
    const { evaluatePhotos } = await import('../../evaluate/photos.ts');
    const progress = (done: number) => terminal.note(`\r${done} things`);
    const figures = await evaluatePhotos(predictor, photos, { signal: terminal.signal, progress });
    const prompts = asked && (await evalPrompts(predictor, asked, terminal));
    terminal.note('\n');
    const words = prompts ? `\n${referringTable('in words', prompts)}` : '';
    terminal.print(options.json ? `${JSON.stringify({ ...figures, prompts })}\n` : `${photosTable(figures)}${words}`);
  } finally {
    await predictor.release();
  }
}

/** Prompts over the same photographs, of one thing, of several and of none; null where the folder has no such file. */
async function promptsIn(folder: string): Promise<ExpressionSet | null> {
  const file = path.join(folder, 'annotations', 'text_to_mask_dev.jsonl');
  if (!existsSync(file)) return null;
  const { readTextPrompts } = await import('../../evaluate/referringFiles.ts');
  return readTextPrompts(file, folder);
}

async function evalPrompts(
  predictor: Predictor,
  { expressions, leftOut }: ExpressionSet,
  terminal: Terminal,
): Promise<ReferringFigures> {
  const [{ measureReferring }, { decodeImage }] = await Promise.all([
    import('../../evaluate/referring.ts'),
    import('../../pictures/image.ts'),
  ]);
  const progress = (done: number, of: number) => terminal.note(`\r${done} of ${of} prompts`);
  const task = { signal: terminal.signal, read: decodeImage, progress, leftOut };
  const figures = await measureReferring(predictor, expressions, task);
  if (figures.failed.length > 0) terminal.finish(exitCode.nothing);
  return figures;
}

async function evalScenes(options: ScenesOptions, terminal: Terminal): Promise<void> {
  const predictor = await openPredictor(options, terminal);
  try {
    const { evaluateScenes } = await import('../../evaluate/scenes.ts');
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
  const { plural, ...singles } = categories;
  const rows = Object.entries(singles).map(([name, figures]) => row(name, figures));
  const heads = ['category', 'count', 'format', 'box>=0.5', 'gIoU', 'cIoU', 'reward', 'median ms'];
  const lines = [heads, ...rows, row('overall', overall)].map(([name = '', ...cells]) =>
    [name.padEnd(15), ...cells.map((cell) => cell.padStart(10))].join(''),
  );
  const alone = `segmenter alone, given the true box: gIoU ${segmenter.gIoU.toFixed(3)}\n`;
  return `${lines.join('\n')}\n${plural ? pluralLine(plural) : ''}${alone}`;
}

function pluralLine({ count, f1, countRight, gIoU, format, medianMs }: PluralFigures): string {
  const shares = Object.entries({ 'F1 at IoU 0.5': f1, 'count right': countRight, 'gIoU of the union': gIoU, format });
  const shown = shares.map(([name, share]) => `${name} ${share.toFixed(3)}`).join(', ');
  return `plural, ${count} beside them: ${shown}, median ${medianMs.toFixed(0)} ms\n`;
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

export function setsTable({ sets, overall }: SetsEvaluation): string {
  const heads = ['mean IoU', 'things', 'box', 'bare box', 'GrabCut', '1 click', '3', '5', 'to 0.85'];
  const rows = [...Object.entries(sets), ['all', overall] as const].map(([name, figures]) => setRow(name, figures));
  const { mIoU, meanOfSets } = overall.boxToMask;
  const lines = [heads, ...rows].map(([name = '', ...cells]) =>
    [name.padEnd(18), ...cells.map((cell) => cell.padStart(10))].join('').trimEnd(),
  );
  const means = `true box: mean of things ${mIoU.toFixed(3)}, mean of sets ${meanOfSets.toFixed(3)}`;
  const counts = `GrabCut on ${overall.grabCut.count}, clicks on ${overall.clicks.count}`;
  return `${lines.join('\n')}\n${means}; ${counts}\n${repairTable(overall.repair)}${wordsLine(overall.words)}`;
}

/** Empty where nothing was asked. */
function wordsLine({ counts, box50, nothing, unknownSubstituted, falseAlarms }: WordFigures): string {
  if (counts.present + counts.absent === 0) return '';
  const lines = [
    `large things found by the name of their category (box IoU >= 0.5): ${box50.toFixed(3)} of ${counts.present} prompts`,
    `what is absent said to be: ${nothing.toFixed(3)} of ${counts.absent}`,
    `unknown words answered with a thing: ${unknownSubstituted} of ${counts.unknown}`,
    `known words said to be unknown: ${falseAlarms.toFixed(3)} of ${counts.known}`,
  ];
  return `\nin words\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** Empty where nothing was repaired. */
export function repairTable({ kinds, harm, auprc, ...all }: RepairFigures): string {
  if (all.count === 0) return '';
  const heads = ['repair', 'masks', 'IoU', 'after', 'boundary', 'after'];
  const rows = [...Object.entries(kinds), ['all', all] as const].map(([name, one]) => [
    name,
    String(one.count),
    ...[one.before, one.after, one.boundaryBefore, one.boundaryAfter].map((iou) => iou.toFixed(3)),
  ]);
  const lines = [heads, ...rows].map(([name = '', ...cells]) =>
    [name.padEnd(18), ...cells.map((cell) => cell.padStart(10))].join(''),
  );
  const told = `masks that were right lose ${harm.toFixed(4)}; wrong ones ranked before right ones: AUPRC ${auprc.toFixed(3)}`;
  return `\n${lines.join('\n')}\n${told}\n`;
}

const setRow = (name: string, { boxToMask, bareBox, grabCut, clicks, noc85 }: SetFigures): string[] => [
  name,
  String(boxToMask.count),
  ...[boxToMask.mIoU, bareBox.mIoU].map((iou) => iou.toFixed(3)),
  grabCut.count > 0 ? grabCut.mIoU.toFixed(3) : '-',
  ...[clicks['1'], clicks['3'], clicks['5']].map((iou) => (clicks.count > 0 ? iou.toFixed(3) : '-')),
  clicks.count > 0 ? noc85.toFixed(1) : '-',
];
