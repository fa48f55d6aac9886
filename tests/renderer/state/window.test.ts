import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pictureAddress } from '../../../main/contract/addresses.ts';
import type { Label } from '../../../main/contract/project.ts';
import { candidatesOf, inReview, withAnswerEvent } from '../../../renderer/state/answers.ts';
import { ended, paint } from '../../hosting.ts';
import { type ConnectedEdits, connectedEdits } from '../dialled.ts';
import { proposed } from '../proposed.ts';
import { addLabel, draw, type Windowed, waitFor, windowed } from '../windowed.ts';

let window: Windowed;
let second: ConnectedEdits;
let car: Label;
const ahead: string[] = [];
const box = { x1: 2, y1: 3, x2: 12, y2: 13 };

beforeAll(async () => {
  window = await windowed('window', 4);
  second = connectedEdits(window, ahead);
  car = await addLabel(window, 'car');
}, 30_000);
afterAll(async () => {
  await second.close();
  await window.close();
});

const state = () => window.client.store.getState();
const actions = () => window.client.actions;

function shown() {
  const { open } = state();
  if (open === null) throw new Error('nothing is open');
  return open;
}

/** A prompt that was asked, with answers in the host as the engine leaves them. */
async function asked(text: string, answers: ReturnType<typeof proposed>[]): Promise<number> {
  const id = await window.client.edits.id();
  const prompt = { id, imageId: shown().image.id, text, points: [], box: null, correction: null };
  await window.client.edits.commit({ title: 'Ask', changes: [{ kind: 'prompt', id, before: null, after: prompt }] });
  window.host.project().addProposals(id, answers, null);
  await actions().changedOutside([shown().image.id]);
  actions().choosePrompt(id);
  return id;
}

describe('a window that comes later', () => {
  it('shows the project, its labels and its first image', async () => {
    await waitFor(second.client, ({ open, labels }) => open !== null && labels.size === 1);
    const { project, open, connected } = second.client.store.getState();
    expect(project?.images).toBe(4);
    expect(open?.image.path).toBe('image0.png');
    expect(connected).toBe(true);
  });
});

describe('images', () => {
  it('are stepped through to the end and back, and the place is known', async () => {
    await actions().first();
    await expect.poll(() => state().position, { timeout: 10_000 }).toEqual({ index: 0, total: 4 });
    const seen = [shown().image.path];
    while (await actions().step('next')) seen.push(shown().image.path);
    expect(seen).toEqual(['image0.png', 'image1.png', 'image2.png', 'image3.png']);
    await expect.poll(() => state().position, { timeout: 10_000 }).toEqual({ index: 3, total: 4 });
    expect(await actions().step('previous')).toBe(true);
    expect(shown().image.path).toBe('image2.png');
  });

  it('beside the open one are fetched before anybody asks', async () => {
    await second.client.actions.first();
    const { rows } = await window.client.host.images.list({ offset: 1, limit: 1 });
    const [row] = rows;
    if (!row) throw new Error('there is a second image');
    await expect
      .poll(() => ahead.some((address) => address.startsWith(pictureAddress(row.id, ''))), { timeout: 10_000 })
      .toBe(true);
  });

  it('are found by name and by state', async () => {
    actions().setQuery({ search: 'IMAGE2' });
    await actions().first();
    expect(shown().image.path).toBe('image2.png');
    expect(await actions().step('next')).toBe(false);
    actions().setQuery({ search: '' });
  });

  it('that are accepted are passed over', async () => {
    await actions().first();
    expect(await actions().setReview('accepted')).toBe(true);
    await actions().acceptAndNext();
    expect(shown().image.path).not.toBe('image0.png');
    expect((await window.client.host.images.list({ status: 'accepted', offset: 0, limit: 10 })).total).toBe(1);
    await actions().undo();
  });

  it('that cannot be opened leave the one that is open, and say why', async () => {
    const before = shown();
    await actions().openImage(99_999);
    expect(shown()).toBe(before);
    expect(state().opening).toBeNull();
    expect(state().notice?.tone).toBe('bad');
  });

  it('of which the last wish counts', async () => {
    const { rows } = await window.client.host.images.list({ offset: 0, limit: 4 });
    await Promise.all(rows.map(({ id }, i) => actions().openImage(id, i)));
    expect(shown().image.id).toBe(rows.at(-1)?.id);
  });
});

