// Queries over remembered answers, on toy weights: the same as one pass over everything, and what their training changes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnsweredPrompt } from '../../main/ablation/answeredPrompts.ts';
import {
  type ContextPolicy,
  contextPolicy,
  logitsOf,
  releasedPolicy,
  tokensOf,
  trainContext,
} from '../../main/ablation/contextTraining.ts';
import {
  type FrozenInputReader,
  type FrozenInputs,
  frozenInputFeeds,
  frozenTokens,
  openFrozenInputReader,
} from '../../main/ablation/frozenInputs.ts';
import { unpackMask } from '../../main/contract/project.ts';
import type { DecodedImage } from '../../main/contract/records.ts';
import { maskBox } from '../../main/contract/rle.ts';
import { nanoTokenizerOf } from '../../main/learn/supervised/taughtWords.ts';
import { contextFeeds, contextPass } from '../../main/learn/turns/contextPass.ts';
import { frameOf, imageStartOf, type PolicyParts, patchValues } from '../../main/learn/turns/squarePolicy.ts';
import { answeredTurn } from '../../main/learn/turns/turnTokens.ts';
import { exportNano } from '../../main/nano/export.ts';
import { openWeights, type Weights } from '../../main/weights/open.ts';
import { floats } from '../../models/graph/value.ts';
import { Session } from '../../models/runtime/session.ts';
import { teachingImages } from '../learn/teaching.ts';
import { allParameters, toyNano } from '../nano/toy.ts';

let root: string;
let folder: string;
let weights: Weights;
let parts: PolicyParts;
let reader: FrozenInputReader;
let image: DecodedImage;
let told: AnsweredPrompt[];
let remembered: FrozenInputs[];
const { signal } = new AbortController();

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'loupe-context-'));
  folder = path.join(root, 'toy');
  // Attends to everything, unlike the toys that are made to say one thing.
  const nano = toyNano({ seed: 5 });
  allParameters(nano);
  await exportNano(nano, folder);
  weights = await openWeights(folder);
  parts = { ...weights, tokenizer: nanoTokenizerOf(weights) };
  reader = await openFrozenInputReader(weights, parts);
  const [one] = teachingImages(1);
  const mask = one?.things[0]?.mask;
  if (!one || !mask) throw new Error('there is no picture');
  image = await one.read();
  const truth = unpackMask(mask);
  const plain = { box: maskBox(truth), off: { x: 0, y: 0 }, truth };
  told = [
    { ...plain, text: 'red dog', answer: '<think>red dog 1 [10, 12, 14, 16]. dog 1.</think><answer>[]</answer>' },
    { ...plain, text: 'the cat', answer: '<think>cat none.</think><answer>[]</answer>' },
  ];
  remembered = await reader.remember(image, told);
}, 120_000);
afterAll(async () => {
  await reader.release();
  rmSync(root, { recursive: true });
});

/** One pass over picture, question, answer and queries, as the product's own training makes it. */
async function wholePass({ text, answer }: AnsweredPrompt): Promise<Float32Array> {
  const frame = frameOf(parts);
  const { head, turn } = answeredTurn(parts.tokenizer, text, { text: answer, side: frame.cells });
  const rows = {
    pictures: 1,
    turns: 1,
    tokens: 320,
    grid: frame.grid,
    imageStart: imageStartOf(parts.tokenizer, frame),
  };
  const session = await Session.create(
    { token: contextPass(weights.params, parts, rows).token },
    { folder: weights.folder },
  );
  try {
    const feeds = contextFeeds(parts, [{ head, turns: [turn] }], 320);
    return floats(await session.run({ pixels: patchValues(parts, image), ...feeds }), 'token');
  } finally {
    await session.release();
  }
}

