// Updates parameters by their gradients: AdamW with decoupled weight decay, in place on typed arrays.

/** One element type for all arrays of a run; float64 serves tests. */
export type Reals = Float32Array | Float64Array;

export interface AdamW {
  betas: readonly [number, number];
  epsilon: number;
  weightDecay: number;
}

export const adamWDefaults: AdamW = { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 };

/** First and second moment and how often they were updated. */
export interface Moments<R extends Reals = Float32Array<ArrayBuffer>> {
  first: R;
  second: R;
  step: number;
}

export interface StepSize {
  learningRate: number;
  /** Multiplies every gradient: the clipping factor. */
  gradientScale: number;
}

/** Loshchilov & Hutter 2019, as torch computes it. Advances `moments.step`. */
export function adamWStep<R extends Reals>(
  parameter: R,
  gradient: R,
  moments: Moments<R>,
  { betas: [beta1, beta2], epsilon, weightDecay, learningRate, gradientScale }: AdamW & StepSize,
): void {
  const { first, second } = moments;
  // Lengths are checked once: a shorter array would count as zeros in the loop.
  if ([gradient, first, second].some(({ length }) => length !== parameter.length))
    throw new RangeError(
      `${parameter.length} parameters have ${gradient.length} gradients, ${first.length} and ${second.length} moments.`,
    );
  const step = ++moments.step;
  const keep = 1 - learningRate * weightDecay;
  const rate = learningRate / (1 - beta1 ** step);
  const spread = 1 / Math.sqrt(1 - beta2 ** step);
  const freshFirst = (1 - beta1) * gradientScale;
  const freshSecond = (1 - beta2) * gradientScale * gradientScale;
  for (let i = 0; i < parameter.length; i++) {
    const g = gradient[i] ?? 0;
    const m = beta1 * (first[i] ?? 0) + freshFirst * g;
    const v = beta2 * (second[i] ?? 0) + freshSecond * (g * g);
    first[i] = m;
    second[i] = v;
    parameter[i] = keep * (parameter[i] ?? 0) - (rate * m) / (Math.sqrt(v) * spread + epsilon);
  }
}
