// Places and views by properties: nearness, limits, the directions that Shift holds to, and the way to the screen and back.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Box } from '../../../main/contract/records.ts';
import {
  around,
  boxBetween,
  boxesTouch,
  clamped,
  distance,
  type ImagePoint,
  isOn,
  squared,
  straightened,
  toSide,
} from '../../../renderer/tools/place.ts';
import { inSight, panned, toImage, toScreen, visible, zoomed } from '../../../renderer/tools/view.ts';

// Without -0, which equals 0 everywhere but in the test's own eyes.
const coordinate = fc.double({ min: -500, max: 500, noNaN: true }).map((value) => value + 0);
const place: fc.Arbitrary<ImagePoint> = fc.record({ x: coordinate, y: coordinate });
const sides = fc.record({ width: fc.integer({ min: 1, max: 400 }), height: fc.integer({ min: 1, max: 400 }) });
const wholeBox: fc.Arbitrary<Box> = fc
  .tuple(fc.nat(20), fc.nat(20), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .map(([x, y, width, height]) => ({ x1: x, y1: y, x2: x + width, y2: y + height }));

const holdsFor = <A, B>(a: fc.Arbitrary<A>, b: fc.Arbitrary<B>, check: (a: A, b: B) => void) =>
  fc.assert(
    fc.property(a, b, (one, other) => void check(one, other)),
    { numRuns: 300 },
  );

describe('the nearest place on the image', () => {
  test('is on it or on its border, and no place on it is nearer', () => {
    fc.assert(
      fc.property(place, sides, fc.double({ min: 0, max: 1, noNaN: true }), (at, size, share) => {
        const near = clamped(at, size);
        expect(near.x >= 0 && near.x <= size.width && near.y >= 0 && near.y <= size.height).toBe(true);
        const other = { x: share * size.width, y: (1 - share) * size.height };
        expect(distance(at, near)).toBeLessThanOrEqual(distance(at, other) + 1e-9);
      }),
    );
  });

  test('is the place itself where that is on the image', () => {
    holdsFor(place, sides, (at, size) => {
      if (isOn(at, size)) expect(clamped(at, size)).toEqual(at);
      expect(clamped(clamped(at, size), size)).toEqual(clamped(at, size));
    });
  });

  test('on the far border is not on a pixel any more', () => {
    expect(isOn({ x: 0, y: 0 }, { width: 3, height: 2 })).toBe(true);
    expect(isOn({ x: 2.99, y: 1.99 }, { width: 3, height: 2 })).toBe(true);
    expect(isOn({ x: 3, y: 1 }, { width: 3, height: 2 })).toBe(false);
    expect(isOn({ x: 1, y: 2 }, { width: 3, height: 2 })).toBe(false);
    expect(isOn({ x: -1e-9, y: 1 }, { width: 3, height: 2 })).toBe(false);
  });
});

describe('with Shift', () => {
  const eight = Array.from({ length: 8 }, (_, i) => ({
    x: Math.cos((i * Math.PI) / 4),
    y: Math.sin((i * Math.PI) / 4),
  }));

  test('a line goes in one of eight directions, as near to the pointer as any of them comes', () => {
    holdsFor(place, place, (from, to) => {
      const held = straightened(from, to);
      const ways = eight.map(({ x, y }) => {
        const along = Math.max(0, (to.x - from.x) * x + (to.y - from.y) * y);
        return { x: from.x + along * x, y: from.y + along * y };
      });
      const least = Math.min(...ways.map((way) => distance(way, to)));
      expect(distance(held, to)).toBeCloseTo(least, 6);
      expect(Math.min(...ways.map((way) => distance(way, held)))).toBeLessThan(1e-6);
    });
  });

  test('a line that is held already stays where it is', () => {
    holdsFor(place, place, (from, to) => {
      const once = straightened(from, to);
      expect(distance(straightened(from, once), once)).toBeLessThan(1e-6);
    });
  });

  test('a box is a square that reaches as far as the pointer, on its side', () => {
    holdsFor(place, place, (from, to) => {
      const corner = squared(from, to);
      const [dx, dy] = [corner.x - from.x, corner.y - from.y];
      expect(Math.abs(dx)).toBeCloseTo(Math.abs(dy), 9);
      const box = boxBetween(from, corner);
      const slack = 1e-9 * 1000;
      expect(to.x >= box.x1 - slack && to.x <= box.x2 + slack && to.y >= box.y1 - slack && to.y <= box.y2 + slack).toBe(
        true,
      );
    });
  });
});

describe('boxes', () => {
  test('between two places hold both, whichever comes first', () => {
    holdsFor(place, place, (a, b) => {
      const box = boxBetween(a, b);
      expect(box).toEqual(boxBetween(b, a));
      for (const { x, y } of [a, b]) expect(x >= box.x1 && x <= box.x2 && y >= box.y1 && y <= box.y2).toBe(true);
      expect((box.x2 - box.x1) ** 2 + (box.y2 - box.y1) ** 2).toBeCloseTo(distance(a, b) ** 2, 3);
    });
  });

  test('touch where they share a pixel, and not where they only meet', () => {
    const pixels = ({ x1, y1, x2, y2 }: Box) => {
      const found = new Set<string>();
      for (let x = x1; x < x2; x++) for (let y = y1; y < y2; y++) found.add(`${x} ${y}`);
      return found;
    };
    holdsFor(wholeBox, wholeBox, (a, b) => {
      const inB = pixels(b);
      expect(boxesTouch(a, b)).toBe([...pixels(a)].some((pixel) => inB.has(pixel)));
      expect(boxesTouch(a, b)).toBe(boxesTouch(b, a));
    });
  });

  test('around others are the smallest that hold them, without those that are not there', () => {
    fc.assert(
      fc.property(fc.array(fc.option(wholeBox), { maxLength: 5 }), (boxes) => {
        const there = boxes.filter((box) => box !== null);
        const all = around(...boxes);
        expect(all === null).toBe(there.length === 0);
        if (all === null) return;
        for (const { x1, y1, x2, y2 } of there) {
          expect(all.x1 <= x1 && all.y1 <= y1 && all.x2 >= x2 && all.y2 >= y2).toBe(true);
        }
        expect(there.some(({ x1 }) => x1 === all.x1) && there.some(({ y2 }) => y2 === all.y2)).toBe(true);
      }),
    );
    expect(around()).toBeNull();
    expect(around(null, null)).toBeNull();
  });
});

describe('the nearest place on a side', () => {
  test('lies on it, and no other place of it is nearer', () => {
    fc.assert(
      fc.property(place, place, place, fc.double({ min: 0, max: 1, noNaN: true }), (at, from, to, share) => {
        const near = toSide(at, from, to);
        expect(distance(from, near.at) + distance(near.at, to)).toBeCloseTo(distance(from, to), 6);
        expect(near.distance).toBeCloseTo(distance(at, near.at), 9);
        const other = { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
        expect(near.distance).toBeLessThanOrEqual(distance(at, other) + 1e-6);
        expect(toSide(at, to, from).distance).toBeCloseTo(near.distance, 6);
      }),
    );
  });

  test('of a side without length is its only place', () => {
    expect(toSide({ x: 3, y: 4 }, { x: 0, y: 0 }, { x: 0, y: 0 })).toEqual({ distance: 5, at: { x: 0, y: 0 } });
  });
});

describe('the view', () => {
  const views = fc.record({ scale: fc.double({ min: 0.05, max: 64, noNaN: true }), x: coordinate, y: coordinate });
  const frames = fc.record({
    image: sides,
    canvas: fc.record({ width: fc.integer({ min: 50, max: 1500 }), height: fc.integer({ min: 50, max: 1500 }) }),
  });

  test('leads to the screen and back', () => {
    holdsFor(views, place, (view, at) => {
      expect(distance(toImage(view, toScreen(view, at)), at)).toBeLessThan(1e-6);
    });
  });

  test('keeps some of the image in sight, whatever is panned and zoomed', () => {
    fc.assert(
      fc.property(
        views,
        frames,
        fc.array(fc.tuple(place, fc.double({ min: 0.1, max: 10, noNaN: true })), { maxLength: 6 }),
        (start, frame, steps) => {
          let view = inSight(start, frame);
          for (const [at, factor] of steps) view = panned(zoomed(view, factor, at, frame), at.x * 20, at.y * 20, frame);
          const seen = visible(view, frame.canvas, frame.image);
          expect(seen).not.toBeNull();
          if (seen === null) return;
          expect(seen.x1 >= 0 && seen.y1 >= 0 && seen.x2 <= frame.image.width && seen.y2 <= frame.image.height).toBe(
            true,
          );
        },
      ),
    );
  });

  test('that shows the image stays where it is when it is panned there and back', () => {
    const frame = { image: { width: 400, height: 300 }, canvas: { width: 800, height: 600 } };
    const view = { scale: 1, x: 100, y: 100 };
    holdsFor(fc.integer({ min: -90, max: 90 }), fc.integer({ min: -90, max: 90 }), (dx, dy) => {
      expect(panned(panned(view, dx, dy, frame), -dx, -dy, frame)).toEqual(view);
    });
  });

  test('is zoomed as far by many steps as by one, and back to where it was', () => {
    const frame = { image: { width: 400, height: 300 }, canvas: { width: 800, height: 600 } };
    const view = { scale: 1, x: 200, y: 150 };
    holdsFor(
      fc.double({ min: 1, max: 3, noNaN: true }),
      fc.record({ x: fc.nat(800), y: fc.nat(600) }),
      (factor, at) => {
        const twice = zoomed(zoomed(view, factor, at, frame), factor, at, frame);
        const once = zoomed(view, factor ** 2, at, frame);
        expect(twice.scale).toBeCloseTo(once.scale, 6);
        expect(twice.scale).toBeLessThanOrEqual(64);
      },
    );
  });
});
