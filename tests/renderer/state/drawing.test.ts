// What drawing does next, said before it is done: new for each tool, and the answer's object straight after an answer.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packMask } from '../../../main/contract/project.ts';
import {
  chooseCombine,
  combineOf,
  drawnOnWords,
  drawsOnProposal,
  proposedMask,
  takeUp,
} from '../../../renderer/state/drawing.ts';
import { openedImage } from '../../../renderer/state/records.ts';
import type { Workbench } from '../../../renderer/state/workbench.ts';
import { block } from '../block.ts';
import { shape } from '../panels/given.ts';
import { onImage, printer } from '../printed.ts';
import { proposed } from '../proposed.ts';
import { addLabel, type Windowed, windowed } from '../windowed.ts';

const box = { x1: 4, y1: 4, x2: 12, y2: 12 };
const prompt = { id: 800, imageId: 1, text: 'the car', points: [], box: null, correction: null };

/** An image on which an answer has just come. */
function answered(also: Partial<Workbench> = {}): Workbench {
  const { client, close } = printer();
  const selected = new Set<number>();
  client.store.setState({
    ...onImage({ shapes: [shape(7), shape(8)], prompts: [prompt], proposals: [proposed(box)] }),
    ...{ promptId: 800, proposalId: 900, tool: 'brush', selected, answered: { promptId: 800, selected } },
    ...also,
  });
  const state = client.store.getState();
  close();
  return state;
}

describe('straight after an answer', () => {
  it('drawing adds to its object, and the bar says so', () => {
    const state = answered();
    expect(drawsOnProposal(state)).toBe(true);
    expect(combineOf(state)).toBe('add');
    expect(drawnOnWords(state)).toBe('Adds to the answer');
    expect(drawnOnWords({ ...state, tool: 'eraser' })).toBe('Takes away from the answer');
    expect(proposedMask(state)).toEqual(packMask(block(box)));
  });

  it.each<[string, Partial<Workbench>]>([
    ['a shape was selected since', { selected: new Set([7]) }],
    ['the selection was dropped since', { selected: new Set() }],
    ['another prompt is in review', { promptId: 801 }],
    ['no answer has come', { answered: null }],
    ['the answer has no such object', { proposalId: null }],
  ])('but not where %s', (_, also) => {
    const state = answered(also);
    expect(drawsOnProposal(state)).toBe(false);
    expect(combineOf(state)).toBe('new');
    expect(drawnOnWords(state)).toMatch(/new shape/u);
  });

  it.each([
    ['is judged wrong', { shapeId: null, verdict: 'wrong' }],
    ['is a shape already', { shapeId: 7, verdict: 'right' }],
  ] as const)('nor where its mask %s', (_, mask) => {
    const state = answered();
    const objects = [{ index: 0, box: { value: box, verdict: null }, mask }];
    const correction = {
      ...{ proposalId: 900, reasoning: { text: '', verdict: null } },
      ...{ found: { value: 'objects', verdict: null }, objects },
    } as const;
    const open = state.open && { ...state.open, prompts: new Map([[800, { ...prompt, correction }]]) };
    expect(drawsOnProposal({ ...state, open })).toBe(false);
  });

  it('nor where it found nothing', () => {
    const { open } = answered();
    const none = open && openedImage({ ...open, shapes: [], prompts: [prompt], proposals: [proposed(null)] });
    expect(drawsOnProposal(answered({ open: none }))).toBe(false);
  });
});

describe('the words of the bar', () => {
  it.each<[Partial<Workbench>, string]>([
    [{ tool: 'select' }, ''],
    [{ tool: 'box' }, 'Draws a new shape'],
    [{ tool: 'brush' }, 'Strokes make one new shape, until Enter'],
    [{ tool: 'box', combine: 'add' }, 'Draws a new shape: none is selected'],
    [{ tool: 'box', combine: 'add', selected: new Set([7]) }, 'Adds to car'],
    [{ tool: 'box', combine: 'subtract', selected: new Set([7]) }, 'Takes away from car'],
    [{ tool: 'box', combine: 'subtract' }, 'Select a shape to take away from'],
    [{ tool: 'eraser' }, 'Select a shape to take away from'],
    [{ tool: 'eraser', selected: new Set([7]) }, 'Takes away from car'],
    [{ tool: 'box', combine: 'add', selected: new Set([7, 8]) }, 'Adds to 2 shapes: select one'],
  ])('with %j are "%s"', (also, words) => expect(drawnOnWords(answered({ answered: null, ...also }))).toBe(words));
});

describe('in a window', () => {
  let window: Windowed;
  beforeAll(async () => {
    window = await windowed('drawing', 1);
    await addLabel(window, 'car');
  });
  afterAll(() => window.close());
  beforeEach(() => window.client.store.setState({ tool: 'select', combine: 'new', answered: null }));
  const state = () => window.client.store.getState();

  it('every tool that is taken up draws a new shape, also the one that is in hand', () => {
    const { store } = window.client;
    takeUp(store, 'brush');
    chooseCombine(store, 'subtract');
    const { taken } = state();
    takeUp(store, 'brush');
    expect(state()).toMatchObject({ tool: 'brush', combine: 'new', taken: taken + 1 });
    chooseCombine(store, 'add');
    takeUp(store, 'polygon');
    expect(state()).toMatchObject({ tool: 'polygon', combine: 'new' });
  });

  it('an answer that is drawn on becomes a shape only with what is drawn', async () => {
    const { client } = window;
    const { open } = state();
    if (!open) throw new Error('no image is open');
    const id = await client.edits.id();
    const one = { ...prompt, id, imageId: open.image.id };
    await client.edits.commit({ title: 'Ask', changes: [{ kind: 'prompt', id, before: null, after: one }] });
    const given = proposed(box, { id: 9000, promptId: id });
    const proposals = new Map([...open.proposals, [given.id, given]]);
    const { selected } = state();
    client.store.setState(({ open: now }) => ({
      open: now && { ...now, proposals },
      ...{ promptId: id, proposalId: given.id, answered: { promptId: id, selected } },
    }));
    const offered = await client.actions.proposedShape();
    expect(offered?.shape.mask).toEqual(given.objects[0]?.mask);
    expect(state().open?.shapes.has(offered?.shape.id ?? 0)).toBe(false);
    expect(offered?.changes.map(({ kind }) => kind)).toEqual(['shape', 'prompt']);
    expect(await client.actions.editMask()).toBe(true);
    expect(state()).toMatchObject({ tool: 'brush', combine: 'add' });
    const [made] = state().selected;
    expect(drawnOnWords(state())).toBe('Adds to car');
    // It is a shape by now: nothing makes it one.
    expect(await client.actions.proposedShape()).toMatchObject({ shape: { id: made }, changes: [] });
  });
});
