// Measures how far the masks of several answers to one prompt disagree: what a person should look at first.
import { distance } from '../contract/agreement.ts';
import type { Mask } from '../contract/records.ts';

/** Mean of 1 - IoU over all pairs, 0 to 1; two answers without a mask agree. null: fewer than two answers. */
export function spreadOf(masks: readonly (Mask | null)[]): number | null {
  const pairs = masks.flatMap((a, i) => masks.slice(i + 1).map((b) => distance(a, b)));
  return pairs.length > 0 ? pairs.reduce((sum, each) => sum + each, 0) / pairs.length : null;
}
