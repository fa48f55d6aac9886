// Gives the learning rate of an optimiser step.

export interface Schedule {
  kind: 'constant' | 'linear' | 'cosine';
  /** The rate after the warm-up. */
  base: number;
  /** Steps of linear rise from 0. */
  warmup: number;
  /** Steps in all; 'linear' and 'cosine' end there. */
  total: number;
  /** Cosine ends at this share of the base rate. Default 0. */
  floor?: number;
}

/** `step` counts from 0. Past the end, linear stays 0 and cosine swings up again, as in the released runs. */
export function learningRate(step: number, { kind, base, warmup, total, floor = 0 }: Schedule): number {
  if (step < warmup) return (base * step) / Math.max(1, warmup);
  if (kind === 'constant') return base;
  const span = Math.max(1, total - warmup);
  if (kind === 'linear') return base * Math.max(0, (total - step) / span);
  const wave = 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / span));
  return base * Math.max(0, wave * (1 - floor) + floor);
}
