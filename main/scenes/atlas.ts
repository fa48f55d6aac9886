// The pictures that scenes are drawn with: Noto icons become cropped, recoloured, premultiplied sprites in halving sizes.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';
import { type Colour, type Dominant, dominant, recolour } from './colours.ts';
import { THINGS, type ThingKind } from './things.ts';

/** RGBA, row-major. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export type Rasterise = (svg: string, size: number) => Promise<Pixels>;

/** Premultiplied RGBA at full, half and quarter size, each within a transparent border of one pixel. */
export type Sprite = readonly Pixels[];

export interface Atlas {
  sprite(name: string, colour: Colour | null): Sprite;
}

/** Packages of icons: that of the scenes, and another style for what is to be new to weights that learnt from them. */
export type IconSet = '@iconify-json/noto' | '@iconify-json/fluent-emoji';
const iconSet = z.object({
  width: z.number(),
  height: z.number(),
  icons: z.record(
    z.string(),
    z.object({ body: z.string(), width: z.number().optional(), height: z.number().optional() }),
  ),
});

function readSvgs(from: IconSet): (kind: Pick<ThingKind, 'name' | 'icon'>) => string {
  const file = createRequire(import.meta.url).resolve(`${from}/icons.json`);
  const set = iconSet.parse(JSON.parse(readFileSync(file, 'utf8')));
  return ({ name, icon }) => {
    const found = set.icons[icon];
    if (!found) throw new Error(`atlas: ${from} has no icon "${icon}" for "${name}"; correct the table of things`);
    const box = `0 0 ${found.width ?? set.width} ${found.height ?? set.height}`;
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}">${found.body}</svg>`;
  };
}

/** Cuts away the transparent border, so that the size of a sprite is the size of what is seen. */
function crop({ width, height, data }: Pixels): Pixels {
  let [x1, y1, x2, y2] = [width, height, 0, 0];
  for (let i = 0; i < width * height; i++) {
    if ((data[i * 4 + 3] ?? 0) < 128) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [x1, y1, x2, y2] = [Math.min(x1, x), Math.min(y1, y), Math.max(x2, x + 1), Math.max(y2, y + 1)];
  }
  const out = new Uint8Array(Math.max(0, x2 - x1) * Math.max(0, y2 - y1) * 4);
  for (let y = y1; y < y2; y++) {
    out.set(data.subarray((y * width + x1) * 4, (y * width + x2) * 4), (y - y1) * (x2 - x1) * 4);
  }
  return { width: x2 - x1, height: y2 - y1, data: out };
}

function premultiply({ width, height, data }: Pixels): Pixels {
  const out = Uint8Array.from(data);
  for (let i = 0; i < out.length; i++) if (i % 4 < 3) out[i] = ((data[i] ?? 0) * (data[i | 3] ?? 0)) / 255 + 0.5;
  return { width, height, data: out };
}

function halve({ width, height, data }: Pixels): Pixels {
  const [w, h] = [Math.max(1, width >> 1), Math.max(1, height >> 1)];
  const out = new Uint8Array(w * h * 4);
  const at = (x: number, y: number, c: number): number =>
    data[(Math.min(y, height - 1) * width + Math.min(x, width - 1)) * 4 + c] ?? 0;
  for (let i = 0; i < out.length; i++) {
    const [c, x, y] = [i % 4, ((i >> 2) % w) * 2, Math.floor((i >> 2) / w) * 2];
    out[i] = (at(x, y, c) + at(x + 1, y, c) + at(x, y + 1, c) + at(x + 1, y + 1, c) + 2) >> 2;
  }
  return { width: w, height: h, data: out };
}

/** Adds a transparent border of one pixel, so that sampling needs no bounds for single pixels. */
function bordered({ width, height, data }: Pixels): Pixels {
  const out = new Uint8Array((width + 2) * (height + 2) * 4);
  for (let y = 0; y < height; y++) {
    out.set(data.subarray(y * width * 4, (y + 1) * width * 4), ((y + 1) * (width + 2) + 1) * 4);
  }
  return { width: width + 2, height: height + 2, data: out };
}

function spriteOf(pixels: Pixels): Sprite {
  const full = premultiply(pixels);
  const half = halve(full);
  return [full, half, halve(half)].map(bordered);
}

const key = (name: string, colour: Colour | null): string => `${colour ?? ''} ${name}`;

/** What paints each sprite of a thing: painting all takes more than a second, and a few scenes show few of them. */
function paintersOf(kind: Pick<ThingKind, 'name' | 'colours'>, pixels: Pixels): [string, () => Sprite][] {
  if (kind.colours.length === 0) return [[key(kind.name, null), () => spriteOf(pixels)]];
  let from: Dominant | null = null;
  return kind.colours.map((colour) => {
    const paint = () => {
      from ??= dominant(pixels.data);
      return spriteOf({ ...pixels, data: recolour(pixels.data, from, colour) });
    };
    return [key(kind.name, colour), paint];
  });
}

/** Draws every icon once; `size` is the side of the square that an icon is rasterised into. */
export async function buildAtlas(rasterise: Rasterise, size = 128): Promise<Atlas> {
  return drawnAtlas(THINGS, '@iconify-json/noto', { rasterise, size });
}

/** The same of other things and icons. */
export async function drawnAtlas(
  kinds: readonly Pick<ThingKind, 'name' | 'icon' | 'colours'>[],
  from: IconSet,
  { rasterise, size = 128 }: { rasterise: Rasterise; size?: number },
): Promise<Atlas> {
  const svgOf = readSvgs(from);
  const rows = await Promise.all(kinds.map(async (kind) => paintersOf(kind, crop(await rasterise(svgOf(kind), size)))));
  const painters = new Map(rows.flat());
  const painted = new Map<string, Sprite>();
  return {
    sprite(name, colour) {
      const wanted = key(name, colour);
      const paint = painters.get(wanted);
      if (!paint) throw new Error(`atlas: no sprite for "${wanted.trim()}"; see the colours in things.ts`);
      const sprite = painted.get(wanted) ?? paint();
      painted.set(wanted, sprite);
      return sprite;
    },
  };
}
