// The colour guided filter against its definition, window by window, and what it is for: edges stay, the rest is smoothed.
import { describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import { type Colours, guidedFilter, Windows } from '../../main/pictures/guidedFilter.ts';

const size = { width: 9, height: 7 };
const count = size.width * size.height;
const draw = random(5);
const plane = (make: (i: number) => number = () => draw.next()) =>
  Float32Array.from({ length: count }, (_, i) => make(i));
const colours: Colours = { r: plane(), g: plane(), b: plane() };

/** Pixels of the window around pixel i. */
function windowOf(i: number, { across, down }: { across: number; down: number }): number[] {
  const [x, y] = [i % size.width, Math.floor(i / size.width)];
  return Array.from({ length: count }, (_, k) => k).filter(
    (k) => Math.abs((k % size.width) - x) <= across && Math.abs(Math.floor(k / size.width) - y) <= down,
  );
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Gauss-Jordan on [matrix | right]. */
function solved(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  rows.forEach((row, k) => {
    const pivot = row[k] ?? 1;
    row.forEach((value, j) => (row[j] = value / pivot));
    rows.forEach((other, i) => {
      const factor = other[k] ?? 0;
      if (i !== k) other.forEach((value, j) => (other[j] = value - factor * (row[j] ?? 0)));
    });
  });
  return rows.map((row) => row.at(-1) ?? 0);
}

/** Equations 19 to 21 of the paper as they stand there. */
function byDefinition(values: Float32Array, settings: { across: number; down: number; regularisation: number }) {
  const at = (i: number) => [colours.r[i] ?? 0, colours.g[i] ?? 0, colours.b[i] ?? 0];
  const fits = Array.from({ length: count }, (_, i) => {
    const inside = windowOf(i, settings);
    const middle = [0, 1, 2].map((c) => mean(inside.map((k) => at(k)[c] ?? 0)));
    const level = mean(inside.map((k) => values[k] ?? 0));
    const covariance = [0, 1, 2].map((a) =>
      [0, 1, 2].map(
        (b) =>
          mean(inside.map((k) => ((at(k)[a] ?? 0) - (middle[a] ?? 0)) * ((at(k)[b] ?? 0) - (middle[b] ?? 0)))) +
          (a === b ? settings.regularisation : 0),
      ),
    );
    const right = [0, 1, 2].map((a) => mean(inside.map((k) => (at(k)[a] ?? 0) * ((values[k] ?? 0) - level))));
    const slope = solved(covariance, right);
    return { slope, offset: level - slope.reduce((sum, value, c) => sum + value * (middle[c] ?? 0), 0) };
  });
  return Array.from({ length: count }, (_, i) => {
    const inside = windowOf(i, settings).map((k) => fits[k] ?? { slope: [], offset: 0 });
    const slope = [0, 1, 2].map((c) => mean(inside.map((fit) => fit.slope[c] ?? 0)));
    return slope.reduce((sum, value, c) => sum + value * (at(i)[c] ?? 0), mean(inside.map(({ offset }) => offset)));
  });
}

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? Number.NaN))));

describe('Windows', () => {
  it.each([
    [1, 1],
    [2, 0],
    [0, 3],
    [20, 20],
  ])('are the means of windows %d across and %d down, cut off at the border', (across, down) => {
    const values = plane();
    const wanted = Array.from(values, (_, i) => mean(windowOf(i, { across, down }).map((k) => values[k] ?? 0)));
    expect(furthest(new Windows(size, { across, down }).means(values), wanted)).toBeLessThan(1e-6);
  });
});

describe('guidedFilter', () => {
  it.each([
    { across: 1, down: 1, regularisation: 0.01 },
    { across: 2, down: 1, regularisation: 0.1 },
    { across: 3, down: 3, regularisation: 0.003 },
  ])('is what its definition says: %o', (settings) => {
    const values = plane();
    expect(furthest(guidedFilter(colours, size, settings)(values).values, byDefinition(values, settings))).toBeLessThan(
      1e-4,
    );
  });

  it('gives back what is a linear function of the colours', () => {
    const values = plane((i) => 0.2 + 0.5 * (colours.r[i] ?? 0) - 0.3 * (colours.b[i] ?? 0));
    const filter = guidedFilter(colours, size, { across: 3, down: 3, regularisation: 1e-7 });
    expect(furthest(filter(values).values, values)).toBeLessThan(1e-3);
  });

  it('says how much of the values the colours explain: all, some or nothing', () => {
    const settings = { across: 3, down: 3, regularisation: 1e-6 };
    const filter = guidedFilter(colours, size, settings);
    const linear = plane((i) => 0.2 + 0.5 * (colours.g[i] ?? 0));
    expect(Math.min(...filter(linear).explained)).toBeGreaterThan(0.95);
    const some = filter(plane((i) => (linear[i] ?? 0) + 0.3 * ((i * 7) % 2))).explained;
    expect(mean([...some])).toBeGreaterThan(0.3);
    expect(mean([...some])).toBeLessThan(0.9);
    const grey = { r: plane(() => 0.5), g: plane(() => 0.5), b: plane(() => 0.5) };
    expect(Math.max(...guidedFilter(grey, size, settings)(plane()).explained)).toBeLessThan(0.01);
    expect(Math.max(...filter(plane(() => 1)).explained)).toBeLessThan(0.01);
  });

  it('smooths where the guide has no edge', () => {
    const grey = { r: plane(() => 0.5), g: plane(() => 0.5), b: plane(() => 0.5) };
    const settings = { across: 2, down: 2, regularisation: 1e-3 };
    const values = plane();
    const twice = new Windows(size, settings).means(new Windows(size, settings).means(values));
    expect(furthest(guidedFilter(grey, size, settings)(values).values, twice)).toBeLessThan(1e-5);
  });
});
