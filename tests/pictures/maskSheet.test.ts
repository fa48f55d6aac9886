// Masks under boxes to a sheet of SVG: read by sharp, which draws it, and by its own text.
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { maskBox } from '../../main/contract/rle.ts';
import { drawSheet, type SheetEntry } from '../../main/pictures/maskSheet.ts';
import { disc, fromBox } from './disc.ts';

const { image, truth } = disc(16);
const box = maskBox(truth);
const found = fromBox({ x1: 40, y1: 20, x2: 60, y2: 40 });
const entry = (lines: readonly string[], mask = found): SheetEntry => ({ image, box, truth, mask, lines });

/** The share of pixels of the first cell that are coloured by a test. */
async function share(svg: string, is: (r: number, g: number, b: number) => boolean): Promise<number> {
  const cell = { left: 8, top: 66, width: 200, height: 200 };
  const { data, info } = await sharp(Buffer.from(svg))
    .flatten({ background: '#ffffff' })
    .extract(cell)
    .raw()
    .toBuffer({ resolveWithObject: true });
  let count = 0;
  for (let i = 0; i < data.length; i += info.channels)
    if (is(data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0)) count++;
  return count / (cell.width * cell.height);
}

describe('drawSheet', () => {
  it('fills both masks on plain ground and has nothing of the picture', async () => {
    const svg = await drawSheet('Plain', [entry(['IoU 0.4'])], 'plain');
    expect(svg).not.toContain('<image');
    const [blue, orange] = await Promise.all([
      share(svg, (r, _, b) => b > r + 40),
      share(svg, (r, _, b) => r > b + 40),
    ]);
    // Of the square around both, 1.25 times as wide as they are together, the disc has about a half without the mask found.
    expect(blue).toBeGreaterThan(0.2);
    expect(orange).toBeGreaterThan(0.1);
    expect(svg.length).toBeLessThan(4000);
  });

  it('lays outlines over a copy of the picture', async () => {
    const svg = await drawSheet('Picture', [entry(['IoU 0.4'])], 'picture');
    expect(svg.match(/<image /gu)).toHaveLength(1);
    expect(svg).toContain('href="data:image/jpeg;base64,');
    // The disc is red.
    expect(await share(svg, (r, g, b) => r > 150 && g < 80 && b < 80)).toBeGreaterThan(0.2);
  });

  it('holds a large picture as small as it is shown', async () => {
    const side = 2000;
    const large = { width: side, height: side, data: new Uint8Array(side * side * 3).map((_, i) => (i * 7919) % 251) };
    const all = { size: [side, side] as [number, number], counts: [0, side * side] };
    const whole = { x1: 0, y1: 0, x2: side, y2: side };
    const svg = await drawSheet('Large', [{ image: large, box: whole, truth: all, mask: all, lines: [] }], 'picture');
    expect(svg.length).toBeLessThan(200_000);
  });

  it('puts ten in two rows of five, and shows what was not found as nothing', async () => {
    const nothing = { size: truth.size, counts: [truth.size[0] * truth.size[1]] };
    const entries = Array.from({ length: 10 }, (_, i) => entry([`IoU 0.${i}`], nothing));
    const svg = await drawSheet('Ten', entries, 'plain');
    const places = [...svg.matchAll(/<g transform="translate\((\d+) (\d+)\)">/gu)].map(([, x, y]) => [x, y]);
    expect(new Set(places.map(([x]) => x)).size).toBe(5);
    expect(new Set(places.map(([, y]) => y)).size).toBe(2);
    expect(svg.match(/<path d="" /gu)).toHaveLength(10);
  });

  it('writes names of things as text, however long or strange', async () => {
    const svg = await drawSheet('<Title>', [entry(['IoU 0.1', '</text><script>', 'x'.repeat(99)])], 'plain');
    expect(svg).not.toMatch(/<script|<Title/u);
    expect(svg).toContain(`${'x'.repeat(31)}…<`);
    await expect(sharp(Buffer.from(svg)).metadata()).resolves.toMatchObject({ format: 'svg' });
  });
});
