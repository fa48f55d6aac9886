// Measures weights on held-out prompts, prompt by prompt: masks under true boxes, and whole answers to the words.
import type { ClickFigures, ProjectFigures } from '../../contract/learning.ts';
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { maskArea, maskBox, union, unionOf } from '../../contract/rle.ts';
import { boxHit, cIoU, gIoU, type Overlap, overlapOf, sampleIou } from '../../evaluate/metrics.ts';
import type { Predictor } from '../../flow/predictor.ts';
import { outlinesOf } from '../samples/decoderPrompts.ts';
import { type MeasuredImage, unlessGone } from '../samples/measuredImage.ts';
import type { Sample } from '../samples/sample.ts';
import { clickFigures, clicksAt, type ObjectClicks } from './objectClicks.ts';

/** One prompt's worth. */
export interface Score {
  readonly imageId: number;
  readonly group: number;
  readonly text: string;
  /** Under each object's true box; empty where nothing matches or no mask is known. */
  readonly pointed: readonly Overlap[];
  /** The answer to the words alone; null: the words were not asked. */
  readonly worded: { readonly overlap: Overlap; readonly boxHit: boolean; readonly saidNothing: boolean } | null;
  /** Whether nothing matches. */
  readonly nothing: boolean;
  /** At each of its objects that was clicked at. */
  readonly clicked: readonly ObjectClicks[];
  /** What was drawn, where a caller shows it. */
  readonly drawn?: Drawn;
}

/** Masks of all objects together; null: no pixel. */
interface Drawn {
  readonly truth: Mask | null;
  readonly pointed: Mask | null;
  readonly worded: Mask | null;
}

export interface MeasureOptions {
  readonly signal?: AbortSignal;
  /** Prompts that are asked by words at most; a whole answer takes many times as long as a mask. */
  readonly mostWorded: number;
  /** Masks under true boxes are not asked for. */
  readonly onlyWorded?: boolean;
  /** The first so many objects are clicked at, each up to twenty times. Default: none. */
  readonly clicks?: { readonly mostObjects: number; readonly seed: number };
  progress?(done: number): void;
}

export async function measure(
  predictor: Pick<Predictor, 'segment' | 'predict'>,
  images: readonly MeasuredImage[],
  { signal, mostWorded, onlyWorded = false, clicks = { mostObjects: 0, seed: 0 }, progress }: MeasureOptions,
): Promise<Score[]> {
  const scores: Score[] = [];
  let asked = 0;
  for (const image of images) {
    const picture = await unlessGone(image);
    if (picture === null) continue;
    let place = 0;
    for (const sample of image.samples) {
      signal?.throwIfAborted();
      const words = asked++ < mostWorded;
      const score = await scoreOf(predictor, picture, { image, sample, words, points: !onlyWorded, signal });
      const most = clicks.mostObjects - clickedIn(scores).length;
      const clicked = await clickedOf(predictor, picture, { image, sample, first: place, most, ...clicks, signal });
      place += clicked.length;
      scores.push({ ...score, clicked });
      progress?.(scores.length);
    }
  }
  return scores;
}

const clickedIn = (scores: readonly Score[]): ObjectClicks[] => scores.flatMap(({ clicked }) => clicked);

interface ToClick {
  readonly image: MeasuredImage;
  readonly sample: Sample;
  /** Place of the sample's first object among those of its image. */
  readonly first: number;
  readonly most: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

async function clickedOf(
  predictor: Pick<Predictor, 'segment'>,
  picture: DecodedImage,
  { image: { imageId }, sample, first, most, seed, signal }: ToClick,
): Promise<ObjectClicks[]> {
  const clicked: ObjectClicks[] = [];
  for (const [i, { mask: truth }] of outlinesOf(sample).slice(0, most).entries()) {
    signal?.throwIfAborted();
    clicked.push(await clicksAt(predictor, { image: picture, truth, imageId, place: first + i, seed }));
  }
  return clicked;
}

interface Question {
  readonly image: MeasuredImage;
  readonly sample: Sample;
  readonly words: boolean;
  /** Whether masks under true boxes are asked for. */
  readonly points: boolean;
  readonly signal?: AbortSignal;
}

async function scoreOf(
  predictor: Pick<Predictor, 'segment' | 'predict'>,
  picture: DecodedImage,
  { image: { imageId, group }, sample, words, points, signal }: Question,
): Promise<Omit<Score, 'clicked'>> {
  const masks = outlinesOf(sample).map(({ mask }) => mask);
  const found: Mask[] = [];
  const pointedAt = points ? masks : [];
  for (const truth of pointedAt) found.push(await predictor.segment(picture, { box: maskBox(truth) }));
  const pointed = pointedAt.map((truth, i) => overlapOf(found[i] ?? noPixel(picture), truth));
  const { text } = sample.prompt;
  const nothing = sample.objects.length === 0;
  const isKnown = masks.length === sample.objects.length;
  const worded = words && isKnown ? await worth(predictor, picture, { text, masks, signal }) : null;
  const drawn = { truth: unionOf(masks), pointed: unionOf(found), worded: worded?.mask ?? null };
  return { imageId, group, text, pointed, worded: worded?.worth ?? null, nothing, drawn };
}

interface Words {
  readonly text: string;
  readonly masks: readonly Mask[];
  readonly signal?: AbortSignal;
}

/** All that was found against all that matches together; a box against the object that it fits best. */
async function worth(
  predictor: Pick<Predictor, 'predict'>,
  picture: DecodedImage,
  { text, masks, signal }: Words,
): Promise<{ worth: NonNullable<Score['worded']>; mask: Mask | null }> {
  const { objects, found } = await predictor.predict(picture, { text }, { signal });
  const mask = unionOf(objects.map((object) => object.mask));
  const nothing = noPixel(picture);
  const [first, ...rest] = masks;
  const truth = first ? union(first, ...rest) : nothing;
  const isHit = (each: Mask) => objects.some(({ box }) => boxHit(box, maskBox(each)));
  const hit = masks.length === 0 ? objects.length === 0 : masks.some(isHit);
  const saidNothing = found === 'nothing' && (mask === null || maskArea(mask) === 0);
  return { worth: { overlap: overlapOf(mask ?? nothing, truth), boxHit: hit, saidNothing }, mask };
}

const noPixel = ({ height, width }: DecodedImage): Mask => ({ size: [height, width], counts: [width * height] });

/** Mean IoU of a prompt's masks under true boxes. */
export const pointedIou = ({ pointed }: Score): number =>
  pointed.reduce((sum, overlap) => sum + sampleIou(overlap), 0) / Math.max(1, pointed.length);

export const clicksIn = (scores: readonly Score[]): ClickFigures => clickFigures(clickedIn(scores));

export function projectFigures(scores: readonly Score[]): ProjectFigures {
  const overlaps = scores.flatMap(({ pointed }) => pointed);
  const worded = scores.flatMap((score) => score.worded ?? []);
  const own = worded.map(({ overlap }) => overlap);
  const hits = worded.filter((each) => each.boxHit).length;
  const clicks = clicksIn(scores);
  return {
    prompts: scores.length,
    objects: overlaps.length,
    gIoU: gIoU(overlaps),
    cIoU: cIoU(overlaps),
    words: { prompts: worded.length, gIoU: gIoU(own), cIoU: cIoU(own), box50: hits / Math.max(1, worded.length) },
    ...(clicks.objects > 0 && { clicks }),
  };
}
