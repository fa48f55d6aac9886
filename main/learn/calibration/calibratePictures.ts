// Fits the record that tells pictures of the kind that a reasoner's words were learnt on from photographs, and writes it beside the weights.
import { entry } from '../../contract/lookup.ts';
import type { DecodedImage } from '../../contract/records.ts';
import { type CocoSource, readCocoPhotos } from '../../evaluate/cocoPhotos.ts';
import { drawnThings } from '../../evaluate/drawnThings.ts';
import { Reasoner } from '../../flow/reasoner/reasoner.ts';
import { unlikeness } from '../../flow/reasoner/unlikePicture.ts';
import { openWeights } from '../../weights/open.ts';
import { type PictureRecord, writePictureRecord } from '../../weights/records/pictureRecord.ts';
import { fitLogistic, type Labelled } from './fitLogistic.ts';

export interface PicturesTask {
  /** Pictures of each group, evenly among all. */
  readonly most: number;
  readonly signal?: AbortSignal;
  progress?(done: number, of: number): void;
}

const FOLDS = 5;
/** Share of pictures of the learnt kind that may be called unlike. */
const MOST_ALARMS = 0.005;
/** Scenes of the training split from here on are drawn for nothing else. */
const FIRST_SCENE = 70_000_000;
/** Photographs are kept in memory no larger: the reasoner sees a few hundred pixels of them. */
const LONGEST = 384;

/** Fits the record of loupe-nano, whose words were learnt on drawn scenes. */
export async function calibratePictures(
  folder: string,
  source: CocoSource,
  task: PicturesTask,
): Promise<{ file: string; record: PictureRecord }> {
  const weights = await openWeights(folder);
  const photos = await readCocoPhotos({ ...source, longest: LONGEST }, { splits: ['train'], unsaid: 'train' });
  const step = Math.max(1, Math.floor(photos.length / task.most));
  const others = photos.filter((_, i) => i % step === 0).slice(0, task.most);
  const drawn = await drawnThings('train', FIRST_SCENE, task.most);
  const reasoner = await Reasoner.open(weights, {});
  try {
    const labelled: Labelled[] = [];
    const add = async (image: DecodedImage, isUnlike: boolean) => {
      task.signal?.throwIfAborted();
      labelled.push({ signs: await reasoner.signs(image), isUnlike });
      task.progress?.(labelled.length, drawn.length + others.length);
    };
    for (const { image } of drawn) await add(image, false);
    for (const { image } of others) await add(image, true);
    const record = separated(labelled);
    return { file: await writePictureRecord(folder, record), record };
  } finally {
    await reasoner.release();
  }
}

/** The limit lets so few pictures of the learnt kind through as folds that the fit did not see allow. */
export function separated(labelled: readonly Labelled[]): PictureRecord {
  const foldOf = (i: number) => i % FOLDS;
  const unseen = labelled.map(() => 0);
  for (let fold = 0; fold < FOLDS; fold++) {
    const fitted = fitLogistic(labelled.filter((_, i) => foldOf(i) !== fold));
    labelled.forEach(({ signs }, i) => {
      if (foldOf(i) === fold) unseen[i] = unlikeness(fitted, signs);
    });
  }
  const known = unseen.filter((_, i) => !labelled[i]?.isUnlike).sort((a, b) => b - a);
  const unlike = unseen.filter((_, i) => labelled[i]?.isUnlike);
  const limit = Math.max(0, entry(known, Math.floor(MOST_ALARMS * known.length), 'pictures of the learnt kind'));
  const above = (some: readonly number[]) => some.filter((score) => score > limit).length / Math.max(1, some.length);
  const figures = { falseAlarms: above(known), recognised: above(unlike), pictures: labelled.length };
  const { mean, spread, weights, bias } = fitLogistic(labelled);
  const short = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(6)));
  return { mean: short(mean), spread: short(spread), weights: short(weights), bias: bias - limit, figures };
}
