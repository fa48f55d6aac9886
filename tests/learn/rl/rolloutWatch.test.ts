// What a run by rewards shows meanwhile, from groups of answers whose worth is known: what is kept of them, when is measured, and what.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { unpackMask } from '../../../main/contract/project.ts';
import type { Mask } from '../../../main/contract/records.ts';
import { fromBitmap, maskBox } from '../../../main/contract/rle.ts';
import { readCurves } from '../../../main/learn/loop/curves.ts';
import { readRollouts, writeRollouts } from '../../../main/learn/rl/drawnRollouts.ts';
import type { Group } from '../../../main/learn/rl/reinforcement.ts';
import { rewardsStage, type UnseededQuestion } from '../../../main/learn/rl/rlTier.ts';
import type { Question } from '../../../main/learn/rl/rollouts.ts';
import { rolloutWatch } from '../../../main/learn/rl/rolloutWatch.ts';

let root: string;
let folder: string;
const folders: string[] = [];
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-watch-'));
  folders.push(root);
  folder = root;
});
afterAll(async () => {
  for (const each of folders) await rm(each, { recursive: true });
});

const side = 10;
/** The first columns. */
const columns = (count: number): Mask =>
  fromBitmap(
    Uint8Array.from({ length: side * side }, (_, i) => Number(i % side < count)),
    side,
    side,
  );
const image = { width: side, height: side, data: new Uint8Array(3 * side * side) };

/** Twice as fine as the picture. */
const frame = { width: 2 * side, height: 2 * side };

const asked = (text: string, more: Partial<UnseededQuestion> = {}): UnseededQuestion => ({
  ...{ text, imageId: 3, read: async () => image },
  objects: [{ box: maskBox(columns(4)), mask: columns(4) }],
  ...more,
});

/** Answers that drew so many columns each; null: nothing. Four columns are right. */
function groupOf(question: Question, drawn: readonly (number | null)[]): Group {
  const masks = drawn.map((count) => (count === null ? null : columns(count)));
  return {
    ...{ question, image, asks: [], masks },
    rollouts: masks.map((mask, i) => ({
      ...{ ids: [], text: `answer ${i} ${'x'.repeat(1000)}`, found: 'objects' as const },
      named: mask ? [{ box: maskBox(mask) }] : [],
    })),
    rewards: drawn.map((count) => ({ format: 1, box: 0, mask: (count ?? 0) / 10, total: 1 + (count ?? 0) / 10 })),
  };
}

const never = {
  answered: (): Promise<Group> => {
    throw new Error('nothing is held back');
  },
};

