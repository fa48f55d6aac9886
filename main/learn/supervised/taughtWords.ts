// Adds words of a project's labels to a closed vocabulary that lacks them, and rows to the table of tokens.
import { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { random } from '../../contract/random.ts';
import { type ClosedVocabulary, understood } from '../../flow/words/unknownWords.ts';
import type { ReasonerWeights } from '../../weights/open.ts';

/** A word with the number of pictures that it was taught with. */
export interface TaughtWord {
  readonly word: string;
  readonly pictures: number;
  /** Whether the weights had no token for it. */
  readonly isNew: boolean;
}

/** A label and the pictures on which something is called so. */
export interface NamedOn {
  readonly name: string;
  readonly imageIds: readonly number[];
}

const wordPattern = /[\p{L}\p{N}](?:[\p{L}\p{N}'-]{0,62}[\p{L}\p{N}])?/gu;
/** The tokenizer has places for so many words. */
const mostNew = 4096;

/** A label as it is said and taught: lower case, in the form that the weights know. */
export const spoken = (name: string, words: ReadonlySet<string>): string =>
  understood(name.trim().toLowerCase().replaceAll('’', "'"), { words, unfindable: new Set() }).text;

/** Words of labels that the weights do not know, or know and cannot find. */
export function taughtWords(labels: readonly NamedOn[], { words, unfindable }: ClosedVocabulary): TaughtWord[] {
  const pictures = new Map<string, Set<number>>();
  for (const { name, imageIds } of labels)
    for (const [word] of spoken(name, words).matchAll(wordPattern)) {
      if (words.has(word) && !unfindable.has(word)) continue;
      pictures.set(word, new Set([...(pictures.get(word) ?? []), ...imageIds]));
    }
  return [...pictures]
    .map(([word, ids]) => ({ word, pictures: ids.size, isNew: !words.has(word) }))
    .sort((a, b) => b.pictures - a.pictures)
    .slice(0, mostNew);
}

export const nanoTokenizerOf = ({ tokenizer, name }: Pick<ReasonerWeights, 'tokenizer' | 'name'>): NanoTokenizer => {
  if (tokenizer instanceof NanoTokenizer) return tokenizer;
  throw new Error(`${name} has no tokenizer that can grow.`);
};

/** The same tokenizer with more words, and for each of its ids the id it had before; -1: none. */
export function grownTokenizer(
  old: NanoTokenizer,
  more: readonly string[],
): { tokenizer: NanoTokenizer; from: Int32Array } {
  const { vocabulary } = old;
  const tokenizer = new NanoTokenizer({ ...vocabulary, words: [...vocabulary.words, ...more] });
  const before = old.size - vocabulary.words.length;
  const places = new Map(vocabulary.words.map((word, i) => [word, before + i]));
  // All that is no word stands before the words, which are sorted.
  const from = Int32Array.from([
    ...Array.from({ length: before }, (_, id) => id),
    ...tokenizer.vocabulary.words.map((word) => places.get(word) ?? -1),
  ]);
  return { tokenizer, from };
}

/** Rows [ids, width] of a token table; a new one begins in the middle of the words, a little apart from the others. */
export function grownRows(
  rows: Float32Array,
  { from, width, words, seed }: { from: Int32Array; width: number; words: number; seed: number },
): Float32Array<ArrayBuffer> {
  const first = rows.length / width - words;
  const mean = Float32Array.from({ length: width }, (_, k) => {
    let sum = 0;
    for (let row = first; row < first + words; row++) sum += rows[row * width + k] ?? 0;
    return sum / Math.max(1, words);
  });
  const grown = new Float32Array(from.length * width);
  from.forEach((row, id) => {
    if (row >= 0) return grown.set(rows.subarray(row * width, (row + 1) * width), id * width);
    const draw = random(seed, 52_000 + id);
    const spread = spreadOf(rows, first * width);
    grown.set(
      mean.map((value) => value + spread * draw.between(-1.7, 1.7)),
      id * width,
    );
  });
  return grown;
}

/** Standard deviation of the values from `start` on. */
function spreadOf(values: Float32Array, start: number): number {
  let squares = 0;
  for (let i = start; i < values.length; i++) squares += (values[i] ?? 0) ** 2;
  return Math.sqrt(squares / Math.max(1, values.length - start));
}
