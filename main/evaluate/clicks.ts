// Clicks on a true mask as a simulated annotator does, and counts the clicks until what the segmenter draws is good.
import type { Random } from '../contract/random.ts';
import type { DecodedImage, Mask, Point } from '../contract/records.ts';
import { maskIou, toBitmap } from '../contract/rle.ts';
import type { Predictor } from '../flow/predictor.ts';
import { nextClick } from '../pictures/distance.ts';

export interface ClickRules {
  /** Most clicks at one object. */
  readonly most: number;
  /** An IoU at which nobody clicks again, once `least` clicks were made. */
  readonly content: number;
  readonly least: number;
  /** How far a click misses the middle of what is wrong; null: it never does. */
  readonly jitter: Random | null;
}

/** A click lies within so much of the way from the middle of an error to its border. */
const JITTER = 0.5;

/** IoU after the first click, the second, ...; each click goes to the middle of the largest error. */
export async function clickedIous(
  predictor: Pick<Predictor, 'segment'>,
  { image, truth }: { image: DecodedImage; truth: Mask },
  { most, content, least, jitter }: ClickRules,
): Promise<number[]> {
  const wanted = toBitmap(truth);
  const points: Point[] = [];
  const found: number[] = [];
  let mask: Uint8Array = new Uint8Array(wanted.length);
  while (points.length < most && (points.length < least || Math.max(...found) < content)) {
    const next = nextClick(mask, wanted, image);
    // Nothing is wrong any more.
    if (!next) return [...found, ...Array.from({ length: most - found.length }, () => 1)];
    const [dx, dy] = jitter ? missed(jitter, next.distance * JITTER) : [0, 0];
    points.push({ x: next.x + 0.5 + dx, y: next.y + 0.5 + dy, sign: next.inside ? '+' : '-' });
    const said = await predictor.segment(image, { points: [...points] });
    found.push(maskIou(said, truth));
    mask = toBitmap(said);
  }
  return found;
}

/** Uniform in a disc; half a pixel less than its radius, so that it stays in the pixels that it was measured over. */
function missed(draw: Random, radius: number): [number, number] {
  const away = Math.max(0, radius - 0.5) * Math.sqrt(draw.next());
  const angle = draw.between(0, 2 * Math.PI);
  return [away * Math.cos(angle), away * Math.sin(angle)];
}

/** The number of clicks to an IoU; `most` where so many do not reach it. */
export function clicksTo(content: number, ious: readonly number[], most: number): number {
  const at = ious.findIndex((iou) => iou >= content);
  return at < 0 ? most : at + 1;
}