describe('an answer', () => {
  it('is kept, judged and taken back as one step', async () => {
    await asked('the red car', [proposed(box)]);
    expect(inReview(state()).proposal?.found).toBe('objects');
    expect(await actions().accept()).toBe(true);
    const { prompt } = inReview(state());
    const shapeId = prompt?.correction?.objects[0]?.mask.shapeId ?? 0;
    expect(shown().shapes.get(shapeId)).toMatchObject({ labelId: car.id, box });
    expect([...state().selected]).toEqual([shapeId]);
    expect(state().project?.undo).toBe('Accept the answer');
    await actions().undo();
    expect(inReview(state()).prompt?.correction).toBeNull();
    expect(shown().shapes.has(shapeId)).toBe(false);
  });

  it('that is a thing which stands already is accepted, and the person is told of both', async () => {
    await asked('the vehicle', [proposed(box)]);
    await actions().accept();
    const stood = shown().shapes.size;
    await asked('the car again', [proposed(box)]);
    expect(await actions().accept()).toBe(true);
    expect(shown().shapes.size).toBe(stood + 1);
    expect(state().notice?.text).toContain('“car” lies where “car” lies already');
    await actions().undo();
    const { image } = shown();
    await actions().acceptAndNext();
    expect(state().notice?.text).toMatch(/ is accepted with .*“car” lies where “car” lies already/u);
    await actions().undo();
    await actions().openImage(image.id);
    await actions().undo();
  });

  it('of several objects is accepted whole, or one after the other', async () => {
    const second = { x1: 22, y1: 3, x2: 32, y2: 13 };
    const [first] = proposed(box).objects;
    if (!first) throw new Error('there is one');
    const both = proposed(box, { objects: [first, { box: second, label: 'lorry', mask: null }] });
    await asked('all vehicles', [both]);
    const states = () => inReview(state()).prompt?.correction?.objects.map(({ mask }) => mask.verdict);
    actions().chooseObject(1);
    expect(await actions().acceptObject()).toBe(true);
    expect(states()).toEqual([null, 'right']);
    expect(inReview(state()).prompt?.correction?.found.verdict).toBeNull();
    const [only = 0] = state().selected;
    const lorry = shown().shapes.get(only);
    expect([lorry?.box, state().labels.get(lorry?.labelId ?? 0)?.name]).toEqual([second, 'lorry']);
    expect(await actions().accept()).toBe(true);
    expect(states()).toEqual(['right', 'right']);
    expect(state().selected.size).toBe(2);
    // A mask that is judged wrong afterwards does not stand any longer.
    actions().chooseObject(0);
    await actions().setVerdict('mask', 'wrong');
    expect(states()).toEqual(['wrong', 'right']);
    expect(inReview(state()).prompt?.correction?.found.verdict).toBe('corrected');
    await actions().undo();
    expect(states()).toEqual(['right', 'right']);
  });

  it('whose mask is judged wrong is not accepted, and does not pass with the image', async () => {
    await asked('the wrong car', [proposed(box)]);
    await actions().setVerdict('mask', 'wrong');
    const { image, shapes } = shown();
    expect(await actions().accept()).toBe(false);
    expect(state().notice?.text).toContain('judged wrong');
    await actions().acceptAndNext();
    expect([shown().image.id, shown().shapes.size]).toEqual([image.id, shapes.size]);
    expect(shown().review.status).toBe('unreviewed');
  });

  it('is accepted with its image in one step, which says what was stored and can be shown again', async () => {
    await actions().first();
    await asked('the passing car', [proposed(box)]);
    const { image, shapes } = shown();
    await actions().acceptAndNext();
    expect(shown().image.id).not.toBe(image.id);
    const { notice, project } = state();
    expect(notice?.text).toMatch(
      new RegExp(`^${image.path} is accepted with ${shapes.size + 1} shapes?(, 1 of them)? for “the passing car”`, 'u'),
    );
    expect(notice?.where?.imageId).toBe(image.id);
    expect(project?.undo).toBe('Accept the answer and the image');
    await actions().undo();
    await actions().openImage(image.id);
    expect([shown().review.status, shown().shapes.size]).toEqual(['unreviewed', shapes.size]);
  });

  it('on the last image leads to no other, and the person is told of those that are left before it', async () => {
    const { rows } = await window.client.host.images.list({ offset: 3, limit: 1 });
    await actions().openImage(rows[0]?.id ?? 0);
    const { image } = shown();
    await actions().stepUnreviewed();
    expect(shown().image.id).toBe(image.id);
    const { notice } = state();
    expect(notice?.text).toBe('This is the last image of the list. Earlier ones are not reviewed yet.');
    expect(notice?.where?.imageId).toBe((await window.client.host.images.list({ offset: 0, limit: 1 })).rows[0]?.id);
  });

  it('is one of several candidates', async () => {
    const id = await asked('one of many', [proposed(null, { chosen: false }), proposed(box)]);
    const [nothing, found] = candidatesOf(state(), id);
    expect(state().proposalId).toBe(found?.id);
    actions().stepProposal(1);
    expect(state().proposalId).toBe(nothing?.id);
    await actions().accept();
    expect(inReview(state()).prompt?.correction?.found.value).toBe('nothing');
  });

  it('that was wrong is corrected by a shape that a person drew', async () => {
    await asked('the truck', [proposed(null)]);
    const shape = await draw(window, car.id, box);
    expect(await actions().shapeIsAnswer(shape.id)).toBe(true);
    expect(inReview(state()).prompt?.correction).toMatchObject({
      found: { value: 'objects' },
      objects: [{ index: null, mask: { shapeId: shape.id } }],
    });
    await actions().remove([shape.id]);
    expect(inReview(state()).prompt?.correction).toMatchObject({ found: { value: 'nothing' }, objects: [] });
  });

  it('gets another box also where no segmenter draws a mask for it', async () => {
    await asked('the van', [proposed(box)]);
    window.client.store.setState({ engine: null });
    const next = { x1: 20, y1: 10, x2: 30, y2: 20 };
    expect(await actions().setBox(next)).toBe(true);
    expect(inReview(state()).prompt?.correction?.objects[0]?.box).toEqual({ value: next, verdict: 'corrected' });
  });

  it('grows piece by piece', async () => {
    const id = await asked('the bus', []);
    window.client.store.setState({
      writing: { promptId: id, texts: ['', ''], boxes: [[], []], frame: null },
      proposalId: null,
    });
    const frame = { width: 448, height: 224 };
    const events = [
      { kind: 'frame', frame } as const,
      { kind: 'text', candidate: 0, text: '<think>1 ' } as const,
      { kind: 'text', candidate: 1, text: 'x' } as const,
      { kind: 'text', candidate: 0, text: 'bus' } as const,
      { kind: 'box', candidate: 1, box } as const,
      { kind: 'proposal', proposal: proposed(box, { id: 7001, promptId: id, chosen: false }) } as const,
      { kind: 'proposal', proposal: proposed(box, { id: 7002, promptId: id }) } as const,
    ];
    for (const event of events) window.client.store.setState(withAnswerEvent(state(), event));
    expect(state().writing).toEqual({ promptId: id, texts: ['<think>1 bus', 'x'], boxes: [[], [box]], frame });
    // Another model begins again.
    window.client.store.setState(withAnswerEvent(state(), { kind: 'frame', frame }));
    expect(state().writing).toEqual({ promptId: id, texts: ['', ''], boxes: [[], []], frame });
    expect(state().proposalId).toBe(7002);
    expect(candidatesOf(state(), id).map((one) => one.chosen)).toEqual([false, true]);
    window.client.store.setState({ writing: null });
  });
});

