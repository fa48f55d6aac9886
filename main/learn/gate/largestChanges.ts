// Keeps only the largest changes of trained values, as far as nothing known before is lost (Yadav et al. 2023, "TIES-Merging").
import type { Parameter } from '../loop/parameters.ts';

export interface TrainingChange {
  /** Values by parameter, before training. */
  readonly start: Readonly<Record<string, Float32Array>>;
  readonly end: ReadonlyMap<string, Parameter>;
  /** Rows that were not there before, of tables that have some: they are taken as trained. */
  isNew(name: string, row: number): boolean;
}

/**
 * Of the values that training changed, those that it changed most stand as trained, `share` of them, and the others as
 * before. What a step's noise moves is spread over all values, so leaving out small changes takes more noise than learning.
 */
export function largestChanges(change: TrainingChange): (share: number) => Map<string, Parameter> {
  const sizes = changesBySize(change);
  return (share) => {
    const least = sizes[Math.floor((1 - share) * sizes.length)] ?? Number.POSITIVE_INFINITY;
    return new Map([...change.end].map(([name, parameter]) => [name, withChanges(change, name, { parameter, least })]));
  };
}

function withChanges(
  { start, isNew }: TrainingChange,
  name: string,
  { parameter: { shape, values }, least }: { parameter: Parameter; least: number },
): Parameter {
  const before = startOf(start, name, values);
  const width = values.length / (shape[0] ?? 1);
  const stands = (i: number, size: number) => size >= least || isNew(name, Math.floor(i / width));
  return {
    shape,
    values: values.map((value, i) => (stands(i, changeOf(value, before[i])) ? value : (before[i] ?? value))),
  };
}

/** Sizes of the changes of values that were there before, smallest first. */
function changesBySize({ start, end, isNew }: TrainingChange): Float32Array {
  let count = 0;
  for (const { values } of end.values()) count += values.length;
  const sizes = new Float32Array(count);
  let used = 0;
  for (const [name, { shape, values }] of end) {
    const before = startOf(start, name, values);
    const width = values.length / (shape[0] ?? 1);
    values.forEach((value, i) => {
      const size = changeOf(value, before[i]);
      if (size > 0 && !isNew(name, Math.floor(i / width))) sizes[used++] = size;
    });
  }
  return sizes.subarray(0, used).sort();
}

/** The size of a change as it is stored among the sizes, so that both compare alike. */
const changeOf = (value: number, before: number | undefined): number =>
  Math.fround(Math.abs(value - (before ?? value)));

function startOf(start: TrainingChange['start'], name: string, values: Float32Array): Float32Array {
  const before = start[name];
  if (before?.length !== values.length) throw new Error(`${name} was not there before it was trained.`);
  return before;
}

/** All changes, of which most is lost, and about as many as are mostly kept. */
const measured: readonly number[] = [1, 0.3];
/** Times that a score is asked for at most. */
export const tries = 1 + measured.length;
/** Below what the gate allows, 0.02: it asks other prompts, and the mean of its 250 moves by 0.014 by chance. */
const mostLost = 0.0125;
/** Below it a new word is seldom found. */
const smallest = 0.15;

/**
 * The largest share that keeps what was known, by `scoreAt` a mean IoU. What is lost grows with the share, and nothing is lost
 * without changes, so a line through zero is laid through all losses (least squares): at a fifth of the changes it moves by
 * chance by a fourth of what a mean that was measured there moves.
 */
export async function shareThatKeeps(scoreAt: (share: number) => Promise<number>): Promise<number> {
  const before = await scoreAt(0);
  let [products, squares] = [0, 0];
  for (const share of measured) {
    const lost = before - (await scoreAt(share));
    if (share === 1 && lost <= mostLost) return 1;
    products += share * lost;
    squares += share ** 2;
  }
  const slope = products / squares;
  return slope <= mostLost ? 1 : Math.max(smallest, mostLost / slope);
}
