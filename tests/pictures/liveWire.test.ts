// Intelligent scissors: the wire stays on the edge of a thing whose true edge is known, over noise and beside other edges.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, middleOf, wayTo } from '../../main/contract/liveWire.ts';
import { random as seeded } from '../../main/contract/random.ts';
import type { DecodedImage } from '../../main/contract/records.ts';
import { liveWire } from '../../main/pictures/liveWire.ts';

interface Spot {
  readonly x: number;
  readonly y: number;
}

const middle = { x: 160, y: 120 };
/** A lobed thing: its edge lies at this distance from the middle. */
const radiusAt = (angle: number, size = 1): number => size * (70 + 12 * Math.cos(3 * angle) + 5 * Math.sin(5 * angle));
const onEdge = (angle: number, size = 1): Spot => ({
  x: size * middle.x + radiusAt(angle, size) * Math.cos(angle),
  y: size * middle.y + radiusAt(angle, size) * Math.sin(angle),
});

/** The thing in one colour on another, with noise of so many levels; `stripes`: the ground has strong edges of its own. */
function lobed({ noise = 0, size = 1, stripes = false } = {}): DecodedImage {
  const [width, height] = [320 * size, 240 * size];
  const random = seeded(7);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [(i % width) + 0.5 - size * middle.x, Math.floor(i / width) + 0.5 - size * middle.y];
    const isInside = Math.hypot(x, y) < radiusAt(Math.atan2(y, x), size);
    const ground = stripes && Math.floor((x + 1000) / 9) % 2 === 0 ? 190 : 90;
    const level = () => Math.round((random.next() - 0.5) * 2 * noise);
    data.set(isInside ? [170 + level(), 60 + level(), 70 + level()] : [70 + level(), ground, 110 + level()], 3 * i);
  }
  return { width, height, data };
}

/** The edge as a close line of places. */
const edge = (size = 1): Spot[] => Array.from({ length: 720 }, (_, i) => onEdge((i / 720) * 2 * Math.PI, size));

const farFrom = (line: readonly Spot[], { x, y }: Spot): number =>
  Math.min(...line.map((one) => Math.hypot(one.x - x, one.y - y)));

/** Wires from anchor to anchor around the thing, as a person clicks them. */
function around(image: DecodedImage, anchors: readonly Spot[]): Spot[] {
  return anchors.flatMap((from, i) => {
    const to = anchors[(i + 1) % anchors.length] ?? from;
    return wayTo(liveWire(image, { ...from, reach: 0, to: null }), to);
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('a live wire', () => {
  const anchors = Array.from({ length: 5 }, (_, i) => onEdge((i / 5) * 2 * Math.PI + 0.3));

  it.each([
    ['without noise', {}, 0.8],
    ['with noise', { noise: 25 }, 1.5],
    ['on a ground with strong edges of its own', { stripes: true, noise: 6 }, 1.5],
  ])('around a thing %s is on its edge', (_name, how, most) => {
    const distances = around(lobed(how), anchors).map((one) => farFrom(edge(), one));
    expect(mean(distances)).toBeLessThanOrEqual(most);
    expect(distances.length).toBeGreaterThan(400);
  });

  it('begins at the strongest edge near a click beside it, and where it was clicked without a reach', () => {
    const image = lobed();
    const { x, y } = onEdge(1);
    const beside = { x: x + 4, y: y + 4 };
    const snapped = liveWire(image, { ...beside, reach: 8, to: null });
    expect(farFrom(edge(), middleOf(snapped, snapped.root))).toBeLessThan(1.5);
    const plain = liveWire(image, { ...beside, reach: 0, to: null });
    expect(middleOf(plain, plain.root)).toEqual({ x: Math.floor(beside.x) + 0.5, y: Math.floor(beside.y) + 0.5 });
  });

  it('on a large picture looks at a window, which reaches as far as it is asked to, in as many pixels as ever', () => {
    const size = 8;
    const image = lobed({ size });
    const [from, to] = [onEdge(0.2, size), onEdge(1.1, size)];
    const near = liveWire(image, { ...from, reach: 0, to: null });
    expect([near.columns, near.rows]).toEqual([384, 384]);
    expect(covers(near, to)).toBe(false);
    const far = liveWire(image, { ...from, reach: 0, to });
    expect(covers(far, to)).toBe(true);
    expect(far.columns * far.rows).toBeLessThanOrEqual(384 * 384);
    const pixel = (far.place.x2 - far.place.x1) / far.columns;
    const distances = wayTo(far, to).map((one) => farFrom(edge(size), one));
    expect(mean(distances) / pixel).toBeLessThanOrEqual(1.5);
  });

  it('leads back from every pixel of any picture, of one pixel too', () => {
    const pictures = fc.record({
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 9 }),
      seed: fc.nat(),
      x: fc.double({ min: 0, max: 0.99, noNaN: true }),
    });
    fc.assert(
      fc.property(pictures, ({ width, height, seed, x }) => {
        const random = seeded(seed);
        const data = Uint8Array.from({ length: width * height * 3 }, () => Math.floor(random.next() * 256));
        const wire = liveWire({ width, height, data }, { x: x * width, y: x * height, reach: 0, to: null });
        for (let cell = 0; cell < width * height; cell++) {
          const way = wayTo(wire, middleOf(wire, cell));
          expect(way[0]).toEqual(middleOf(wire, wire.root));
          expect(way.at(-1)).toEqual(middleOf(wire, cell));
          expect(new Set(way.map((one) => `${one.x} ${one.y}`)).size).toBe(way.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [-1, 5],
    [320, 5],
    [5, 240],
  ])('cannot begin at %d, %d', (x, y) => {
    expect(() => liveWire(lobed(), { x, y, reach: 0, to: null })).toThrow('lies outside the picture');
  });
});
