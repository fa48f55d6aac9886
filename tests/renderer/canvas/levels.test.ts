// Levels, tiles and what of a tile is painted anew, by properties over images of any size.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tileSide } from '../../../main/contract/addresses.ts';
import type { Size } from '../../../main/contract/maskColumns.ts';
import type { Label } from '../../../main/contract/project.ts';
import type { Box } from '../../../main/contract/records.ts';
import { colouring, pixelOf } from '../../../renderer/canvas/colours.ts';
import {
  childrenOf,
  levelFor,
  parentOf,
  tileBox,
  tileKey,
  tilesIn,
  topLevel,
} from '../../../renderer/canvas/levels.ts';
import { paintedRegion } from '../../../renderer/canvas/surface.ts';
import { openedImage } from '../../../renderer/state/records.ts';
import { detail } from '../scripted.ts';
import { shape } from '../tools/sheet.ts';

const sizes: fc.Arbitrary<Size> = fc.record({
  width: fc.integer({ min: 1, max: 40_000 }),
  height: fc.integer({ min: 1, max: 40_000 }),
});
const wholeOf = ({ width, height }: Size): Box => ({ x1: 0, y1: 0, x2: width, y2: height });
const areaOf = ({ x1, y1, x2, y2 }: Box) => (x2 - x1) * (y2 - y1);

describe('levels', () => {
  test('end where the whole image is one tile, and not before', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const top = topLevel(size);
        expect(tilesIn(wholeOf(size), top, size)).toHaveLength(1);
        if (top > 0) expect(tilesIn(wholeOf(size), top - 1, size).length).toBeGreaterThan(1);
      }),
    );
  });

  test('are never coarser than the screen, and as coarse as they can be', () => {
    fc.assert(
      fc.property(sizes, fc.double({ min: 0.005, max: 64, noNaN: true }), (size, scale) => {
        const level = levelFor(scale, size);
        expect(Number.isInteger(level) && level >= 0 && level <= topLevel(size)).toBe(true);
        // One sample is 2 ** level image pixels.
        if (level > 0) expect(2 ** level * scale).toBeLessThanOrEqual(1 + 1e-5);
        if (level < topLevel(size)) expect(2 ** (level + 1) * scale).toBeGreaterThan(1 - 1e-5);
      }),
      { numRuns: 500 },
    );
  });
});

describe('tiles', () => {
  const levelled = sizes.chain((size) => fc.tuple(fc.constant(size), fc.nat(topLevel(size))));

  test('of a level cover the image once, each with a name of its own', () => {
    fc.assert(
      fc.property(levelled, ([size, level]) => {
        fc.pre(Math.max(size.width, size.height) / (tileSide * 2 ** level) < 20);
        const tiles = tilesIn(wholeOf(size), level, size);
        expect(tiles.reduce((sum, tile) => sum + areaOf(tileBox(tile, size)), 0)).toBe(size.width * size.height);
        expect(new Set(tiles.map(tileKey)).size).toBe(tiles.length);
        for (const tile of tiles) {
          const { x1, y1, x2, y2 } = tileBox(tile, size);
          expect(x1 >= 0 && y1 >= 0 && x2 <= size.width && y2 <= size.height && x2 > x1 && y2 > y1).toBe(true);
        }
      }),
    );
  });

  test('every pixel of a box lies in one tile, and no tile lies apart from it', () => {
    const large = { width: 10_000, height: 7000 };
    const place = fc.record({ x: fc.nat(9999), y: fc.nat(6999), size: fc.integer({ min: 1, max: 4000 }) });
    const property = fc.property(place, fc.nat(5), ({ x, y, size }, level) => {
      const box = { x1: x, y1: y, x2: x + size, y2: y + size };
      const boxes = tilesIn(box, level, large).map((tile) => tileBox(tile, large));
      const area = boxes.reduce((sum, tile) => {
        const width = Math.min(tile.x2, box.x2) - Math.max(tile.x1, box.x1);
        const height = Math.min(tile.y2, box.y2) - Math.max(tile.y1, box.y1);
        expect(Math.min(width, height)).toBeGreaterThan(0);
        return sum + width * height;
      }, 0);
      expect(area).toBe((Math.min(10_000, box.x2) - x) * (Math.min(7000, box.y2) - y));
    });
    fc.assert(property, { numRuns: 200 });
  });

  test('lie in their parent, with the three others beside them', () => {
    fc.assert(
      fc.property(levelled, ([size, level]) => {
        fc.pre(level < topLevel(size) && Math.max(size.width, size.height) / (tileSide * 2 ** level) < 20);
        for (const tile of tilesIn(wholeOf(size), level, size)) {
          const [own, around] = [tileBox(tile, size), tileBox(parentOf(tile), size)];
          expect(own.x1 >= around.x1 && own.y1 >= around.y1 && own.x2 <= around.x2 && own.y2 <= around.y2).toBe(true);
          expect(childrenOf(parentOf(tile)).map(tileKey)).toContain(tileKey(tile));
        }
      }),
    );
  });

  test('outside of the image are none', () => {
    const size = { width: 3000, height: 2000 };
    for (const box of [
      { x1: 3100, y1: 0, x2: 4000, y2: 100 },
      { x1: 0, y1: 2100, x2: 100, y2: 2200 },
      { x1: -900, y1: -900, x2: 0, y2: 0 },
    ]) {
      expect(tilesIn(box, 0, size)).toEqual([]);
    }
  });
});

