// Prompts that are carried on: clicks lie where the given answer is wrong, the answer becomes the rough mask, nothing else moves.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { promptSlots, samSide, segmenterBatch, targetSide } from '../../../main/nano/parameters/layout.ts';
import { OwnMistakes, type PromptLogits, secondRoundFeeds } from '../../../main/nano/segmenter/ownMistakes.ts';
import { askFeeds, type PromptExample } from '../../../main/nano/segmenter/segmenterBatch.ts';
import { toyNano } from '../toy.ts';

const area = targetSide ** 2;
const prompts = 24;
const leftHalf = Float32Array.from({ length: area }, (_, i) => (i % targetSide < targetSide / 2 ? 1 : 0));
const topHalf = Float32Array.from({ length: area }, (_, i) => (i < area / 2 ? 1 : 0));

const firstClick: PromptExample = { slots: [{ x: 10, y: 10, label: 1 }], rough: null };

/** Every prompt has one click and wants the left half. */
const feeds = () => ({
  ...askFeeds(Array.from({ length: prompts }, () => firstClick)),
  target: Float32Array.from({ length: prompts * area }, (_, i) => leftHalf[i % area] ?? 0),
});

/** Two masks a prompt: the better believed one is the top half, or nothing. */
const answer = (best: Float32Array): PromptLogits => ({
  masks: Float32Array.from({ length: prompts * 2 * area }, (_, i) =>
    Math.floor(i / area) % 2 === 1 ? (best[i % area] ?? 0) - 0.5 : -1,
  ),
  iou: Float32Array.from({ length: prompts * 2 }, (_, i) => (i % 2 === 1 ? 0.9 : 0.1)),
});

const labelsOf = (labels: unknown, prompt: number): number[] =>
  Array.from((labels as BigInt64Array).subarray(prompt * promptSlots, (prompt + 1) * promptSlots), Number);

describe('carryOn', () => {
  const before = feeds();
  const after = secondRoundFeeds(before, answer(topHalf), random(1));

  it('adds clicks where the best believed mask is wrong, on what it lacks or off what it has too much', () => {
    const [at, labels] = [after.at as Float32Array, after.labels];
    let clicks = 0;
    for (let i = 0; i < prompts; i++) {
      const [, label = -1] = labelsOf(labels, i);
      if (label === -1) continue;
      clicks++;
      const [x = 0, y = 0] = [at[(i * promptSlots + 1) * 2], at[(i * promptSlots + 1) * 2 + 1]];
      // Lacking: below left. Too much: above right.
      expect([x < samSide / 2, y < samSide / 2]).toEqual(label === 1 ? [true, false] : [false, true]);
    }
    expect(clicks).toBeGreaterThan(prompts / 4);
    expect(clicks).toBeLessThan(prompts);
  });

  it('gives that mask as the rough one, and leaves the other prompts and the given arrays alone', () => {
    const hasRough = Array.from(after.hasRough as Float32Array);
    expect(hasRough).toContain(1);
    expect(before).toEqual(feeds());
    for (let i = 0; i < prompts; i++) {
      const map = (after.roughMask as Float32Array).subarray(i * area, (i + 1) * area);
      const was = before.roughMask.subarray(i * area, (i + 1) * area);
      const corner = [map[targetSide - 1] ?? 0, map[area - targetSide] ?? 0];
      if (labelsOf(after.labels, i)[1] === -1 && map.every((value, k) => value === was[k])) continue;
      expect(corner[0]).toBeGreaterThan(0);
      expect(corner[1]).toBeLessThan(0);
    }
  });

  it('leaves a prompt alone whose answer is empty, or that has no room', () => {
    expect(secondRoundFeeds(before, answer(new Float32Array(area)), random(1))).toEqual(
      askFeeds(Array(prompts).fill(firstClick)),
    );
    const full: PromptExample = { slots: Array(promptSlots).fill(firstClick.slots[0]), rough: null };
    const crowded = { ...askFeeds(Array(prompts).fill(full)), target: before.target };
    const { target: _, ...same } = crowded;
    expect(secondRoundFeeds(crowded, answer(topHalf), random(1))).toEqual(same);
  });
});

describe('OwnMistakes', { timeout: 120_000 }, () => {
  it('gives the same feeds for the same step and policy, and passes the pictures on', async () => {
    const { scenes, perScene } = segmenterBatch;
    const given = {
      samImage: Float32Array.from({ length: scenes * 3 * samSide ** 2 }, (_, i) => Math.sin(i / 50)),
      ...askFeeds(Array.from({ length: scenes * perScene }, () => firstClick)),
      target: Float32Array.from({ length: scenes * perScene * area }, (_, i) => leftHalf[i % area] ?? 0),
    };
    const first = { feed: async () => given, release: async () => {} };
    const nano = toyNano();
    const feeder = new OwnMistakes(first, nano);
    const steps = Array.from({ length: 6 }, (_, step) => step);
    const once = [];
    for (const step of steps) once.push(await feeder.feed([], step));
    for (const step of steps) expect(await feeder.feed([], step)).toEqual(once[step]);
    expect(once.some((feeds) => feeds.at !== given.at)).toBe(true);
    expect(once.every((feeds) => feeds.samImage === given.samImage && feeds.target === given.target)).toBe(true);
    const other = new OwnMistakes(first, { ...nano, seed: 2 });
    const twice = [];
    for (const step of steps) twice.push(await other.feed([], step));
    expect(twice, 'the same policy at another seed draws other clicks').not.toEqual(once);
    await other.release();
    await feeder.release();
  });
});
