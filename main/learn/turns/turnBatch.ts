// Packs rows of turns as feeds of a reasoner's step: ids, rotary tables, masks, and soft labels with weights.
import type { LanguageConfig } from '../../../models/qwen/config.ts';
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { joinPositions, textTable } from '../../../models/qwen/rope.ts';
import { gaussianLabels } from '../../../models/train/losses.ts';
import { entry } from '../../contract/lookup.ts';
import { joined } from '../loop/joinFloats.ts';
import type { PackedSequence } from './sequence.ts';

/** Soft labels: a coordinate that is off by one step (2 px) is nearly right. */
export const softness = { sigma: 1, reach: 3 };

/** One sequence, what its tokens may see, and what each of its predictors counts. */
export interface Row {
  readonly packed: PackedSequence;
  readonly seen: Float32Array;
  readonly weights: readonly number[];
}

/** All that is said of words, rows one after the other. [rows * tokens, head width] each table */
export function rowFeeds(rows: readonly Row[], config: LanguageConfig) {
  return {
    ids: BigInt64Array.from(
      rows.flatMap(({ packed }) => [...packed.ids]),
      BigInt,
    ),
    ...textTable(joinPositions(rows.map(({ packed }) => packed.positions)), config),
    mask: joined(rows.map(({ seen }) => seen)),
  };
}

/** The tokens that follow a row's predictors. */
export const nextOf = ({ ids, predictors }: PackedSequence): number[] => predictors.map((at) => idAt(ids, at + 1));

/** A predictor at the end of a row has nothing to predict, and no token 0. */
function idAt(ids: PackedSequence['ids'], at: number): number {
  const id = ids[at];
  if (id === undefined) throw new RangeError(`A row of ${ids.length} tokens has no token ${at} to predict.`);
  return id;
}

/**
 * What each label of a row's turns counts. The list is most of an answer; the few words that decide on a number of it and
 * the box that is copied from it are lost among them.
 */
export function weightsOf(
  tokenizer: NanoTokenizer,
  predictors: readonly number[],
  labels: readonly number[],
): number[] {
  const [stop] = tokenizer.encode('.');
  const [thought] = tokenizer.encode('</think><answer>```json\n[');
  let weight = 1;
  return labels.map((label, i) => {
    const begins = i > 0 && predictors[i] !== (predictors[i - 1] ?? 0) + 1;
    if (i === 0 || begins) weight = 1;
    const own = weight;
    if (label === thought) weight = 2;
    else if (label === stop && weight === 1) weight = 3;
    return own;
  });
}

export interface TurnLabel {
  /** Row of [rows * tokens] from which it is predicted. */
  readonly from: number;
  readonly id: number;
  readonly weight: number;
}

/** Exactly `capacity` labels; those beyond the last predictor stand at token 0 and weigh nothing. */
export function labelsOf(
  rows: readonly Row[],
  { first, tokens, capacity }: { first: number; tokens: number; capacity: number },
): TurnLabel[] {
  const all = rows.flatMap(({ packed: { ids, predictors }, weights }, b) =>
    predictors.map((at, i) => ({
      ...{ from: (first + b) * tokens + at, id: idAt(ids, at + 1), weight: entry(weights, i, 'weights of labels') },
    })),
  );
  return Array.from({ length: capacity }, (_, i) => all[i] ?? { from: 0, id: 0, weight: 0 });
}

/** `lines`: ids in the order of what they stand for, of which near ones are nearly right. */
export function labelFeeds(lines: readonly (readonly number[])[], labels: readonly TurnLabel[]) {
  const soft = gaussianLabels(
    labels.map(({ id }) => id),
    lines,
    softness,
  );
  return {
    predictors: BigInt64Array.from(labels, ({ from }) => BigInt(from)),
    labelIds: soft.ids,
    labelShares: soft.shares,
    labelWeights: Float32Array.from(labels, ({ weight }) => weight),
  };
}