describe('the answers of a step', () => {
  it('are kept with what each drew, earned and teaches, and with no more than is shown of them', async () => {
    const { watch } = rolloutWatch({ folder, frame, held: [], steps: 40, seed: 1 });
    const group = groupOf({ ...asked('left columns'), seed: 1 }, [4, 2, null]);
    await watch(17, [group], never);
    const kept = await readRollouts(folder);
    expect(kept).toMatchObject({ step: 17, groups: [{ imageId: 3, text: 'left columns' }] });
    const [{ rollouts, truth } = { rollouts: [], truth: null }] = kept?.groups ?? [];
    expect(truth && unpackMask(truth)).toEqual(columns(4));
    expect(rollouts.map(({ mask }) => mask && unpackMask(mask))).toEqual([columns(4), columns(2), null]);
    expect(rollouts.map(({ boxes }) => boxes)).toEqual([[maskBox(columns(4))], [maskBox(columns(2))], []]);
    const earned = group.rewards.map(({ total, format, box, mask }) => ({ total, terms: { format, box, mask } }));
    expect(rollouts.map(({ reward }) => reward)).toEqual(earned);
    const worth = rollouts.map(({ advantage }) => advantage);
    expect(worth.reduce((sum, one) => sum + one, 0)).toBeCloseTo(0, 5);
    expect(worth).toEqual(worth.toSorted((a, b) => b - a));
    expect(rollouts.every(({ text }) => text.startsWith('answer ') && text.length === 400)).toBe(true);
  });

  it('name places in pixels of the picture, as people read them', async () => {
    const { watch } = rolloutWatch({ folder, frame, held: [], steps: 40, seed: 1 });
    const group = groupOf({ ...asked('left columns'), seed: 1 }, [4, 2]);
    const rollouts = group.rollouts.map((one) => ({ ...one, text: '<think>It lies at [0, 0, 8, 20].</think>' }));
    await watch(1, [{ ...group, rollouts }], never);
    const texts = (await readRollouts(folder))?.groups.flatMap((one) => one.rollouts.map(({ text }) => text));
    expect(texts).toEqual(Array(2).fill('<think>It lies at [0, 0, 4, 10].</think>'));
  });

  it('take the place of those of the step before, and each group has its own advantages', async () => {
    const { watch } = rolloutWatch({ folder, frame, held: [], steps: 40, seed: 1 });
    const [one, other] = ['one', 'other'].map((text) => ({ ...asked(text), seed: 1 }));
    if (!one || !other) throw new Error('unreachable');
    await watch(1, [groupOf(one, [4, 2])], never);
    await watch(2, [groupOf(one, [3, 3]), groupOf(other, [1, 4])], never);
    const kept = await readRollouts(folder);
    expect(kept?.step).toBe(2);
    expect(kept?.groups.map(({ rollouts }) => rollouts.map(({ advantage }) => Math.sign(advantage)))).toEqual([
      [0, 0],
      [-1, 1],
    ]);
    expect(await readdir(folder)).toEqual(['rollouts.json']);
  });

  it('are those of a project alone: drawn scenes are no images of it', async () => {
    const { watch } = rolloutWatch({ folder, frame, held: [], steps: 40, seed: 1 });
    const own = { ...asked('own'), seed: 1 };
    await watch(1, [groupOf({ ...own, imageId: undefined }, [1, 2]), groupOf(own, [4, 3])], never);
    const kept = await readRollouts(folder);
    expect(kept?.groups.map(({ text }) => text)).toEqual(['own']);
    expect(kept?.groups[0]?.rollouts.map(({ advantage }) => Math.sign(advantage))).toEqual([1, -1]);
  });

  it('that cannot be written end no run', async () => {
    const gone = path.join(folder, 'gone');
    await writeRollouts(gone, { step: 1, groups: [] });
    expect(await readRollouts(gone)).toBeNull();
  });
});

describe('held-back prompts', () => {
  const held = ['a', 'b', 'c', 'd', 'e', 'f'].map((text) => asked(text));
  const nothing = [
    asked('nothing', { objects: [] }),
    asked('box', { objects: [{ box: maskBox(columns(4)), mask: null }] }),
  ];

  /** What was asked at which step. */
  async function watched(steps: number, questions: readonly UnseededQuestion[]) {
    const { watch, figures } = rolloutWatch({ folder, frame, held: questions, steps, seed: 5 });
    const heard: { step: number; text: string; seed: number }[] = [];
    for (let step = 0; step < steps; step++) {
      const answered = async (question: Question) => {
        heard.push({ step, text: question.text, seed: question.seed });
        // Half of the truth, all of it, nothing: IoU 0.5, 1 and 0.
        return groupOf(question, [2, 4, null]);
      };
      await watch(step, [], { answered });
    }
    return { heard, figures: figures() };
  }

  it('are four, the same ones each time, every ten steps of a short run', async () => {
    const { heard } = await watched(25, held);
    expect(heard.map(({ step }) => step)).toEqual([0, 10, 20].flatMap((step) => [step, step, step, step]));
    const at = (step: number) => heard.filter((one) => one.step === step).map(({ text, seed }) => `${text} ${seed}`);
    expect(at(20)).toEqual(at(0));
    expect(new Set(at(0)).size).toBe(4);
  });

  it('are asked a dozen times in a long one', async () => {
    const { heard } = await watched(400, held.slice(0, 1));
    expect(heard).toHaveLength(12);
  });

  it('become points of the curves, mean and ratio over all answers, and the figures of what is told', async () => {
    const { figures } = await watched(11, held);
    expect(figures['validation gIoU']).toBeCloseTo(0.5, 3);
    // 20 and 40 of 40 pixels, of 120 that are true.
    expect(figures['validation cIoU']).toBeCloseTo(0.5, 3);
    const curves = readCurves(await readFile(path.join(folder, 'curves.jsonl'), 'utf8')).get(rewardsStage);
    expect(curves?.get('validation gIoU')?.map(({ step }) => step)).toEqual([0, 10]);
    expect([...(curves?.keys() ?? [])]).toEqual(['validation gIoU', 'validation cIoU']);
  });

  it('are none where nothing matches or no outline is known, and then nothing is measured', async () => {
    const { heard, figures } = await watched(11, nothing);
    expect([heard, figures]).toEqual([[], {}]);
    expect(await readdir(folder)).toEqual(['rollouts.json']);
  });
});
