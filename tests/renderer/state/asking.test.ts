// One prompt on its way: stored first, heard piece by piece, and stopped by another one, by Esc, or by a broken line.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AnswerEvent, Recorded } from '../../../main/contract/api.ts';
import type { Diff } from '../../../main/contract/diff.ts';
import type { ImageDetail, StoredPrompt } from '../../../main/contract/project.ts';
import { openedImage } from '../../../renderer/state/records.ts';
import { type Answers, type AtScript, atScript, candidate, detail, refuse, stream, turns } from '../scripted.ts';

const open: AtScript[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

type Ask = { promptId: number; samples: number; seed: number };

/** A window on image 1 whose model answers by streams that the test writes. */
function asking(more: Partial<ImageDetail> = {}, answers: Answers = {}) {
  const asked: Ask[] = [];
  const streams: ReturnType<typeof stream<AnswerEvent>>[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const diffs: Diff[] = [];
  const one = atScript({
    project: { reserve: () => ({ first: 800 }), labels: () => [] },
    images: { detail: ({ id }) => detail(id, more) },
    edit: {
      apply: (diff): Recorded => {
        diffs.push(diff);
        return { seq: diffs.length, diff, undo: diff.title, redo: null };
      },
    },
    model: {
      ask: (input, signal) => {
        asked.push(input);
        signals.push(signal);
        streams.push(stream<AnswerEvent>());
        return streams.at(-1)?.read();
      },
    },
    ...answers,
  });
  open.push(one);
  one.client.store.setState({ open: openedImage(detail(1, more)) });
  const state = () => one.client.store.getState();
  const begin = (text: string, samples = 1) => {
    const done = one.client.actions.ask(text, samples);
    return { done, stream: () => vi.waitFor(() => last(streams)) };
  };
  return { ...one, state, begin, asked, streams, signals, diffs };
}

function last<T>(all: readonly T[]): T {
  const one = all.at(-1);
  if (one === undefined) throw new Error('nothing was asked');
  return one;
}

const red: StoredPrompt = { id: 50, imageId: 1, text: 'the red car', points: [], box: null, correction: null };

describe('a prompt', () => {
  it('is stored before the model hears of it, and is in review at once', async () => {
    const { begin, diffs, asked, state } = asking();
    const { done, stream: answers } = begin('  the red car ');
    const answer = await answers();
    expect(diffs).toMatchObject([{ title: 'Ask a prompt', changes: [{ after: { imageId: 1, text: 'the red car' } }] }]);
    expect(asked).toEqual([{ promptId: 800, samples: 1, seed: 0 }]);
    expect(state()).toMatchObject({
      promptId: 800,
      proposalId: null,
      writing: { promptId: 800, texts: [''], boxes: [[]], frame: null },
    });
    answer.end();
    await done;
    expect(state().writing).toBeNull();
  });

  it('is on its way at once, and can be stopped before the host has stored it', async () => {
    const { client, begin, asked, state } = asking();
    const { done } = begin('the red car');
    expect(state()).toMatchObject({ asking: true, writing: null });
    client.actions.cancel();
    expect(state().asking).toBe(false);
    await done;
    expect(asked).toEqual([]);
  });

  it('is stored but not asked where its image is left meanwhile, and that image stays as it is', async () => {
    const { client, begin, asked, diffs, state } = asking();
    const { done } = begin('the red car');
    client.store.setState({ open: openedImage(detail(2)), promptId: null });
    await done;
    expect(diffs).toMatchObject([{ title: 'Ask a prompt', changes: [{ after: { imageId: 1 } }] }]);
    expect(asked).toEqual([]);
    expect(state()).toMatchObject({ promptId: null, asking: false, writing: null });
  });

  it('of nothing but spaces asks nothing', async () => {
    const { client, calls } = asking();
    await client.actions.ask(' \n ', 1);
    expect(calls.some(({ name }) => name === 'model.ask' || name === 'edit.apply')).toBe(false);
    expect(client.actions.history()).toEqual([]);
  });

  it('without an image asks nothing', async () => {
    const { client, asked } = asking();
    client.store.setState({ open: null });
    await client.actions.ask('the red car', 1);
    expect(asked).toEqual([]);
    expect(client.store.getState().notice).toBeNull();
  });

  it('that was asked of this image before is asked again, with another seed, and not stored twice', async () => {
    const { begin, diffs, asked } = asking({ prompts: [red], proposals: [candidate(60, 50), candidate(61, 50)] });
    const { done, stream: answers } = begin('the red car', 3);
    (await answers()).end();
    await done;
    expect(diffs).toEqual([]);
    expect(asked).toEqual([{ promptId: 50, samples: 3, seed: 2 }]);
  });

  it('that the host refuses to store is not asked', async () => {
    const { client, asked, state } = asking({}, { edit: { apply: () => refuse('The disk is full.') } });
    await client.actions.ask('the red car', 1);
    expect(asked).toEqual([]);
    expect(state().notice?.text).toBe('Ask a prompt was not stored: The disk is full.');
    expect(state().writing).toBeNull();
  });
});

describe('an answer', () => {
  it('is heard piece by piece, each candidate apart', async () => {
    const { begin, state } = asking();
    const { done, stream: answers } = begin('cars', 2);
    const answer = await answers();
    const box = { x1: 1, y1: 2, x2: 3, y2: 4 };
    answer.write(
      { kind: 'text', candidate: 0, text: '<think>' },
      { kind: 'text', candidate: 1, text: 'two' },
      { kind: 'text', candidate: 0, text: '1 car' },
      { kind: 'box', candidate: 1, box },
    );
    await expect.poll(() => state().writing?.boxes).toEqual([[], [box]]);
    expect(state().writing?.texts).toEqual(['<think>1 car', 'two']);
    answer.write({ kind: 'proposal', proposal: candidate(900, 800, { chosen: false }) });
    await expect.poll(() => state().proposalId).toBe(900);
    answer.write({ kind: 'proposal', proposal: candidate(901, 800) });
    await expect.poll(() => state().proposalId).toBe(901);
    answer.end();
    await done;
    expect([...(state().open?.proposals.keys() ?? [])]).toEqual([900, 901]);
  });

  it.each([
    ['one answer is all that came of three', { samples: 3, count: 1, isTold: true }],
    ['as many came as were asked for', { samples: 2, count: 2 }],
    ['one was asked for', { samples: 1, count: 1 }],
    ['words were not known, which its alert says', { samples: 3, count: 1, unknown: ['skier'] }],
  ])('says what there is to say where %s', async (_, { samples, count, unknown = [], isTold = false }) => {
    const { begin, state } = asking();
    const { done, stream: answers } = begin('cars', samples);
    const answer = await answers();
    for (let i = 0; i < count; i++) {
      const proposal = candidate(900 + i, 800);
      const unknownWords = unknown.length > 0 ? { unknownWords: unknown } : {};
      answer.write({ kind: 'proposal', proposal: { ...proposal, answer: { ...proposal.answer, ...unknownWords } } });
    }
    answer.end();
    await done;
    const text = expect.stringContaining('One answer stands for the 3 that were asked for: ');
    expect(state().notice).toEqual(isTold ? expect.objectContaining({ tone: 'plain', text }) : null);
  });

  it('stops when another prompt is asked; what it still says is not heard', async () => {
    const { begin, streams, signals, state } = asking();
    const first = begin('the red car');
    const old = await first.stream();
    const second = begin('the blue car');
    await expect.poll(() => streams.length).toBe(2);
    expect(signals[0]?.aborted).toBe(true);
    expect(signals[1]?.aborted).toBe(false);
    old.write({ kind: 'text', candidate: 0, text: 'late' });
    last(streams).write({ kind: 'text', candidate: 0, text: 'new' });
    await expect.poll(() => state().writing?.texts).toEqual(['new']);
    await first.done;
    last(streams).end();
    await second.done;
    expect(state().writing).toBeNull();
  });

  it('stops when the person says so, and keeps the candidates that came', async () => {
    const { begin, client, signals, state } = asking();
    const { done, stream: answers } = begin('cars', 2);
    const answer = await answers();
    answer.write({ kind: 'proposal', proposal: candidate(900, 800) });
    await expect.poll(() => state().proposalId).toBe(900);
    client.actions.cancel();
    expect(state().writing).toBeNull();
    expect(signals[0]?.aborted).toBe(true);
    answer.breakOff(new Error('aborted'));
    await done;
    expect(state().notice).toBeNull();
    expect(state().open?.proposals.has(900)).toBe(true);
  });

  it('is not heard on another image', async () => {
    const { begin, client, state } = asking();
    const { done, stream: answers } = begin('cars');
    const answer = await answers();
    client.store.setState({ open: openedImage(detail(2)), promptId: null, proposalId: null, writing: null });
    answer.write({ kind: 'proposal', proposal: candidate(900, 800) });
    await done;
    expect(state().open?.proposals.size).toBe(0);
    expect(state().proposalId).toBeNull();
  });

  it('ends with its prompt when that is deleted', async () => {
    const { begin, client, state } = asking();
    const { done, stream: answers } = begin('cars');
    const answer = await answers();
    await client.actions.removePrompt(800);
    answer.write({ kind: 'text', candidate: 0, text: 'a car' });
    await done;
    expect(state()).toMatchObject({ promptId: null, writing: null });
  });

  it.each([
    ['the model says why', 'The model needs 9 GB of memory.', true],
    ['the line breaks', 'The connection broke. What was answered so far is stored.', false],
  ])('that fails because %s is told of in one sentence', async (_, sentence, refused) => {
    const { begin, state } = asking();
    const { done, stream: answers } = begin('cars');
    const answer = await answers();
    answer.breakOff(refused ? await refuse(sentence).catch((error: unknown) => error) : new Error('ECONNRESET'));
    await done;
    expect(state().notice).toMatchObject({ tone: 'bad', text: sentence });
    expect(state().writing).toBeNull();
  });

  it('says how long the model took, where one is known to run', async () => {
    const { begin, client, state } = asking();
    const engine = {
      ...{ state: 'ready', weights: 'nano', device: 'cpu', requested: 'cpu', warnings: [], problem: null },
      lastCallMs: null,
    } as const;
    client.store.setState({ engine });
    const { done, stream: answers } = begin('cars');
    const answer = await answers();
    answer.write({ kind: 'done', ms: 1234, firstTokenMs: 20 });
    answer.end();
    await done;
    expect(state().engine).toEqual({ ...engine, lastCallMs: 1234 });
  });
});

describe('texts asked before', () => {
  it('come newest first, once each, on one line', async () => {
    const { client, streams } = asking();
    for (const text of ['a car', 'a\nbus', 'a car', ' a dog ']) void client.actions.ask(text, 1);
    await turns();
    for (const one of streams) one.end();
    expect(client.actions.history()).toEqual(['a dog', 'a car', 'a bus']);
  });

  it('are at most fifty', async () => {
    const { client, streams } = asking();
    for (let i = 0; i < 60; i++) void client.actions.ask(`car ${i}`, 1);
    await turns();
    for (const one of streams) one.end();
    expect(client.actions.history()).toHaveLength(50);
    expect(client.actions.history()[0]).toBe('car 59');
    expect(client.actions.history().at(-1)).toBe('car 10');
  });
});
