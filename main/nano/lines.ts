// Tokens that stand for values on a line: near ones begin alike, and what is said wrong by one step is nearly right.
import type { NanoTokenizer } from '../../models/qwen/nanoTokenizer.ts';
import { measures } from '../scenes/vocabulary.ts';

export interface Line {
  readonly ids: readonly number[];
  /** What each stands for, in pixels of the frame. */
  readonly values: readonly number[];
}

/** The coordinates of boxes, then the numbers of measures. */
export function linesOf(tokenizer: NanoTokenizer): readonly Line[] {
  const { count, step } = tokenizer.vocabulary.coordinates;
  const coordinates = Array.from({ length: count }, (_, i) => i * step);
  return [
    { ids: coordinates.map((value) => tokenizer.coordinateId(value) ?? 0), values: coordinates },
    { ids: measures.map((value) => tokenizer.encode(String(value))[0] ?? 0), values: measures },
  ];
}
