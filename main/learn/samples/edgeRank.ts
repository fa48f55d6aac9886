// Ranks how well a mask lies on the edges of its picture, compared with the same outline laid elsewhere.
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { maskArea, toBitmap } from '../../contract/rle.ts';

/** Pairs of neighbours along an outline that are looked at, and the fewest that say anything. */
const pairs = { most: 400, fewest: 16 } as const;
/** Where else the outline is laid: so many directions, at these shares of the mask's side away. */
const directions = 8;
const distances = [0.3, 0.6] as const;
const nearest = 4;
/** Colours are compared so far on both sides, as a share of the mask's side and in pixels: hands are not exact. */
const reach = { share: 0.06, least: 2, most: 8 } as const;

/**
 * Share of the other places at which the outline parts the picture less: 1 for a mask on an edge, on average a half for one that
 * has nothing to do with the picture. Null where the outline is too short or the picture too flat to tell.
 */
export function edgeRank(image: DecodedImage, mask: Mask): number | null {
  const outline = outlineOf(mask);
  if (outline.length < pairs.fewest) return null;
  const side = Math.sqrt(maskArea(mask));
  const apart = Math.min(reach.most, Math.max(reach.least, Math.round(reach.share * side)));
  const at = (x: number, y: number) => contrast(image, outline, { x, y, apart });
  const own = at(0, 0);
  const others = distances.flatMap((share) => {
    const away = Math.max(nearest, share * side);
    return Array.from({ length: directions }, (_, k) => {
      const angle = (2 * Math.PI * k) / directions;
      return at(Math.round(away * Math.cos(angle)), Math.round(away * Math.sin(angle)));
    });
  });
  const known = others.filter((value) => value !== null);
  if (own === null || known.length < directions || known.every((value) => value === own)) return null;
  const worth = (value: number) => (value < own ? 1 : value === own ? 0.5 : 0);
  return known.reduce((sum, value) => sum + worth(value), 0) / known.length;
}

interface Pair {
  readonly x: number;
  readonly y: number;
  /** Step to the neighbour outside. */
  readonly dx: number;
  readonly dy: number;
}

const steps = [
  { dx: 1, dy: 0 },
  { dx: -1, dy: 0 },
  { dx: 0, dy: 1 },
  { dx: 0, dy: -1 },
] as const;

function outlineOf(mask: Mask): Pair[] {
  const [height, width] = mask.size;
  const bitmap = toBitmap(mask);
  const all: Pair[] = [];
  bitmap.forEach((inside, i) => {
    if (!inside) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    for (const { dx, dy } of steps) {
      const isInPicture = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
      if (isInPicture && !bitmap[i + dx + dy * width]) all.push({ x, y, dx, dy });
    }
  });
  const every = Math.max(1, all.length / pairs.most);
  return Array.from(
    { length: Math.min(all.length, pairs.most) },
    (_, k) => all[Math.floor(k * every)] ?? all[0],
  ).flatMap((pair) => pair ?? []);
}

/** Mean difference of the colours on both sides; null where most of the outline would lie outside the picture. */
function contrast(
  { width, height, data }: DecodedImage,
  outline: readonly Pair[],
  off: { readonly x: number; readonly y: number; readonly apart: number },
): number | null {
  const isInside = (x: number, y: number) => x >= 0 && x < width && y >= 0 && y < height;
  let [sum, count] = [0, 0];
  for (const { x, y, dx, dy } of outline) {
    const [inX, inY] = [x + off.x - off.apart * dx, y + off.y - off.apart * dy];
    const [outX, outY] = [x + off.x + (1 + off.apart) * dx, y + off.y + (1 + off.apart) * dy];
    if (!isInside(inX, inY) || !isInside(outX, outY)) continue;
    const [from, to] = [3 * (inY * width + inX), 3 * (outY * width + outX)];
    for (let c = 0; c < 3; c++) sum += Math.abs((data[from + c] ?? 0) - (data[to + c] ?? 0));
    count++;
  }
  return count * 2 < outline.length ? null : sum / count;
}
