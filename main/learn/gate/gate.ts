// Decides, by what held-out prompts were worth before and after a run, whether new weights are promoted or kept as a candidate.
import type { GateVerdict } from '../../contract/learning.ts';
import { entry } from '../../contract/lookup.ts';
import { random } from '../../contract/random.ts';

/** A prompt before and after; what stands in one group is resampled together. */
export interface BeforeAfter {
  readonly group: number;
  readonly before: number;
  readonly after: number;
}

type Gain = Pick<GateVerdict, 'gain' | 'low' | 'high'>;

export interface Evidence {
  /** Every held-out prompt that the run could change. */
  readonly taught: readonly BeforeAfter[];
  /** Held-out prompts of other labels than the one that was taught most. */
  readonly otherLabels: readonly BeforeAfter[];
  /** Prompts that nothing matches: 1 where that was said. */
  readonly nothing: readonly BeforeAfter[];
  /** The domain that the weights came with. */
  readonly base: readonly BeforeAfter[];
  /** Masks under true boxes, where answers are judged. */
  readonly masks: readonly BeforeAfter[];
}

/** What may be lost elsewhere. */
const MOST_LOST = 0.02;
const RESAMPLES = 2000;

/** Paired bootstrap over groups: the mean change, and where it may lie. */
export function pairedGain(pairs: readonly BeforeAfter[], seed = 0): Gain {
  const groups = new Map<number, { sum: number; count: number }>();
  for (const { group, before, after } of pairs) {
    const { sum, count } = groups.get(group) ?? { sum: 0, count: 0 };
    groups.set(group, { sum: sum + after - before, count: count + 1 });
  }
  const sums = [...groups.values()];
  if (sums.length === 0) return { gain: 0, low: 0, high: 0 };
  const mean = (some: readonly { sum: number; count: number }[]) =>
    some.reduce((total, { sum }) => total + sum, 0) / some.reduce((total, { count }) => total + count, 0);
  const draw = random(seed, 32);
  const means = Array.from({ length: RESAMPLES }, () => mean(sums.map(() => draw.pick(sums)))).sort((a, b) => a - b);
  const at = (share: number) => entry(means, Math.round(share * (RESAMPLES - 1)), 'resampled means');
  return { gain: mean(sums), low: at(0.025), high: at(0.975) };
}

const meanChange = (pairs: readonly BeforeAfter[]): number | null =>
  pairs.length === 0 ? null : pairs.reduce((sum, { before, after }) => sum + after - before, 0) / pairs.length;

const judged = { masks: 'Held-out masks', answers: 'Answers to held-out prompts' } as const;

export function judge(
  evidence: Evidence,
  { seed = 0, by = 'masks' }: { seed?: number; by?: keyof typeof judged } = {},
): GateVerdict {
  const gained = pairedGain(evidence.taught, seed);
  const changes = {
    otherLabels: meanChange(evidence.otherLabels),
    nothing: meanChange(evidence.nothing),
    base: meanChange(evidence.base),
  };
  const reason = whyNot({ ...gained, what: judged[by] }, { ...changes, masks: meanChange(evidence.masks) });
  const range = `${signed(gained.low)} to ${signed(gained.high)}`;
  const won = `${judged[by]} gained ${gained.gain.toFixed(3)} gIoU (${range}), and nothing else lost more than ${MOST_LOST}.`;
  return { promoted: reason === null, reason: reason ?? won, ...gained, ...changes };
}

type Changes = Pick<GateVerdict, 'otherLabels' | 'nothing' | 'base'> & { readonly masks: number | null };

function whyNot(
  { gain, low, high, what }: Gain & { what: string },
  { otherLabels, nothing, base, masks }: Changes,
): string | null {
  const range = `${signed(low)} to ${signed(high)}`;
  if (gain <= 0) return `${what} did not gain (${signed(gain)} gIoU, ${range}), so the weights stay as they were.`;
  if (low <= 0) return `The gain of ${gain.toFixed(3)} gIoU on ${what.toLowerCase()} lies within noise (${range}).`;
  const losses = [
    ['Prompts for other labels', otherLabels],
    ['Prompts that nothing matches', nothing],
    ['The pictures that the weights came with', base],
    ['Masks under true boxes', masks],
  ] as const;
  for (const [where, change] of losses)
    if (change !== null && change < -MOST_LOST)
      return `${where} lost ${Math.abs(change).toFixed(3)}, and at most ${MOST_LOST} may be lost.`;
  return null;
}

const signed = (value: number): string => (value < 0 ? '' : '+') + value.toFixed(3);
