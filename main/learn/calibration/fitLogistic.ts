// Fits the weighted sum that tells two groups of numbers apart: logistic regression with a ridge, by gradient descent.
import type { SignSum } from '../../flow/reasoner/unlikePicture.ts';

export interface Labelled {
  readonly signs: Float64Array;
  readonly isUnlike: boolean;
}

const habits = { steps: 400, rate: 0.5, ridge: 0.02 } as const;

/** Both groups count the same, however many each has. The same numbers give the same sum. */
export function fitLogistic(all: readonly Labelled[]): SignSum {
  const [first] = all;
  if (!first) throw new RangeError('There is nothing to tell apart.');
  const width = first.signs.length;
  const { mean, spread } = standard(all, width);
  const rows = all.map(({ signs }) => signs.map((value, i) => (value - (mean[i] ?? 0)) / (spread[i] ?? 1)));
  const shares = sharesOf(all);
  const weights = new Float64Array(width);
  let bias = 0;
  for (let step = 0; step < habits.steps; step++) {
    const slope = weights.map((weight) => habits.ridge * weight);
    let biasSlope = 0;
    rows.forEach((row, k) => {
      const error = shares(k) * (sigmoid(dot(weights, row) + bias) - Number(all[k]?.isUnlike));
      biasSlope += error;
      addScaled(slope, row, error);
    });
    const rate = (habits.rate * (habits.steps - step)) / habits.steps / Math.sqrt(width);
    addScaled(weights, slope, -rate);
    bias -= rate * biasSlope;
  }
  return { mean: [...mean], spread: [...spread], weights: [...weights], bias };
}

function standard(all: readonly Labelled[], width: number) {
  const [mean, spread] = [new Float64Array(width), new Float64Array(width)];
  for (const { signs } of all) addScaled(mean, signs, 1 / all.length);
  for (const { signs } of all)
    addScaled(
      spread,
      signs.map((value, i) => (value - (mean[i] ?? 0)) ** 2),
      1 / all.length,
    );
  return { mean, spread: spread.map((square) => Math.sqrt(square) + 1e-6) };
}

function sharesOf(all: readonly Labelled[]): (k: number) => number {
  const unlike = all.filter(({ isUnlike }) => isUnlike).length;
  if (unlike === 0 || unlike === all.length) throw new RangeError('There is only one group to tell apart.');
  return (k) => 0.5 / (all[k]?.isUnlike ? unlike : all.length - unlike);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

function addScaled(to: Float64Array, row: Float64Array, by: number): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] ?? 0) + by * (row[i] ?? 0);
}
