// Tries foreign files on a drawn picture whose masks are known: which prompts they take, and which pixels they want.
import type { Box, DecodedImage, Mask } from '../../contract/records.ts';
import { fromBitmap, maskIou } from '../../contract/rle.ts';
import type { OnnxDialect, PixelScale } from './onnxDialects.ts';
import type { ForeignMasks } from './onnxMasks.ts';
import type { PointedAt } from './onnxPrompts.ts';

/** What the probe found out by trying, because names do not tell. */
export interface ProbeResult {
  readonly boxes: boolean;
  readonly rough: boolean;
  readonly scale: PixelScale;
}

export interface Probed<Features> {
  encode(image: DecodedImage, scale: PixelScale): Promise<Features>;
  masks(image: DecodedImage, ask: PointedAt, features: Features): Promise<ForeignMasks>;
  shown(masks: ForeignMasks, image: DecodedImage): Mask;
}

interface Thing {
  readonly box: Box;
  readonly mask: Mask;
  readonly middle: { readonly x: number; readonly y: number; readonly sign: '+' };
}

const side = 256;
/** A click on a thing finds this much of it where the weights are good; weights that learnt nothing are not judged. */
const wellFound = 0.5;
/** A box that the file takes must not do so much worse than a click. */
const muchWorse = 0.3;

/** Dark and light discs on grey. */
function drawing(): { image: DecodedImage; things: readonly [Thing, Thing] } {
  const data = new Uint8Array(side * side * 3).fill(128);
  const left = disc(data, { x: 72, y: 96, radius: 40, colour: [200, 40, 30] });
  const right = disc(data, { x: 184, y: 170, radius: 48, colour: [30, 60, 190] });
  return { image: { width: side, height: side, data }, things: [left, right] };
}

interface Disc {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly colour: readonly number[];
}

function disc(data: Uint8Array, { x, y, radius, colour }: Disc): Thing {
  const bitmap = new Uint8Array(side * side);
  for (let i = 0; i < bitmap.length; i++) {
    if (Math.hypot((i % side) + 0.5 - x, Math.floor(i / side) + 0.5 - y) >= radius) continue;
    bitmap[i] = 1;
    data.set(colour, i * 3);
  }
  const box = { x1: x - radius, y1: y - radius, x2: x + radius, y2: y + radius };
  return { box, mask: fromBitmap(bitmap, side, side), middle: { x, y, sign: '+' } };
}

export async function probe<Features>(
  { decoder, picture }: OnnxDialect,
  files: Probed<Features>,
): Promise<ProbeResult> {
  const { image, things } = drawing();
  const [thing, other] = things;
  const seen: { scale: PixelScale; features: Features; found: number }[] = [];
  for (const scale of picture.scales) {
    const features = await files.encode(image, scale);
    const found = picture.scales.length > 1 ? await share(things, { image, features, files }) : 0;
    seen.push({ scale, features, found });
  }
  const [first, ...rest] = seen;
  if (!first) throw new Error('A dialect names no pixels.');
  const better = rest.filter(({ found }) => found >= wellFound && found > first.found);
  const { scale, features } = better[0] ?? first;
  const ask = (asked: PointedAt) => files.masks(image, asked, features);
  const points = [thing.middle];
  const clicked = await ask({ points });
  const boxed = await ask({ points, box: thing.box });
  const elsewhere = await ask({ points, box: other.box });
  const alone = await ask({ box: thing.box });
  const good = (masks: ForeignMasks) => maskIou(files.shown(masks, image), thing.mask);
  const isWorse = good(clicked) >= wellFound && good(alone) < muchWorse;
  const rough = decoder.rough === undefined || !isSame(clicked, await ask({ points, rough: other.mask }));
  return { boxes: !isSame(boxed, elsewhere) && !isWorse, rough: decoder.rough !== undefined && rough, scale };
}

/** Mean IoU of what clicks find. */
async function share<Features>(
  things: readonly Thing[],
  { image, features, files }: { image: DecodedImage; features: Features; files: Probed<Features> },
): Promise<number> {
  let sum = 0;
  for (const { mask, middle } of things)
    sum += maskIou(files.shown(await files.masks(image, { points: [middle] }, features), image), mask);
  return sum / things.length;
}

function isSame({ masks: a }: ForeignMasks, { masks: b }: ForeignMasks): boolean {
  return a.length === b.length && a.every((value, i) => Math.abs(value - (b[i] ?? 0)) < 1e-6);
}
