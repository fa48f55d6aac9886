// The raster of all masks: parts equal the whole, fill and outline agree, strokes are painted as they will be stored.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  columnsBox,
  either,
  holds,
  joined,
  type Region,
  sweepColumns,
  without,
} from '../../../main/contract/maskColumns.ts';
import type { Shape } from '../../../main/contract/project.ts';
import type { Box } from '../../../main/contract/records.ts';
import { benchShapes } from '../../../renderer/canvas/bench/objects.ts';
import { colouring, pixelOf } from '../../../renderer/canvas/colours.ts';
import { type Paint, rasterised } from '../../../renderer/canvas/raster.ts';
import { paintedRegion } from '../../../renderer/canvas/surface.ts';
import { edgeRings } from '../../../renderer/tools/corners.ts';
import { columnsOf, extent } from '../../../renderer/tools/masks.ts';
import { ShapeGrid } from '../../../renderer/tools/shapeGrid.ts';
import type { Stroke } from '../../../renderer/tools/tool.ts';
import { columnsIn, filled, label, shape } from '../tools/sheet.ts';

const paintOf = ({ id }: Pick<Shape, 'id'>): Paint => ({ fill: id * 10 + 1, edge: id * 10 + 2 });
const fresh: Paint = { fill: 7, edge: 8 };

const side = 400;
const shapes = benchShapes(60, side, side);
const painting = (list: readonly Shape[] = shapes, stroke: Stroke | null = null) => ({
  shapes: list,
  paintOf,
  stroke,
  fresh,
});
const whole = (step = 1): Region => ({
  x: 0,
  y: 0,
  width: Math.ceil(side / step),
  height: Math.ceil(side / step),
  step,
});

const strokeOn = (shapeId: number | null, adds: boolean, at = { x: 200, y: 200 }): Stroke => {
  const area = sweepColumns(
    { from: at, to: { x: at.x + 90, y: at.y + 40 }, radius: 25 },
    { width: side, height: side },
  );
  return { shapeId, adds, area, serial: 1, grown: 1, latest: columnsBox(area) };
};

