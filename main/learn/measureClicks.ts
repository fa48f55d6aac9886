// Counts the clicks that held-out objects need (NoC) to an IoU of 0.85 and of 0.90.
import { random } from '../contract/random.ts';
import { clickedIous, clicksTo } from '../evaluate/clicks.ts';
import type { Predictor } from '../flow/predictor.ts';
import { outlinesOf } from './decoderPrompts.ts';
import type { MeasuredImage, MeasureOptions } from './measure.ts';

/** Most clicks at one object, as papers count: an object that is not good after twenty has needed twenty. */
const MOST_CLICKS = 20;
const STREAM = 71;

export interface ClickFigures {
  /** Objects that were clicked at. */
  readonly objects: number;
  readonly noc85: number;
  readonly noc90: number;
}

export interface MeasuringClicks extends Pick<MeasureOptions, 'signal' | 'progress'> {
  /** Objects that are clicked at, the first ones: each takes up to twenty masks. */
  readonly mostObjects: number;
  /** Seed of the clicks' jitter: the same objects are clicked alike before and after a run, as long as answers are alike. */
  readonly seed: number;
}

export async function measureClicks(
  predictor: Pick<Predictor, 'segment'>,
  images: readonly MeasuredImage[],
  { mostObjects, seed, signal, progress }: MeasuringClicks,
): Promise<ClickFigures> {
  const series: number[][] = [];
  for (const image of images) {
    if (series.length >= mostObjects) break;
    const truths = image.samples.flatMap((sample) => outlinesOf(sample).map(({ mask }) => mask));
    const picture = await image.read();
    for (const [i, truth] of truths.slice(0, mostObjects - series.length).entries()) {
      signal?.throwIfAborted();
      const jitter = random(seed, STREAM + 1000 * image.imageId + i);
      const clicking = { most: MOST_CLICKS, content: 0.9, least: 1, jitter };
      series.push(await clickedIous(predictor, { image: picture, truth }, clicking));
      progress?.(series.length);
    }
  }
  const mean = (content: number) =>
    series.reduce((sum, ious) => sum + clicksTo(content, ious, MOST_CLICKS), 0) / Math.max(1, series.length);
  return { objects: series.length, noc85: mean(0.85), noc90: mean(0.9) };
}
