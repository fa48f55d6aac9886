// Counts the clicks that a simulated annotator needs at one object (NoC), and the means over objects.
import type { ClickFigures } from '../../contract/learning.ts';
import { random } from '../../contract/random.ts';
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { clickedIous, clicksTo } from '../../evaluate/clicks.ts';
import type { Predictor } from '../../flow/predictor.ts';

/** Most clicks at one object, as papers count: an object that is not good after twenty has needed twenty. */
const MOST_CLICKS = 20;
const STREAM = 71;

/** Clicks at one object to an IoU of 0.85 and of 0.90. */
export interface ObjectClicks {
  readonly to85: number;
  readonly to90: number;
}

interface ClickedObject {
  readonly image: DecodedImage;
  readonly truth: Mask;
  readonly imageId: number;
  /** Which of its image's objects it is. */
  readonly place: number;
  /** Seed of the clicks' jitter: the same objects are clicked alike before and after a run, as long as answers are alike. */
  readonly seed: number;
}

export async function clicksAt(
  predictor: Pick<Predictor, 'segment'>,
  { image, truth, imageId, place, seed }: ClickedObject,
): Promise<ObjectClicks> {
  const jitter = random(seed, STREAM + 1000 * imageId + place);
  const clicking = { most: MOST_CLICKS, content: 0.9, least: 1, jitter };
  const ious = await clickedIous(predictor, { image, truth }, clicking);
  return { to85: clicksTo(0.85, ious, MOST_CLICKS), to90: clicksTo(0.9, ious, MOST_CLICKS) };
}

export function clickFigures(clicked: readonly ObjectClicks[]): ClickFigures {
  const mean = (clicks: (one: ObjectClicks) => number) =>
    clicked.reduce((sum, one) => sum + clicks(one), 0) / Math.max(1, clicked.length);
  return { objects: clicked.length, noc85: mean(({ to85 }) => to85), noc90: mean(({ to90 }) => to90) };
}
