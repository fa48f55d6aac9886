// Takes one mask of the picture from what a foreign decoder gives: finds the output, its size, and what its numbers mean.
import type { ShapedValue } from '../../../models/runtime/session.ts';
import { BadInput } from '../../contract/badInput.ts';
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { enlargedMask } from '../../pictures/enlarge.ts';
import type { OnnxDialect } from './onnxDialects.ts';
import type { PlacedPicture } from './onnxPicture.ts';

/** Logits of several masks, one after the other, above 0 inside. */
export interface ForeignMasks {
  readonly width: number;
  readonly height: number;
  readonly masks: Float32Array;
  readonly iou: Float32Array;
  /** Whether they lie over the picture, or over the encoder's square with what is beyond the picture. */
  readonly over: 'picture' | 'square';
}

type Shaped = Readonly<Record<string, ShapedValue>>;

/** `file`: that of the decoder, for the sentence that is thrown where its outputs are none of the dialect's. */
export function foreignMasks(results: Shaped, { decoder }: OnnxDialect, file: string): ForeignMasks {
  const masks = wanted(results, 'masks', { file, name: decoder.masks, fits: (shape) => shape.length >= 4 });
  const [count = 1, height = 1, width = 1] = masks.shape.slice(-3);
  const iou = wanted(results, 'scores', {
    ...{ file, name: decoder.iou, fits: (shape: readonly number[]) => shape.length < 4 && shape.at(-1) === count },
  });
  const over = decoder.pictureSize === undefined ? 'square' : 'picture';
  return { width, height, masks: asLogits(masks.data), iou: iou.data, over };
}

interface Sought {
  readonly file: string;
  readonly name: string | null;
  fits(shape: readonly number[]): boolean;
}

/** Finds the output by its name, or takes the first one that looks like it. */
function wanted(results: Shaped, what: string, { file, name, fits }: Sought) {
  const found = name === null ? Object.values(results).find(({ shape }) => fits(shape)) : results[name];
  if (!found) throw new BadInput(`${file}: gives ${Object.keys(results).join(', ')}, and none of them are ${what}`);
  const { data, shape } = found;
  if (!(data instanceof Float32Array)) throw new BadInput(`${file}: its ${name ?? what} are not float32`);
  return { data, shape };
}

/** Some files end in a sigmoid: then all numbers are shares from 0 to 1. */
function asLogits(data: Float32Array): Float32Array {
  return data.some((value) => value < 0 || value > 1) ? data : data.map((value) => value - 0.5);
}

/** The mask that the decoder thinks best of, at the picture's size. */
export function maskOfPicture(
  { width, height, masks, iou, over }: ForeignMasks,
  image: DecodedImage,
  placed: PlacedPicture,
): Mask {
  const best = iou.reduce((most, value, i) => (value > (iou[most] ?? 0) ? i : most), 0);
  const data = masks.subarray(best * width * height, (best + 1) * width * height);
  const { square } = placed;
  const filled = {
    width: (width * placed.width) / square.width,
    height: (height * placed.height) / square.height,
  };
  return enlargedMask({ width, height, data, ...(over === 'square' && { filled }) }, image);
}
