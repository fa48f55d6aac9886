import { describe, expect, test } from 'vitest';
import type { Mask } from '../../main/contract/records.ts';
import { fromBitmap, maskArea } from '../../main/contract/rle.ts';
import { eachDot, plain } from '../../main/pictures/glyphs.ts';
import type { Raster } from '../../main/pictures/image.ts';
import { drawMaskFile, drawOverlay } from '../../main/pictures/overlay.ts';
import { fillBox, strokeBox, textSize, writeText } from '../../main/pictures/pen.ts';

const WIDTH = 120;
const HEIGHT = 90;

const even = (level: number) => ({
  width: WIDTH,
  height: HEIGHT,
  data: new Uint8Array(WIDTH * HEIGHT * 3).fill(level),
});

/** A filled rectangle, x1 and y1 inside, x2 and y2 just outside. */
function rectangle(x1: number, y1: number, x2: number, y2: number): Mask {
  const bitmap = new Uint8Array(WIDTH * HEIGHT);
  for (let y = y1; y < y2; y++) bitmap.fill(1, y * WIDTH + x1, y * WIDTH + x2);
  return fromBitmap(bitmap, WIDTH, HEIGHT);
}

const pixel = ({ data }: { data: Uint8Array }, x: number, y: number): number[] => [
  ...data.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3),
];

const contrast = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, c) => Math.abs(value - (b[c] ?? 0))));

const changed = (before: { data: Uint8Array }, after: Raster): Set<number> =>
  new Set([...after.data.keys()].filter((i) => after.data[i] !== before.data[i]).map((i) => Math.floor(i / 3)));

describe('drawOverlay', () => {
  const box = { x1: 30, y1: 40, x2: 80, y2: 70 };
  const finding = { mask: rectangle(30, 40, 80, 70), box, label: '' };

  test('leaves the image itself alone and has its size', () => {
    const image = even(90);
    const overlay = drawOverlay(image, { ...finding, label: 'cup' });
    expect(image.data.every((value) => value === 90)).toBe(true);
    expect([overlay.width, overlay.height, overlay.channels]).toEqual([WIDTH, HEIGHT, 3]);
    expect(overlay.data).toHaveLength(image.data.length);
  });

  test.each([0, 128, 255])('tint, outline and box all show on grey level %i', (level) => {
    const image = even(level);
    const overlay = drawOverlay(image, { ...finding, mask: rectangle(40, 45, 70, 65) });
    const ground = [level, level, level];
    expect(contrast(pixel(overlay, 55, 55), ground)).toBeGreaterThan(50);
    const line = Array.from({ length: WIDTH }, (_, x) => pixel(overlay, x, 55));
    for (const [from, to] of [
      [36, 44],
      [26, 34],
    ] as const) {
      const best = Math.max(...line.slice(from, to).map((colour) => contrast(colour, ground)));
      expect(best, `columns ${from} to ${to}`).toBeGreaterThan(100);
    }
    expect(pixel(overlay, 10, 10)).toEqual(ground);
    expect(pixel(overlay, 100, 80)).toEqual(ground);
  });

  test('a hole in the mask stays clear', () => {
    const bitmap = new Uint8Array(WIDTH * HEIGHT);
    for (let y = 20; y < 80; y++) bitmap.fill(1, y * WIDTH + 20, y * WIDTH + 100);
    for (let y = 40; y < 60; y++) bitmap.fill(0, y * WIDTH + 40, y * WIDTH + 80);
    const overlay = drawOverlay(even(200), { mask: fromBitmap(bitmap, WIDTH, HEIGHT), box: null, label: '' });
    expect(pixel(overlay, 60, 50)).toEqual([200, 200, 200]);
    expect(pixel(overlay, 30, 50)).not.toEqual([200, 200, 200]);
  });

  test('nothing found and nothing to say changes nothing', () => {
    const image = even(77);
    expect(changed(image, drawOverlay(image, { mask: null, box: null, label: '  ' })).size).toBe(0);
  });

  test('the label stands above the box, or inside it where the image ends', () => {
    const rowsOf = (at: typeof box) => {
      const [bare, labelled] = ['', 'red cup'].map((label) => drawOverlay(even(128), { mask: null, box: at, label }));
      if (!bare || !labelled) throw new Error('two overlays were drawn');
      const rows = [...changed(bare, labelled)].map((at) => Math.floor(at / WIDTH));
      return [Math.min(...rows), Math.max(...rows)];
    };
    const [top = 0, bottom = 0] = rowsOf(box);
    expect(top).toBeGreaterThan(0);
    expect(bottom).toBeLessThan(box.y1);
    const [first = -1] = rowsOf({ ...box, y1: 2 });
    expect(first).toBeGreaterThanOrEqual(2);
  });

  test('a label that is too long ends in dots inside the image', () => {
    const overlay = drawOverlay(even(255), { mask: null, box: null, label: 'the third cup from the left '.repeat(9) });
    const columns = [...changed(even(255), overlay)].map((at) => at % WIDTH);
    expect(Math.max(...columns)).toBeLessThan(WIDTH);
    expect(Math.max(...columns)).toBeGreaterThan(WIDTH - 12);
  });

  test('tiny images, boxes at the rim and strange signs do not fail', () => {
    const tiny = { width: 1, height: 1, data: new Uint8Array([9, 9, 9]) };
    const whole = { x1: 0, y1: 0, x2: 1, y2: 1 };
    const label = 'Größe 大きい 🚲 \u0007';
    expect(drawOverlay(tiny, { mask: { size: [1, 1], counts: [0, 1] }, box: whole, label }).data).toHaveLength(3);
    const overlay = drawOverlay(even(0), { mask: null, box: { x1: 0, y1: 0, x2: WIDTH, y2: HEIGHT }, label });
    expect(overlay.data).toHaveLength(WIDTH * HEIGHT * 3);
  });

  test('a mask of another size is a fault, not a guess', () => {
    const mask: Mask = { size: [WIDTH, HEIGHT], counts: [WIDTH * HEIGHT] };
    expect(() => drawOverlay(even(0), { mask, box: null, label: '' })).toThrow(/mask is 90 x 120, its image 120 x 90/u);
  });
});

