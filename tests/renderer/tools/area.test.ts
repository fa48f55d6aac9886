// From areas that a person drew to diffs, whatever happened to image and shape between the first press and the last answer.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { created } from '../../../main/contract/diff.ts';
import { boxColumns, columnsArea, emptyColumns } from '../../../main/contract/maskColumns.ts';
import type { Shape } from '../../../main/contract/project.ts';
import type { Box } from '../../../main/contract/records.ts';
import { chooseCombine, combineOf } from '../../../renderer/state/drawing.ts';
import { type Combine, emptyWorkbench } from '../../../renderer/state/workbench.ts';
import {
  type AreaOperation,
  commitArea,
  type DrawingTarget,
  remasked,
  type StartedDrawing,
  selectedShape,
  sizeOf,
  startDrawing,
} from '../../../renderer/tools/area.ts';
import { nudge } from '../../../renderer/tools/nudge.ts';
import type { ToolContext } from '../../../renderer/tools/tool.ts';
import { proposed } from '../proposed.ts';
import { areaOf, columnsIn, filled, label, shape, sheet } from './sheet.ts';

const size = { width: 40, height: 30 };
const columns = (x1: number, y1: number, x2: number, y2: number) => boxColumns({ x1, y1, x2, y2 }, size);

/** The surroundings of a tool, as the sheet lends them. */
function surroundings(shapes: readonly Shape[]) {
  const one = sheet(shapes);
  let changes = 0;
  let id = 100;
  const never = () => Promise.reject(new Error('not here'));
  const host: ToolContext['host'] = {
    commit: (diff) => {
      one.diffs.push(diff);
    },
    reserveId: async () => id++,
    ...{ refine: never, cutOut: never, wand: never, wire: never, pixels: never, menu: () => {}, edit: () => {} },
    proposedShape: async () => null,
  };
  const context: ToolContext = { store: one.store, host, changed: () => changes++ };
  return { ...one, context, changes: () => changes };
}

/** What adding draws on: the selected shape, or a new one. */
const targetIn = (context: ToolContext): DrawingTarget => {
  context.store.setState({ combine: 'add' });
  const beginning = startDrawing(context, { takes: false });
  if (!beginning) throw new Error('nothing is open');
  return beginning.target;
};

const beginAs = (context: ToolContext, combine: Combine, takes = false): StartedDrawing | null => {
  context.store.setState({ combine, notice: null });
  return startDrawing(context, { takes });
};

describe('what is drawn on', () => {
  test('is the one selected shape, and none where several are or it is gone', () => {
    const { store, select } = sheet([shape(3), shape(4)]);
    expect(selectedShape(store.getState())).toBeNull();
    select(4);
    expect(selectedShape(store.getState())?.id).toBe(4);
    select(3, 4);
    expect(selectedShape(store.getState())).toBeNull();
    select(99);
    expect(selectedShape(store.getState())).toBeNull();
  });

  test('is nothing without a picture of known size', () => {
    expect(sizeOf(emptyWorkbench)).toBeNull();
    const { context, store } = surroundings([]);
    const { open } = store.getState();
    if (open) store.setState({ open: { ...open, image: { ...open.image, width: null, height: null } } });
    for (const combine of ['new', 'add', 'subtract'] as const) expect(beginAs(context, combine)).toBeNull();
    expect(store.getState().notice).toBeNull();
    store.setState({ open: null });
    for (const combine of ['new', 'add', 'subtract'] as const) expect(beginAs(context, combine)).toBeNull();
    expect(store.getState().notice).toBeNull();
  });

  test.each<[string, Partial<Shape>, RegExp]>([
    ['locked', { locked: true }, /is locked\. Unlock it/u],
    ['hidden', { hidden: true }, /is hidden\. Show it/u],
    ['locked and hidden', { locked: true, hidden: true }, /is locked/u],
  ])('is refused in one sentence where it is %s, and a new shape is not', (_, more, words) => {
    const { context, select, notice } = surroundings([shape(3, filled(1, 1, 5, 5), more)]);
    select(3);
    for (const combine of ['add', 'subtract'] as const) {
      expect(beginAs(context, combine)).toBeNull();
      expect(notice()).toMatch(words);
    }
    expect(beginAs(context, 'new')?.target.shape).toBeNull();
    expect(notice()).toBeNull();
  });
});

