// Parts of shapes that cannot be taken, and fields that a shape has no place for: each named alone, and all else kept.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cocoOf, squareAt, takenFrom, tree } from './taken.ts';

const size = [100, 80] as const;
const take = async (content: object) =>
  takenFrom(path.join(await tree({ 'a.png': size, 'c.json': content }), 'c.json'));

describe('a stray part', () => {
  test.each([
    ['a corner that is null', [squareAt(10, 10), [1, 1, null, 5, 5, 5]]],
    ['numbers as text', [squareAt(10, 10), ['1', '1', '5', '1', '5', '5']]],
    [
      'a list of pairs among flat ones that is too short',
      [
        squareAt(10, 10),
        [
          [1, 1],
          [2, 2],
        ],
      ],
    ],
    ['an object among lists', [squareAt(10, 10), { x: 1 }]],
    ['a word among lists', [squareAt(10, 10), 'polygon']],
    ['an odd count', [squareAt(10, 10), [1, 1, 5, 1, 5, 5, 1]]],
    ['a part far away', [squareAt(10, 10), squareAt(1000, 1000)]],
  ])('%s: the good part stays', async (_, segmentation) => {
    const { rows } = await take(cocoOf([{ segmentation, bbox: [10, 10, 10, 10], area: 100 }]));
    expect(rows).toMatchObject([{ pixels: 100 }]);
  });

  test.each([
    ['nothing but a bad part', [[1, 1, 2, 2]]],
    ['run lengths that do not add up', { size: [80, 100], counts: [5, 5] }],
    ['run lengths of another size', { size: [100, 80], counts: [10, 10, 7980] }],
    ['run lengths that are no text', { size: [80, 100], counts: '\u0001\u0002' }],
    ['run lengths without a size', { counts: 'abc' }],
    ['an empty mask', { size: [80, 100], counts: [8000] }],
    ['a text', '[[1,1,5,1,5,5]]'],
    ['a number', 7],
    ['an empty part', [[]]],
  ])('%s: the box stays, with a word', async (_, segmentation) => {
    const { rows, report } = await take(cocoOf([{ segmentation, bbox: [10.5, 10, 10, 10.25], area: 1 }]));
    expect(rows).toMatchObject([{ bbox: [10.5, 10, 10, 10.25] }]);
    expect(report).toMatch(/mask of annotation 1: .*its box was kept/u);
  });

  test('parts of LabelMe, ISAT and CVAT: each bad one alone is named', async () => {
    const points = [
      [10, 10],
      [20, 10],
      [20, 20],
      [10, 20],
    ];
    const shape = (label: string, points: unknown) => ({
      label,
      points,
      shape_type: 'polygon',
      group_id: null,
      flags: {},
    });
    const root = await tree({
      ...{ 'l/a.png': size, 'i/a.png': size, 'v/a.png': size },
      'l/a.json': {
        imagePath: 'a.png',
        imageHeight: 80,
        imageWidth: 100,
        shapes: [
          shape('cup', points),
          shape('bad', [[1, 1]]),
          shape('bad', [
            [1, null],
            [2, 2],
            [3, 3],
          ]),
        ],
      },
      'i/a.json': {
        info: { description: 'ISAT', name: 'a.png', width: 100, height: 80 },
        objects: [points, [[1, 1]], 'x'].map((segmentation, i) => ({
          category: 'cup',
          group: i + 1,
          segmentation,
          layer: i + 1,
          bbox: [],
          iscrowd: false,
        })),
      },
      'v/a.xml': `<annotations><image id="0" name="a.png" width="100" height="80"><polygon label="cup" points="10,10;20,10;20,20;10,20"/><polygon label="cup" points="10,10;x,10"/><box label="cup" xtl="1" ytl="1" xbr="1" ybr="5"/></image></annotations>`,
    });
    for (const [part, named] of [
      ['l', [/shape 2 of a\.png/u, /shape 3 of a\.png/u]],
      ['i', [/object 2 of a\.png/u, /object 3 of a\.png/u]],
      ['v', [/polygon 2 of a\.png/u, /box 3 of a\.png/u]],
    ] as const) {
      const { rows, report } = await takenFrom(path.join(root, part));
      expect(rows).toMatchObject([{ pixels: 100 }]);
      for (const name of named) expect(report).toMatch(name);
    }
  });
});

describe('nothing goes unnamed', () => {
  test('X-AnyLabeling: every field of a shape, turned boxes, groups, scores', async () => {
    const corners = [
      [20, 20],
      [40, 20],
      [40, 30],
      [20, 30],
    ];
    const shape = (fields: object) => ({
      label: 'cup',
      points: corners,
      shape_type: 'rectangle',
      group_id: null,
      flags: {},
      ...fields,
    });
    const root = await tree({
      'a.png': size,
      'a.json': {
        ...{ version: '3.0.0', flags: {}, imagePath: 'a.png', imageData: null, imageHeight: 80, imageWidth: 100 },
        shapes: [
          shape({
            difficult: true,
            score: 0.25,
            description: 'first',
            attributes: { colour: 'red', size: 3, deep: { a: 1 } },
            kie_linking: [[1, 2]],
          }),
          shape({
            shape_type: 'rotation',
            direction: 1.57,
            points: [
              [50, 50],
              [60, 60],
              [50, 70],
              [40, 60],
            ],
          }),
          shape({ flags: { checked: true, later: false }, group_id: 4, difficult: false }),
          shape({ shape_type: 'linestrip' }),
        ],
      },
    });
    const { rows, report } = await takenFrom(path.join(root, 'a.json'));
    expect(rows[0]).toMatchObject({
      score: 0.25,
      attributes: { difficult: true, description: 'first', colour: 'red', size: 3 },
    });
    expect(JSON.stringify(rows[0])).toMatch(/deep.*kie_linking|kie_linking.*deep/u);
    expect(rows[1]).toMatchObject({ attributes: { direction: 1.57 } });
    expect(rows[1]?.pixels).toBeGreaterThan(150);
    expect(rows[2]).toMatchObject({ attributes: { checked: true, group_id: 4 } });
    expect(report).toMatch(/shape 4 of a\.png: a linestrip has no area/u);
  });
});
