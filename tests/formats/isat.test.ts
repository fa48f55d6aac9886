// Layers of ISAT on a picture of 6 x 4: who is seen where, worked out by hand and held against painting.
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { fromPolygon } from '../../main/contract/polygon.ts';
import { toBitmap } from '../../main/contract/rle.ts';
import { readIsat } from '../../main/formats/isat.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [6, 4];
const info = { description: 'ISAT', name: 'a.jpg', width, height };
const read = (objects: unknown, more: object = {}) =>
  outcomeOf(readIsat, saved(folder, 'i.json', { info: { ...info, ...more }, objects }));
const block = (x1: number, y1: number, x2: number, y2: number): [number, number][] => [
  [x1, y1],
  [x2, y1],
  [x2, y2],
  [x1, y2],
];
const thing = (group: unknown, layer: unknown, segmentation: unknown, more: object = {}) => ({
  ...{ category: 'cup', group, layer, segmentation, iscrowd: false },
  ...more,
});
const rows = ({ mask }: { mask: Parameters<typeof toBitmap>[0] | null }): string =>
  mask
    ? [...toBitmap(mask)]
        .map((each) => (each === 1 ? '#' : '.'))
        .join('')
        .replace(/(.{6})(?=.)/g, '$1 ')
    : '';

describe('layers', () => {
  test('the higher one is seen, whatever the order in the file', async () => {
    const [low, high] = [thing(1, 1, block(0, 0, 4, 4)), thing(2, 2, block(2, 0, 6, 2))];
    const expected = ['##.... ##.... ####.. ####..', '..#### ..#### ...... ......'];
    expect((await read([low, high])).shapes.map(rows)).toEqual(expected);
    expect((await read([high, low])).shapes.map(rows)).toEqual(expected.toReversed());
  });

  test('without layers the later one lies above', async () => {
    const objects = [thing(1, undefined, block(0, 0, 6, 4)), thing(2, 'top', block(0, 0, 6, 2))];
    expect((await read(objects)).shapes.map(rows)).toEqual([
      '...... ...... ###### ######',
      '###### ###### ...... ......',
    ]);
  });

  test('background cuts a hole only into what lies below it', async () => {
    const objects = [
      thing(1, 1, block(0, 0, 6, 4)),
      thing(0, 2, block(1, 1, 5, 3), { category: '__background__' }),
      thing(2, 3, block(2, 1, 4, 2)),
    ];
    expect((await read(objects)).shapes.map(rows)).toEqual([
      '###### #....# #....# ######',
      '...... ..##.. ...... ......',
    ]);
  });

  test('a thing that others cover in parts keeps its other parts', async () => {
    const objects = [thing(1, 1, block(0, 0, 2, 2)), thing(1, 2, block(4, 0, 6, 2)), thing(2, 3, block(0, 0, 3, 4))];
    expect((await read(objects)).shapes.map(rows)).toEqual([
      '....## ....## ...... ......',
      '###... ###... ###... ###...',
    ]);
  });

  test('any stack is what painting from the lowest up leaves to be seen', async () => {
    const piece = fc.record({ x: fc.nat(4), y: fc.nat(2), group: fc.constantFrom(1, 2, 3), nothing: fc.boolean() });
    const check = async (pieces: { x: number; y: number; group: number; nothing: boolean }[]) => {
      const painted = new Int32Array(width * height);
      for (const { x, y, group, nothing } of pieces) {
        const inside = toBitmap(fromPolygon([x, y, x + 3, y, x + 3, y + 3, x, y + 3], width, height));
        for (let i = 0; i < painted.length; i++) if (inside[i] === 1) painted[i] = nothing ? 0 : group;
      }
      const objects = pieces.map(({ x, y, group, nothing }, i) => {
        const category = nothing ? '__background__' : `group ${group}`;
        return thing(group, i, block(x, y, x + 3, y + 3), { category });
      });
      const { shapes } = await read(objects);
      const seen = new Map(shapes.map(({ label, mask }) => [label, mask && toBitmap(mask)]));
      for (const group of [1, 2, 3]) {
        const expected = Uint8Array.from(painted, (value) => (value === group ? 1 : 0));
        expect(seen.get(`group ${group}`) ?? new Uint8Array(width * height)).toEqual(expected);
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 6 }), check), { numRuns: 60 });
  });
});

describe('things', () => {
  test('one group of two categories is two things, a crowd and a thing of one group as well', async () => {
    const objects = [
      thing(1, 1, block(0, 0, 2, 2)),
      thing(1, 2, block(2, 0, 4, 2), { category: 'plate' }),
      thing(1, 3, block(4, 0, 6, 2), { iscrowd: true }),
    ];
    const { shapes, labels } = await read(objects);
    expect(shapes.map(({ label, crowd }) => [label, crowd])).toEqual([
      ['cup', false],
      ['plate', false],
      ['cup', true],
    ]);
    expect(labels).toEqual(['cup', 'plate']);
  });

  test('its note is an attribute, the note of the image is said to be left out, and cut', async () => {
    const note = 'n'.repeat(200);
    const { shapes, leftOut } = await read([thing(1, 1, block(0, 0, 2, 2), { note: 'chipped' })], { note });
    expect(shapes[0]?.attributes).toEqual({ note: 'chipped' });
    expect(leftOut).toEqual([{ what: 'the note of a.jpg', why: `it is about the whole image: "${'n'.repeat(80)}"` }]);
  });

  test.each([
    ['no list of objects', 'text'],
    ['none', []],
    ['nothing', null],
  ])('%s is an image without any', async (_, objects) => {
    expect(await read(objects)).toMatchObject({ images: [{ name: 'a.jpg', width, height }], shapes: [], leftOut: [] });
  });

  test.each([{ name: '' }, { width: 0 }, { height: 'high' }, { width: undefined }])('%j is refused', async (more) => {
    await expect(read([], more)).rejects.toThrow('i.json: its "info" has no name, width and height');
  });
});
