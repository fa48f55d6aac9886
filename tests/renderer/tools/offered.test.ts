// Clicks on what an answer offers: the object under the pointer is looked at, and shapes are picked as ever.
import { expect, test } from 'vitest';
import { packMask } from '../../../main/contract/project.ts';
import { proposed } from '../proposed.ts';
import { filled, shape, sheet } from './sheet.ts';

const boxes = [
  { x1: 2, y1: 2, x2: 12, y2: 12 },
  { x1: 20, y1: 2, x2: 30, y2: 12 },
  { x1: 20, y1: 18, x2: 30, y2: 28 },
] as const;

/** Three objects: two with a mask of half their box, one of which only the box is known. */
function offered() {
  const one = sheet([shape(3, filled(18, 16, 34, 29))]);
  const objects = boxes.map((box, i) => ({
    box,
    mask: i === 1 ? null : packMask(filled(box.x1, box.y1, box.x1 + 5, box.y2)),
  }));
  const prompt = { id: 50, imageId: 7, text: 'the cups', points: [], box: null, correction: null };
  one.store.setState(({ open }) => ({
    open: open && {
      ...open,
      prompts: new Map([[50, prompt]]),
      proposals: new Map([[60, proposed(boxes[0], { id: 60, promptId: 50, objects })]]),
    },
    ...{ promptId: 50, proposalId: 60, objectAt: 0 },
  }));
  one.use('select');
  return one;
}

test.each([
  [24, 6, 1],
  [3, 6, 0],
  [22, 20, 2],
  // Beside the mask, though in the box.
  [10, 6, 1],
  [37, 27, 1],
])('a click at %d, %d looks at object %d', async (x, y, at) => {
  const one = offered();
  one.store.setState({ objectAt: 1 });
  await one.click(x, y);
  expect(one.store.getState().objectAt).toBe(at);
});

test('a shape under an object is selected all the same, and with Shift it is picked alone', async () => {
  const one = offered();
  await one.click(22, 20);
  expect([...one.store.getState().selected]).toEqual([3]);
  expect(one.store.getState().objectAt).toBe(2);
  await one.click(3, 6, { shift: true });
  expect(one.store.getState().objectAt).toBe(2);
});

test('a look drops no selection that stays, so that drawing goes on with the answer', async () => {
  const one = offered();
  const { selected } = one.store.getState();
  await one.click(24, 6);
  expect(one.store.getState().selected).toBe(selected);
});
