// Smooths values along the edges of a picture: in every window the result is a linear function of the picture's colours.
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
  const windows = new Windows(size, settings);
  const averaged = (plane: Plane): Averaged => [plane, windows.means(plane)];
  const covary = (x: Averaged, y: Averaged): Plane => windows.covariances(x, y);
  const [r, g, b] = [averaged(guide.r), averaged(guide.g), averaged(guide.b)];
  const solve = solver({
    ...{ rr: covary(r, r), rg: covary(r, g), rb: covary(r, b) },
    ...{ gg: covary(g, g), gb: covary(g, b), bb: covary(b, b) },
    regularisation: settings.regularisation,
  });
  const means = { r: r[1], g: g[1], b: b[1] };
  const smoothed = ({ r: x, g: y, b: z }: Colours) => ({
    r: windows.means(x),
    g: windows.means(y),
    b: windows.means(z),
  });
  return (values) => {
    const own = averaged(values);
    const shared = { r: covary(own, r), g: covary(own, g), b: covary(own, b) };
    const slopes = solve(shared);
    const offset = windows.means(sumOf(own[1], inner(slopes, means), -1));
    return {
      values: sumOf(offset, inner(smoothed(slopes), guide), 1),
      explained: shareOf(windows.means(inner(slopes, shared)), windows.means(covary(own, own))),
    };
  };
}

/** Least variance: what varies less is constant. */
const nothing = 1e-6;

/** A plane and its means over the windows. */
type Averaged = readonly [plane: Plane, means: Plane];

// The loops below run over planes of tens of thousands of pixels some forty times a click: no function a pixel.

/** x + sign * y */
function sumOf(x: Plane, y: Plane, sign: 1 | -1): Plane {
  const out = new Float32Array(x.length);
  for (let i = 0; i < out.length; i++) out[i] = (x[i] ?? 0) + sign * (y[i] ?? 0);
  return out;
}

/** The share of each of `all`, within 0 and 1. */
function shareOf(part: Plane, all: Plane): Plane {
  const out = new Float32Array(part.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.min(1, Math.max(0, (part[i] ?? 0) / ((all[i] ?? 0) + nothing)));
  return out;
}

/** The inner product of two triples at every pixel. */
function inner({ r: a, g: b, b: c }: Colours, { r: x, g: y, b: z }: Colours): Plane {
  const out = new Float32Array(a.length);
  for (let i = 0; i < out.length; i++)
    out[i] = (a[i] ?? 0) * (x[i] ?? 0) + (b[i] ?? 0) * (y[i] ?? 0) + (c[i] ?? 0) * (z[i] ?? 0);
  return out;
}

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
    r: inner({ r: inverse.rr, g: inverse.rg, b: inverse.rb }, right),
    g: inner({ r: inverse.rg, g: inverse.gg, b: inverse.gb }, right),
    b: inner({ r: inverse.rb, g: inverse.gb, b: inverse.bb }, right),
  });
}

type Reach = Pick<FilterSettings, 'across' | 'down'>;

/** Means over windows that are cut off at the border; running sums, so that a window's size costs nothing. */
export class Windows {
  private readonly size: Frame;
  private readonly reach: Reach;
  /** One over the columns of each column's window, and likewise for each row. */
  private readonly across: Float64Array;
  private readonly down: Float64Array;
  /** Means along rows, and sums of them down the columns so far. */
  private readonly rows: Plane;
  private readonly sums: Float64Array;

  constructor(size: Frame, reach: Reach) {
    this.size = size;
    this.reach = reach;
    this.across = windowShares(size.width, reach.across);
    this.down = windowShares(size.height, reach.down);
    this.rows = new Float32Array(size.width * size.height);
    this.sums = new Float64Array(size.width);
  }

  means(values: Plane): Plane {
    const { width, height } = this.size;
    for (let y = 0; y < height; y++) this.meansOfRow(values, y * width);
    return this.downColumns();
  }

  covariances([x, meansX]: Averaged, [y, meansY]: Averaged): Plane {
    const product = new Float32Array(x.length);
    for (let i = 0; i < product.length; i++) product[i] = (x[i] ?? 0) * (y[i] ?? 0);
    const out = this.means(product);
    for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) - (meansX[i] ?? 0) * (meansY[i] ?? 0);
    return out;
  }

  private meansOfRow(from: Plane, start: number): void {
    const { rows, across, reach, size } = this;
    const { width } = size;
    let sum = 0;
    for (let x = 0; x < Math.min(reach.across, width); x++) sum += from[start + x] ?? 0;
    for (let x = 0; x < width; x++) {
      if (x + reach.across < width) sum += from[start + x + reach.across] ?? 0;
      if (x > reach.across) sum -= from[start + x - reach.across - 1] ?? 0;
      rows[start + x] = sum * (across[x] ?? 0);
    }
  }

  /** Sums down all columns at once, since memory lies along rows. */
  private downColumns(): Plane {
    const { rows, sums, down, reach, size } = this;
    const { width, height } = size;
    const out = new Float32Array(rows.length);
    sums.fill(0);
    for (let at = 0; at < Math.min(reach.down, height) * width; at++)
      sums[at % width] = (sums[at % width] ?? 0) + (rows[at] ?? 0);
    for (let y = 0; y < height; y++) {
      const comes = y + reach.down < height ? (y + reach.down) * width : -1;
      const goes = y > reach.down ? (y - reach.down - 1) * width : -1;
      const share = down[y] ?? 0;
      for (let x = 0, at = y * width; x < width; x++, at++) {
        const sum = (sums[x] ?? 0) + (comes < 0 ? 0 : (rows[comes + x] ?? 0)) - (goes < 0 ? 0 : (rows[goes + x] ?? 0));
        sums[x] = sum;
        out[at] = sum * share;
      }
    }
    return out;
  }
}

/** One over the length of each place's window. */
const windowShares = (length: number, reach: number): Float64Array =>
  Float64Array.from({ length }, (_, at) => 1 / (Math.min(length - 1, at + reach) - Math.max(0, at - reach) + 1));
