// What a person does to shapes and labels from the panels, on a real host.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Label, Shape } from '../../../main/contract/project.ts';
import { addLabel, draw, type Windowed, windowed } from '../windowed.ts';

let window: Windowed;
let car: Label;
let bus: Label;

const state = () => window.client.store.getState();
const actions = () => window.client.actions;
const shapeOf = (id: number): Shape | undefined => state().open?.shapes.get(id);
const inHost = async (id: number) => {
  const { shapes } = await window.client.host.images.detail({ id: state().open?.image.id ?? 0 });
  return shapes.find((one) => one.id === id);
};

beforeAll(async () => {
  window = await windowed('objects', 1);
  car = await addLabel(window, 'car');
  bus = await addLabel(window, 'bus');
}, 60_000);
afterAll(() => window.close());
beforeEach(async () => {
  const all = [...(state().open?.shapes.values() ?? [])];
  const locked = all.filter((one) => one.locked).map(({ id }) => id);
  if (locked.length > 0) await actions().toggleFlag(locked, 'locked');
  if (all.length > 0) await actions().remove(all.map(({ id }) => id));
  window.client.store.setState({ selected: new Set(), labelId: null, notice: null });
});

const box = { x1: 2, y1: 3, x2: 12, y2: 13 };
const drawn = async (count: number) => {
  const made: Shape[] = [];
  for (let i = 0; i < count; i++) made.push(await draw(window, car.id, { ...box, x2: box.x2 + i }));
  return made.map(({ id }) => id) as [number, number, ...number[]];
};

describe('the selection', () => {
  it('is replaced, or turned on and off one by one', async () => {
    const [a, b] = await drawn(2);
    actions().select([a]);
    actions().select([b]);
    expect([...state().selected]).toEqual([b]);
    actions().select([a], { add: true });
    expect([...state().selected]).toEqual([b, a]);
    actions().select([b, b], { add: true });
    expect([...state().selected]).toEqual([a, b]);
    actions().select([]);
    expect(state().selected.size).toBe(0);
  });

  it('loses what is deleted, and nothing else', async () => {
    const [a, b] = await drawn(2);
    actions().select([a, b]);
    expect(await actions().remove([a])).toBe(true);
    expect([...state().selected]).toEqual([b]);
    expect(await inHost(a)).toBeUndefined();
    expect(await inHost(b)).toBeDefined();
  });
});

describe('labels', () => {
  it('go to all selected shapes as one step of undo', async () => {
    const ids = await drawn(3);
    actions().select(ids);
    expect(await actions().setLabel(bus.id)).toBe(true);
    expect(ids.map((id) => shapeOf(id)?.labelId)).toEqual([bus.id, bus.id, bus.id]);
    expect(state().labelId).toBe(bus.id);
    await actions().undo();
    expect(ids.map((id) => shapeOf(id)?.labelId)).toEqual([car.id, car.id, car.id]);
  });

  it('with nothing selected are for new shapes alone', async () => {
    const [a] = await drawn(1);
    actions().select([]);
    expect(await actions().setLabel(bus.id)).toBe(false);
    expect(state().labelId).toBe(bus.id);
    expect(shapeOf(a)?.labelId).toBe(car.id);
  });

  it('are made once for a name, whatever its case and spaces', async () => {
    const id = await actions().createLabel('  Lorry ');
    expect(await actions().createLabel('lorry')).toBe(id);
    expect(await actions().createLabel('LORRY ')).toBe(id);
    expect(state().labels.get(id ?? 0)?.name).toBe('Lorry');
    const stored = await window.client.host.project.labels();
    expect(stored.filter(({ name }) => /lorry/iu.test(name))).toHaveLength(1);
  });

  it('have a colour and a key that no other has, as long as there are any', async () => {
    for (let i = 0; i < 12; i++) await actions().createLabel(`thing ${i}`);
    const labels = [...state().labels.values()];
    expect(new Set(labels.map(({ colour }) => colour)).size).toBe(labels.length);
    const digits = labels.flatMap(({ digit }) => digit ?? []);
    expect(new Set(digits).size).toBe(digits.length);
    expect(digits).toHaveLength(9);
  });

  it('that the host cannot take have no id', async () => {
    expect(await actions().createLabel('x'.repeat(1001))).toBeNull();
    await window.client.edits.settled();
    expect(state().notice?.tone).toBe('bad');
    expect([...state().labels.values()].some(({ name }) => name.length > 1000)).toBe(false);
  });
});

describe('attributes', () => {
  it('are set, changed and taken away, each kind of value', async () => {
    const [a] = await drawn(1);
    for (const value of ['red', 4.5, true, '']) {
      await actions().setAttribute([a], 'said', value);
      expect((await inHost(a))?.attributes).toEqual({ said: value });
    }
    await actions().setAttribute([a], 'more', 1);
    await actions().setAttribute([a], 'said', null);
    expect((await inHost(a))?.attributes).toEqual({ more: 1 });
  });

  it('of several shapes are one step, and those that had the value are left alone', async () => {
    const [a, b] = await drawn(2);
    await actions().setAttribute([a], 'colour', 'red');
    await actions().setAttribute([a, b], 'colour', 'red');
    expect(state().project?.undo).toBe('Set colour');
    await actions().undo();
    expect(shapeOf(a)?.attributes).toEqual({ colour: 'red' });
    expect(shapeOf(b)?.attributes).toEqual({});
  });

  it('of nothing and of what is gone change nothing', async () => {
    const { listVersion } = state();
    expect(await actions().setAttribute([], 'colour', 'red')).toBe(true);
    expect(await actions().setAttribute([999_999], 'colour', 'red')).toBe(true);
    expect(state().listVersion).toBe(listVersion);
  });
});

describe('flags', () => {
  it.each(['hidden', 'locked', 'crowd'] as const)('%s is turned on for all, then off for all', async (flag) => {
    const [a, b] = await drawn(2);
    await actions().toggleFlag([a], flag);
    await actions().toggleFlag([a, b], flag);
    expect([shapeOf(a)?.[flag], shapeOf(b)?.[flag]]).toEqual([true, true]);
    await actions().toggleFlag([a, b], flag);
    expect([shapeOf(a)?.[flag], shapeOf(b)?.[flag]]).toEqual([false, false]);
  });

  it('of nothing are not stored', async () => {
    expect(await actions().toggleFlag([], 'hidden')).toBe(false);
    expect(await actions().remove([999_999])).toBe(false);
  });

  it('keep a locked shape from being deleted and relabelled', async () => {
    const [a, b] = await drawn(2);
    await actions().toggleFlag([a], 'locked');
    actions().select([a, b]);
    await actions().setLabel(bus.id);
    await actions().remove([a, b]);
    expect(shapeOf(a)).toMatchObject({ labelId: car.id, locked: true });
    expect(shapeOf(b)).toBeUndefined();
  });
});

describe('undo and redo', () => {
  it('say where the journal ends', async () => {
    expect(await actions().redo()).toBeUndefined();
    expect(state().notice).toMatchObject({ tone: 'plain', text: 'Nothing to redo.' });
  });

  it('bring back a deleted shape as it was, every field of it', async () => {
    const [a] = await drawn(1);
    await actions().setAttribute([a], 'colour', 'red');
    const before = shapeOf(a);
    await actions().remove([a]);
    await actions().undo();
    expect(shapeOf(a)).toEqual(before);
    expect(await inHost(a)).toEqual(before);
    await actions().redo();
    expect(shapeOf(a)).toBeUndefined();
  });
});
