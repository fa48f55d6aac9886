// Sprites on a canvas: size, turning, flipping, solid pixels, shadows and what hangs over the edge.
import { describe, expect, it } from 'vitest';
import type { Pixels, Sprite } from '../../main/scenes/atlas.ts';
import { type Canvas, composite, type Pose, posedPatch, shade, solidPixels, stamp } from '../../main/scenes/patch.ts';

/** An opaque rectangle, red on the left half and blue on the right, in a transparent border. */
function flag(width: number, height: number): Pixels {
  const data = new Uint8Array((width + 2) * (height + 2) * 4);
  for (let y = 1; y <= height; y++) {
    for (let x = 1; x <= width; x++)
      data.set(x <= width / 2 ? [255, 0, 0, 255] : [0, 0, 255, 255], (y * (width + 2) + x) * 4);
  }
  return { width: width + 2, height: height + 2, data };
}

const sprite: Sprite = [flag(64, 32), flag(32, 16), flag(16, 8)];
const pose = (change: Partial<Pose> = {}): Pose => ({ x: 50, y: 50, side: 40, angle: 0, flip: false, ...change });
const canvas = (value: number): Canvas => ({ width: 100, height: 100, data: new Float32Array(30_000).fill(value) });
const at = ({ data }: Canvas, x: number, y: number): number[] => [
  ...data.slice((y * 100 + x) * 3, (y * 100 + x) * 3 + 3),
];

function span(ids: Uint8Array): number[] {
  const inside = [...ids.keys()].filter((i) => ids[i]);
  const [xs, ys] = [inside.map((i) => i % 100), inside.map((i) => Math.floor(i / 100))];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
}

const stamped = (change: Partial<Pose>): Uint8Array => {
  const ids = new Uint8Array(10_000);
  stamp(ids, 100, posedPatch(sprite, pose(change)), 3);
  return ids;
};

describe('patch', () => {
  it('draws the longer side at the size that is asked for, at every level', () => {
    expect(span(stamped({}))).toEqual([30, 40, 70, 60]);
    expect(span(stamped({ side: 64 }))).toEqual([18, 34, 82, 66]);
    expect(span(stamped({ side: 12 }))).toEqual([44, 47, 56, 53]);
    expect(solidPixels(posedPatch(sprite, pose()))).toBe(40 * 20);
  });

  it('turns clockwise around the centre', () => {
    expect(span(stamped({ angle: Math.PI / 2 }))).toEqual([40, 30, 60, 70]);
    const turned = canvas(0);
    composite(turned, posedPatch(sprite, pose({ angle: Math.PI / 2 })));
    expect(at(turned, 50, 35)[0]).toBeCloseTo(255, -1);
    expect(at(turned, 50, 65)[2]).toBeCloseTo(255, -1);
  });

  it('flips left and right', () => {
    for (const [flip, left] of [
      [false, 0],
      [true, 2],
    ] as const) {
      const drawn = canvas(0);
      composite(drawn, posedPatch(sprite, pose({ flip })));
      expect(at(drawn, 35, 50)[left]).toBeCloseTo(255, -1);
      expect(at(drawn, 65, 50)[2 - left]).toBeCloseTo(255, -1);
    }
  });

  it('cuts off what hangs over the edges but counts it as part of the thing', () => {
    const ids = stamped({ x: 0, y: 0 });
    expect(span(ids)).toEqual([0, 0, 20, 10]);
    expect(solidPixels(posedPatch(sprite, pose({ x: 0, y: 0 })))).toBe(800);
    expect(stamped({ x: -200 }).every((id) => id === 0)).toBe(true);
  });

  it('lets a later stamp cover an earlier one', () => {
    const ids = stamped({});
    stamp(ids, 100, posedPatch(sprite, pose({ x: 60 })), 4);
    expect(ids.filter((id) => id === 3).length).toBe(10 * 20);
    expect(ids.filter((id) => id === 4).length).toBe(40 * 20);
  });

  it('leaves the canvas beside the patch alone', () => {
    const drawn = canvas(77);
    composite(drawn, posedPatch(sprite, pose()));
    expect(at(drawn, 20, 20)).toEqual([77, 77, 77]);
    expect(at(drawn, 50, 62)).toEqual([77, 77, 77]);
  });

  it('casts a shadow to the side that is asked for, never brighter than before', () => {
    const drawn = canvas(200);
    shade(drawn, posedPatch(sprite, pose()), { dx: 6, dy: 8, strength: 0.5 });
    expect(at(drawn, 56, 58)[0]).toBeCloseTo(100, 0);
    expect(at(drawn, 25, 35)[0]).toBe(200);
    expect(Math.max(...drawn.data)).toBeLessThanOrEqual(200);
    expect(Math.min(...drawn.data)).toBeGreaterThanOrEqual(99);
  });
});