describe('the new mask of a shape', () => {
  const boxes: fc.Arbitrary<Box> = fc
    .tuple(fc.nat(39), fc.nat(29), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
    .map(([x, y, width, height]) => ({ x1: x, y1: y, x2: Math.min(40, x + width), y2: Math.min(30, y + height) }));
  const extent = ({ x1, y1, x2, y2 }: Box) => (x2 - x1) * (y2 - y1);
  const shared = (a: Box, b: Box) =>
    Math.max(0, Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1)) * Math.max(0, Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1));

  test('has as many pixels as was added, taken away or put in its place', () => {
    fc.assert(
      fc.property(boxes, boxes, fc.constantFrom<AreaOperation>('add', 'take', 'replace'), (a, b, way) => {
        const before = shape(3, filled(a.x1, a.y1, a.x2, a.y2));
        const change = remasked(before, boxColumns(b, size), way);
        const after = change === null ? before : change.after && { ...before, ...(change.after as Partial<Shape>) };
        const left = { add: extent(a) + extent(b) - shared(a, b), take: extent(a) - shared(a, b), replace: extent(b) }[
          way
        ];
        expect(after === null ? 0 : areaOf(after)).toBe(left);
        if (after) expect(after.box).toEqual(tight(after));
      }),
      { numRuns: 300 },
    );
  });

  test('of a bare box is what is added, and taking away changes nothing', () => {
    const bare = shape(3, filled(1, 1, 9, 9), { mask: null });
    expect(remasked(bare, columns(2, 2, 4, 4), 'take')).toBeNull();
    expect(remasked(bare, columns(2, 2, 4, 4), 'add')?.after).toMatchObject({ box: { x1: 2, y1: 2, x2: 4, y2: 4 } });
  });

  test('of which nothing is left is a deletion that undo can take back', () => {
    const change = remasked(shape(3), columns(0, 0, 40, 30), 'take');
    expect(change).toEqual({ kind: 'shape', id: 3, before: shape(3), after: null });
  });

  test('that is the same as before is no change', () => {
    expect(remasked(shape(3), columns(12, 12, 14, 14), 'add')).toBeNull();
    expect(remasked(shape(3), columns(30, 20, 34, 24), 'take')).toBeNull();
    expect(remasked(shape(3), columns(10, 10, 20, 20), 'replace')).toBeNull();
  });
});

function tight(one: Shape): Box {
  const [xs, ys]: [number[], number[]] = [[], []];
  const { x1, starts, runs } = columnsIn(one);
  for (let i = 0; i + 1 < starts.length; i++) if ((starts[i + 1] ?? 0) > (starts[i] ?? 0)) xs.push(x1 + i);
  runs.forEach((value) => ys.push(value));
  return { x1: Math.min(...xs), y1: Math.min(...ys), x2: Math.max(...xs) + 1, y2: Math.max(...ys) };
}

