// Makes a mask small enough for a thumbnail, and measures how far several masks are apart, all from runs alone.
import { agreeingCounts } from '../../main/contract/agreement.ts';
import { entry } from '../../main/contract/lookup.ts';
import type { Size } from '../../main/contract/maskColumns.ts';
import { type PackedMask, type StoredProposal, unpackMask } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { maskIou, unionOf } from '../../main/contract/rle.ts';

/** One byte a pixel, rows from the top, 1 inside: what `view` (image pixels) of the mask looks like at `size`. */
export function silhouette(mask: PackedMask, view: Box, size: Size): Uint8Array {
  const { counts } = unpackMask(mask);
  const [height, width] = mask.size;
  const out = new Uint8Array(size.width * size.height);
  let run = 0;
  let end = entry(counts, 0, 'counts');
  let last = -1;
  for (let i = 0; i < size.width; i++) {
    const x = Math.floor(view.x1 + ((i + 0.5) / size.width) * (view.x2 - view.x1));
    if (x < 0 || x >= width) continue;
    if (x === last) {
      // The part is enlarged: the runs of this column were walked already.
      for (let j = i; j < out.length; j += size.width) out.copyWithin(j, j - 1, j);
      continue;
    }
    last = x;
    for (let j = 0; j < size.height; j++) {
      const y = Math.floor(view.y1 + ((j + 0.5) / size.height) * (view.y2 - view.y1));
      if (y < 0 || y >= height) continue;
      // Positions only grow, down one column after another, so the runs are walked once.
      const position = x * height + y;
      while (end <= position && run < counts.length - 1) end += entry(counts, ++run, 'counts');
      out[j * size.width + i] = run % 2;
    }
  }
  return out;
}

/** The outermost pixels of such a picture of a mask, two wide. */
export function borderOf(inside: Uint8Array, { width, height }: Size): Uint8Array {
  const isIn = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && inside[y * width + x] === 1;
  return inside.map((is, i) => {
    if (is === 0) return 0;
    const [x, y] = [i % width, Math.floor(i / width)];
    return [-2, 2].some((step) => !isIn(x + step, y) || !isIn(x, y + step)) ? 1 : 0;
  });
}

/** What to show of a thing at a thumbnail's shape: its box with a margin, within the image as far as that goes. */
export function viewAround(box: Box | null, image: Size, shape: Size): Box {
  const whole = box ?? { x1: 0, y1: 0, x2: image.width, y2: image.height };
  const margin = box ? 1.5 : 1;
  const aspect = shape.width / shape.height;
  const tall = Math.max((whole.y2 - whole.y1) * margin, ((whole.x2 - whole.x1) * margin) / aspect, 16);
  const wide = tall * aspect;
  const x1 = within((whole.x1 + whole.x2 - wide) / 2, image.width - wide);
  const y1 = within((whole.y1 + whole.y2 - tall) / 2, image.height - tall);
  return { x1, y1, x2: x1 + wide, y2: y1 + tall };
}

const within = (value: number, most: number): number => (most < 0 ? most / 2 : Math.min(Math.max(value, 0), most));

/** The box around all objects, as of a proposal; null where it has none. */
export function boxAroundAll({ objects }: { readonly objects: readonly { readonly box: Box }[] }): Box | null {
  if (objects.length === 0) return null;
  const all = (edge: keyof Box): number[] => objects.map(({ box }) => box[edge]);
  return {
    x1: Math.min(...all('x1')),
    y1: Math.min(...all('y1')),
    x2: Math.max(...all('x2')),
    y2: Math.max(...all('y2')),
  };
}

const meant = ({ objects }: StoredProposal) => unionOf(objects.flatMap(({ mask }) => (mask ? [unpackMask(mask)] : [])));

/** Counts for each candidate how many of the others agree with it. */
export const agreeingWith = (proposals: readonly StoredProposal[]): number[] =>
  agreeingCounts(proposals.map((one) => (one.found === 'unreadable' ? one.found : meant(one))));

/** Mean of IoU over all pairs of candidates; null for fewer than two with masks. */
export function agreement(proposals: readonly StoredProposal[]): number | null {
  const masks = proposals.flatMap((one) => meant(one) ?? []);
  const ious = masks.flatMap((a, i) => masks.slice(i + 1).map((b) => maskIou(a, b)));
  return ious.length === 0 ? null : ious.reduce((sum, iou) => sum + iou, 0) / ious.length;
}
