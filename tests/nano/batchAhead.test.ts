// Batches from the worker thread against the same batches drawn here, bit for bit.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchAhead } from '../../main/learn/loop/batchAhead.ts';
import { makeNano, type Nano } from '../../main/nano/parameters/nano.ts';
import { nanoRecipe } from '../../main/nano/recipe.ts';
import { type StageName, stageNames } from '../../main/nano/stageNames.ts';
import { stages } from '../../main/nano/stages.ts';
import { drawnAhead } from '../../main/nano/train.ts';
import type { NamedValues, Value } from '../../models/graph/value.ts';

const seed = 3;
const open: BatchAhead[] = [];
const ahead = (stage: StageName, recipe = nanoRecipe): BatchAhead => {
  const made = drawnAhead({ stage, seed, recipe });
  open.push(made);
  return made;
};

let nano: Nano;
// One for most tests: every worker builds a nano of its own.
let worker: BatchAhead;
beforeAll(async () => {
  worker = ahead('segmenter');
  nano = await makeNano(seed);
});
afterAll(async () => {
  for (const each of open) await each.release();
});

type Feeds = NamedValues;

const bytesOf = (data: Value): string =>
  ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
    : JSON.stringify(data);

/** Kind and bytes of every feed, so that -0, NaN and numbers of another width count as what they are. */
const bits = (feeds: Feeds): Record<string, string> =>
  Object.fromEntries(
    Object.entries(feeds)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, data]) => [name, `${data.constructor.name} ${data.length} ${bytesOf(data)}`]),
  );
const here = async (stage: StageName, step: number, recipe = nanoRecipe): Promise<Record<string, string>> => {
  const run = stages[stage].run(nano, recipe);
  const feeder = await run.objective.open(nano, run.shape, {});
  return bits(await feeder.feed(run.samples(step), step));
};

// A worker of its own takes seconds, and much longer beside other programs.
describe('BatchAhead', { timeout: 300_000 }, () => {
  it('gives the batches that the stage itself draws, step after step, from any step on', async () => {
    for (const step of [41, 42]) {
      const expected = await here('segmenter', step);
      expect(Object.keys(expected).length).toBeGreaterThan(2);
      expect(bits(await worker.feed([], step))).toEqual(expected);
    }
    expect(await here('segmenter', 41)).not.toEqual(await here('segmenter', 42));
  });

  it('goes on when it is asked for another step than the next', async () => {
    const first = bits(await worker.feed([], 5));
    await worker.feed([], 9);
    expect(bits(await worker.feed([], 5))).toEqual(first);
  });

  it('hands over arrays of the asker’s own: what is done to one batch does not reach the next', async () => {
    const expected = await here('segmenter', 1);
    for (const data of Object.values(await worker.feed([], 0))) if (data instanceof Float32Array) data.fill(Number.NaN);
    expect(bits(await worker.feed([], 1))).toEqual(expected);
  });

  it('gives words and places alike, whole numbers of 64 bits among them', async () => {
    const there = await ahead('lists').feed([], 7);
    expect(bits(there)).toEqual(await here('lists', 7));
    expect(Object.values(there).some((data) => data instanceof BigInt64Array)).toBe(true);
  });

  it('follows the recipe that it was given, and ends when it is closed, twice too', async () => {
    const recipe = { ...nanoRecipe, segmenter: { ...nanoRecipe.segmenter, firstScene: 77 } };
    const other = ahead('segmenter', recipe);
    const there = bits(await other.feed([], 0));
    expect(there).toEqual(await here('segmenter', 0, recipe));
    expect(there).not.toEqual(await here('segmenter', 0));
    await other.release();
    await other.release();
  });

  it('is there for every stage whose batches follow from the step alone', () => {
    expect(stageNames.filter((name) => !stages[name].drawsAhead)).toEqual(['reinforcement']);
  });
});
