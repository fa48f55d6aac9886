// Pictures of the domain that weights came with: how many of each kind, that kinds are apart, and none for other weights.
import { beforeAll, describe, expect, it } from 'vitest';
import { baseDomain } from '../../../main/learn/samples/baseDomain.ts';
import { pictureHash } from '../../../main/learn/samples/nearDuplicates.ts';
import type { BaseDomain, TeachingImage } from '../../../main/learn/samples/task.ts';

const counts = { replayed: 3, measured: 4, worded: 9, chosenBy: 2 };
let base: BaseDomain;
beforeAll(async () => {
  base = await baseDomain('loupe-nano', counts);
}, 120_000);

const hashes = (images: readonly TeachingImage[]) =>
  Promise.all(images.map(async (image) => pictureHash(await image.read())));

describe('the domain of loupe-nano', () => {
  it('has as many pictures of each kind as are asked for', () => {
    const { replayed, measured, worded, chosenBy } = base;
    expect([replayed, measured, worded, chosenBy].map((some) => some.length)).toEqual(Object.values(counts));
  });

  it('shares no picture between what is learnt again, what is measured on and what a run chooses by', async () => {
    const { replayed, measured, worded, chosenBy } = base;
    const all = await hashes([...replayed, ...measured, ...worded, ...chosenBy]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('points at a few things with masks of each picture that is learnt or measured', () => {
    for (const { samples } of [...base.replayed, ...base.measured]) {
      expect(samples.length).toBeGreaterThan(0);
      expect(samples.length).toBeLessThanOrEqual(3);
      for (const { objects } of samples) expect(objects.map(({ mask }) => mask !== null)).toEqual([true]);
    }
  });

  it('asks one prompt of each other picture, its kind in turn, and some of what is not there', () => {
    for (const { samples } of [...base.worded, ...base.chosenBy]) expect(samples).toHaveLength(1);
    const found = base.worded.flatMap(({ samples }) => samples.map(({ objects }) => objects.length));
    expect(Math.max(...found)).toBeGreaterThan(0);
  });

  it('has lessons with whole answers, the same for the same number and not those whose masks are learnt again', async () => {
    const lesson = base.lesson?.(0);
    expect(lesson?.asked.length).toBeGreaterThan(0);
    for (const { question, answer } of lesson?.asked ?? []) {
      expect(question).not.toBe('');
      expect(answer).toMatch(/^<think>.*<\/think><answer>/su);
    }
    expect(base.lesson?.(0)).toEqual(lesson);
    if (lesson) expect(await hashes(base.replayed)).not.toContain(pictureHash(lesson.image));
  });
});

it('is not known of weights that came with another one', async () => {
  const none = { replayed: [], measured: [], worded: [], chosenBy: [], lesson: null };
  expect(await baseDomain('toy', counts)).toEqual(none);
});
