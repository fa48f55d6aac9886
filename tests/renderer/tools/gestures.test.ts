// Any gestures in any order with any tool: what is committed is whole, can be taken back, and what is cancelled leaves nothing.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsArea, columnsBox } from '../../../main/contract/maskColumns.ts';
import { packMask, type Shape } from '../../../main/contract/project.ts';
import { type ToolName, toolNames } from '../../../main/contract/tools.ts';
import { liveWire } from '../../../main/pictures/liveWire.ts';
import type { ImagePoint } from '../../../renderer/tools/place.ts';
import { columnsIn, filled, shape, sheet } from './sheet.ts';

const place = fc.record({ x: fc.integer({ min: -8, max: 48 }), y: fc.integer({ min: -8, max: 38 }) });
const held = fc.record({
  shift: fc.boolean(),
  alt: fc.boolean(),
  ctrl: fc.boolean(),
  button: fc.constantFrom('left' as const, 'left' as const, 'right' as const),
  clicks: fc.constantFrom(1, 1, 2),
});
const deed = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('press', 'move', 'release'), place, held }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drag'), place, held }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('finish', 'back', 'cancel', 'leave'), place, held }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('select'), place, held }) },
);
type Deed = typeof deed extends fc.Arbitrary<infer D> ? D : never;

const start = () => [shape(3), shape(4, filled(22, 4, 34, 14)), shape(5, filled(2, 20, 9, 28), { mask: null })];

const noise = {
  ...{ width: 40, height: 30 },
  data: Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 7919) % 251),
};

/** A sheet whose host answers at once, with the tool in hand. */
function sheetWith(tool: ToolName) {
  const answer = packMask(filled(6, 6, 18, 13));
  const wire = async (at: ImagePoint, how: { reach: number; to: ImagePoint | null }) =>
    liveWire(noise, { ...at, ...how });
  const one = sheet(start(), {
    refine: async () => answer,
    cutOut: async () => answer,
    wand: async () => answer,
    wire,
  });
  one.store.setState({ view: { scale: 8, x: 0, y: 0 } });
  one.use(tool);
  return one;
}

async function made(one: ReturnType<typeof sheetWith>, { kind, place: { x, y }, held: keys }: Deed): Promise<void> {
  const gesture = { x, y, ...keys };
  if (kind === 'press' || kind === 'move') one[kind](x, y, keys);
  else if (kind === 'release') one.tool().release(gesture);
  else if (kind === 'drag')
    await one.drag(
      [
        [x, y],
        [y, x],
      ],
      keys,
    );
  else if (kind === 'select') one.select(...(x % 3 === 0 ? [] : [3 + (Math.abs(y) % 3)]));
  else if (kind === 'leave') one.tool().leave();
  else if (kind === 'finish' || kind === 'back' || kind === 'cancel') one.tool()[kind]();
  one.tool().draft();
}

const records = (shapes: readonly Shape[]) => new Map(shapes.map((one) => [one.id, one]));

describe.each(toolNames)('with the tool %s', (tool) => {
  test('whatever is done leaves whole shapes, and every step of it can be taken back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { maxLength: 14 }), async (deeds) => {
        const one = sheetWith(tool);
        for (const each of deeds) await made(one, each);
        one.tool().leave();
        await one.settle();
        for (const each of one.shapes()) {
          if (each.mask === null) continue;
          expect(columnsArea(columnsIn(each))).toBeGreaterThan(0);
          expect(each.box).toEqual(columnsBox(columnsIn(each)));
          expect(each.mask.size).toEqual([30, 40]);
        }
        for (const { title, changes } of one.diffs) {
          expect(title).toMatch(/^[A-Z]/u);
          expect(changes.length).toBeGreaterThan(0);
        }
        while (one.diffs.length > 0) one.undo();
        expect(records(one.shapes())).toEqual(records(start()));
      }),
      { numRuns: 25 },
    );
  });

  test('what was begun and cancelled changes nothing and draws nothing', async () => {
    await fc.assert(
      fc.asyncProperty(place, fc.array(place, { maxLength: 4 }), held, async (from, ways, keys) => {
        const one = sheetWith(tool);
        one.press(from.x, from.y, { ...keys, clicks: 1 });
        const before = one.diffs.length;
        for (const { x, y } of ways) one.move(x, y, keys);
        while (one.tool().cancel());
        await one.settle();
        expect(one.diffs.length).toBe(before);
        const { paths, box, stroke, mask, rings } = one.tool().draft();
        for (const left of [paths, box, stroke, mask, rings]) expect(left ?? null).toBeNull();
        expect(one.tool().cancel()).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  test('the right button alone draws nothing', async () => {
    const one = sheetWith(tool);
    await one.drag(
      [
        [5, 5],
        [20, 12],
        [30, 25],
      ],
      { button: 'right' },
    );
    one.tool().cancel();
    await one.settle();
    expect(one.diffs).toEqual([]);
  });

  test('nothing is drawn where no image is open', async () => {
    const one = sheetWith(tool);
    one.store.setState({ open: null });
    await one.drag([
      [5, 5],
      [20, 12],
      [30, 25],
    ]);
    await one.click(12, 12, { clicks: 2 });
    one.tool().finish();
    one.tool().back();
    one.tool().leave();
    await one.settle();
    expect(one.diffs).toEqual([]);
  });
});
