// Finds, among the masks of several answers to one prompt, those that agree: most answers come before the likeliest one.
import type { Mask } from './records.ts';
import { maskArea, maskIou } from './rle.ts';

/** Two answers mean the same things where their masks overlap so far (IoU; COCO's bar for a hit). */
const SAME = 0.5;

/** 1 - IoU; two answers without a mask agree, and with nobody else. */
export function distance(a: Mask | null, b: Mask | null): number {
  const [inA, inB] = [a !== null && maskArea(a) > 0, b !== null && maskArea(b) > 0];
  if (!a || !b || !inA || !inB) return inA === inB ? 0 : 1;
  return 1 - maskIou(a, b);
}

/** Counts for each answer how many of the others agree with it; `unreadable` ones agree with nobody. */
export function agreeingCounts(answers: readonly (Mask | null | 'unreadable')[]): number[] {
  return answers.map((one, i) => answers.filter((other, j) => i !== j && agrees(one, other)).length);
}

const agrees = (a: Mask | null | 'unreadable', b: Mask | null | 'unreadable'): boolean =>
  a !== 'unreadable' && b !== 'unreadable' && distance(a, b) <= 1 - SAME;

/** Index of the answer that most others agree with; of several such the likeliest, by log-probability. */
export function mostAgreed(
  answers: readonly (Mask | null | 'unreadable')[],
  logProbability: readonly number[],
): number {
  const counts = agreeingCounts(answers);
  const most = Math.max(0, ...counts);
  const likelihood = (i: number): number => logProbability[i] ?? Number.NEGATIVE_INFINITY;
  return counts.reduce(
    (best, count, i) => (count === most && (counts[best] !== most || likelihood(i) > likelihood(best)) ? i : best),
    0,
  );
}
