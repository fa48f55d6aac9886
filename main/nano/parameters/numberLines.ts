// Starts tokens that stand for values on a line alike where the values are near, so that an answer that is off by one step is nearly right.
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { measures } from '../../scenes/vocabulary.ts';

export interface NumberLine {
  readonly ids: readonly number[];
  /** What each stands for, in pixels of the frame. */
  readonly values: readonly number[];
}

/** Undefined for none or several. */
const soleOf = ([id, ...more]: readonly number[]): number | undefined => (more.length > 0 ? undefined : id);

function known(id: number | undefined, value: number): number {
  if (id === undefined) throw new Error(`The tokenizer has no token for ${value}.`);
  return id;
}

/** The coordinates of boxes, then the numbers of measures. */
export function linesOf(tokenizer: NanoTokenizer): readonly NumberLine[] {
  const { count, step } = tokenizer.vocabulary.coordinates;
  const coordinates = Array.from({ length: count }, (_, i) => i * step);
  return [
    { ids: coordinates.map((value) => known(tokenizer.coordinateId(value), value)), values: coordinates },
    { ids: measures.map((value) => known(soleOf(tokenizer.encode(String(value))), value)), values: measures },
  ];
}
