// Mixes pictures with named things into new ones: parts of them, mirrored, in other colours, with things of other pictures on top.
import { resizePillow } from '../../../models/nn/resample.ts';
import { unpackMask } from '../../contract/project.ts';
import type { Random } from '../../contract/random.ts';
import type { Box, DecodedImage } from '../../contract/records.ts';
import { toBitmap } from '../../contract/rle.ts';
import type { StandingThing } from '../samples/sample.ts';

/** A picture brought to a square, as the reasoner squashes it. */
export interface LearntPicture {
  /** RGB, side * side. */
  readonly data: Uint8Array;
  /** 0 is background, i + 1 a pixel of things[i]. */
  readonly ids: Uint16Array;
  readonly things: readonly {
    readonly name: string;
    readonly box: Box;
    readonly area: number;
    readonly isCut: boolean;
  }[];
}

export interface NamedBox {
  readonly name: string;
  /** In the mixed picture; x2, y2 just outside. */
  readonly box: Box;
}

export interface MixedPicture {
  readonly image: DecodedImage;
  /** From left to right. */
  readonly things: readonly NamedBox[];
}

/** Side of the squares from which parts are cut: somewhat larger than what the reasoner sees. */
const side = 288;
/** Less of a thing to be seen is not called by its name, nor what is narrower than so many pixels. */
const least = { share: 0.35, pixels: 6 } as const;
const part = { least: 0.72, most: 1 } as const;
const pasted = { fewest: 0, most: 2, smallest: 0.6, largest: 1.3, turned: 0.35 } as const;
const gains = { least: 0.82, most: 1.18, shift: 18 } as const;

export function learntPicture(image: DecodedImage, things: readonly StandingThing[]): LearntPicture {
  const { data } = resizePillow(image, { width: side, height: side }, 'bilinear');
  const ids = new Uint16Array(side * side);
  things.forEach((thing, i) => {
    stampThing(ids, thing, { image, id: i + 1 });
  });
  const seen = boxesOf(ids, side, things.length);
  const named = things.map(({ name, mask }, i) => ({ name, isCut: mask !== null, ...(seen[i] ?? nothing) }));
  return { data, ids, things: named };
}

/** Its mask, or its box where nobody drew one. */
function stampThing(
  ids: Uint16Array,
  { box, mask }: StandingThing,
  { image: { width, height }, id }: { image: DecodedImage; id: number },
): void {
  const bitmap = mask && toBitmap(unpackMask(mask));
  for (let y = 0; y < side; y++) {
    const v = Math.min(height - 1, Math.floor(((y + 0.5) * height) / side));
    for (let x = 0; x < side; x++) {
      const u = Math.min(width - 1, Math.floor(((x + 0.5) * width) / side));
      const inside = bitmap ? bitmap[v * width + u] === 1 : u >= box.x1 && u < box.x2 && v >= box.y1 && v < box.y2;
      if (inside) ids[y * side + x] = id;
    }
  }
}

const nothing = { box: { x1: 0, y1: 0, x2: 0, y2: 0 }, area: 0 };

function boxesOf(ids: Uint16Array, width: number, count: number): { box: Box; area: number }[] {
  const found = Array.from({ length: count }, () => ({ box: { x1: width, y1: width, x2: 0, y2: 0 }, area: 0 }));
  ids.forEach((id, i) => {
    const one = found[id - 1];
    if (!one) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    one.area++;
    one.box.x1 = Math.min(one.box.x1, x);
    one.box.y1 = Math.min(one.box.y1, y);
    one.box.x2 = Math.max(one.box.x2, x + 1);
    one.box.y2 = Math.max(one.box.y2, y + 1);
  });
  return found;
}

/** How pixels of what is drawn are found in a picture: around two middles, scaled, turned and mirrored. */
interface Pose {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
  /** Pixels of the picture in one that is drawn. */
  readonly scale: number;
  readonly angle: number;
  readonly isMirrored: boolean;
}

interface Canvas {
  readonly side: number;
  readonly data: Float32Array;
  readonly ids: Uint16Array;
  /** For each id from 1 on: its name, and the pixels that all of it would have. */
  readonly named: { name: string; whole: number }[];
}

/** The picture at `first` with things of any of the pictures; `size`: side of the square that is drawn. */
export function mixedPicture(
  pictures: readonly LearntPicture[],
  { first, size, draw }: { first: number; size: number; draw: Random },
): MixedPicture {
  const canvas: Canvas = {
    ...{ side: size, data: new Float32Array(size * size * 3), ids: new Uint16Array(size * size), named: [] },
  };
  const ground = pictures[first];
  if (!ground) throw new Error('There is no picture to mix.');
  layGround(canvas, ground, draw);
  const byName = cutThings(pictures);
  const names = [...byName.keys()];
  for (let left = draw.int(pasted.fewest, pasted.most); left > 0 && names.length > 0; left--) {
    // Each name as often as the others, however many things are called by it.
    const { picture, index } = draw.pick(byName.get(draw.pick(names)) ?? []);
    paste(canvas, picture, { index, draw });
  }
  return { image: coloured(canvas, draw), things: visibleThings(canvas) };
}

function layGround(canvas: Canvas, picture: LearntPicture, draw: Random): void {
  const window = side * draw.between(part.least, part.most);
  const middle = () => draw.between(window / 2, side - window / 2);
  const scale = window / canvas.side;
  const pose: Pose = {
    ...{ from: { x: middle(), y: middle() }, to: { x: canvas.side / 2, y: canvas.side / 2 } },
    ...{ scale, angle: 0, isMirrored: draw.chance(0.5) },
  };
  for (const { name, area } of picture.things) canvas.named.push({ name, whole: area / scale ** 2 });
  const all = { x1: 0, y1: 0, x2: canvas.side, y2: canvas.side };
  lay(canvas, picture, { pose, area: all, only: null, id: 0 });
}

