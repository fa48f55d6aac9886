// Orders, directions and sizes hold by a clear margin or are not said at all.
import { describe, expect, it } from 'vitest';
import {
  countedFrom,
  hourOf,
  isAloneInCorner,
  isAloneInMiddle,
  lies,
  nearest,
  thingAt,
} from '../../main/scenes/relations.ts';
import { clearlyLarger, roundedSide, sizeWords } from '../../main/scenes/sizes.ts';
import { around, stage, thing } from './stage.ts';

describe('countedFrom', () => {
  const dogs = stage(thing('dog', around(30, 180)), thing('dog', around(90, 60)), thing('dog', around(160, 110)));

  it('counts from every side', () => {
    expect(countedFrom(dogs, 'left', [2, 0, 1], 3)).toEqual([0, 1, 2]);
    expect(countedFrom(dogs, 'right', [0, 1, 2], 2)).toEqual([2, 1]);
    expect(countedFrom(dogs, 'top', [0, 1, 2], 3)).toEqual([1, 2, 0]);
    expect(countedFrom(dogs, 'bottom', [0, 1, 2], 1)).toEqual([0]);
    expect(countedFrom(dogs, 'left', [1, 2], 1)).toEqual([1]);
  });

  it('refuses an order in which two centres are close', () => {
    const close = stage(thing('dog', around(30, 180)), thing('dog', around(36, 60)), thing('dog', around(160, 110)));
    expect(countedFrom(close, 'left', [0, 1, 2], 1)).toBeNull();
    expect(countedFrom(close, 'right', [0, 1, 2], 1)).toEqual([2]);
    expect(countedFrom(close, 'right', [0, 1, 2], 2)).toBeNull();
    expect(countedFrom(close, 'top', [0, 1, 2], 3)).toEqual([1, 2, 0]);
  });

  it('refuses an order that the edges contradict', () => {
    const wide = stage(thing('dog', around(60, 60, 10)), thing('dog', around(90, 150, 60)));
    expect(countedFrom(wide, 'left', [0, 1], 1)).toBeNull();
    expect(countedFrom(wide, 'right', [0, 1], 1)).toEqual([1]);
  });
});

describe('lies', () => {
  const cross = stage(
    thing('dog', around(40, 110)),
    thing('cat', around(110, 40)),
    thing('car', around(110, 110)),
    thing('cup', around(116, 180)),
    thing('bed', around(180, 110)),
  );

  it('is yes straight to a side and no on the opposite one', () => {
    for (const [side, index, opposite] of [
      ['left', 0, 4],
      ['right', 4, 0],
      ['top', 1, 3],
      ['bottom', 3, 1],
    ] as const) {
      expect(lies(cross, side, index, 2)).toBe('yes');
      expect(lies(cross, side, opposite, 2)).toBe('no');
    }
  });

  it('is unclear far off the axis or too near', () => {
    expect(lies(cross, 'right', 3, 2)).toBe('unclear');
    expect(lies(cross, 'left', 2, 3)).toBe('unclear');
    expect(lies(cross, 'top', 2, 0)).toBe('no');
  });

  it('never holds in both directions', () => {
    for (const side of ['left', 'right', 'top', 'bottom'] as const) {
      for (const a of cross.things.keys()) {
        for (const b of cross.things.keys()) {
          if (lies(cross, side, a, b) === 'yes') expect(lies(cross, side, b, a)).toBe('no');
        }
      }
    }
  });
});

describe('hours, corners and the middle', () => {
  it('read the clock face around the middle of the picture', () => {
    for (let hour = 1; hour <= 12; hour++) {
      const turn = (hour / 6) * Math.PI;
      const one = stage(
        thing('dog', around(Math.round(112 + 80 * Math.sin(turn)), Math.round(112 - 80 * Math.cos(turn)))),
      );
      expect(hourOf(one, 0, [0])).toBe(hour);
    }
  });

  it('name no hour for two in one direction, or near the middle', () => {
    const two = stage(thing('dog', around(180, 112)), thing('cat', around(190, 130)));
    expect(hourOf(two, 0, [0, 1])).toBeNull();
    expect(hourOf(two, 0, [0])).toBe(3);
    expect(hourOf(stage(thing('dog', around(120, 112))), 0, [0])).toBeNull();
  });

  it('find the one in a corner, unless another is nearly there', () => {
    const corner = stage(thing('dog', around(30, 30)), thing('cat', around(180, 40)));
    expect(isAloneInCorner(corner, 0, [0, 1], ['top', 'left'])).toBe(true);
    expect(isAloneInCorner(corner, 1, [0, 1], ['top', 'right'])).toBe(true);
    expect(isAloneInCorner(corner, 0, [0, 1], ['bottom', 'left'])).toBe(false);
    const crowd = stage(thing('dog', around(30, 30)), thing('cat', around(90, 40)));
    expect(isAloneInCorner(crowd, 0, [0, 1], ['top', 'left'])).toBe(false);
  });

  it('find the one in the middle', () => {
    const pair = stage(thing('dog', around(60, 112)), thing('cat', around(112, 118)));
    expect(isAloneInMiddle(pair, 1, [0, 1])).toBe(false);
    expect(isAloneInMiddle(pair, 1, [1])).toBe(true);
    expect(isAloneInMiddle(pair, 0, [0])).toBe(false);
  });
});

describe('nearest', () => {
  it('needs a clear difference of distance', () => {
    const row = stage(thing('dog', around(30, 100)), thing('car', around(80, 100)), thing('cat', around(200, 100)));
    expect(nearest(row, [0, 2], 1)).toBe(0);
    const even = stage(thing('dog', around(30, 100)), thing('car', around(100, 100)), thing('cat', around(180, 100)));
    expect(nearest(even, [0, 2], 1)).toBeNull();
    expect(nearest(even, [], 1)).toBeNull();
    expect(() => thingAt(even, 9)).toThrow('has no thing 9');
  });
});

describe('sizes', () => {
  const view = stage();

  it('compares by side, box and visible pixels together', () => {
    const [small, large] = [thing('dog', around(50, 50, 10)), thing('dog', around(150, 50, 20))];
    expect(clearlyLarger(large, small, view)).toBe(true);
    expect(clearlyLarger(small, large, view)).toBe(false);
    expect(clearlyLarger({ ...large, area: small.area }, small, view)).toBe(false);
    expect(clearlyLarger(thing('dog', around(1, 1, 11)), small, view)).toBe(false);
  });

  it('rounds the longer side to fives', () => {
    expect(roundedSide(thing('dog', [10, 10, 52, 30]), view)).toBe(40);
    expect(roundedSide(thing('dog', [10, 10, 30, 58]), view)).toBe(50);
  });

  it('calls things small or large only among their own name', () => {
    const all = [thing('dog', around(50, 50, 10)), thing('dog', around(90, 50, 20)), thing('cat', around(150, 50, 40))];
    expect(sizeWords(all, view).map(({ size }) => size)).toEqual(['small', 'large', null]);
    const three = [...all, thing('dog', around(180, 50, 11))];
    expect(sizeWords(three, view).map(({ size }) => size)).toEqual([null, 'large', null, null]);
  });
});
