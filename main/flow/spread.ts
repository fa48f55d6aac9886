// Compares the masks of several answers to one prompt: how far they disagree, and which one most others agree with.
import { distance, mostAgreed } from '../contract/agreement.ts';
import type { Mask } from '../contract/records.ts';
import { unionOf } from '../contract/rle.ts';
import type { Proposal } from './predictor.ts';
import type { Answers, WrittenAnswer } from './reasoner/reasoner.ts';

/** Mean of 1 - IoU over all pairs, 0 to 1; two answers without a mask agree. null: fewer than two answers. */
export function spreadOf(masks: readonly (Mask | null)[]): number | null {
  const pairs = masks.flatMap((a, i) => masks.slice(i + 1).map((b) => distance(a, b)));
  return pairs.length > 0 ? pairs.reduce((sum, each) => sum + each, 0) / pairs.length : null;
}

/** Index of the answer that most others agree with; of those the one with the highest mean log-probability per token. */
export function mostAgreedOf({ written }: Answers, proposals: readonly Proposal[]): number {
  const mean = ({ logProbabilities: p }: WrittenAnswer) => p.reduce((a, b) => a + b, 0) / Math.max(1, p.length);
  const meant = proposals.map(({ found, objects }) =>
    found === 'unreadable' ? found : unionOf(objects.map(({ mask }) => mask)),
  );
  return mostAgreed(meant, written.map(mean));
}