describe('shapes and labels', () => {
  it('are selected, relabelled, described and deleted', async () => {
    const shape = await draw(window, car.id, box);
    const bus = (await actions().createLabel('bus')) ?? 0;
    expect(await actions().createLabel('BUS')).toBe(bus);
    actions().select([shape.id]);
    actions().select([shape.id], { add: true });
    expect(state().selected.size).toBe(0);
    actions().select([shape.id]);
    await actions().setLabel(bus);
    await actions().setAttribute([shape.id], 'colour', 'red');
    await actions().toggleFlag([shape.id], 'hidden');
    expect(shown().shapes.get(shape.id)).toMatchObject({ labelId: bus, attributes: { colour: 'red' }, hidden: true });
    await actions().setAttribute([shape.id], 'colour', null);
    expect(shown().shapes.get(shape.id)?.attributes).toEqual({});
    await actions().remove([shape.id]);
    expect(shown().shapes.has(shape.id)).toBe(false);
    expect(state().selected.size).toBe(0);
  });

  it('that undo and redo change are told of with their place, and shown when the person wants to see them', async () => {
    await actions().first();
    const shape = await draw(window, car.id, box);
    await actions().step('next');
    expect(shown().shapes.has(shape.id)).toBe(false);
    const next = shown().image.id;
    await actions().undo();
    expect(shown().image.id).toBe(next);
    expect(state().notice).toMatchObject({
      text: 'Undone: Draw mask, on image0.png',
      where: { imageId: shape.imageId, shapeIds: [] },
    });
    await actions().redo();
    const { notice } = state();
    expect(notice?.text).toBe('Done again: Draw mask, on image0.png');
    if (!notice?.where) throw new Error('the line has no place');
    await actions().show(notice.where);
    expect(shown().shapes.has(shape.id)).toBe(true);
    expect([...state().selected]).toEqual([shape.id]);
    // A change of one field names no image; the host says where it was.
    await actions().setAttribute([shape.id], 'colour', 'red');
    await actions().step('next');
    await actions().undo();
    expect(state().notice?.text).toBe('Undone: Set colour, on image0.png');
  });
});