describe('drawMaskFile', () => {
  test('255 inside, 0 outside, rows from the top', () => {
    const mask = rectangle(3, 5, 9, 6);
    const file = drawMaskFile(even(0), mask);
    expect([file.width, file.height, file.channels]).toEqual([WIDTH, HEIGHT, 1]);
    expect(new Set(file.data)).toEqual(new Set([0, 255]));
    expect(file.data.filter((value) => value === 255)).toHaveLength(maskArea(mask));
    expect([file.data[5 * WIDTH + 2], file.data[5 * WIDTH + 3], file.data[5 * WIDTH + 8]]).toEqual([0, 255, 255]);
  });

  test('all black without a mask', () => {
    expect(drawMaskFile(even(255), null).data.every((value) => value === 0)).toBe(true);
  });
});

describe('pen', () => {
  test('fills from x1, y1 to just before x2, y2, clipped', () => {
    const image = even(0);
    fillBox(image, { x1: -5, y1: 88, x2: 2, y2: 400 }, [10, 20, 30]);
    const touched = [...image.data.keys()].filter((i) => image.data[i] !== 0).map((i) => Math.floor(i / 3));
    expect([...new Set(touched)]).toEqual([88 * WIDTH, 88 * WIDTH + 1, 89 * WIDTH, 89 * WIDTH + 1]);
    expect(pixel(image, 1, 89)).toEqual([10, 20, 30]);
  });

  test('blends by opacity', () => {
    const image = even(100);
    fillBox(image, { x1: 0, y1: 0, x2: 1, y2: 1 }, [200, 0, 100], 0.25);
    expect(pixel(image, 0, 0)).toEqual([125, 75, 100]);
  });

  test('a frame has its lines outside the box and leaves the middle', () => {
    const image = even(0);
    strokeBox(image, { x1: 10, y1: 10, x2: 20, y2: 20 }, { colour: [1, 1, 1], width: 2, outset: 2 });
    expect(pixel(image, 8, 8)).toEqual([1, 1, 1]);
    expect(pixel(image, 21, 21)).toEqual([1, 1, 1]);
    for (const [x, y] of [
      [7, 8],
      [22, 21],
      [10, 10],
      [19, 19],
    ] as const)
      expect(pixel(image, x, y)).toEqual([0, 0, 0]);
  });

  test('text takes the room it says', () => {
    const image = even(0);
    writeText(image, 'Hj', { x: 5, y: 6, scale: 3, colour: [255, 255, 255] });
    const size = textSize('Hj', 3);
    const lit = [...image.data.keys()].filter((i) => image.data[i] !== 0).map((i) => Math.floor(i / 3));
    const columns = lit.map((at) => at % WIDTH);
    const rows = lit.map((at) => Math.floor(at / WIDTH));
    expect([Math.min(...columns), Math.min(...rows)]).toEqual([5, 6]);
    expect(Math.max(...columns)).toBeLessThan(5 + size.width);
    expect(Math.max(...rows)).toBe(6 + size.height - 1);
  });
});

describe('glyphs', () => {
  const drawn = (text: string): string => {
    const rows = Array.from({ length: 7 }, () => Array.from({ length: 6 * [...text].length }, () => '.'));
    eachDot(text, (column, row) => {
      const line = rows[row];
      if (line) line[column] = '#';
    });
    return rows.map((row) => row.join('')).join('\n');
  };

  test('letters look like letters', () => {
    expect(drawn('Aj')).toMatchInlineSnapshot(`
      ".###.....#..
      #...#.......
      #...#...##..
      #####....#..
      #...#....#..
      #...#.#..#..
      #...#..##..."
    `);
  });

  test('every printable sign of ASCII is drawn, and no two alike', () => {
    const signs = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    expect(new Set(signs.map(drawn)).size).toBe(95);
    for (const sign of signs.slice(1)) expect(drawn(sign)).toContain('#');
    expect(drawn(' ')).not.toContain('#');
  });

  test('accents fall off; what has no sign becomes a frame', () => {
    expect(plain('Café Ångström')).toBe('Cafe Angstrom');
    expect(drawn('語')).toBe(drawn('\u0007'));
    expect(drawn('語').split('\n')[0]).toBe('#####.');
  });
});