describe('a drawing that is committed', () => {
  test('becomes a shape above all others, of the label that is chosen', async () => {
    const { context, diffs, store } = surroundings([shape(3, filled(1, 1, 5, 5), { place: 7.5 })]);
    const made = await commitArea(context, {
      ...{ area: columns(2, 2, 6, 6), way: 'add', title: 'Draw', target: { ...targetIn(context), shape: null } },
    });
    expect(made).toMatchObject({ id: 100, imageId: 7, labelId: label.id, origin: { kind: 'drawn' } });
    expect(made?.place).toBeGreaterThan(7.5);
    expect(diffs).toMatchObject([{ title: 'Draw', changes: [{ id: 100, before: null }] }]);
    expect([...store.getState().selected]).toEqual([100]);
  });

  test('has the first label of the list where the chosen one is gone', async () => {
    const { context, store } = surroundings([]);
    const first = { ...label, id: 20, name: 'first', place: -1 };
    store.setState({ labelId: 77, labels: new Map([...store.getState().labels, [20, first]]) });
    const made = await commitArea(context, {
      ...{ area: columns(2, 2, 6, 6), way: 'add', title: 'Draw', target: targetIn(context) },
    });
    expect(made?.labelId).toBe(20);
    expect(store.getState().labelId).toBe(20);
  });

  test('of no pixels, or that only takes away, makes nothing', async () => {
    const { context, diffs } = surroundings([]);
    const target = targetIn(context);
    for (const [area, way] of [
      [emptyColumns(size), 'add'],
      [columns(1, 1, 9, 9), 'take'],
    ] as const) {
      expect(await commitArea(context, { area, way, title: 'x', target })).toBeNull();
    }
    expect(diffs).toEqual([]);
  });

  test('is made to the shape as it is by then, not as it was at the first press', async () => {
    const one = surroundings([shape(3)]);
    one.select(3);
    const target = targetIn(one.context);
    const { open } = one.store.getState();
    const later = shape(3, filled(10, 10, 20, 20), { place: 44, attributes: { colour: 'red' } });
    if (open) one.store.setState({ open: { ...open, shapes: new Map([[3, later]]) } });
    const made = await commitArea(one.context, { area: columns(20, 10, 22, 20), way: 'add', title: 'Brush', target });
    expect(made).toMatchObject({ place: 44, attributes: { colour: 'red' } });
    expect(areaOf(made ?? undefined)).toBe(120);
  });

  test.each<[string, Shape[]]>([
    ['deleted', []],
    ['locked', [shape(3, filled(10, 10, 20, 20), { locked: true })]],
  ])('on a shape that was %s meanwhile changes nothing', async (_, shapes) => {
    const one = surroundings([shape(3)]);
    one.select(3);
    const target = targetIn(one.context);
    const { open } = one.store.getState();
    if (open) one.store.setState({ open: { ...open, shapes: new Map(shapes.map((each) => [each.id, each])) } });
    await commitArea(one.context, { area: columns(20, 10, 22, 20), way: 'add', title: 'Brush', target });
    expect(one.diffs).toEqual([]);
  });

  test('on an image that was left belongs to it, and selects nothing on the other', async () => {
    const one = surroundings([]);
    const target = targetIn(one.context);
    one.openOther();
    one.select(55);
    const made = await commitArea(one.context, { area: columns(2, 2, 6, 6), way: 'add', title: 'Draw', target });
    expect(made?.imageId).toBe(7);
    expect([...one.store.getState().selected]).toEqual([55]);
  });
});

describe('what a drawing is to become', () => {
  test.each<[Combine, boolean, readonly number[], readonly [number | null | 'refused', 'add' | 'take']]>([
    ['new', false, [], [null, 'add']],
    ['new', false, [3], [null, 'add']],
    ['new', false, [3, 4], [null, 'add']],
    ['new', true, [3], [3, 'take']],
    ['new', true, [], ['refused', 'take']],
    ['add', false, [3], [3, 'add']],
    ['add', false, [], [null, 'add']],
    ['add', false, [3, 4], ['refused', 'add']],
    ['add', true, [3], [3, 'take']],
    ['subtract', false, [3], [3, 'take']],
    ['subtract', false, [], ['refused', 'take']],
    ['subtract', false, [3, 4], ['refused', 'take']],
  ])('with %s, Alt held: %s, and %j selected is on %j', (combine, takes, selected, [on, way]) => {
    const { context, select, notice } = surroundings([shape(3), shape(4)]);
    select(...selected);
    const beginning = beginAs(context, combine, takes);
    if (on === 'refused') {
      expect(beginning).toBeNull();
      expect(notice()).toMatch(selected.length > 1 ? /Several shapes/u : /No shape is selected/u);
      return;
    }
    expect(beginning).toMatchObject({ way, target: { imageId: 7, size } });
    expect(beginning?.target.shape?.id ?? null).toBe(on);
    expect(notice()).toBeNull();
  });

  test('goes on with what the tool itself has made, while that is selected', () => {
    const { context, select } = surroundings([shape(3), shape(4)]);
    select(3);
    expect(startDrawing(context, { takes: false, own: 3 })?.target.shape?.id).toBe(3);
    expect(startDrawing(context, { takes: false, own: 4 })?.target.shape).toBeNull();
  });
});

