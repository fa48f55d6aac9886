// Batches from the worker thread against the same batches drawn here, bit for bit.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BatchAhead } from '../../main/nano/batchAhead.ts';
import { makeNano, type Nano } from '../../main/nano/nano.ts';
import { nanoRecipe, type StageName, stageNames } from '../../main/nano/recipe.ts';
import { stages } from '../../main/nano/stages.ts';
import type { Data } from '../../models/runtime/session.ts';

const seed = 3;
let nano: Nano;
beforeAll(async () => {
  nano = await makeNano(seed);
});

const open: BatchAhead[] = [];
const ahead = (stage: StageName, recipe = nanoRecipe): BatchAhead => {
  const made = new BatchAhead({ stage, seed, recipe });
  open.push(made);
  return made;
};
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

type Feeds = Readonly<Record<string, Data>>;

/** Kind and bytes of every feed, so that -0, NaN and numbers of another width count as what they are. */
const bits = (feeds: Feeds) =>
  Object.fromEntries(
    Object.entries(feeds)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, data]) => [
        name,
        `${data.constructor.name} ${data.length} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`,
      ]),
  );

describe('BatchAhead', () => {
  it('gives the batches that the stage itself draws, step after step', async () => {
    const plan = stages.segmenter.plan(nano, nanoRecipe);
    const worker = ahead('segmenter');
    for (const step of [0, 1, 2]) {
      const [there, here] = [await worker.batch(step), await plan.batch(step)];
      expect(Object.keys(here).length).toBeGreaterThan(2);
      expect(bits(there) as unknown).toEqual(bits(here));
    }
  });

  it('gives words and places alike, whole numbers of 64 bits among them', async () => {
    const plan = stages.lists.plan(nano, nanoRecipe);
    const there = await ahead('lists').batch(7);
    expect(bits(there)).toEqual(bits(await plan.batch(7)));
    expect(Object.values(there).some((data) => data instanceof BigInt64Array)).toBe(true);
  });

  it('begins anywhere, as a run does that was stopped', async () => {
    const worker = ahead('segmenter');
    const later = await worker.batch(41);
    const again = await ahead('segmenter').batch(41);
    expect(bits(later)).toEqual(bits(again));
    expect(bits(await worker.batch(42))).not.toEqual(bits(later));
  });

  it('goes on when it is asked for another step than the next', async () => {
    const worker = ahead('segmenter');
    const first = await worker.batch(5);
    await worker.batch(9);
    expect(bits(await worker.batch(5))).toEqual(bits(first));
  });

  it('follows the recipe that it was given', async () => {
    const recipe = { ...nanoRecipe, segmenter: { ...nanoRecipe.segmenter, firstScene: 77 } };
    const there = await ahead('segmenter', recipe).batch(0);
    expect(bits(there)).toEqual(bits(await stages.segmenter.plan(nano, recipe).batch(0)));
    expect(bits(there)).not.toEqual(bits(await stages.segmenter.plan(nano, nanoRecipe).batch(0)));
  });

  it('hands over arrays of the asker’s own: what is done to one batch does not reach the next', async () => {
    const worker = ahead('segmenter');
    const first = await worker.batch(0);
    const expected = bits(await stages.segmenter.plan(nano, nanoRecipe).batch(1));
    for (const data of Object.values(first)) if (data instanceof Float32Array) data.fill(Number.NaN);
    expect(bits(await worker.batch(1))).toEqual(expected);
  });

  it('ends when it is closed, in the middle of a step too', async () => {
    const worker = ahead('segmenter');
    await worker.batch(0);
    await worker.close();
    await worker.close();
  });

  it('is there for every stage whose batches follow from the step alone', () => {
    expect(stageNames.filter((name) => !stages[name].drawsAhead)).toEqual(['reinforcement']);
  });
});
