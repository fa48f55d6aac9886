import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changed, created, type Diff, deleted } from '../../../main/contract/diff.ts';
import { type ImageDetail, type Label, packMask, type Shape } from '../../../main/contract/project.ts';
import { isRefusal } from '../../../renderer/state/connection.ts';
import { createEdits } from '../../../renderer/state/edits.ts';
import { createWorkbench } from '../../../renderer/state/workbench.ts';
import { block } from '../block.ts';
import { type ConnectedEdits, connectedEdits } from '../dialled.ts';
import { addLabel, type Windowed, waitFor, windowed } from '../windowed.ts';

let first: Windowed;
let second: ConnectedEdits;
let label: Label;
const box = { x1: 3, y1: 4, x2: 13, y2: 14 };

beforeAll(async () => {
  first = await windowed('edits', 2);
  second = connectedEdits(first);
  label = await addLabel(first, 'car');
  const { id } = shown().image;
  await waitFor(second.client, ({ open }) => open !== null);
  await second.client.actions.openImage(id);
}, 30_000);
afterAll(async () => {
  await second.close();
  await first.close();
});
beforeEach(async () => {
  await first.client.edits.settled();
  await second.client.edits.settled();
  await settledBoth();
});

function shown(client = first.client) {
  const { open } = client.store.getState();
  if (open === null) throw new Error('nothing is open');
  return open;
}

const inHost = async (): Promise<ImageDetail> => first.client.host.images.detail({ id: shown().image.id });
const idsOf = (client = first.client) => [...shown(client).shapes.keys()].sort((a, b) => a - b);
const settledBoth = () => expect.poll(() => idsOf(second.client), { timeout: 10_000 }).toEqual(idsOf());

async function shapeOf(client = first.client): Promise<Shape> {
  return {
    ...{ id: await client.edits.id(), imageId: shown().image.id, labelId: label.id, box, mask: packMask(block(box)) },
    ...{ attributes: {}, crowd: false, hidden: false, locked: false, place: 1, origin: { kind: 'drawn' } },
  };
}

const draw = (shape: Shape): Diff => ({ title: 'Draw mask', changes: [created('shape', shape)] });
const move = (shape: Shape, place: number): Diff => {
  const change = changed('shape', shape, { place });
  return { title: 'Bring forward', changes: change ? [change] : [] };
};