describe('the object of an answer', () => {
  /** An image with one proposal in review, which the host makes a shape of when it is asked. */
  function answeredSheet() {
    const one = surroundings([shape(3)]);
    const box = { x1: 10, y1: 10, x2: 20, y2: 20 };
    const prompt = { id: 50, imageId: 7, text: 'the cup', points: [], box: null, correction: null };
    const { open, selected } = one.store.getState();
    if (!open) throw new Error('nothing is open');
    one.store.setState({
      open: {
        ...open,
        prompts: new Map([[50, prompt]]),
        proposals: new Map([[60, proposed(box, { id: 60, promptId: 50, objects: [{ box, mask: shape(3).mask }] })]]),
      },
      promptId: 50,
      proposalId: 60,
      answered: { promptId: 50, selected },
    });
    return one;
  }

  test('is what drawing edits straight after the answer, until something is selected or a new shape is chosen', () => {
    const { context, store, select } = answeredSheet();
    expect(combineOf(store.getState())).toBe('add');
    expect(startDrawing(context, { takes: false })).toMatchObject({
      way: 'add',
      target: { shape: null, onProposal: true },
    });
    expect(startDrawing(context, { takes: true })).toMatchObject({ way: 'take', target: { onProposal: true } });
    chooseCombine(store, 'subtract');
    expect(startDrawing(context, { takes: false })).toMatchObject({ way: 'take', target: { onProposal: true } });
    chooseCombine(store, 'new');
    expect(startDrawing(context, { takes: false })?.target).toMatchObject({ shape: null, onProposal: false });
    const again = answeredSheet();
    again.select(3);
    expect(combineOf(again.store.getState())).toBe('new');
    expect(startDrawing(again.context, { takes: false })?.target).toMatchObject({ shape: null, onProposal: false });
    select(3);
    expect(combineOf(store.getState())).toBe('new');
  });

  /** The first object of the answer, as the client offers it. */
  const offer = (context: ToolContext) => {
    const made = shape(70);
    context.host.proposedShape = async () => ({ shape: made, changes: [created('shape', made)] });
  };

  test('becomes a shape with what was drawn on it, in one step', async () => {
    const { context, diffs, store } = answeredSheet();
    offer(context);
    const beginning = startDrawing(context, { takes: false });
    if (!beginning) throw new Error('nothing can be drawn');
    const done = await commitArea(context, { ...beginning, area: columns(20, 10, 22, 20), title: 'Brush' });
    expect(done?.id).toBe(70);
    expect(areaOf(done ?? undefined)).toBe(120);
    expect(diffs).toMatchObject([{ title: 'Brush', changes: [{ id: 70, before: null }] }]);
    expect(store.getState()).toMatchObject({ selected: new Set([70]), combine: 'add' });
  });

  test('is drawn on where it stands as a shape by now', async () => {
    const { context, diffs } = answeredSheet();
    context.host.proposedShape = async () => ({ shape: shape(3), changes: [] });
    const beginning = startDrawing(context, { takes: false });
    if (!beginning) throw new Error('nothing can be drawn');
    await commitArea(context, { ...beginning, area: columns(20, 10, 22, 20), title: 'Brush' });
    expect(diffs).toMatchObject([{ changes: [{ id: 3, before: { mask: {} } }] }]);
  });

  test('of which nothing would be left stays as it is, and the person is told what to do', async () => {
    const { context, diffs, store } = answeredSheet();
    offer(context);
    const beginning = startDrawing(context, { takes: true });
    if (!beginning) throw new Error('nothing can be drawn');
    expect(await commitArea(context, { ...beginning, area: columns(0, 0, 40, 30), title: 'Erase' })).toBeNull();
    expect(diffs).toEqual([]);
    expect(store.getState().notice?.text).toContain('Judge it as wrong');
  });

  test('that is gone by then leaves a new shape of what was added, and nothing of what was taken away', async () => {
    const { context, diffs } = answeredSheet();
    const beginning = startDrawing(context, { takes: false });
    if (!beginning) throw new Error('nothing can be drawn');
    await commitArea(context, { ...beginning, area: columns(1, 1, 3, 3), title: 'Draw', way: 'take' });
    expect(diffs).toEqual([]);
    await commitArea(context, { ...beginning, area: columns(1, 1, 3, 3), title: 'Draw' });
    expect(diffs).toMatchObject([{ changes: [{ before: null }] }]);
  });
});

