// ReasonSeg's painting, pixel by pixel on small pictures: outlines belong to a polygon, the largest is painted first.
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { maskArea, sharedArea, toBitmap } from '../../main/contract/rle.ts';
import { readReasonSeg, reasonSegMasks } from '../../main/formats/reasonSeg.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const frame = { width: 8, height: 6 };
const rows = (mask: Parameters<typeof toBitmap>[0]): string[] => {
  const bits = [...toBitmap(mask)].map((each) => (each === 1 ? '#' : '.')).join('');
  return Array.from({ length: mask.size[0] }, (_, y) => bits.slice(y * mask.size[1], (y + 1) * mask.size[1]));
};
const square = (x1: number, y1: number, x2: number, y2: number) => [x1, y1, x2, y1, x2, y2, x1, y2];
const target = (points: readonly number[]) => ({ label: 'target', points });
const ignore = (points: readonly number[]) => ({ label: 'Ignore this', points });
const painted = (...shapes: { label: string; points: readonly number[] }[]) => reasonSegMasks(shapes, frame);

describe('polygons', () => {
  test('own their outline', () => {
    expect(rows(painted(target(square(1, 1, 4, 3))).target)).toEqual([
      ...['........', '.####...', '.####...', '.####...', '........', '........'],
    ]);
  });

  test('a triangle, its slanted side among it', () => {
    expect(rows(painted(target([1, 1, 5, 1, 1, 5])).target)).toEqual([
      ...['........', '.#####..', '.####...', '.###....', '.##.....', '.#......'],
    ]);
  });

  test('corners are cut to whole pixels, towards zero', () => {
    const whole = painted(target(square(1, 1, 4, 3))).target;
    expect(painted(target(square(1.9, 1.2, 4.99, 3.5))).target).toEqual(whole);
    expect(painted(target(square(-0.9, -0.9, 2.5, 2.5))).target).toEqual(painted(target(square(0, 0, 2, 2))).target);
  });

  test('a line and a point are their own outline', () => {
    expect(maskArea(painted(target([2, 2, 5, 2, 2, 2])).target)).toBe(4);
    expect(maskArea(painted(target([2, 2, 2, 2, 2, 2])).target)).toBe(1);
  });

  test('what lies outside is cut off, in every direction', () => {
    expect(maskArea(painted(target(square(-50, -50, 50, 50))).target)).toBe(48);
    expect(maskArea(painted(target(square(20, 20, 30, 30))).target)).toBe(0);
    expect(rows(painted(target(square(6, 4, 60, 40))).target).slice(3)).toEqual(['........', '......##', '......##']);
  });

  test('beyond a million pixels is refused in words, just below costs no time', () => {
    expect(() => painted(target(square(0, 0, 2e6, 3)))).toThrow(BadInput);
    expect(() => painted(target(square(0, 0, 2e6, 3)))).toThrow('a polygon is far larger than any picture');
    const started = performance.now();
    expect(maskArea(painted(target(square(-1e6, -1e6, 1e6, 1e6))).target)).toBe(48);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

describe('painting', () => {
  const [large, small] = [square(0, 0, 7, 5), square(2, 2, 4, 3)];

  test('the smaller one lies above, whatever the order', () => {
    for (const shapes of [
      [target(large), ignore(small)],
      [ignore(small), target(large)],
    ]) {
      const masks = painted(...shapes);
      expect([maskArea(masks.target), maskArea(masks.ignore)]).toEqual([48 - 6, 6]);
    }
    const other = painted(ignore(large), target(small));
    expect([maskArea(other.target), maskArea(other.ignore)]).toEqual([6, 48 - 6]);
  });

  test('flags are passed over', () => {
    expect(painted({ label: 'flag', points: large }, { label: 'Flagged', points: small })).toEqual(painted());
  });

  test('no pixel is both, and none is outside of all', () => {
    const corner = fc.integer({ min: -3, max: 10 });
    const shape = fc.record({
      label: fc.constantFrom('target', 'ignore', 'flag', 'other'),
      points: fc.array(corner, { minLength: 6, maxLength: 10 }).map((list) => list.slice(0, list.length & ~1)),
    });
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 4 }), (shapes) => {
        const masks = painted(...shapes);
        expect(sharedArea(masks.target, masks.ignore)).toBe(0);
        const alone = shapes
          .filter(({ label }) => label !== 'flag')
          .map((each) => toBitmap(painted(target(each.points)).target));
        const [inside, outside] = [toBitmap(masks.target), toBitmap(masks.ignore)];
        for (let i = 0; i < 48; i++) {
          const touched = alone.some((bits) => bits[i] === 1);
          expect((inside[i] ?? 0) + (outside[i] ?? 0)).toBe(touched ? 1 : 0);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('the file', () => {
  const points = [
    [1, 1],
    [4, 1],
    [4, 3],
    [1, 3],
  ];
  const read = (fields: object) => outcomeOf(readReasonSeg, saved(folder, 'q.json', fields), { q: [8, 6] });

  test.each([
    ['one sentence', 'Which one?', 'Which one?'],
    ['a list of them', ['Which one?', ' ', 'Where?'], 'Which one?\nWhere?'],
    ['none', undefined, undefined],
    ['a number', 7, undefined],
  ])('%s is the caption', async (_, text, caption) => {
    const { shapes } = await read({ text, shapes: [{ label: 'target', points }] });
    expect(shapes.map(({ attributes }) => attributes.caption)).toEqual([caption]);
  });

  test('a file in which everything is to be ignored has no shape', async () => {
    const { shapes, labels, leftOut } = await read({ text: 'x', shapes: [{ label: 'ignore', points }] });
    expect([shapes, labels, leftOut.map(({ what }) => what)]).toEqual([
      ...[[], [], ['the pixels of q that are to be ignored']],
    ]);
  });
});