describe('what is painted anew of a tile', () => {
  const tile = { x1: 1024, y1: 512, x2: 2048, y2: 1536 };
  const whole = { step: 2, width: 512, height: 512 };
  const dirty: fc.Arbitrary<Box> = fc
    .tuple(fc.integer({ min: 900, max: 2200 }), fc.integer({ min: 400, max: 1700 }), fc.nat(300), fc.nat(300))
    .map(([x, y, width, height]) => ({ x1: x, y1: y, x2: x + width + 1, y2: y + height + 1 }));

  test('holds every sample that shows a changed pixel, and one around them, but nothing outside of the tile', () => {
    fc.assert(
      fc.property(dirty, (box) => {
        const region = paintedRegion(box, tile, whole);
        const inside = {
          x1: Math.max(box.x1, tile.x1),
          y1: Math.max(box.y1, tile.y1),
          x2: Math.min(box.x2, tile.x2),
          y2: Math.min(box.y2, tile.y2),
        };
        if (region === null) return void expect(inside.x2 < inside.x1 || inside.y2 < inside.y1).toBe(true);
        const [right, bottom] = [region.x + 2 * region.width, region.y + 2 * region.height];
        expect(region.x >= tile.x1 && region.y >= tile.y1 && right <= tile.x2 && bottom <= tile.y2).toBe(true);
        expect((region.x - tile.x1) % 2 === 0 && (region.y - tile.y1) % 2 === 0).toBe(true);
        if (inside.x2 <= inside.x1 || inside.y2 <= inside.y1) return;
        expect(region.x).toBeLessThanOrEqual(Math.max(tile.x1, inside.x1 - 2));
        expect(region.y).toBeLessThanOrEqual(Math.max(tile.y1, inside.y1 - 2));
        expect(right).toBeGreaterThanOrEqual(Math.min(tile.x2, inside.x2 + 2));
        expect(bottom).toBeGreaterThanOrEqual(Math.min(tile.y2, inside.y2 + 2));
        expect(right - region.x).toBeLessThanOrEqual(box.x2 - box.x1 + 8);
      }),
      { numRuns: 500 },
    );
  });

  test('is all of it where all of it changed, and none where nothing near it did', () => {
    expect(paintedRegion(tile, tile, whole)).toEqual({ x: 1024, y: 512, width: 512, height: 512, step: 2 });
    expect(paintedRegion({ x1: 0, y1: 0, x2: 100, y2: 100 }, tile, whole)).toBeNull();
    expect(paintedRegion({ x1: 5000, y1: 600, x2: 5100, y2: 700 }, tile, whole)).toBeNull();
  });
});

describe('colours of shapes', () => {
  const label: Label = { id: 1, name: 'cup', colour: '#0072b2', digit: null, attributes: [], place: 0 };
  const labels = new Map([[1, label]]);
  const kept = (verdict: 'right' | 'wrong' | 'corrected' | null) => ({
    proposalId: null,
    found: { value: 'objects' as const, verdict: null },
    reasoning: { text: '', verdict: null },
    objects: [
      { index: 0, box: { value: { x1: 0, y1: 0, x2: 1, y2: 1 }, verdict: null }, mask: { shapeId: 3, verdict } },
    ],
  });
  const judged = (verdict: Parameters<typeof kept>[0]) =>
    openedImage(
      detail(1, { prompts: [{ id: 50, imageId: 1, text: 'x', points: [], box: null, correction: kept(verdict) }] }),
    );

  test('are those of the label, whatever it is called, and grey without one', () => {
    const by = colouring('label', labels, null);
    expect([by(shape(3)), by({ ...shape(4), labelId: 9 })]).toEqual(['#0072b2', '#999999']);
  });

  test('are their own and stay so', () => {
    const by = colouring('object', labels, null);
    const again = colouring('object', new Map(), judged('wrong'));
    for (let id = 1; id <= 40; id++) expect(by(shape(id))).toBe(again(shape(id)));
    expect(new Set(Array.from({ length: 10 }, (_, id) => by(shape(id + 1)))).size).toBe(10);
  });

  test('tell verdicts apart, and what nobody judged from what was accepted with its image', () => {
    const of = (verdict: Parameters<typeof kept>[0]) => colouring('review', labels, judged(verdict))(shape(3));
    const seen = [of('right'), of('wrong'), of('corrected'), of(null)];
    expect(new Set(seen).size).toBe(4);
    const accepted = openedImage(detail(1, { review: { id: 1, status: 'accepted', note: '' } }));
    expect(colouring('review', labels, accepted)(shape(3))).toBe(of('right'));
    expect(colouring('review', labels, openedImage(detail(1)))(shape(3))).toBe(of(null));
  });

  test('become pixels with their red first and their opacity last', () => {
    const byte = fc.nat(255);
    fc.assert(
      fc.property(byte, byte, byte, fc.double({ min: -1, max: 2, noNaN: true }), (red, green, blue, opacity) => {
        const hex = [red, green, blue].map((value) => value.toString(16).padStart(2, '0')).join('');
        const bytes = new Uint8Array(Uint32Array.of(pixelOf(`#${hex}`, opacity)).buffer);
        expect([...bytes.subarray(0, 3)]).toEqual([red, green, blue]);
        expect(bytes[3]).toBe(Math.round(Math.min(1, Math.max(0, opacity)) * 255));
      }),
    );
  });
});
