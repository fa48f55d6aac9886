// Draws pictures that are unlike nano's scenes: another style of icons, things that nano has no word for, other backgrounds.
import { type Random, random } from '../contract/random.ts';
import { fromBitmap } from '../contract/rle.ts';
import { rasterise } from '../pictures/image.ts';
import { type Atlas, drawnAtlas } from '../scenes/atlas.ts';
import { expose } from '../scenes/camera.ts';
import { toRgb } from '../scenes/colours.ts';
import { type Layout, layOut, type Space } from '../scenes/layout.ts';
import { type Canvas, composite, shade } from '../scenes/patch.ts';
import type { DrawnPicture } from './drawnThings.ts';

export type ShiftedPicture = Pick<DrawnPicture, 'image' | 'things'>;

/** Nano has words for these, and has seen them in another style. */
const KNOWN = 'fox owl penguin frog crab banana carrot pizza guitar hammer umbrella teapot helicopter rose crown robot';
/** No phrase of nano's scenes has these words. */
const NEW =
  'dragon flamingo kangaroo squid snail avocado saxophone microscope broom wrench kite unicorn whale sloth peacock shark';
const ICONS: Readonly<Record<string, string>> = {};
const STREAM = { words: 41, cast: 42, paint: 43 };
const ATTEMPTS = 50;
const SIDE = 256;
/** How the size of a thing is given: in 224ths of the picture. */
const SPACE: Space = { width: SIDE, height: SIDE, side: [(34 * SIDE) / 224, (100 * SIDE) / 224] };
const THINGS = { fewest: 3, most: 6, twins: 0.3 } as const;
const WORDS_OF_A_KIND = 7;

export interface ShiftedDomain {
  /** Words of nano's, and words that it has not. */
  readonly known: readonly string[];
  readonly new: readonly string[];
  readonly pictures: readonly ShiftedPicture[];
}

export const shiftedNames = { known: KNOWN.split(' '), new: NEW.split(' ') };

/** Names, pictures and all that is in them follow from the seed. */
export async function shiftedDomain(seed: number, count: number): Promise<ShiftedDomain> {
  const draw = random(seed, STREAM.words);
  const some = (names: readonly string[]) => draw.shuffle(names).slice(0, WORDS_OF_A_KIND).toSorted();
  const words = { known: some(shiftedNames.known), new: some(shiftedNames.new) };
  return { ...words, pictures: await shiftedPictures([...words.known, ...words.new], { seed, count }) };
}

/** Draws pictures of things with these names alone. */
export async function shiftedPictures(
  names: readonly string[],
  { seed, count }: { seed: number; count: number },
): Promise<ShiftedPicture[]> {
  const kinds = names.map((name) => ({ name, icon: ICONS[name] ?? name, colours: [] }));
  const atlas = await drawnAtlas(kinds, '@iconify-json/fluent-emoji', { rasterise });
  return Array.from({ length: count }, (_, i) => picture(atlas, names, { seed, i }));
}

function picture(atlas: Atlas, names: readonly string[], { seed, i }: { seed: number; i: number }): ShiftedPicture {
  const own = Math.imul(seed, 65_537) ^ i;
  const { placed, ids, seen, covers } = layoutOf(atlas, names, random(own, STREAM.cast));
  const draw = random(own, STREAM.paint);
  const canvas = { width: SIDE, height: SIDE, data: new Float32Array(SIDE * SIDE * 3) };
  paintGround(canvas, draw);
  const shadow = { dx: draw.int(-4, 4), dy: draw.int(2, 5), strength: draw.between(0.1, 0.4) };
  for (const { patch } of placed) {
    shade(canvas, patch, shadow);
    composite(canvas, patch);
  }
  for (const cover of covers) composite(canvas, cover);
  const things = placed.flatMap(({ role: { name } }, k) => {
    const at = seen[k];
    if (!at) return [];
    const mask = fromBitmap(
      ids.map((id) => (id === k + 1 ? 1 : 0)),
      SIDE,
      SIDE,
    );
    return [{ name, box: { x1: at.x1, y1: at.y1, x2: at.x2, y2: at.y2 }, mask }];
  });
  return { image: expose(canvas, draw), things };
}

/** Different names, now and then two of one. */
function layoutOf(atlas: Atlas, names: readonly string[], draw: Random): Layout {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const chosen = draw.shuffle(names).slice(0, draw.int(THINGS.fewest, THINGS.most));
    const [first, second] = chosen;
    const cast = first && second && draw.chance(THINGS.twins) ? chosen.with(1, first) : chosen;
    const roles = draw.shuffle(cast).map((name) => ({ name, colour: null }));
    const layout = layOut(atlas, draw, roles, SPACE);
    if (layout.placed.length >= THINGS.fewest) return layout;
  }
  throw new Error(`${THINGS.fewest} things do not fit into ${SIDE} x ${SIDE} pixels.`);
}

/** Position in pixels to 0 .. 1. */
type Ground = (x: number, y: number) => number;

/** None of them is a pattern of nano's scenes: cells around points, bricks, and waves that cross. */
const GROUNDS: readonly ((draw: Random) => Ground)[] = [
  (draw) => {
    const points = Array.from({ length: draw.int(14, 40) }, () => {
      return { x: draw.between(0, SIDE), y: draw.between(0, SIDE), value: draw.next() };
    });
    return (x, y) => {
      let [nearest, value] = [Number.POSITIVE_INFINITY, 0];
      for (const point of points) {
        const away = (point.x - x) ** 2 + (point.y - y) ** 2;
        if (away < nearest) [nearest, value] = [away, point.value];
      }
      return value;
    };
  },
  (draw) => {
    const [width, height, gap] = [draw.int(26, 60), draw.int(12, 26), draw.int(1, 3)];
    const tones = Array.from({ length: 64 }, () => draw.between(0.4, 1));
    return (x, y) => {
      const row = Math.floor(y / height);
      const along = x + (row % 2) * (width / 2);
      if (y % height < gap || along % width < gap) return 0;
      return tones[(row * 7 + Math.floor(along / width) * 3) % tones.length] ?? 0;
    };
  },
  (draw) => {
    const waves = Array.from({ length: 3 }, () => {
      return { a: draw.between(-0.12, 0.12), b: draw.between(-0.12, 0.12), phase: draw.between(0, 6.28) };
    });
    return (x, y) => 0.5 + waves.reduce((sum, { a, b, phase }) => sum + Math.sin(a * x + b * y + phase), 0) / 6;
  },
];

function paintGround({ width, data }: Canvas, draw: Random): void {
  const ground = draw.pick(GROUNDS)(draw);
  const colour = () => toRgb({ h: draw.between(0, 360), s: draw.between(0.1, 0.7), v: draw.between(0.35, 1) });
  const [from, to] = [colour(), colour()];
  for (let i = 0; i < data.length; i += 3) {
    const share = ground((i / 3) % width, Math.floor(i / 3 / width));
    for (let c = 0; c < 3; c++) data[i + c] = (from[c] ?? 0) + ((to[c] ?? 0) - (from[c] ?? 0)) * share;
  }
}
