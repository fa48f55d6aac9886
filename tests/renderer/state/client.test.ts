// A window as a whole on a scripted host: events into the store, streams that end, and connections that come and go.
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineStatus, HostEvent, Recorded } from '../../../main/contract/api.ts';
import { created, type Diff, deleted } from '../../../main/contract/diff.ts';
import type { Job } from '../../../main/contract/jobs.ts';
import type { Label } from '../../../main/contract/project.ts';
import { temporaryMemory } from '../../../renderer/state/actionContext.ts';
import { openImageId } from '../../../renderer/state/client.ts';
import {
  type Answers,
  type AtScript,
  atScript,
  candidate,
  detail,
  refuse,
  scriptedProject,
  turns,
} from '../scripted.ts';
import { shape } from '../tools/sheet.ts';

const open: AtScript[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const car: Label = { id: 5, name: 'car', colour: '#e69f00', digit: '1', attributes: [], place: 1 };

/** Three images with an answer to a prompt on the second. */
function clientOf(more: Answers = {}) {
  const prompt = { id: 50, imageId: 2, text: 'the car', points: [], box: null, correction: null };
  const proposals = [candidate(60, 50, { chosen: false }), candidate(61, 50)];
  const one = atScript({
    project: { labels: () => [car] },
    images: {
      step: ({ from, by }) => {
        const id = from === null ? 1 : from + (by === 'previous' ? -1 : 1);
        return { id: id >= 1 && id <= 3 ? id : null, index: id >= 1 && id <= 3 ? id - 1 : null, total: 3 };
      },
      detail: ({ id }) => (id === 2 ? detail(2, { prompts: [prompt], proposals }) : detail(id)),
    },
    model: { prepare: () => ({}), status: () => engine('absent') },
    ...more,
  });
  open.push(one);
  const state = () => one.client.store.getState();
  const asked = (name: string) => one.calls.filter((call) => call.name === name).map(({ input }) => input);
  return { ...one, state, asked };
}

const engine = (state: EngineStatus['state']): EngineStatus => ({
  ...{ state, weights: null, device: null, requested: 'cpu', warnings: [], lastCallMs: null, problem: null },
});

const job = (id: string, more: Partial<Job> = {}): Job => ({
  ...{ id, kind: 'import', title: 'Importing', state: 'running', done: 0, total: null, secondsLeft: null },
  ...{ message: null, notes: [] },
  ...more,
});

const recorded = (diff: Diff, seq = 1): Recorded => ({ seq, diff, undo: null, redo: null });

const entered: HostEvent = { kind: 'project', project: scriptedProject(3) };

describe('a project that the host has open', () => {
  it('is shown with its labels and its first image', async () => {
    const { events, state } = clientOf();
    events.write(entered);
    await expect.poll(() => state().open?.image.id).toBe(1);
    expect(state().labels).toEqual(new Map([[5, car]]));
    await expect.poll(() => state().position).toEqual({ index: 0, total: 3 });
  });

  it('is entered at the image that was open the last time', async () => {
    const { events, state, client } = clientOf();
    client.memory.write('image of /p/cars.loupe', '3');
    events.write(entered);
    await expect.poll(() => state().open?.image.id).toBe(3);
  });

  it.each(['99', 'x', '-1', '0'])('is entered at its first image where %s is remembered', async (remembered) => {
    const { events, state, client } = clientOf({
      images: {
        step: () => ({ id: 1, index: 0, total: 3 }),
        detail: ({ id }) => (id > 3 ? refuse(`there is no image ${id}`) : detail(id)),
      },
    });
    client.memory.write('image of /p/cars.loupe', remembered);
    events.write(entered);
    await expect.poll(() => state().open?.image.id).toBe(1);
    expect(state().notice).toBeNull();
  });

  it('that cannot be written where it lies is offered another place', async () => {
    const { events, state } = clientOf();
    events.write({ kind: 'project', project: null }, { kind: 'read only', file: '/card/cars.loupe' });
    await expect.poll(() => state().dialog).toBe('keep elsewhere');
    expect(state()).toMatchObject({ project: null, readOnly: { file: '/card/cars.loupe' } });
  });

  it('without images shows none, and asks for none', async () => {
    const { events, state, asked } = clientOf();
    events.write({ kind: 'project', project: scriptedProject(0) });
    await expect.poll(() => state().labels.size).toBe(1);
    expect(state().open).toBeNull();
    expect(asked('images.step')).toEqual([]);
  });

  it('opens the likeliest candidate of the last prompt of an image', async () => {
    const { events, state, client } = clientOf();
    events.write(entered);
    await expect.poll(() => state().open?.image.id).toBe(1);
    await client.actions.openImage(2);
    expect(state()).toMatchObject({ promptId: 50, proposalId: 61 });
    await client.actions.openImage(1);
    expect(state()).toMatchObject({ promptId: null, proposalId: null });
  });

  it('selects nothing that was taken back, and keeps what is still there', async () => {
    const { events, state, client } = clientOf({ edit: { apply: (diff) => recorded(diff) } });
    events.write(entered);
    await expect.poll(() => state().open?.image.id).toBe(1);
    const shapes = [70, 71].map((id) => shape(id, undefined, { imageId: 1 }));
    await client.edits.commit({ title: 'Draw', changes: shapes.map((one) => created('shape', one)) });
    client.actions.select([70, 71]);
    const gone = { title: 'Draw', changes: shapes.slice(0, 1).map((one) => deleted('shape', one)) };
    client.edits.received(recorded(gone, 2));
    expect([...state().selected]).toEqual([71]);
  });

  it('that is closed leaves nothing of it behind but the notice and what was set', async () => {
    const { events, state, client } = clientOf();
    events.write(entered);
    await expect.poll(() => state().open?.image.id).toBe(1);
    client.store.setState({ selected: new Set([1]), brush: 33, tool: 'wand', copied: [], side: 'review' });
    events.write({ kind: 'project', project: null });
    await expect.poll(() => state().project).toBeNull();
    expect(state()).toMatchObject({ open: null, selected: new Set(), brush: 33, tool: 'wand', side: 'images' });
    expect(state().labels.size).toBe(0);
  });
});

describe('events', () => {
  it('of jobs replace the job of their id', async () => {
    const { events, state } = clientOf();
    events.write(
      { kind: 'job', job: job('a') },
      { kind: 'job', job: job('b') },
      { kind: 'job', job: job('a', { state: 'done', message: '3 images' }) },
    );
    await expect.poll(() => state().jobs.get('a')?.state).toBe('done');
    expect([...state().jobs.keys()]).toEqual(['a', 'b']);
  });

  it.each([
    ['its end is told', null, 'done', '3 images'],
    ['its failure is told', null, 'failed', 'The disk is full.'],
    ['a dialog shows it', 'jobs', 'done', null],
    ['nobody waits for what was cancelled', null, 'cancelled', null],
  ] as const)('of a job: %s', async (_, dialog, end, told) => {
    const { events, state, client } = clientOf();
    client.store.setState({ dialog });
    const message = end === 'failed' ? 'The disk is full.' : '3 images';
    events.write({ kind: 'job', job: job('a') }, { kind: 'job', job: job('a', { state: end, message }) });
    await expect.poll(() => state().jobs.get('a')?.state).toBe(end);
    expect(state().notice?.text ?? null).toBe(told);
    // What was over before this window came is no news.
    events.write({ kind: 'job', job: job('b', { state: 'done', message: 'old' }) });
    await expect.poll(() => state().jobs.has('b')).toBe(true);
    expect(state().notice?.text ?? null).toBe(told);
  });

  it('of an engine that becomes ready prepare the open image once', async () => {
    const { events, state, asked } = clientOf();
    events.write(entered);
    await expect.poll(() => state().open?.image.id).toBe(1);
    await turns();
    events.write({ kind: 'engine', engine: engine('starting') }, { kind: 'engine', engine: engine('ready') });
    await expect.poll(() => asked('model.prepare')).toEqual([{ imageId: 1, ahead: false }]);
    events.write({ kind: 'engine', engine: engine('ready') }, { kind: 'job', job: job('end') });
    await expect.poll(() => state().jobs.has('end')).toBe(true);
    expect(asked('model.prepare')).toHaveLength(1);
  });

  it('of images read the open one again, and tell the list', async () => {
    let shapes = 0;
    const { events, state, asked } = clientOf({
      project: { labels: () => [car] },
      images: {
        step: () => ({ id: 1, index: 0, total: 1 }),
        detail: ({ id }) => detail(id, { review: { id, status: 'unreviewed', note: `${shapes++}` } }),
      },
    });
    events.write(entered);
    await expect.poll(() => state().open?.review.note).toBe('0');
    const { listVersion } = state();
    const before = asked('images.detail').length;
    events.write({ kind: 'images', ids: [7] }, { kind: 'job', job: job('between') });
    await expect.poll(() => state().jobs.has('between')).toBe(true);
    expect(asked('images.detail')).toHaveLength(before);
    events.write({ kind: 'images', ids: [7, 1] });
    await expect.poll(() => state().open?.review.note).toBe('1');
    expect(state().listVersion).toBe(listVersion + 2);
  });

  it('of images that were added to an empty project open the first', async () => {
    const { events, state } = clientOf();
    events.write({ kind: 'project', project: scriptedProject(0) });
    await expect.poll(() => state().labels.size).toBe(1);
    events.write({ kind: 'images', ids: [1, 2, 3] });
    await expect.poll(() => state().open?.image.id).toBe(1);
  });

  it('of changes by another window are on screen, with what undo would take back', async () => {
    const { events, state } = clientOf();
    events.write(entered);
    await expect.poll(() => state().open?.image.id).toBe(1);
    const bus = { ...car, id: 6, name: 'bus' };
    const diff = { title: 'Add a label', changes: [created('label', bus)] };
    events.write({ kind: 'recorded', recorded: { seq: 1, diff, undo: 'Add a label', redo: null } });
    await expect.poll(() => state().labels.get(6)?.name).toBe('bus');
    expect(state().project?.undo).toBe('Add a label');
  });
});

describe('the connection', () => {
  it('is told to the window as it comes and goes, with the reason where it will not come', () => {
    const { state, connection } = clientOf();
    expect(state()).toMatchObject({ connected: true, refused: null });
    connection(false);
    expect(state()).toMatchObject({ connected: false, refused: null });
    connection(false, 'Loupe was started anew.');
    expect(state()).toMatchObject({ connected: false, refused: 'Loupe was started anew.' });
    connection(true);
    expect(state()).toMatchObject({ connected: true, refused: null });
  });

  it('that is closed changes nothing any more', () => {
    const { client, state, connection } = clientOf();
    client.close();
    connection(false);
    expect(state().connected).toBe(true);
  });
});

describe('calls about pixels', () => {
  it('are about the open image, and cannot be made without one', async () => {
    const { client, events, state } = clientOf();
    expect(() => openImageId(client)).toThrow('No image is open.');
    events.write(entered);
    await expect.poll(() => state().open?.image.id).toBe(1);
    expect(openImageId(client)).toBe(1);
  });
});

describe('memory without a browser', () => {
  it('holds what was written last, and nothing that was not', () => {
    const memory = temporaryMemory();
    expect(memory.read('x')).toBeNull();
    memory.write('x', '1');
    memory.write('x', '2');
    expect(memory.read('x')).toBe('2');
    expect(temporaryMemory().read('x')).toBeNull();
  });
});
