// Says whether a picture is unlike those that the model's words were learnt on, by the picture's features.

/** A weighted sum of signs, each less its mean and by its spread. */
export interface SignSum {
  readonly mean: readonly number[];
  readonly spread: readonly number[];
  readonly weights: readonly number[];
  readonly bias: number;
}

/** Mean, then standard deviation, of each feature over the cells of [cells, width]. */
export function pictureSigns(features: Float32Array, width: number): Float64Array {
  const cells = features.length / width;
  const [sum, squares] = [new Float64Array(width), new Float64Array(width)];
  features.forEach((value, i) => {
    const at = i % width;
    sum[at] = (sum[at] ?? 0) + value / cells;
    squares[at] = (squares[at] ?? 0) + value ** 2 / cells;
  });
  const deviations = squares.map((square, i) => Math.sqrt(Math.max(0, square - (sum[i] ?? 0) ** 2)));
  return Float64Array.from([...sum, ...deviations]);
}

/** A picture is unlike where this is above 0. Throws where the record was made for a model of another width. */
export function unlikeness({ mean, spread, weights, bias }: SignSum, signs: Float64Array): number {
  if (signs.length !== mean.length)
    throw new RangeError(`pictures.json is about ${mean.length} signs, and the model shows ${signs.length}.`);
  return weights.reduce((total, weight, i) => {
    const [sign, middle, by] = [signs[i], mean[i], spread[i]];
    if (sign === undefined || middle === undefined || by === undefined) throw new RangeError(`There is no sign ${i}.`);
    return total + (weight * (sign - middle)) / by;
  }, bias);
}
