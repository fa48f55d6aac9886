// Corners that a person drew: kept beside the mask, there again after the project was closed, gone with the first brush stroke.
import { describe, expect, test } from 'vitest';
import { Shape } from '../../../main/contract/project.ts';
import { cornerRings } from '../../../renderer/tools/corners.ts';
import { columnsOf } from '../../../renderer/tools/masks.ts';
import { nudge } from '../../../renderer/tools/nudge.ts';
import { filled, shape, sheet } from './sheet.ts';

/** Corners that the mask alone does not tell: one lies on a straight side, others between pixels. */
const corners = [
  [5, 5],
  [10.25, 5],
  [15, 5],
  [15.5, 12.125],
  [5, 12],
] as const;
const ring = corners.flat();

async function drawn(tool: 'polygon' = 'polygon') {
  const one = sheet();
  one.store.setState({ view: { scale: 10, x: 0, y: 0 } });
  one.use(tool);
  for (const [x, y] of corners) await one.click(x, y);
  one.tool().finish();
  await one.settle();
  const [made] = one.shapes();
  if (!made?.mask) throw new Error('nothing was drawn');
  return { one, made, mask: made.mask };
}

/** As the store and the wire give it back. */
const stored = (record: Shape): Shape => Shape.parse(JSON.parse(JSON.stringify(record)));

const handlesOf = ({ mask }: Shape) => mask && cornerRings(columnsOf(mask));

describe('an edited polygon', () => {
  test('has its own corners, also when it is read again', async () => {
    const { made, mask } = await drawn();
    expect(mask.rings).toEqual([ring]);
    expect(handlesOf(stored(made))).toEqual([ring]);
  });

  test('keeps all others when one is dragged after it was read again', async () => {
    const { made } = await drawn();
    const one = sheet([stored(made)]);
    one.store.setState({ view: { scale: 10, x: 0, y: 0 } });
    one.select(made.id);
    one.use('select');
    await one.drag([
      [15.5, 12.125],
      [20, 20],
    ]);
    const [after] = one.shapes();
    expect(after?.mask?.rings).toEqual([[5, 5, 10.25, 5, 15, 5, 20, 20, 5, 12]]);
    one.undo();
    expect(one.shapes()[0]?.mask?.rings).toEqual([ring]);
  });

  test('takes them along when it is moved, and not where the edge of the image cuts it', async () => {
    const { one, made } = await drawn();
    one.select(made.id);
    const rings = (dx: number, dy: number) => {
      const after = nudge(one.store.getState(), dx, dy)?.changes[0]?.after as Partial<Shape>;
      return after.mask?.rings;
    };
    expect(rings(3, -2)).toEqual([ring.map((value, i) => value + (i % 2 === 0 ? 3 : -2))]);
    expect(rings(-8, 0)).toBeUndefined();
  });

  test('is a mask like any other once a brush went over it', async () => {
    const { one, made } = await drawn();
    one.select(made.id);
    one.use('brush');
    one.combine('add');
    one.store.setState({ brush: 3 });
    await one.drag([
      [10, 10],
      [18, 10],
    ]);
    const brushed = one.shapes().find(({ id }) => id === made.id);
    expect(brushed?.mask?.counts).not.toBe(made.mask?.counts);
    expect(brushed?.mask?.rings).toBeUndefined();
  });
});

test('a mask of pixels has no corners of its own, whatever handles were shown on it', () => {
  const painted = shape(3, filled(10, 10, 20, 20));
  expect(handlesOf(painted)?.[0]).toHaveLength(8);
  const one = sheet([painted]);
  one.select(3);
  const after = nudge(one.store.getState(), 1, 0)?.changes[0]?.after as Partial<Shape>;
  expect(after.mask?.rings).toBeUndefined();
});