describe('the raster', () => {
  test('every pixel is that of the topmost shape that has it', () => {
    const pixels = rasterised(painting(), whole());
    for (let i = 0; i < 2000; i++) {
      const [x, y] = [(i * 37) % side, (i * 101) % side];
      const top = shapes.findLast((one) => holds(columnsIn(one), x, y));
      expect(Math.floor((pixels[y * side + x] ?? 0) / 10)).toBe(top?.id ?? 0);
    }
  });

  test('any part painted by itself is that part of the whole, at every level', () => {
    const box = fc.record({ x: fc.nat(90), y: fc.nat(90), width: fc.integer({ min: 1, max: 60 }), height: fc.nat(59) });
    for (const step of [1, 2, 4]) {
      const full = rasterised(painting(), whole(step));
      const property = fc.property(box, ({ x, y, width, height }) => {
        const region = { x: x * step, y: y * step, width, height: height + 1, step };
        const part = rasterised(painting(), region);
        part.forEach((pixel, i) => {
          const [column, row] = [x + (i % width), y + Math.floor(i / width)];
          const inside = column < side / step && row < side / step;
          if (inside) expect(pixel).toBe(full[row * (side / step) + column]);
        });
      });
      fc.assert(property, { numRuns: 25 });
    }
  });

  test('an incremental repaint after a change equals painting everything anew', () => {
    const index = new ShapeGrid(side);
    index.update(new Map(shapes.map((one) => [one.id, one])));
    const tile: Box = { x1: 0, y1: 0, x2: side, y2: side };
    const corner = sweepColumns({ from: { x: 4, y: 4 }, to: { x: 4, y: 4 }, radius: 4 }, { width: side, height: side });
    for (const step of [1, 2, 4]) {
      index.update(new Map(shapes.map((one) => [one.id, one])));
      const before = rasterised(painting(), whole(step));
      const [gone, ...rest] = shapes;
      const moved = rest.map((one) => (one.id === 20 ? { ...one, ...extent(corner) } : one));
      const dirty = [gone?.box, shapes.find(({ id }) => id === 20)?.box, columnsBox(corner)];
      const now = new Map(moved.map((one) => [one.id, one]));
      index.update(now);
      for (const box of dirty) repaint(before, box ?? tile, { tile, step, index });
      expect(before).toEqual(rasterised(painting(moved), whole(step)));
    }
  });

  function repaint(
    pixels: Uint32Array,
    dirty: Box,
    { tile, step, index }: { tile: Box; step: number; index: ShapeGrid },
  ) {
    const region = paintedRegion(dirty, tile, { step, width: side / step, height: side / step });
    if (!region) return;
    const box = {
      x1: region.x,
      y1: region.y,
      x2: region.x + region.width * step,
      y2: region.y + region.height * step,
    };
    const part = rasterised(painting(index.within(box)), region);
    part.forEach((pixel, i) => {
      const [x, y] = [region.x / step + (i % region.width), region.y / step + Math.floor(i / region.width)];
      pixels[y * (side / step) + x] = pixel;
    });
  }

  test('the outline along pixel edges passes between painted and unpainted pixels, not one pixel off', () => {
    for (const one of shapes.slice(0, 10)) {
      const pixels = rasterised(painting([one]), whole());
      const at = (x: number, y: number) => (x < 0 || y < 0 || x >= side || y >= side ? 0 : (pixels[y * side + x] ?? 0));
      for (const ring of edgeRings(columnsIn(one))) {
        for (let i = 0; i < ring.length; i += 2) {
          const [x, y] = [ring[i] ?? 0, ring[i + 1] ?? 0];
          const around = [at(x - 1, y - 1), at(x, y - 1), at(x - 1, y), at(x, y)].filter((pixel) => pixel !== 0);
          expect(around.length).toBeGreaterThan(0);
          expect(around.length).toBeLessThan(4);
          for (const pixel of around.length === 1 ? around : []) expect(pixel).toBe(paintOf(one).edge);
        }
      }
    }
  });

  test('edges are the pixels that have a neighbour outside', () => {
    const one = shapes[3] ?? shape(1);
    const columns = columnsIn(one);
    rasterised(painting([one]), whole()).forEach((pixel, i) => {
      const [x, y] = [i % side, Math.floor(i / side)];
      if (pixel === 0) return expect(holds(columns, x, y)).toBe(false);
      const inner = [
        [x - 1, y],
        [x + 1, y],
        [x, y - 1],
        [x, y + 1],
      ].every(([a = 0, b = 0]) => holds(columns, a, b));
      expect(pixel).toBe(inner ? paintOf(one).fill : paintOf(one).edge);
    });
  });
});

describe('what a coarse level shows', () => {
  test('a shape smaller than a sample is one pixel, not nothing', () => {
    const tiny = shape(5, filled(9, 9, 10, 10));
    const region = { x: 0, y: 0, width: 10, height: 8, step: 4 };
    expect(rasterised(painting([tiny]), region).filter((pixel) => pixel !== 0)).toHaveLength(1);
    expect(rasterised(painting([tiny]), { ...region, x: 20, width: 5 }).some((pixel) => pixel !== 0)).toBe(false);
  });

  test('a bare box is its four sides', () => {
    const bare = shape(5, filled(4, 4, 20, 12), { mask: null });
    const pixels = rasterised(painting([bare]), { x: 0, y: 0, width: 40, height: 30, step: 1 });
    expect(pixels.filter((pixel) => pixel !== 0)).toHaveLength(2 * 16 + 2 * 6);
    expect(pixels[4 * 40 + 4]).toBe(52);
    expect(pixels[5 * 40 + 5]).toBe(0);
  });
});

