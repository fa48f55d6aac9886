// A training step of the detector: what cells are to name and box, where nobody knows, and that boxes lie on what is seen.
import { describe, expect, it } from 'vitest';
import type { LabelledImage } from '../../../main/evaluate/cocoPhotos.ts';
import { type DetectorFeeds, DetectorLessons } from '../../../main/nano/detector/detectorLessons.ts';
import { detectorBatch, detectorGrid as grid, samSide } from '../../../main/nano/parameters/layout.ts';

const [width, height] = [96, 72];
const classes = ['cat', 'dog', 'person'];
const cells = grid * grid;

type Thing = readonly [label: string, x1: number, y1: number, x2: number, y2: number];

/** Light rectangles on dark ground. */
function photo(set: string, ...things: readonly Thing[]): LabelledImage {
  const data = new Uint8Array(width * height * 3).fill(20);
  for (const [, x1, y1, x2, y2] of things)
    for (let y = y1; y < y2; y++) data.fill(230, 3 * (y * width + x1), 3 * (y * width + x2));
  const mask = { size: [height, width] as [number, number], counts: [width * height] };
  return {
    ...{ set, image: { width, height, data } },
    things: things.map(([label, x1, y1, x2, y2]) => ({ label, mask, box: { x1, y1, x2, y2 } })),
  };
}

/** In a corner, and neither square nor of the picture's shape: flips and turns show. */
const cat = photo('a', ['cat', 6, 4, 46, 24]);
const batchOf = (photos: readonly LabelledImage[], step = 3, seed = 1) =>
  new DetectorLessons(photos, classes, seed).batch(step);

interface Cell {
  readonly picture: number;
  readonly index: number;
  /** The cell's middle, in shares of the picture. */
  readonly x: number;
  readonly y: number;
}

function cellAt(at: number): Cell {
  const cell = Math.floor(at / classes.length) % cells;
  return {
    ...{ picture: Math.floor(at / classes.length / cells), index: at % classes.length },
    ...{ x: ((cell % grid) + 0.5) / grid, y: (Math.floor(cell / grid) + 0.5) / grid },
  };
}

/** Every cell that boxes a thing, with the box. */
function boxed({ at, boxes, counts }: DetectorFeeds) {
  return [...at].flatMap((place, i) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(4 * i, 4 * i + 4);
    return counts[i] === 1 ? [{ at: Number(place), ...cellAt(Number(place)), box: { x1, y1, x2, y2 } }] : [];
  });
}
const ones = (values: Float32Array): number[] => [...values].flatMap((value, i) => (value === 1 ? [i] : []));

describe('a step', () => {
  it('has shapes that fit', () => {
    const feeds = batchOf([cat]);
    const { pictures, places } = detectorBatch;
    expect(feeds.samImage).toHaveLength(pictures * 3 * samSide * samSide);
    expect(feeds.named).toHaveLength(pictures * cells * classes.length);
    expect(feeds.weight).toHaveLength(feeds.named.length);
    expect([feeds.at.length, feeds.boxes.length, feeds.counts.length]).toEqual([places, 4 * places, places]);
  });

  it('is the same for the same step and seed, and another for others', () => {
    const first = batchOf([cat]);
    expect(batchOf([cat])).toEqual(first);
    expect(batchOf([cat], 4).boxes).not.toEqual(first.boxes);
    expect(batchOf([cat], 3, 2).boxes).not.toEqual(first.boxes);
  });
});

describe('cells that name a thing', () => {
  const feeds = batchOf([cat, photo('a', ['dog', 50, 30, 90, 70], ['person', 0, 0, 20, 60])]);

  it('are those that box it, and their word counts', () => {
    const named = ones(feeds.named);
    expect(named.length).toBeGreaterThan(50);
    expect(
      boxed(feeds)
        .map(({ at }) => at)
        .sort((a, b) => a - b),
    ).toEqual(named);
    expect(named.every((at) => feeds.weight[at] === 1)).toBe(true);
  });

  it('lie in the middle of the thing', () => {
    const near = (at: number, low: number, up: number) =>
      Math.abs(at - (low + up) / 2) <= Math.max((up - low) / 4, 0.75 / grid) + 1e-6;
    for (const { x, y, box } of boxed(feeds))
      expect(near(x, box.x1, box.x2) && near(y, box.y1, box.y2), JSON.stringify(box)).toBe(true);
  });

  it('box parts of the picture in order', () => {
    for (const { box } of boxed(feeds)) {
      expect(box.x1 < box.x2 && box.y1 < box.y2).toBe(true);
      expect(Math.min(box.x1, box.y1)).toBeGreaterThanOrEqual(0);
      expect(Math.max(box.x2, box.y2)).toBeLessThanOrEqual(1);
    }
  });

  it('follow the picture as it is cut, flipped and turned', () => {
    const one = batchOf([cat]);
    const brightness = (picture: number, isIn: (x: number, y: number) => boolean) => {
      let [sum, count] = [0, 0];
      for (let i = 0; i < samSide * samSide; i++) {
        if (!isIn(((i % samSide) + 0.5) / samSide, (Math.floor(i / samSide) + 0.5) / samSide)) continue;
        sum += one.samImage[(3 * picture + 1) * samSide * samSide + i] ?? 0;
        count++;
      }
      return sum / Math.max(1, count);
    };
    const boxes = new Map(boxed(one).map(({ picture, box }) => [picture, box]));
    const corners = [...boxes.values()].map(({ x1, y1, x2, y2 }) => `${x1 + x2 < 1} ${y1 + y2 < 1}`);
    // To the left and, flipped, to the right.
    expect(new Set(corners).size).toBeGreaterThan(1);
    for (const [picture, { x1, y1, x2, y2 }] of boxes) {
      const isIn = (x: number, y: number, by: number) => x > x1 + by && x < x2 - by && y > y1 + by && y < y2 - by;
      const [inside, outside] = [
        brightness(picture, (x, y) => isIn(x, y, 0.02)),
        brightness(picture, (x, y) => !isIn(x, y, -0.02)),
      ];
      const whole = brightness(picture, () => true);
      // A thing that fills the part has nothing outside; blur and noise leave most of the difference of 210 levels.
      if ((x2 - x1) * (y2 - y1) < 0.8) expect(inside - outside, `picture ${picture}`).toBeGreaterThan(1.5);
      expect(inside).toBeGreaterThanOrEqual(whole - 0.1);
    }
  });
});

