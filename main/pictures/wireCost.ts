// Measures what a live wire follows: how strong an edge each pixel is, whether the Laplacian changes its sign there, and which way the edge runs.
import type { Frame } from '../contract/geometry.ts';
import type { DecodedImage } from '../contract/records.ts';

/** Features of every pixel; after Mortensen and Barrett, "Intelligent scissors for image composition" (1995). */
export interface EdgeFeatures extends Frame {
  /** 0 to 1: the gradient over that of the picture's strong edges. */
  readonly strength: Float32Array;
  /** 0 to 1: on how many of the scales the Laplacian crosses zero. */
  readonly crossing: Float32Array;
  /** Along the edge, of length 1; 0, 0 where there is no gradient. */
  readonly alongX: Float32Array;
  readonly alongY: Float32Array;
}

/** Share of all pixels whose gradient counts as a strong edge's. */
const STRONG = 0.01;
/** A Laplacian changes its sign all over noise: below this strength that means nothing. */
const FAINT = 0.06;
/** How often the picture is smoothed before each of the two Laplacians. */
const SCALES = [1, 4] as const;

export function edgeFeatures(image: DecodedImage): EdgeFeatures {
  const { width, height } = image;
  const frame = { width, height };
  const fine = channelsOf(image).map((plane) => smoothed(plane, frame, SCALES[0]));
  const { size, x, y, channel } = gradients(fine, frame);
  const bar = strongOf(size);
  const strength = size.map((value) => Math.min(1, value / bar));
  const coarse = fine.map((plane) => smoothed(plane, frame, SCALES[1] - SCALES[0]));
  const crossing = new Float32Array(size.length);
  for (const planes of [fine, coarse]) addCrossings(crossing, planes, { frame, channel, strength });
  return {
    ...{ width, height, strength, crossing },
    alongX: y.map((value, i) => -value / (size[i] || 1)),
    alongY: x.map((value, i) => value / (size[i] || 1)),
  };
}

type Plane = Float32Array<ArrayBuffer>;

function channelsOf({ width, height, data }: DecodedImage): Plane[] {
  return [0, 1, 2].map((channel) => {
    const plane = new Float32Array(width * height);
    for (let i = 0, from = channel; i < plane.length; i++, from += 3) plane[i] = data[from] ?? 0;
    return plane;
  });
}

/** Smooths by weights 1, 2, 1 along rows and columns; beyond the border the border goes on. */
function smoothed(plane: Plane, frame: Frame, times: number): Plane {
  let now = plane;
  for (let i = 0; i < times; i++) now = downColumns(alongRows(now, frame), frame);
  return now;
}

function alongRows(plane: Plane, { width, height }: Frame): Plane {
  const out = new Float32Array(plane.length);
  for (let row = 0, i = 0; row < height; row++) {
    let [before, here] = [plane[i] ?? 0, plane[i] ?? 0];
    for (let column = 1; column <= width; column++, i++) {
      const after = column < width ? (plane[i + 1] ?? 0) : here;
      out[i] = (before + 2 * here + after) / 4;
      before = here;
      here = after;
    }
  }
  return out;
}

function downColumns(plane: Plane, { width, height }: Frame): Plane {
  const out = new Float32Array(plane.length);
  for (let row = 0, i = 0; row < height; row++) {
    const [above, below] = [row === 0 ? 0 : -width, row === height - 1 ? 0 : width];
    for (const end = i + width; i < end; i++) {
      out[i] = ((plane[i + above] ?? 0) + 2 * (plane[i] ?? 0) + (plane[i + below] ?? 0)) / 4;
    }
  }
  return out;
}

/** Sobel's operator, in the channel in which it is largest. */
function gradients(planes: readonly Plane[], { width, height }: Frame) {
  const made = () => new Float32Array(width * height);
  const [size, x, y, channel] = [made(), made(), made(), new Uint8Array(width * height)];
  for (const [c, plane] of planes.entries()) {
    for (let row = 0, i = 0; row < height; row++) {
      const [above, below] = [row === 0 ? 0 : -width, row === height - 1 ? 0 : width];
      for (let column = 0; column < width; column++, i++) {
        const [left, right] = [column === 0 ? 0 : -1, column === width - 1 ? 0 : 1];
        const falling = (plane[i + below + right] ?? 0) - (plane[i + above + left] ?? 0);
        const rising = (plane[i + above + right] ?? 0) - (plane[i + below + left] ?? 0);
        const dx = falling + rising + 2 * ((plane[i + right] ?? 0) - (plane[i + left] ?? 0));
        const dy = falling - rising + 2 * ((plane[i + below] ?? 0) - (plane[i + above] ?? 0));
        const length = Math.sqrt(dx * dx + dy * dy);
        if (length <= (size[i] ?? 0)) continue;
        size[i] = length;
        x[i] = dx;
        y[i] = dy;
        channel[i] = c;
      }
    }
  }
  return { size, x, y, channel };
}

/** The gradient that the strongest pixels have; 1 in a picture without any. */
function strongOf(size: Plane): number {
  const sorted = size.toSorted();
  return sorted[Math.floor((sorted.length - 1) * (1 - STRONG))] || sorted.at(-1) || 1;
}

interface Seen {
  readonly frame: Frame;
  readonly channel: Uint8Array;
  readonly strength: Plane;
}

/** Adds half a point where the Laplacian of the pixel's channel has another sign than a neighbour's, and is nearer to zero. */
function addCrossings(crossing: Plane, planes: readonly Plane[], { frame, channel, strength }: Seen): void {
  const curvatures = planes.map((plane) => curvatureOf(plane, frame));
  const { width, height } = frame;
  for (let i = 0; i < crossing.length; i++) {
    const curvature = curvatures[channel[i] ?? 0];
    if (curvature === undefined || (strength[i] ?? 0) < FAINT) continue;
    const here = curvature(i);
    const [column, row] = [i % width, Math.floor(i / width)];
    const crosses = (there: number) => (here === 0 ? there !== 0 : here * there < 0 && here * here <= there * there);
    const isCrossed =
      (column > 0 && crosses(curvature(i - 1))) ||
      (column < width - 1 && crosses(curvature(i + 1))) ||
      (row > 0 && crosses(curvature(i - width))) ||
      (row < height - 1 && crosses(curvature(i + width)));
    if (isCrossed) crossing[i] = (crossing[i] ?? 0) + 1 / SCALES.length;
  }
}

/** The Laplacian at a pixel, by its four neighbours. */
const curvatureOf =
  (plane: Plane, { width }: Frame) =>
  (i: number): number => {
    const here = plane[i] ?? 0;
    const column = i % width;
    const left = column === 0 ? here : (plane[i - 1] ?? 0);
    const right = column === width - 1 ? here : (plane[i + 1] ?? 0);
    return left + right + (plane[i - width] ?? here) + (plane[i + width] ?? here) - 4 * here;
  };