describe('what is remembered of answers', () => {
  it('gives the queries what one pass over everything gives them, whatever else was read beside it', async () => {
    const tokens = await tokensOf(await releasedPolicy(folder, parts), remembered);
    expect(tokens).toHaveLength(2);
    for (const [i, one] of told.entries()) {
      const whole = await wholePass(one);
      const [own = new Float32Array(0)] = tokens.slice(i, i + 1);
      expect(own).toHaveLength(whole.length);
      for (const [k, value] of whole.entries()) expect(own[k]).toBeCloseTo(value, 3);
    }
    expect(tokens[0]).not.toEqual(tokens[1]);
  });

  it('is as long as head, question and answer, and what comes next stands behind it', () => {
    for (const [i, { memory, length, next }] of remembered.entries()) {
      const { text = '', answer = '' } = told[i] ?? {};
      const { cells } = frameOf(parts);
      const { head, turn } = answeredTurn(parts.tokenizer, text, { text: answer, side: cells });
      expect(length).toBe(head.ids.length + turn.prompt.length + turn.answer.length);
      // A picture takes as many positions as it has columns.
      expect(next).toBe(length - cells * cells + cells);
      const { layers, kvHeads, headWidth } = weights.reasoner.language;
      expect(memory.map((values) => values.length)).toEqual(Array(2 * layers).fill(kvHeads * length * headWidth));
    }
  });

  it('leaves out what has no room', async () => {
    const long = `<think>${'red dog 1 [10, 12, 14, 16], '.repeat(60)}</think>`;
    const [first] = told;
    if (!first) throw new Error('nothing is told');
    const some = await reader.remember(image, [{ ...first, answer: long }, first]);
    expect(some.map((one) => one.told.answer)).toEqual([first.answer]);
    expect(await reader.remember(image, [{ ...first, answer: long }])).toEqual([]);
  });

  it('is seen whole by each query, and of the queries those before it and itself', () => {
    const { layers, kvHeads, headWidth } = weights.reasoner.language;
    const { mask } = frozenInputFeeds(remembered, { layers, heads: kvHeads, width: headWidth, queries: 3 });
    const width = frozenTokens + 3;
    const rows = Array.from(
      { length: 6 },
      (_, row) => mask?.subarray(row * width, (row + 1) * width) ?? new Float32Array(0),
    );
    for (const [row, seen] of rows.entries()) {
      const own = remembered[Math.floor(row / 3)]?.length ?? 0;
      expect([...seen].filter((value) => value === 0)).toHaveLength(own + (row % 3) + 1);
      expect(seen[own]).toBeLessThan(-1e8);
      expect(seen[frozenTokens + (row % 3)]).toBe(0);
    }
  });
});

async function trained(variant: {
  queries: number;
  blocks: number;
}): Promise<{ policy: ContextPolicy; before: Map<string, Float32Array> }> {
  const policy = await contextPolicy(folder, parts, { ...variant, seed: 3 });
  await logitsOf(policy, remembered);
  const before = new Map([...policy.parameters.all].map(([name, { values }]) => [name, values.slice()]));
  const work = mkdtempSync(path.join(root, 'work-'));
  const done = await trainContext(policy, remembered, { seed: 3, seconds: 2, folder: work, signal });
  // The first step warms up at rate 0.
  expect(done.steps).toBeGreaterThan(1);
  return { policy, before };
}

const changedIn = ({ policy, before }: Awaited<ReturnType<typeof trained>>) =>
  [...policy.parameters.all].flatMap(([name, { values }]) =>
    before.get(name)?.every((value, i) => value === values[i]) ? [] : [name],
  );

describe('training', { timeout: 120_000 }, () => {
  it('changes queries, context module and mask decoder, and nothing of what is frozen', async () => {
    const changed = changedIn(await trained({ queries: 3, blocks: 1 }));
    expect(changed).toContain('learnable_query');
    for (const part of ['connector.', 'conv_1d.', 'proj_to_sam.', 'sam.sam_mask_decoder.'])
      expect(changed.some((name) => name.startsWith(part))).toBe(true);
    expect(changed.filter((name) => name.startsWith('model.') || name.startsWith('sam.sam_prompt'))).toEqual([]);
  });

  it('of a connector without blocks has none to change', async () => {
    const changed = changedIn(await trained({ queries: 3, blocks: 0 }));
    expect(changed.filter((name) => name.startsWith('connector.'))).toEqual(['connector.pos_embed']);
  });

  it('without queries changes the mask decoder alone', async () => {
    const changed = changedIn(await trained({ queries: 0, blocks: 0 }));
    expect(changed.length).toBeGreaterThan(3);
    expect(changed.filter((name) => !name.startsWith('sam.sam_mask_decoder.'))).toEqual([]);
  });

  it('begins with first values that follow from the seed', async () => {
    const token = async (seed: number) => {
      const policy = await contextPolicy(folder, parts, { queries: 2, blocks: 1, seed });
      return (await tokensOf(policy, remembered))[0];
    };
    expect(await token(1)).toEqual(await token(1));
    expect(await token(1)).not.toEqual(await token(2));
  });

  it('masks do not depend on what else is in a batch', async () => {
    const policy = await contextPolicy(folder, parts, { queries: 2, blocks: 1, seed: 1 });
    const [, second] = await logitsOf(policy, remembered);
    const [alone] = await logitsOf(policy, remembered.slice(1));
    expect(alone?.iou).toHaveLength(4);
    alone?.masks.forEach((value, i) => {
      if (i % 997 === 0) expect(value).toBeCloseTo(second?.masks[i] ?? Number.NaN, 3);
    });
  });
});