describe('cells of which nobody asks', () => {
  it('lie in a thing and not in its middle; all others are to say that it is not there', () => {
    const feeds = batchOf([cat]);
    const boxes = new Map(boxed(feeds).map(({ picture, box }) => [picture, box]));
    expect(boxes.size).toBeGreaterThan(10);
    for (let at = 0; at < feeds.named.length; at += classes.length) {
      const { picture, x, y } = cellAt(at);
      const box = boxes.get(picture);
      if (!box || feeds.named[at] === 1) continue;
      const isIn = x > box.x1 && x < box.x2 && y > box.y1 && y < box.y2;
      expect(feeds.weight[at]).toBe(isIn ? 0 : 1);
    }
    expect(feeds.weight.filter((weight) => weight === 0).length).toBeGreaterThan(100);
  });

  it('are all of a thing of which too little is seen', () => {
    // Small parts of the picture show little of the large thing, which fills them.
    const lessons = new DetectorLessons([photo('a', ['cat', 0, 0, 96, 72], ['dog', 0, 0, 12, 12])], classes, 1);
    const cats = (values: Float32Array, picture: number) =>
      values.subarray(picture * cells * 3, (picture + 1) * cells * 3).filter((_, i) => i % 3 === 0);
    let unnamed = 0;
    for (let step = 0; step < 10; step++) {
      const feeds = lessons.batch(step);
      for (let picture = 0; picture < detectorBatch.pictures; picture++) {
        if (cats(feeds.named, picture).some((value) => value === 1)) continue;
        unnamed++;
        expect(cats(feeds.weight, picture).every((weight) => weight === 0)).toBe(true);
      }
      expect(ones(feeds.named).some((at) => at % 3 === 0)).toBe(true);
    }
    expect(unnamed).toBeGreaterThan(0);
  });
});

describe('classes that a set does not label', () => {
  it('count little, those that it labels elsewhere in full', () => {
    const feeds = batchOf([cat, photo('a', ['dog', 6, 4, 46, 24])]);
    for (let at = 0; at < feeds.weight.length; at += classes.length) {
      expect(feeds.weight[at + 2]).toBeCloseTo(0.15, 6);
      expect([0, 1]).toContain(feeds.weight[at]);
      expect([0, 1]).toContain(feeds.weight[at + 1]);
    }
  });

  it('are those of the photograph, whatever other sets label', () => {
    const feeds = batchOf([cat, photo('b', ['person', 50, 30, 90, 70])]);
    const shown = new Map(boxed(feeds).map(({ picture, index }) => [picture, index]));
    expect(new Set(shown.values())).toEqual(new Set([0, 2]));
    for (const [picture, index] of shown) {
      const other = 2 - index;
      expect(feeds.weight[picture * cells * 3 + other]).toBeCloseTo(0.15, 6);
      expect(
        feeds.named.subarray(picture * cells * 3, (picture + 1) * cells * 3).some((v, i) => v === 1 && i % 3 === other),
      ).toBe(false);
    }
  });
});

describe('things over one another', () => {
  it('leave a cell to the smaller one of a class', () => {
    const feeds = batchOf([photo('a', ['cat', 8, 6, 88, 66], ['cat', 40, 28, 56, 44])]);
    const areaOf = ({ box }: { box: { x1: number; y1: number; x2: number; y2: number } }) =>
      (box.x2 - box.x1) * (box.y2 - box.y1);
    const all = Map.groupBy(boxed(feeds), ({ picture }) => picture);
    let both = 0;
    for (const some of all.values()) {
      const smallest = Math.min(...some.map(areaOf));
      const small = some.find((each) => areaOf(each) === smallest);
      const large = some.filter((each) => areaOf(each) > 3 * smallest);
      if (!small || large.length === 0) continue;
      both++;
      const { x1, y1, x2, y2 } = small.box;
      const isCore = ({ x, y }: Cell) =>
        Math.abs(x - (x1 + x2) / 2) <= 0.75 / grid && Math.abs(y - (y1 + y2) / 2) <= 0.75 / grid;
      expect(large.some(isCore)).toBe(false);
    }
    expect(both).toBeGreaterThan(8);
  });

  it('are named both where they are of two classes', () => {
    const feeds = batchOf([photo('a', ['cat', 20, 10, 80, 60], ['dog', 20, 10, 80, 60])]);
    const [cats, dogs] = [0, 1].map((index) =>
      ones(feeds.named).flatMap((at) => (at % 3 === index ? [at - index] : [])),
    );
    expect(cats?.length).toBeGreaterThan(50);
    expect(dogs).toEqual(cats);
  });
});

describe('photographs', () => {
  it('without a thing of any class are not shown', () => {
    const strange = photo('b', ['tuba', 6, 4, 46, 24]);
    const [alone, beside] = [batchOf([cat]), batchOf([cat, strange])];
    expect(beside).toEqual(alone);
  });
});
