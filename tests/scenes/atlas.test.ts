// Sprites: every thing in every colour it may take really has that colour, fills its frame and halves twice.
import { describe, expect, it } from 'vitest';
import { drawnAtlas, type Pixels } from '../../main/scenes/atlas.ts';
import { COLOURS, dominant, hueDistance, nameOf, recolour, toHsv, toRgb } from '../../main/scenes/colours.ts';
import { THINGS } from '../../main/scenes/things.ts';
import { atlas } from './drawing.ts';

const straight = ({ data }: Pixels): Uint8Array =>
  Uint8Array.from(data, (value, i) => (i % 4 === 3 ? value : Math.round((value * 255) / (data[i | 3] || 255))));

const opaqueSpan = ({ width, height, data }: Pixels): [number, number] => {
  const solid = [...Array(width * height).keys()].filter((i) => (data[i * 4 + 3] ?? 0) >= 128);
  const columns = solid.map((i) => i % width);
  const rows = solid.map((i) => Math.floor(i / width));
  return [Math.max(...columns) - Math.min(...columns) + 1, Math.max(...rows) - Math.min(...rows) + 1];
};

const level = (name: string, colour: (typeof COLOURS)[number] | null, at: number): Pixels => {
  const pixels = atlas.sprite(name, colour)[at];
  if (!pixels) throw new Error(`no level ${at}`);
  return pixels;
};

describe('colours', () => {
  it('turn into hue, saturation and value and back', () => {
    const colours: [number, number, number][] = [
      [255, 0, 0],
      [12, 200, 90],
      [40, 60, 250],
      [128, 128, 128],
      [0, 0, 0],
    ];
    for (const rgb of colours) {
      expect(toRgb(toHsv(...rgb))).toEqual(rgb);
    }
    expect(toHsv(0, 0, 255)).toEqual({ h: 240, s: 1, v: 1 });
    expect(hueDistance(350, 10)).toBe(-20);
    expect(hueDistance(10, 350)).toBe(20);
  });

  it('keep grey and transparent pixels as they are when recoloured', () => {
    const pixels = Uint8Array.from([200, 30, 30, 255, 90, 90, 90, 255, 20, 30, 220, 255]);
    const painted = recolour(pixels, { h: 0, s: 0.85, v: 0.78 }, 'green');
    expect([...painted.slice(4)]).toEqual([...pixels.slice(4)]);
    expect(nameOf(toHsv(painted[0] ?? 0, painted[1] ?? 0, painted[2] ?? 0))).toBe('green');
  });
});

describe('atlas', () => {
  it('has every thing, without colour words or in all of its colours', () => {
    for (const { name, colours } of THINGS) {
      const wanted = colours.length > 0 ? colours : [null];
      for (const colour of wanted) expect(atlas.sprite(name, colour)).toHaveLength(3);
    }
    expect(() => atlas.sprite('dog', 'blue')).toThrow('no sprite for "blue dog"');
  });

  it('paints each sprite once, whatever was asked for before', async () => {
    const icon = { name: 'cup', icon: 'teacup-without-handle', colours: ['red', 'blue'] as const };
    const pixels: Pixels = {
      width: 4,
      height: 4,
      data: Uint8Array.from({ length: 64 }, (_, i) => [200, 30, 30, 255][i % 4] ?? 0),
    };
    const cups = await drawnAtlas([icon], '@iconify-json/noto', { rasterise: async () => pixels });
    expect(cups.sprite('cup', 'blue')).toBe(cups.sprite('cup', 'blue'));
    expect(cups.sprite('cup', 'red')).not.toBe(cups.sprite('cup', 'blue'));
  });

  it('shows each colour as the colour that its word means, over a good part of the thing', () => {
    const painted = THINGS.flatMap(({ name, colours }) => colours.map((colour) => ({ name, colour })));
    expect(painted.length).toBeGreaterThan(150);
    for (const { name, colour } of painted) {
      const seen = dominant(straight(level(name, colour, 0)));
      expect(`${name}: ${nameOf(seen)}`).toBe(`${name}: ${colour}`);
      expect(seen.share).toBeGreaterThan(0.42);
    }
    expect(new Set(painted.map(({ colour }) => colour)).size).toBe(COLOURS.length);
  });

  it('crops to what is seen, with a border of one transparent pixel', () => {
    for (const { name, colours } of THINGS.slice(0, 20)) {
      const full = level(name, colours[0] ?? null, 0);
      expect(opaqueSpan(full)).toEqual([full.width - 2, full.height - 2]);
      const half = level(name, colours[0] ?? null, 1);
      expect(half.width).toBe(((full.width - 2) >> 1) + 2);
    }
  });

  it('is premultiplied: no channel is above alpha', () => {
    for (const { data } of atlas.sprite('umbrella', 'pink')) {
      expect(data.every((value, i) => value <= (data[i | 3] ?? 0))).toBe(true);
    }
  });
});
