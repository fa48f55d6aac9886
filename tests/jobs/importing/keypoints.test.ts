// Keypoints of imported shapes: what is shown of them, and that they go out again whatever happens to the shape.
import { describe, expect, test } from 'vitest';
import { changed } from '../../../main/contract/diff.ts';
import { keypointsOn } from '../../../main/jobs/importing/keypoints.ts';
import { exported, imported, shapesOf, source } from '../cocoTrips.ts';

/** One annotation with these keypoints, of a category with three points in a row. */
async function read(
  keypoints: unknown,
  skeleton: unknown = [
    [1, 2],
    [2, 3],
  ],
) {
  const [one] = source().annotations;
  const categories = source().categories.map((each) => ({ ...each, skeleton }));
  const { project } = await imported({ ...source(), categories, annotations: [{ ...one, keypoints }] });
  const [shape] = shapesOf(project);
  return { project, shape, found: keypointsOn(project, shape?.imageId ?? 0) };
}

describe('keypoints', () => {
  test('are points with lines between them; covered ones are told', async () => {
    const { found, shape } = await read([20, 20, 2, 30, 20.5, 1, 25, 30, 2]);
    const points = [
      { x: 20, y: 20, seen: true },
      { x: 30, y: 20.5, seen: false },
      { x: 25, y: 30, seen: true },
    ];
    expect(found).toEqual([
      {
        shapeId: shape?.id,
        points,
        bones: [
          [0, 1],
          [1, 2],
        ],
      },
    ]);
  });

  test('those that are not there are left out with their lines, and the others are still joined', async () => {
    const { found } = await read([0, 0, 0, 30, 20, 2, 25, 30, 2]);
    expect(found[0]?.points).toHaveLength(2);
    expect(found[0]?.bones).toEqual([[0, 1]]);
  });

  test.each([[[]], ['none'], [null], [[1, 2]], [['x', 1, 2]], [[0, 0, 0]], [{ a: 1 }]])('%j are none', async (odd) => {
    expect((await read(odd)).found).toEqual([]);
  });

  test.each([['none'], [[[1]]], [[['a', 'b']]], [[[1, 99]]], [[[0, 1]]]])(
    'a skeleton %j draws no line',
    async (odd) => {
      expect((await read([20, 20, 2, 30, 20, 2], odd)).found[0]?.bones).toEqual([]);
    },
  );

  test('go out again after the shape was changed', async () => {
    const keypoints = [20, 20, 2, 30, 20, 1];
    const { project, shape } = await read(keypoints);
    const edit = shape && changed('shape', shape, { mask: null, box: { x1: 1, y1: 1, x2: 9, y2: 9 } });
    project.apply({ title: 'Edit', changes: edit ? [edit] : [] });
    expect((await exported(project)).coco.annotations).toMatchObject([
      { keypoints, num_keypoints: 2, bbox: [1, 1, 8, 8] },
    ]);
  });
});