describe('a stroke in progress', () => {
  const target = shapes[30] ?? shape(1);
  const places = { x: (target.box.x1 + target.box.x2) / 2, y: (target.box.y1 + target.box.y2) / 2 };

  test('is painted as it will look when it is stored', () => {
    for (const adds of [true, false]) {
      const stroke = strokeOn(target.id, adds, places);
      const seen = rasterised(painting([target], stroke), whole());
      const stored = joined(columnsIn(target), stroke.area, adds ? either : without);
      seen.forEach((pixel, i) => void expect(pixel !== 0).toBe(holds(stored, i % side, Math.floor(i / side))));
    }
  });

  test('of a new shape is painted over everything in the colour of its label', () => {
    const stroke = strokeOn(null, true);
    const pixels = rasterised(painting(shapes, stroke), whole());
    expect(pixels[205 * side + 210]).toBe(fresh.fill);
    expect(rasterised(painting([], strokeOn(null, false)), whole()).some((pixel) => pixel !== 0)).toBe(false);
  });

  test('a repaint of where it grew equals painting it all', () => {
    const full = rasterised(painting(shapes, strokeOn(null, true)), whole());
    const latest = strokeOn(null, true).latest ?? { x1: 0, y1: 0, x2: 1, y2: 1 };
    const pixels = rasterised(painting(), whole());
    const region = paintedRegion(latest, { x1: 0, y1: 0, x2: side, y2: side }, { step: 1, width: side, height: side });
    if (!region) throw new Error('the stroke lies outside');
    rasterised(painting(shapes, strokeOn(null, true)), region).forEach((pixel, i) => {
      pixels[(region.y + Math.floor(i / region.width)) * side + region.x + (i % region.width)] = pixel;
    });
    expect(pixels).toEqual(full);
  });

  test('costs milliseconds where it touches an object of 10,000 pixels', () => {
    const size = { width: 10_000, height: 10_000 };
    const base = sweepColumns({ from: { x: 500, y: 500 }, to: { x: 9500, y: 9500 }, radius: 400 }, size);
    const area = sweepColumns({ from: { x: 5000, y: 5000 }, to: { x: 5030, y: 5000 }, radius: 60 }, size);
    const giant = { ...shape(5), mask: null, box: columnsBox(base) ?? shape(5).box };
    const stroke = { shapeId: 5, adds: true, area, serial: 1, grown: 1, latest: columnsBox(area) };
    const region = { x: 4900, y: 4900, width: 260, height: 220, step: 1 };
    // The best of many, because the machine has other work.
    const best = Math.min(
      ...Array.from({ length: 40 }, () => {
        const started = performance.now();
        rasterised(painting([giant], stroke), region);
        return performance.now() - started;
      }),
    );
    expect(best).toBeLessThan(16);
  });
});

describe('colours', () => {
  test('are pixels of ImageData', () => {
    const bytes = new Uint8Array(Uint32Array.of(pixelOf('#0a141e', 0.5)).buffer);
    expect([...bytes]).toEqual([10, 20, 30, 128]);
    expect(pixelOf('#ffffff', 3)).toBe(0xffffffff);
  });

  test('stay with the label, the object or the verdict', () => {
    const labels = new Map([[1, label]]);
    const review = { id: 7, status: 'unreviewed', note: '' } as const;
    const image = { id: 7, path: 'a', hash: null, width: 4, height: 4, state: 'present', problem: null } as const;
    const object = {
      ...{ index: 0, box: { value: { x1: 0, y1: 0, x2: 1, y2: 1 }, verdict: null } },
      mask: { shapeId: 3, verdict: 'wrong' as const },
    };
    const correction = {
      proposalId: null,
      found: { value: 'objects' as const, verdict: null },
      reasoning: { text: '', verdict: null },
      objects: [object],
    };
    const asked = { id: 2, imageId: 7, text: 'a', points: [], box: null, correction };
    const open = { image, review, shapes: new Map(), prompts: new Map([[2, asked]]), proposals: new Map() };
    expect(colouring('label', labels, open)(shape(3))).toBe(label.colour);
    expect(colouring('label', new Map(), open)(shape(3))).toBe('#999999');
    expect(colouring('object', labels, open)(shape(3))).not.toBe(colouring('object', labels, open)(shape(4)));
    expect(colouring('object', labels, open)(shape(3))).toBe(colouring('object', labels, null)(shape(3)));
    expect(colouring('review', labels, open)(shape(3))).not.toBe(colouring('review', labels, open)(shape(4)));
  });
});

test('masks are unpacked once', () => {
  const one = shape(3);
  if (!one.mask) throw new Error('the shape has no mask');
  expect(columnsOf(one.mask)).toBe(columnsOf(one.mask));
});
