// Computes advantages: how much better each answer to a prompt was rewarded than its group.

/** How a group's rewards are centred and scaled. */
export interface Convention {
  /** Divisor: the group's deviation with n - 1 or n, that of the whole batch (n - 1), or none. */
  spread: 'sample' | 'population' | 'batch' | 'none';
  epsilon: number;
  /** A group of one has no sample spread: refuse it, or take mean 0 and spread 1. */
  alone: 'refuse' | 'keep';
  /** Where all rewards of a group are equal, keep their mean, and clamp every result to [-1, 1]. */
  keepEqual: boolean;
}

const lens: Convention = { spread: 'sample', epsilon: 1e-4, alone: 'refuse', keepEqual: false };

/** The conventions in use; `lens` is the released one. */
export const conventions = {
  lens,
  population: { ...lens, spread: 'population', alone: 'keep' },
  sample_eps_1e_6: { ...lens, epsilon: 1e-6 },
  centred: { ...lens, spread: 'none', alone: 'keep' },
  batch_scaled: { ...lens, spread: 'batch', alone: 'keep' },
  verl: { ...lens, epsilon: 1e-6, alone: 'keep' },
  lens_keep_mean_when_equal: { ...lens, keepEqual: true },
} as const satisfies Record<string, Convention>;

/** `rewards` are flat, group after group. */
export function advantages(rewards: readonly number[], groupSize: number, how: Convention = lens): number[] {
  if (groupSize < 1 || rewards.length % groupSize !== 0)
    throw new Error(`advantages: ${rewards.length} rewards are no whole number of groups of ${groupSize}.`);
  if (groupSize === 1 && how.alone === 'refuse')
    throw new Error('advantages: a group of one answer has nothing to be compared with; sample at least two.');
  const batch = deviation(rewards, 1);
  return Array.from({ length: rewards.length / groupSize }, (_, i) =>
    ofGroup(rewards.slice(i * groupSize, (i + 1) * groupSize), how, batch),
  ).flat();
}

function ofGroup(group: readonly number[], { spread, epsilon, alone, keepEqual }: Convention, batch: number): number[] {
  const lonely = group.length === 1 && alone === 'keep' && spread === 'sample';
  const centre = lonely ? 0 : mean(group);
  const own = lonely ? 1 : deviation(group, spread === 'population' ? 0 : 1);
  const divisor = spread === 'none' ? 1 : (spread === 'batch' ? batch : own) + epsilon;
  const shift = keepEqual && own === 0 ? 0 : centre;
  return group.map((r) => {
    const a = (r - shift) / divisor;
    return keepEqual ? Math.min(1, Math.max(-1, a)) : a;
  });
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function deviation(values: readonly number[], lost: 0 | 1): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - lost));
}

/** Weighted sum of each answer's rewards; a reward that abstained (NaN) counts as 0. */
export function totalRewards(
  perAnswer: readonly (readonly number[])[],
  weights: readonly number[] | null = null,
  scale = 1,
): number[] {
  return perAnswer.map(
    (rewards) => scale * rewards.reduce((sum, r, i) => sum + (Number.isNaN(r) ? 0 : r * (weights?.[i] ?? 1)), 0),
  );
}
