// A detector of four channels and no blocks, whose values a test sets: cells of set marks name classes, whatever else is seen.
import type { DetectorRecord } from '../../main/weights/records/detectorRecord.ts';
import { writeDetector } from '../../main/weights/records/detectorRecord.ts';
import type { TensorToWrite } from '../../models/runtime/writeSafetensors.ts';

const width = 4;

export interface ToyClass {
  readonly name: string;
  readonly also?: readonly string[];
  /** Its logit in every cell, beside what marks add. Default -10. */
  readonly bias?: number;
  /** Added to the logit where a cell bears a mark that stands out, for each of the four marks. */
  readonly marks?: readonly number[];
  /** Logarithms of distances to each side, of the first distance. */
  readonly sides?: readonly number[];
}

/** Writes it for a segmenter with so many channels; the marks are the first four of `embed`. */
export function writeToyDetector(
  folder: string,
  channels: number,
  classes: readonly ToyClass[],
  least = 0.5,
): Promise<string> {
  const record: DetectorRecord = {
    classes: classes.map(({ name, also = [] }) => ({ name, also: [...also] })),
    ...{ width, blocks: 0, least, figures: { found: 0, absent: 0, photos: 0 } },
  };
  const count = classes.length;
  const both = 2 * channels;
  const values = (shape: number[], set: (i: number) => number): TensorToWrite => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => set(i)),
  });
  const tensors = {
    'mix.weight': values([width, both, 1, 1], (i) => (i % both === Math.floor(i / both) ? 1 : 0)),
    'mix.bias': values([width], () => 0),
    'norm.weight': values([width], () => 1),
    'norm.bias': values([width], () => 0),
    'scores.weight': values([count, width, 1, 1], (i) => classes[Math.floor(i / width)]?.marks?.[i % width] ?? 0),
    // The head takes 4 off every logit.
    'scores.bias': values([count], (i) => 4 + (classes[i]?.bias ?? -10)),
    'sides.weight': values([4, width, 1, 1], () => 0),
    'sides.bias': values([4], () => 0),
    'class_sides.weight': values([4 * count, width, 1, 1], () => 0),
    'class_sides.bias': values([4 * count], (i) => classes[Math.floor(i / 4)]?.sides?.[i % 4] ?? 0),
  };
  const named = Object.entries(tensors).map(([name, tensor]) => [`detector.${name}`, tensor] as const);
  return writeDetector(folder, record, Object.fromEntries(named));
}

/** What a segmenter sees where these cells bear marks, row-major, and the others none. */
export function markedFeatures(
  { side, channels }: { side: number; channels: number },
  cells: Readonly<Record<number, readonly number[]>>,
): Record<string, Float32Array> {
  const embed = new Float32Array(channels * side * side);
  for (const [cell, marks] of Object.entries(cells))
    for (const [i, mark] of marks.entries()) embed[i * side * side + Number(cell)] = mark;
  return { embed, s1: new Float32Array(channels * side * side) };
}