describe('a change', () => {
  it('is on screen at once, and stored a little later', async () => {
    const shape = await shapeOf();
    const stored = first.client.edits.commit(draw(shape));
    expect(shown().shapes.get(shape.id)).toEqual(shape);
    expect(first.client.store.getState().saving.state).toBe('saving');
    expect(await stored).toBe(true);
    await first.client.edits.settled();
    expect(first.client.store.getState().saving.state).toBe('saved');
    expect((await inHost()).shapes).toContainEqual(shape);
  });

  it('comes to the other window', async () => {
    const shape = await shapeOf();
    await first.client.edits.commit(draw(shape));
    await waitFor(second.client, ({ open }) => open?.shapes.has(shape.id) === true);
    await second.client.edits.commit(move(shape, 7));
    await waitFor(first.client, ({ open }) => open?.shapes.get(shape.id)?.place === 7);
    expect(first.client.store.getState().project?.undo).toBe('Bring forward');
  });

  it('follows those before it, however fast they come', async () => {
    const shape = await shapeOf();
    void first.client.edits.commit(draw(shape));
    const seen: (number | undefined)[] = [];
    const stop = first.client.store.subscribe(() => seen.push(shown().shapes.get(shape.id)?.place));
    for (let place = 2; place <= 40; place++) {
      void first.client.edits.commit(move(shown().shapes.get(shape.id) ?? shape, place));
    }
    await first.client.edits.settled();
    expect((await inHost()).shapes.find(({ id }) => id === shape.id)?.place).toBe(40);
    // What is on screen never goes back to an earlier state while the echoes come in.
    await new Promise((resolve) => setTimeout(resolve, 100));
    stop();
    expect(seen).toEqual(seen.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
  });

  it('that does not fit what is on screen is not done at all', async () => {
    const shape = await shapeOf();
    const before = shown();
    expect(await first.client.edits.commit({ title: 'Delete shape', changes: [deleted('shape', shape)] })).toBe(false);
    expect(shown()).toBe(before);
    expect(first.client.store.getState().notice?.text).toBe(
      `Delete shape was not done: shape ${shape.id} is not there any more.`,
    );
  });

  it('that the host refuses goes from the screen, with the reason; what came after it stays', async () => {
    const [bad, good] = [await shapeOf(), await shapeOf()];
    // The host has no such label.
    const refused = first.client.edits.commit(draw({ ...bad, labelId: 999_999 }));
    const stored = first.client.edits.commit(draw(good));
    expect(await refused).toBe(false);
    expect(await stored).toBe(true);
    await first.client.edits.settled();
    expect(shown().shapes.has(bad.id)).toBe(false);
    expect(shown().shapes.get(good.id)).toEqual(good);
    const { notice } = first.client.store.getState();
    expect(notice?.tone).toBe('bad');
    expect(notice?.text).toMatch(/^Draw mask was not stored: /u);
  });
});

describe('while the host is away', () => {
  it('changes wait in order, and are stored once when it is back', async () => {
    const shape = await shapeOf(second.client);
    second.setDown(true);
    second.cut();
    await waitFor(second.client, ({ connected }) => !connected);
    void second.client.edits.commit(draw(shape));
    void second.client.edits.commit(move(shape, 5));
    expect(second.client.edits.waiting()).toBe(2);
    expect(shown(second.client).shapes.get(shape.id)?.place).toBe(5);
    second.setDown(false);
    await second.client.edits.settled();
    expect((await inHost()).shapes.filter(({ id }) => id === shape.id)).toEqual([{ ...shape, place: 5 }]);
    expect(second.client.store.getState().saving.state).toBe('saved');
  });

  it('what others did meanwhile is there afterwards', async () => {
    second.setDown(true);
    second.cut();
    await waitFor(second.client, ({ connected }) => !connected);
    const shape = await shapeOf();
    await first.client.edits.commit(draw(shape));
    second.setDown(false);
    await waitFor(second.client, ({ open }) => open?.shapes.has(shape.id) === true);
  });

  it('a change whose answer was lost is not stored twice and not given up', async () => {
    const { host } = first.client;
    let lost = 0;
    const apply: typeof host.edit.apply = async (...words) => {
      const recorded = await host.edit.apply(...words);
      if (lost++ === 0) throw new Error('the answer was lost');
      return recorded;
    };
    const edits = editsWith({
      ...groups(host),
      edit: { apply, undo: host.edit.undo, redo: host.edit.redo, mergeLabels: host.edit.mergeLabels },
    });
    const shape = await shapeOf();
    expect(await edits.commit(draw(shape))).toBe(true);
    expect(lost).toBe(1);
    expect(await edits.commit({ title: 'Delete shape', changes: [deleted('shape', shape)] })).toBe(true);
    expect((await inHost()).shapes.some(({ id }) => id === shape.id)).toBe(false);
  });
});

describe('undo and redo', () => {
  it('wait for what is on its way, and hold in both windows', async () => {
    const shape = await shapeOf();
    void first.client.edits.commit(draw(shape));
    void first.client.edits.commit(move(shape, 9));
    await first.client.edits.undo();
    expect(shown().shapes.get(shape.id)?.place).toBe(1);
    expect(first.client.store.getState().project).toMatchObject({ undo: 'Draw mask', redo: 'Bring forward' });
    await first.client.edits.undo();
    expect(shown().shapes.has(shape.id)).toBe(false);
    await first.client.edits.redo();
    await first.client.edits.redo();
    expect(shown().shapes.get(shape.id)?.place).toBe(9);
    await waitFor(second.client, ({ open }) => open?.shapes.get(shape.id)?.place === 9);
  });

  it('of more changes than are told show all of them, and what is changed next is not taken for somebody else’s', async () => {
    const before = idsOf();
    const shapes: Shape[] = [];
    for (let i = 0; i < 1300; i++) shapes.push(await shapeOf());
    await first.client.edits.commit({ title: 'Draw many', changes: shapes.map((shape) => created('shape', shape)) });
    await settledBoth();
    await first.client.edits.undo();
    expect(idsOf()).toEqual(before);
    await settledBoth();
    await first.client.edits.redo();
    expect(idsOf()).toHaveLength(before.length + 1300);
    await settledBoth();
    const last = shapes.at(-1);
    const there = last && shown().shapes.get(last.id);
    expect(there && (await first.client.edits.commit(move(there, 3)))).toBe(true);
    await first.client.edits.undo();
    await first.client.edits.undo();
    expect(idsOf()).toEqual(before);
  });

  it('end with the journal', async () => {
    while (await first.client.edits.redo());
    expect(await first.client.edits.redo()).toBeNull();
  });
});

describe('ids', () => {
  it('are given once, over both windows', async () => {
    const asked = Array.from({ length: 130 }, () => [first.client.edits.id(), second.client.edits.id()]).flat();
    expect(new Set(await Promise.all(asked)).size).toBe(260);
  });

  it('that cannot be had are told of', async () => {
    const { host } = first.client;
    const { labels, recent, ...project } = projectOf(host);
    const edits = editsWith({
      ...groups(host),
      project: { ...project, labels, recent, reserve: () => Promise.reject(new Error('gone')) },
    });
    const error: unknown = await edits.id().catch((one: unknown) => one);
    expect(isRefusal(error)).toBe(false);
    expect(error).toMatchObject({ message: 'gone' });
  });
});

type Groups = Windowed['client']['host'];

/** The client makes its groups when they are asked for; here they are as fields. */
function groups({ watch, project, images, edit, model, repair, jobs, files, settings }: Groups): Groups {
  return { watch, project, images, edit, model, repair, jobs, files, settings };
}

function projectOf({ project: { open, create, sample, close, recent, labels, reserve } }: Groups): Groups['project'] {
  return { open, create, sample, close, recent, labels, reserve };
}

/** Another way of changes for the first window's records. */
function editsWith(host: Groups) {
  const store = createWorkbench();
  store.setState({ ...first.client.store.getState() });
  return createEdits(store, host);
}

describe('where changes would be lost while the host is away', () => {
  it('nothing is changed, and the person is told', async () => {
    const { host } = first.client;
    const store = createWorkbench();
    store.setState({ ...first.client.store.getState(), connected: false });
    const edits = createEdits(store, host, { keepsWhileAway: false });
    const shape = await shapeOf();
    const before = store.getState().open;
    expect(await edits.commit(draw(shape))).toBe(false);
    expect(store.getState().open).toBe(before);
    expect(store.getState().notice?.text).toBe(
      'Draw mask was not done: the host does not answer, and it would be lost.',
    );
    store.setState({ connected: true });
    expect(await edits.commit(draw(shape))).toBe(true);
    await first.client.edits.undo();
  });
});

describe('the time of the last write', () => {
  const savedAt = () => {
    const { saving } = first.client.store.getState();
    return saving.state === 'saved' ? saving.at : 0;
  };

  it('is that of what another window, undo or a merge of labels wrote as well', async () => {
    for (const write of [
      async () => second.client.edits.commit(draw(await shapeOf(second.client))),
      () => first.client.edits.undo(),
      () => first.client.host.edit.redo(),
    ]) {
      const before = savedAt();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await write();
      await expect.poll(savedAt, { timeout: 10_000 }).toBeGreaterThan(before);
    }
  });
});
