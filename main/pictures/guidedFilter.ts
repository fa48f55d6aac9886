// Smoothing that keeps to the edges of a picture: in every window the result is a linear function of the picture's colours.
// K. He, J. Sun, X. Tang, "Guided Image Filtering", IEEE TPAMI 35 (6), 2013, section 3.6 (colour guides).
import type { Frame } from '../contract/geometry.ts';

type Plane = Float32Array<ArrayBuffer>;

/** Red, green and blue, or what belongs to each; [height * width], row-major. */
export interface Colours {
  readonly r: Plane;
  readonly g: Plane;
  readonly b: Plane;
}

export interface FilterSettings {
  /** A window, in pixels to each side of its middle. */
  readonly across: number;
  readonly down: number;
  /** Added to the variances of the colours, which are 0 to 1: edges fainter than its root are smoothed over. */
  readonly regularisation: number;
}

/** What a filter gives, [height * width] each. */
export interface Filtered {
  readonly values: Plane;
  /** How much of the values the colours around a pixel explain, 0 to 1. */
  readonly explained: Plane;
}

/** Values [height * width] to values that follow the guide. What is the guide's own is computed once, not at every call. */
export function guidedFilter(guide: Colours, size: Frame, settings: FilterSettings): (values: Plane) => Filtered {
  const mean = (values: Plane): Plane => windowMeans(values, size, settings);
  const covary = ([x, meanX]: Averaged, [y, meanY]: Averaged): Plane =>
    mean(product(x, y)).map((value, i) => value - (meanX[i] ?? 0) * (meanY[i] ?? 0));
  const averaged = (plane: Plane): Averaged => [plane, mean(plane)];
  const [r, g, b] = [averaged(guide.r), averaged(guide.g), averaged(guide.b)];
  const solve = solver({
    ...{ rr: covary(r, r), rg: covary(r, g), rb: covary(r, b) },
    ...{ gg: covary(g, g), gb: covary(g, b), bb: covary(b, b) },
    regularisation: settings.regularisation,
  });
  const means = { r: r[1], g: g[1], b: b[1] };
  return (values) => {
    const own = averaged(values);
    const shared = { r: covary(own, r), g: covary(own, g), b: covary(own, b) };
    const slopes = solve(shared);
    const offset = mean(own[1].map((value, i) => value - inner(slopes, means, i)));
    const smooth = { r: mean(slopes.r), g: mean(slopes.g), b: mean(slopes.b) };
    const all = mean(covary(own, own));
    const found = mean(all.map((_, i) => inner(slopes, shared, i)));
    return {
      values: offset.map((value, i) => value + inner(smooth, guide, i)),
      explained: found.map((value, i) => Math.min(1, Math.max(0, value / ((all[i] ?? 0) + nothing)))),
    };
  };
}

/** Beside a variance: what varies less is constant. */
const nothing = 1e-6;

/** A plane and its means over the windows. */
type Averaged = readonly [plane: Plane, means: Plane];

const product = (x: Plane, y: Plane): Plane => x.map((value, i) => value * (y[i] ?? 0));

const inner = (one: Colours, other: Colours, i: number): number =>
  (one.r[i] ?? 0) * (other.r[i] ?? 0) + (one.g[i] ?? 0) * (other.g[i] ?? 0) + (one.b[i] ?? 0) * (other.b[i] ?? 0);

interface Covariances {
  readonly rr: Plane;
  readonly rg: Plane;
  readonly rb: Plane;
  readonly gg: Plane;
  readonly gb: Plane;
  readonly bb: Plane;
  readonly regularisation: number;
}

/** Solves, at every pixel, the symmetric 3 x 3 system of the colours' covariances, by cofactors. */
function solver({ rr, rg, rb, gg, gb, bb, regularisation }: Covariances): (right: Colours) => Colours {
  const plane = () => new Float32Array(rr.length);
  const inverse = { rr: plane(), rg: plane(), rb: plane(), gg: plane(), gb: plane(), bb: plane() };
  for (let i = 0; i < rr.length; i++) {
    const [a, d, f] = [(rr[i] ?? 0) + regularisation, (gg[i] ?? 0) + regularisation, (bb[i] ?? 0) + regularisation];
    const [b, c, e] = [rg[i] ?? 0, rb[i] ?? 0, gb[i] ?? 0];
    const [x, y, z] = [d * f - e * e, c * e - b * f, b * e - c * d];
    const scale = 1 / (a * x + b * y + c * z);
    inverse.rr[i] = x * scale;
    inverse.rg[i] = y * scale;
    inverse.rb[i] = z * scale;
    inverse.gg[i] = (a * f - c * c) * scale;
    inverse.gb[i] = (b * c - a * e) * scale;
    inverse.bb[i] = (a * d - b * b) * scale;
  }
  return (right) => ({
    r: right.r.map((_, i) => inner({ r: inverse.rr, g: inverse.rg, b: inverse.rb }, right, i)),
    g: right.r.map((_, i) => inner({ r: inverse.rg, g: inverse.gg, b: inverse.gb }, right, i)),
    b: right.r.map((_, i) => inner({ r: inverse.rb, g: inverse.gb, b: inverse.bb }, right, i)),
  });
}

/** Over windows that are cut off at the border; running sums, so that a window's size costs nothing. */
export function windowMeans(
  values: Plane,
  { width, height }: Frame,
  { across, down }: Pick<FilterSettings, 'across' | 'down'>,
): Plane {
  const rows = new Float32Array(values.length);
  for (let y = 0; y < height; y++) meanOfRow(values, rows, { start: y * width, width, reach: across });
  // Down all columns at once, since memory lies along rows.
  const sums = new Float64Array(width);
  const addRow = (y: number, sign: 1 | -1) => {
    for (let x = 0, at = y * width; x < width; x++, at++) sums[x] = (sums[x] ?? 0) + sign * (rows[at] ?? 0);
  };
  const out = new Float32Array(values.length);
  for (let y = 0; y < Math.min(down, height); y++) addRow(y, 1);
  for (let y = 0; y < height; y++) {
    if (y + down < height) addRow(y + down, 1);
    if (y - down > 0) addRow(y - down - 1, -1);
    const share = 1 / (Math.min(height - 1, y + down) - Math.max(0, y - down) + 1);
    for (let x = 0, at = y * width; x < width; x++, at++) out[at] = (sums[x] ?? 0) * share;
  }
  return out;
}

function meanOfRow(from: Plane, to: Plane, { start, width, reach }: { start: number; width: number; reach: number }) {
  let sum = 0;
  for (let x = 0; x < Math.min(reach, width); x++) sum += from[start + x] ?? 0;
  for (let x = 0; x < width; x++) {
    if (x + reach < width) sum += from[start + x + reach] ?? 0;
    if (x - reach > 0) sum -= from[start + x - reach - 1] ?? 0;
    to[start + x] = sum / (Math.min(width - 1, x + reach) - Math.max(0, x - reach) + 1);
  }
}
