// Reads what SAM 3's decoder gives as objects of the picture: those that score well, with box, mask and score.
import type { ShapedValue } from '../../../models/runtime/session.ts';
import { BadInput } from '../../contract/badInput.ts';
import { clampBox, type Frame } from '../../contract/geometry.ts';
import type { Box, Mask } from '../../contract/records.ts';
import { maskArea, maskBox } from '../../contract/rle.ts';
import { enlargedMask } from '../../pictures/enlarge.ts';
import type { WordDialect, WordFiles } from './wordDialects.ts';

export interface ScoredObject {
  readonly box: Box;
  readonly mask: Mask;
  /** 0 to 1. */
  readonly score: number;
}

/** As the model's authors have it, and the tools that run it. */
const leastScore = 0.5;

type Shaped = Readonly<Record<string, ShapedValue>>;

/** The surest first; one whose mask is empty is none. */
export function scoredObjects(
  results: Shaped,
  { dialect, decoder: { file } }: WordFiles,
  image: Frame,
): ScoredObject[] {
  const { masks: name, found, corners } = dialect.decoder;
  const masks = masksOf(results, name, file);
  const [boxes, scores] = [floatsOf(results, found, file), scoresOf(results, dialect.decoder, file)];
  const [height = 0, width = 0] = masks.shape.slice(-2);
  const area = height * width;
  if (boxes.length !== 4 * scores.length || masks.data.length !== area * scores.length)
    throw new BadInput(
      `${file}: gives ${scores.length} scores, ${boxes.length / 4} boxes and masks of ${masks.shape.join(' x ')}, which do not belong together`,
    );
  return [...scores.entries()]
    .filter(([, score]) => score > leastScore)
    .toSorted(([, a], [, b]) => b - a)
    .flatMap(([i, score]) => {
      const data = logitsOf(masks.data, i * area, (i + 1) * area);
      const mask = enlargedMask({ width, height, data }, image);
      if (maskArea(mask) === 0) return [];
      const box = clampBox(boxOf(boxes.subarray(4 * i, 4 * i + 4), corners, image), image) ?? maskBox(mask);
      return [{ box, mask, score }];
    });
}

function outputOf(results: Shaped, name: string, file: string): ShapedValue {
  const found = results[name];
  if (!found) throw new BadInput(`${file}: gave no output ${name}`);
  return found;
}

function masksOf(results: Shaped, name: string, file: string) {
  const { data, shape } = outputOf(results, name, file);
  if (data instanceof Float32Array || data instanceof Uint8Array) return { data, shape };
  throw new BadInput(`${file}: its output ${name} holds neither logits nor masks`);
}

function floatsOf(results: Shaped, name: string, file: string): Float32Array {
  const { data } = outputOf(results, name, file);
  if (data instanceof Float32Array) return data;
  throw new BadInput(`${file}: its output ${name} is not float32`);
}

/** Logits count as much as the logit that anything in the picture matches at all. */
function scoresOf(results: Shaped, { scores, presence }: WordDialect['decoder'], file: string): Float32Array {
  const given = floatsOf(results, scores, file);
  if (presence === null) return given;
  const present = share(floatsOf(results, presence, file)[0] ?? 0);
  return given.map((logit) => share(logit) * present);
}

const share = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** Above 0 inside; masks that are decided already are 0 or 1. */
function logitsOf(data: Float32Array | Uint8Array, from: number, to: number): Float32Array {
  if (data instanceof Float32Array) return data.subarray(from, to);
  return Float32Array.from(data.subarray(from, to), (value) => value - 0.5);
}

function boxOf([a = 0, b = 0, c = 0, d = 0]: Float32Array, corners: string, { width, height }: Frame): Box {
  if (corners === 'pixels') return { x1: a, y1: b, x2: c, y2: d };
  if (corners === 'shares') return { x1: a * width, y1: b * height, x2: c * width, y2: d * height };
  return { x1: (a - c / 2) * width, y1: (b - d / 2) * height, x2: (a + c / 2) * width, y2: (b + d / 2) * height };
}