describe('the list', () => {
  it('holds the rows that are looked at, and reads them again when they change', async () => {
    const { list } = window.client;
    list.want(0, 3);
    await expect.poll(() => list.store.getState().total, { timeout: 10_000 }).toBe(4);
    await actions().first();
    await actions().setReview('unclear');
    await expect.poll(() => list.row(0)?.status, { timeout: 10_000 }).toBe('unclear');
    expect(list.row(400)).toBeNull();
  });

  it('of hundreds comes in slices', async () => {
    const folder = path.join(window.folder, 'more');
    mkdirSync(folder);
    for (let i = 0; i < 130; i++) await paint(path.join(folder, `p${i}.png`), { width: 2, height: 2 });
    const job = await window.client.host.images.add({ paths: [folder] });
    await ended(window.client.host, job.id);
    const { list } = window.client;
    await expect.poll(() => list.store.getState().total, { timeout: 10_000 }).toBe(134);
    expect(list.row(120)).toBeNull();
    list.want(110, 125);
    await expect.poll(() => list.row(120)?.path, { timeout: 10_000 }).toMatch(/^more\/p/u);
  });
});

describe('projects', () => {
  it('are left and opened again where they were left', async () => {
    const { file } = state().project ?? { file: '' };
    await actions().step('next');
    const { path: left } = shown().image;
    await actions().closeProject();
    expect(state()).toMatchObject({ project: null, open: null });
    expect(state().labels.size).toBe(0);
    expect(await actions().openProject(file)).toBe(true);
    expect(shown().image.path).toBe(left);
    await expect.poll(() => state().labels.size, { timeout: 10_000 }).toBeGreaterThan(0);
  });

  it('that cannot be opened say why, and the one that is open stays', async () => {
    const before = state().project?.file;
    expect(await actions().openProject(path.join(window.folder, 'none.loupe'))).toBe(false);
    expect(state().project?.file).toBe(before);
    expect(state().notice?.text).toMatch(/none\.loupe/u);
  });
});
