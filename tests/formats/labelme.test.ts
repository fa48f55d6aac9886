// LabelMe's own ways of writing one thing, each drawn by hand on a picture of 10 x 8.
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { maskArea, toBitmap, union } from '../../main/contract/rle.ts';
import { readLabelme } from '../../main/formats/labelme.ts';
import { freshFolder, type Outcome, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [10, 8];
const head = { imagePath: 'a.jpg', imageWidth: width, imageHeight: height };
const read = (shapes: unknown, fields: object = {}): Promise<Outcome> =>
  outcomeOf(readLabelme, saved(folder, 'a.json', { ...head, shapes, ...fields }));
const rectangle = (x1: number, y1: number, x2: number, y2: number) => [
  [x1, y1],
  [x2, y1],
  [x2, y2],
  [x1, y2],
];
const picture = async (rows: readonly string[], channels: 1 | 3 = 1): Promise<string> => {
  const pixels = [...rows.join('')].flatMap((each) => Array(channels).fill(each === '#' ? 255 : 0));
  const raw = { width: rows[0]?.length ?? 0, height: rows.length, channels };
  const made = sharp(Buffer.from(pixels), { raw });
  return (await (channels === 1 ? made.toColourspace('b-w') : made).png().toBuffer()).toString('base64');
};
/** Rows of a mask as text. */
const rowsOf = ({ shapes: [shape] }: Outcome): string[] => {
  const bitmap = shape?.mask ? toBitmap(shape.mask) : new Uint8Array();
  return Array.from({ length: height }, (_, y) =>
    [...bitmap.subarray(y * width, (y + 1) * width)].map((each) => (each === 1 ? '#' : '.')).join(''),
  );
};

describe('polygons', () => {
  test('a triangle covers the pixels whose middle it covers', async () => {
    const triangle = [
      [0, 0],
      [8, 0],
      [0, 8],
    ];
    const read8 = await read([{ label: 'cup', points: triangle }]);
    const rows = rowsOf(read8);
    expect(rows[0]).toMatch(/^#{7,8}\.+$/);
    for (const [y, row] of rows.entries()) {
      const long = row.indexOf('.') < 0 ? width : row.indexOf('.');
      expect(Math.abs(long - (7.5 - y))).toBeLessThanOrEqual(0.5);
    }
  });

  test('the part outside the picture is cut off', async () => {
    const { shapes } = await read([{ label: 'cup', points: rectangle(-5, -5, 3, 2) }]);
    expect(shapes.map(({ mask, box }) => [mask && maskArea(mask), box])).toEqual([[6, { x1: 0, y1: 0, x2: 3, y2: 2 }]]);
  });

  test.each([
    ['no list', undefined],
    ['a list of nothing', []],
    ['no list at all', 'text'],
  ])('%s of shapes is an image without any', async (_, shapes) => {
    expect(await read(shapes)).toMatchObject({
      shapes: [],
      leftOut: [],
      labels: [],
      images: [{ name: 'a.jpg', width }],
    });
  });
});

describe('groups', () => {
  const parts = [rectangle(0, 0, 2, 2), rectangle(4, 0, 6, 2), rectangle(0, 4, 2, 6)];

  test('one number and one label is one thing; the first says what is said twice', async () => {
    const { shapes } = await read(
      parts.map((points, i) => ({ label: 'cup', points, group_id: '7', flags: { own: i }, description: i ? '' : 'x' })),
    );
    expect(shapes).toHaveLength(1);
    expect(shapes[0]).toMatchObject({ attributes: { own: 0, description: 'x' }, box: { x1: 0, y1: 0, x2: 6, y2: 6 } });
    expect(shapes[0]?.mask && maskArea(shapes[0].mask)).toBe(12);
  });

  test.each([
    ['no number', [null, null, null], 3],
    ['three numbers', [1, 2, 3], 3],
    ['a number that is none', ['a', 'a', 'a'], 3],
    ['two of one', [1, 1, null], 2],
    ['0 is a number', [0, 0, 0], 1],
  ])('%s', async (_, groups, things) => {
    const shapes = parts.map((points, i) => ({ label: 'cup', points, group_id: groups[i] }));
    expect((await read(shapes)).shapes).toHaveLength(things);
  });

  test('rectangles have no pixels to join and stay apart', async () => {
    const points = [
      [0, 0],
      [2, 2],
    ];
    const two = Array(2).fill({ label: 'cup', points, shape_type: 'rectangle', group_id: 1 });
    expect((await read(two)).shapes.map(({ mask }) => mask)).toEqual([null, null]);
  });

  test('a part that is left out takes nothing else with it', async () => {
    const bad = { label: 'cup', points: rectangle(50, 50, 60, 60), group_id: 1 };
    const { shapes, leftOut } = await read([bad, ...parts.map((points) => ({ label: 'cup', points, group_id: 1 }))]);
    expect([shapes.length, leftOut.map(({ what }) => what)]).toEqual([1, ['shape 1 of a.jpg']]);
  });

  test('any parts are the union of what each is alone', async () => {
    const corner = fc.tuple(fc.nat(7), fc.nat(5));
    const check = async (corners: [number, number][]) => {
      const shapes = corners.map(([x, y]) => ({ label: 'cup', points: rectangle(x, y, x + 3, y + 3), group_id: 1 }));
      const [whole, apart] = [await read(shapes), await read(shapes.map((each) => ({ ...each, group_id: null })))];
      const [first, ...rest] = apart.shapes.flatMap(({ mask }) => (mask ? [mask] : []));
      expect(whole.shapes.map(({ mask }) => mask)).toEqual([first && union(first, ...rest)]);
    };
    await fc.assert(fc.asyncProperty(fc.array(corner, { minLength: 1, maxLength: 4 }), check), { numRuns: 30 });
  });
});

describe('rectangles', () => {
  const ofType = async (points: number[][]) => read([{ label: 'cup', shape_type: 'rectangle', points }]);

  test.each([
    [
      'two corners',
      [
        [1.25, 2.5],
        [5.75, 4],
      ],
    ],
    [
      'two corners, the last first',
      [
        [5.75, 2.5],
        [1.25, 4],
      ],
    ],
    ['four corners, as X-AnyLabeling writes them', rectangle(1.25, 2.5, 5.75, 4)],
    [
      'four corners from another one on',
      [
        [5.75, 4],
        [1.25, 4],
        [1.25, 2.5],
        [5.75, 2.501],
      ],
    ],
  ])('%s', async (_, points) => {
    const { shapes, leftOut } = await ofType(points);
    expect([shapes.map(({ mask, box }) => [mask, box]), leftOut]).toEqual([
      [[null, { x1: 1.25, y1: 2.5, x2: 5.75, y2: 4 }]],
      [],
    ]);
  });

  test('askew: the polygon of its corners', async () => {
    const { shapes } = await ofType([
      [4, 0],
      [8, 4],
      [4, 8],
      [0, 4],
    ]);
    expect(shapes[0]?.mask && maskArea(shapes[0].mask)).toBeGreaterThan(24);
    expect(shapes[0]?.mask && maskArea(shapes[0].mask)).toBeLessThan(41);
  });

  test('without a width: left out and told', async () => {
    expect((await ofType(rectangle(1, 1, 1, 4))).leftOut).toMatchObject(
      [{ why: /is empty or lies outside/ }].map(({ why }) => ({ why: expect.stringMatching(why) })),
    );
  });
});

describe('circles', () => {
  test('are round about their first point, with the second on their edge', async () => {
    const points = [
      [5, 4],
      [5, 1],
    ];
    const { shapes } = await read([{ label: 'ball', points, shape_type: 'circle' }]);
    const area = shapes[0]?.mask ? maskArea(shapes[0].mask) : 0;
    expect(Math.abs(area - Math.PI * 9)).toBeLessThan(3);
    expect(shapes[0]?.box).toEqual({ x1: 2, y1: 1, x2: 8, y2: 7 });
  });

  test('of no radius have no pixel', async () => {
    const points = Array(2).fill([5, 4]);
    expect((await read([{ label: 'ball', points, shape_type: 'circle' }])).leftOut).toEqual([
      { what: 'shape 1 of a.jpg', why: 'no pixel of the picture lies in it' },
    ]);
  });
});

describe('pasted pictures', () => {
  const at = (x: number, y: number) => [
    [x, y],
    [x + 3, y + 2],
  ];
  const paste = async (x: number, y: number, channels: 1 | 3 = 1) =>
    read([{ label: 'cup', shape_type: 'mask', points: at(x, y), mask: await picture(['#.#', '##.'], channels) }]);

  test('lie where their first point lies, grey or in colours', async () => {
    const rows = ['..........', '..........', '...#.#....', '...##.....', ...Array(4).fill('..........')];
    expect(rowsOf(await paste(3, 2))).toEqual(rows);
    expect(rowsOf(await paste(3.4, 1.6))).toEqual(rows);
    expect(rowsOf(await paste(3, 2, 3))).toEqual(rows);
  });

  test('are cut off at the edges', async () => {
    expect(rowsOf(await paste(8, 7))).toEqual([...Array(7).fill('..........'), '........#.']);
    expect(rowsOf(await paste(-1, -1))[0]).toBe('#.........');
    expect((await paste(40, 40)).leftOut[0]?.why).toBe('no pixel of the picture lies in it');
  });

  test.each([
    ['no picture', 'bm90IGEgcGljdHVyZQ==', 'its mask: is no PNG picture'],
    ['half of one', 'half', 'its mask: is cut short or damaged'],
    ['a number', 7, 'its mask is missing'],
  ])('%s is left out', async (_, mask, why) => {
    const whole = Buffer.from(await picture(['#.#', '##.']), 'base64');
    const given = mask === 'half' ? whole.subarray(0, 45).toString('base64') : mask;
    const { leftOut } = await read([{ label: 'cup', shape_type: 'mask', points: at(0, 0), mask: given }]);
    expect(leftOut).toEqual([{ what: 'shape 1 of a.jpg', why: expect.stringContaining(why.split(':')[0] ?? why) }]);
  });
});

describe('the image', () => {
  test.each([
    [{ imagePath: '..\\set\\b c.jpg' }, '../set/b c.jpg'],
    [{ imagePath: undefined }, 'a'],
    [{ imagePath: '' }, 'a'],
    [{ imagePath: 7 }, 'a'],
  ])('%j is called %s', async (fields, name) => expect((await read([], fields)).images[0]?.name).toBe(name));

  test('its picture in the file itself is passed over, however long', async () => {
    const { shapes } = await read([{ label: 'cup', points: rectangle(0, 0, 2, 2) }], { imageData: 'A'.repeat(2e6) });
    expect(shapes).toHaveLength(1);
  });
});

describe('X-AnyLabeling', () => {
  const turned = [
    [5, 1],
    [8, 4],
    [5, 7],
    [2, 4],
  ];

  test.each(['rotation', 'quadrilateral'])('a %s is its corners, and keeps how it was turned', async (type) => {
    const shape = { label: 'ship', points: turned, shape_type: type, direction: 0.785, difficult: false, score: null };
    const { shapes, leftOut } = await read([shape]);
    expect(leftOut).toEqual([]);
    expect(shapes[0]).toMatchObject({ box: { x1: 2, y1: 1, x2: 8 }, attributes: { direction: 0.785 } });
    expect(Math.abs(shapes[0]?.mask ? maskArea(shapes[0].mask) - 18 : 99)).toBeLessThanOrEqual(2);
  });

  test('score, difficult, description, group, attributes, flags, links and unknown keys are kept', async () => {
    const { shapes } = await read([
      {
        ...{ label: 'wing', points: rectangle(0, 0, 4, 4), shape_type: 'polygon', group_id: 3, score: 0.87 },
        ...{ difficult: true, description: 'left wing', kie_linking: [[1, 2]], track: 'a' },
        ...{ flags: { checked: true }, attributes: { color: 'red', parts: ['a', 'b'], checked: false } },
      },
    ]);
    expect(shapes[0]?.attributes).toEqual({
      ...{ score: 0.87, difficult: true, description: 'left wing', kie_linking: '[[1,2]]', track: 'a', group_id: 3 },
      ...{ color: 'red', parts: '["a","b"]', checked: false, 'flags.checked': true },
    });
  });

  test('what is said of the whole image is named once', async () => {
    const { said } = await read([], { checked: true, chat_history: [], flags: { sunny: true, dark: false } });
    expect(said).toEqual([
      'flag "sunny" is said of a whole image, and is not read',
      '"checked" is said of a whole image, and is not read',
    ]);
  });

  test('a label keeps the blanks at its ends for the one who makes it', async () => {
    expect((await read([{ label: 'ng ', points: rectangle(0, 0, 4, 4) }])).labels).toEqual(['ng ']);
  });
});
