// What decisions measure, against places known by hand and against the boxes of drawn arrangements.
import { describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import { arrange } from '../../main/scenes/arrange.ts';
import { awayFromCorner, awayFromMiddle, awayFromThing, hoursOf, sizesOf, topsOf } from '../../main/scenes/measures.ts';
import { frameBox } from '../../main/scenes/scene.ts';
import { numeral, vocabulary } from '../../main/scenes/vocabulary.ts';
import { around, stage, thing } from './stage.ts';

/** At 12, 3, 6 and 9 o'clock, each 80 px from the middle. */
const cross = stage(
  thing('dog', around(32, 112, 10)),
  thing('cup', around(112, 32, 20)),
  thing('bed', around(112, 192, 30)),
  thing('car', around(192, 112, 16)),
);
const all = [0, 1, 2, 3];

describe('measures', () => {
  it('are told beside the number of each thing, in the order of the list', () => {
    expect(sizesOf(cross, all)).toBe('1 20, 2 40, 3 60, 4 30');
    expect(topsOf(cross, all)).toBe('1 110, 2 30, 3 190, 4 110');
    expect(hoursOf(cross, all)).toBe('1 9, 2 12, 3 6, 4 3');
    expect(topsOf(cross, [3, 1])).toBe('2 30, 4 110');
  });

  it('are distances of middles from a thing, the middle and a corner', () => {
    expect(awayFromMiddle(cross, all)).toBe('1 80, 2 80, 3 80, 4 80');
    expect(awayFromThing(cross, [1, 2, 3], 0)).toBe('2 115, 3 115, 4 160');
    expect(awayFromCorner(cross, all, ['top', 'left'])).toBe('1 115, 2 115, 3 220, 4 220');
    expect(awayFromCorner(cross, all, ['bottom', 'right'])).toBe('1 220, 2 220, 3 115, 4 115');
  });

  it('are numbers that the tokenizer has a word for', () => {
    const words = new Set(vocabulary());
    for (let value = -10; value < 400; value += 0.5) expect(words).toContain(String(numeral(value)));
    expect([numeral(0), numeral(12.4), numeral(12.6), numeral(316)]).toEqual([5, 10, 15, 225]);
  });
});

describe('arrange', () => {
  const arrangements = Array.from({ length: 60 }, (_, seed) => arrange(random(seed), 3 + (seed % 6)));

  it('puts things from left to right inside the picture, none smaller than a scene has them', () => {
    for (const { things, image } of arrangements) {
      const middles = things.map(({ box }) => box.x1 + box.x2);
      expect(middles).toEqual(middles.toSorted((a, b) => a - b));
      for (const { box, area } of things) {
        expect(box.x1 >= 0 && box.y1 >= 0 && box.x2 <= image.width && box.y2 <= image.height).toBe(true);
        expect(Math.min(box.x2 - box.x1, box.y2 - box.y1)).toBeGreaterThanOrEqual(12);
        expect(area).toBeLessThan((box.x2 - box.x1) * (box.y2 - box.y1));
      }
    }
  });

  it('says each box as it is: its frame is the picture', () => {
    for (const arrangement of arrangements)
      for (const { box } of arrangement.things) {
        const { x1, y2 } = frameBox(box, arrangement);
        expect(Math.max(Math.abs(x1 - box.x1), Math.abs(y2 - box.y2))).toBeLessThanOrEqual(1);
      }
  });

  it('holds as many things as asked, seldom fewer, and knows the words for their sizes', () => {
    const missing = arrangements.map(({ things }, seed) => 3 + (seed % 6) - things.length);
    expect(Math.min(...missing)).toBeGreaterThanOrEqual(0);
    expect(missing.filter((left) => left === 0).length).toBeGreaterThan(30);
    expect(new Set(arrangements.flatMap(({ things }) => things.map(({ size }) => size)))).toEqual(
      new Set(['small', 'large', null]),
    );
  });

  it('is the same for the same generator and shows no pair that the test keeps to itself', () => {
    expect(arrange(random(5), 8)).toEqual(arrange(random(5), 8));
    expect(arrangements.every(({ split }) => split === 'train')).toBe(true);
  });
});
