// The whole segmenter, and what happens around its graph: clicks into its frame, the choice of a mask, logits at full size.
import type { Tensor } from '../graph/tensor.ts';
import type { Params } from '../nn/params.ts';
import type { PixelSize } from '../nn/resample.ts';
import type { Sam2Config } from './config.ts';
import { imageEncoder } from './imageEncoder.ts';
import { type DecodedMasks, maskDecoder } from './maskDecoder.ts';
import { type Prompts, promptEncoder } from './promptEncoder.ts';

/** image [B, 3, S, S], normalised. For clicks on one picture, run the parts apart and keep the features. */
export function segmenter(p: Params, config: Sam2Config, image: Tensor, prompts: Prompts): DecodedMasks {
  return maskDecoder(p, config, imageEncoder(p, config, image), promptEncoder(p, config, prompts));
}

/** In pixels of the picture as the person sees it. */
export interface Clicks {
  readonly box?: { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number };
  readonly points?: readonly { readonly x: number; readonly y: number; readonly inside: boolean }[];
}

export interface ClickData {
  /** [count, 2] */
  readonly at: Float32Array<ArrayBuffer>;
  /** [count] */
  readonly labels: BigInt64Array<ArrayBuffer>;
}

/** Clicks in the model's square frame, each axis scaled on its own; the box first, as two points, as SAM 2's predictor does. */
export function clickData({ box, points = [] }: Clicks, picture: PixelSize, imageSize: number): ClickData {
  const corners = box
    ? [
        { x: box.x1, y: box.y1, label: 2n },
        { x: box.x2, y: box.y2, label: 3n },
      ]
    : [];
  const all = [...corners, ...points.map(({ x, y, inside }) => ({ x, y, label: inside ? 1n : 0n }))];
  const [across, down] = [imageSize / picture.width, imageSize / picture.height];
  return {
    at: Float32Array.from(all.flatMap(({ x, y }) => [x * across, y * down])),
    labels: BigInt64Array.from(all, ({ label }) => label),
  };
}

/** Mask 0 is stable when moving the threshold by `delta` either way keeps this share of its pixels. */
const stabilityRule = { delta: 0.05, least: 0.98 };

/** #(logit > delta) / #(logit > -delta), compared as float32; 1 where nothing is near or above the threshold. */
export function stability(logits: Float32Array, delta = stabilityRule.delta): number {
  const limit = Math.fround(delta);
  let sure = 0;
  let possible = 0;
  for (const logit of logits) {
    if (logit > limit) sure++;
    if (logit > -limit) possible++;
  }
  return possible === 0 ? 1 : sure / possible;
}

/** Which mask answers a prompt at inference: 0 when stable, else the best of the others. `masks` holds all of one sample. */
export function chooseMask(masks: Float32Array, iou: ArrayLike<number>): number {
  const count = iou.length;
  if (count < 2 || masks.length % count !== 0)
    throw new Error(`chooseMask: ${masks.length} logits are not the masks of ${count} predicted IoUs.`);
  if (stability(masks.subarray(0, masks.length / count)) >= stabilityRule.least) return 0;
  return bestAlternative(iou);
}

/** The one that is thought best of. */
export function bestAlternative(iou: ArrayLike<number>): number {
  const [best] = rankAlternatives(iou);
  if (best === undefined) throw new Error(`There is no alternative among ${iou.length} masks.`);
  return best;
}

/** Masks 1 and up by predicted IoU, best first; of equals the first. */
export function rankAlternatives(iou: ArrayLike<number>): number[] {
  const others = Array.from({ length: Math.max(0, iou.length - 1) }, (_, i) => i + 1);
  return others.sort((a, b) => (iou[b] ?? 0) - (iou[a] ?? 0));
}

/** Logits of one square mask at the picture's size, bilinear with pixel centres at halves; above 0 is inside. */
export function enlargeLogits(logits: Float32Array, picture: PixelSize): Float32Array<ArrayBuffer> {
  const side = Math.sqrt(logits.length);
  if (!Number.isInteger(side)) throw new Error(`enlargeLogits: ${logits.length} logits are not a square mask.`);
  const { height, width } = picture;
  const wide = widen(logits, side, width);
  const out = new Float32Array(height * width);
  const down = neighbours(side, height);
  for (let y = 0; y < height; y++) {
    const row = (i: number) => wide.subarray(i * width, (i + 1) * width);
    const rows = [row(down.first[y] ?? 0), row(down.second[y] ?? 0)] as const;
    blend(rows, down.share[y] ?? 0, out.subarray(y * width, (y + 1) * width));
  }
  return out;
}

/** Every row at the new width: [side, width]. */
function widen(logits: Float32Array, side: number, width: number): Float32Array {
  const { first, second, share } = neighbours(side, width);
  const out = new Float32Array(side * width);
  for (let row = 0, at = 0; row < logits.length; row += side) {
    for (let x = 0; x < width; x++) {
      const left = logits[row + (first[x] ?? 0)] ?? 0;
      out[at++] = left + ((logits[row + (second[x] ?? 0)] ?? 0) - left) * (share[x] ?? 0);
    }
  }
  return out;
}

function blend([upper, lower]: readonly [Float32Array, Float32Array], share: number, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) {
    const above = upper[i] ?? 0;
    out[i] = above + ((lower[i] ?? 0) - above) * share;
  }
}

/** For every output position the two nearest inputs and the second one's share; the border repeats. */
function neighbours(from: number, to: number) {
  const centres = Float64Array.from({ length: to }, (_, i) => Math.max(0, ((i + 0.5) * from) / to - 0.5));
  const first = Int32Array.from(centres, Math.floor);
  return {
    first,
    second: first.map((i) => Math.min(i + 1, from - 1)),
    share: centres.map((centre, i) => centre - (first[i] ?? 0)),
  };
}