describe('arrows', () => {
  const step = fc.integer({ min: -12, max: 12 });

  test('move masks and boxes by whole pixels, and what stays on the image can be moved back', () => {
    fc.assert(
      fc.property(step, step, fc.boolean(), (dx, dy, bare) => {
        const before = shape(3, filled(13, 13, 23, 17), bare ? { mask: null } : {});
        const one = sheet([before]);
        one.select(3);
        const diff = nudge(one.store.getState(), dx, dy);
        if (dx === 0 && dy === 0) return void expect(diff).toBeNull();
        const after = { ...before, ...(diff?.changes[0]?.after as Partial<Shape>) };
        expect(after.box).toEqual({ x1: 13 + dx, y1: 13 + dy, x2: 23 + dx, y2: 17 + dy });
        expect(areaOf(after)).toBe(bare ? 0 : 40);
        const { open } = one.store.getState();
        if (open) one.store.setState({ open: { ...open, shapes: new Map([[3, after]]) } });
        expect(nudge(one.store.getState(), -dx, -dy)?.changes[0]?.after).toMatchObject({ box: before.box });
      }),
    );
  });

  test('cut off what leaves the image, from masks and boxes alike', () => {
    for (const mask of [shape(3).mask, null]) {
      const one = sheet([shape(3, filled(30, 10, 38, 20), mask === null ? { mask } : {})]);
      one.select(3);
      expect(nudge(one.store.getState(), 6, 15)?.changes[0]?.after).toMatchObject({
        box: { x1: 36, y1: 25, x2: 40, y2: 30 },
      });
      expect(nudge(one.store.getState(), 10, 0)?.changes[0]).toMatchObject({ before: { id: 3 }, after: null });
    }
  });

  test('leave what is locked, hidden or not selected', () => {
    const one = sheet([
      shape(3, filled(1, 1, 5, 5), { locked: true }),
      shape(4, filled(1, 1, 5, 5), { hidden: true }),
      shape(5),
    ]);
    one.select(3, 4);
    expect(nudge(one.store.getState(), 1, 0)).toBeNull();
    one.select(3, 4, 5);
    expect(nudge(one.store.getState(), 1, 0)?.changes.map(({ id }) => id)).toEqual([5]);
    expect(nudge(emptyWorkbench, 1, 0)).toBeNull();
  });

  test('move many as one step', () => {
    const one = sheet([shape(3), shape(4), shape(5)]);
    one.select(5, 3, 4);
    const diff = nudge(one.store.getState(), 0, -3);
    expect(diff?.title).toBe('Move');
    expect(diff?.changes.map(({ id }) => id)).toEqual([5, 3, 4]);
    expect(columnsArea(columnsIn(one.shapes()[0]))).toBe(100);
  });
});