const cuts = new WeakMap<readonly LearntPicture[], Map<string, { picture: LearntPicture; index: number }[]>>();

/** Things that have an outline, by name. */
function cutThings(pictures: readonly LearntPicture[]) {
  const known = cuts.get(pictures);
  if (known) return known;
  const byName = new Map<string, { picture: LearntPicture; index: number }[]>();
  for (const picture of pictures)
    for (const [index, { name, area, isCut }] of picture.things.entries())
      if (isCut && area > 0) byName.set(name, [...(byName.get(name) ?? []), { picture, index }]);
  cuts.set(pictures, byName);
  return byName;
}

function paste(canvas: Canvas, picture: LearntPicture, { index, draw }: { index: number; draw: Random }): void {
  const thing = picture.things[index];
  if (!thing) return;
  const { x1, y1, x2, y2 } = thing.box;
  const scale = side / canvas.side / draw.between(pasted.smallest, pasted.largest);
  const to = { x: draw.between(0.08, 0.92) * canvas.side, y: draw.between(0.08, 0.92) * canvas.side };
  const angle = draw.between(-pasted.turned, pasted.turned);
  const reach = Math.hypot(x2 - x1, y2 - y1) / scale / 2 + 1;
  const pose = { from: { x: (x1 + x2) / 2, y: (y1 + y2) / 2 }, to, scale, angle, isMirrored: draw.chance(0.5) };
  const inside = (value: number) => Math.min(canvas.side, Math.max(0, Math.round(value)));
  const area = {
    x1: inside(to.x - reach),
    y1: inside(to.y - reach),
    x2: inside(to.x + reach),
    y2: inside(to.y + reach),
  };
  canvas.named.push({ name: thing.name, whole: thing.area / scale ** 2 });
  lay(canvas, picture, { pose, area, only: index + 1, id: canvas.named.length });
}

interface Laid {
  readonly pose: Pose;
  /** What of the canvas may change. */
  readonly area: Box;
  /** The one thing that is laid, under the `id`; null: all of the picture under its own ids. */
  readonly only: number | null;
  readonly id: number;
}

function lay(canvas: Canvas, picture: LearntPicture, { pose, area, only, id }: Laid): void {
  const { from, to, scale, angle, isMirrored } = pose;
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
  for (let y = area.y1; y < area.y2; y++)
    for (let x = area.x1; x < area.x2; x++) {
      const [dx, dy] = [x + 0.5 - to.x, y + 0.5 - to.y];
      const across = cos * dx + sin * dy;
      const u = clamped(from.x + (isMirrored ? -across : across) - 0.5);
      const v = clamped(from.y + cos * dy - sin * dx - 0.5);
      const at = y * canvas.side + x;
      const alpha = only === null ? 1 : shareOf(picture.ids, only, u, v);
      if (alpha === 0) continue;
      blend(canvas.data, at, { data: picture.data, u, v, alpha });
      if (only === null) canvas.ids[at] = picture.ids[Math.round(v) * side + Math.round(u)] ?? 0;
      else if (alpha >= 0.5) canvas.ids[at] = id;
    }
}

const clamped = (value: number): number => Math.min(side - 1, Math.max(0, value));

/** Share of the four pixels around a place that belongs to a thing. */
function shareOf(ids: Uint16Array, id: number, u: number, v: number): number {
  const [x, y] = [Math.floor(u), Math.floor(v)];
  const [fx, fy] = [u - x, v - y];
  const at = y * side + x;
  const is = (place: number) => (ids[place] === id ? 1 : 0);
  return (is(at) * (1 - fx) + is(at + 1) * fx) * (1 - fy) + (is(at + side) * (1 - fx) + is(at + side + 1) * fx) * fy;
}

interface Blended {
  readonly data: Uint8Array;
  readonly u: number;
  readonly v: number;
  readonly alpha: number;
}

/** The four pixels around a place, by their nearness, over what is there. */
function blend(canvas: Float32Array, at: number, { data, u, v, alpha }: Blended): void {
  const [x, y] = [Math.min(side - 2, Math.floor(u)), Math.min(side - 2, Math.floor(v))];
  const [fx, fy] = [u - x, v - y];
  const from = (y * side + x) * 3;
  const below = from + side * 3;
  for (let c = 0; c < 3; c++) {
    const upper = (data[from + c] ?? 0) * (1 - fx) + (data[from + 3 + c] ?? 0) * fx;
    const lower = (data[below + c] ?? 0) * (1 - fx) + (data[below + 3 + c] ?? 0) * fx;
    canvas[at * 3 + c] = (canvas[at * 3 + c] ?? 0) * (1 - alpha) + (upper * (1 - fy) + lower * fy) * alpha;
  }
}

function coloured({ side: size, data }: Canvas, draw: Random): DecodedImage {
  const gain = Array.from({ length: 3 }, () => draw.between(gains.least, gains.most));
  const shift = draw.between(-gains.shift, gains.shift);
  const out = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) out[i] = (data[i] ?? 0) * (gain[i % 3] ?? 1) + shift;
  return { width: size, height: size, data: new Uint8Array(out.buffer) };
}

function visibleThings({ side: size, ids, named }: Canvas): NamedBox[] {
  const seen = boxesOf(ids, size, named.length);
  const found = named.flatMap(({ name, whole }, i) => {
    const { box, area } = seen[i] ?? nothing;
    const isSeen = area >= least.share * whole && Math.min(box.x2 - box.x1, box.y2 - box.y1) >= least.pixels;
    return isSeen ? [{ name, box }] : [];
  });
  return found.sort((a, b) => a.box.x1 + a.box.x2 - (b.box.x1 + b.box.x2));
}
