// How far a step of several runs is told to be, and how long the rest is said to take.
import { describe, expect, it } from 'vitest';
import { type PartOfStep, partWords } from '../../../main/contract/learning.ts';
import { StepClock, type WithinStep } from '../../../main/learn/loop/stepClock.ts';

const part = (name: PartOfStep['name'], done: number, of: number): PartOfStep => ({ name, done, of });

/** A clock that is set by hand, and what was told. */
function made(steps = 4) {
  const told: WithinStep[] = [];
  const time = { now: 0 };
  const clock = new StepClock(
    steps,
    (within) => told.push(within),
    () => time.now,
  );
  const at = async (seconds: number, ...where: Parameters<typeof part>) => {
    time.now = seconds;
    await clock.between(part(...where));
    return told.at(-1);
  };
  return { clock, time, told, at };
}

describe('a step of several runs', () => {
  it('goes on from part to part, and never back where answers are sampled anew', async () => {
    const { clock, at, told } = made();
    clock.begin(0);
    await at(3, 'sampling', 200, 256);
    await at(4, 'sampling', 3, 256);
    await at(10, 'comparing', 2, 8);
    await at(20, 'learning', 0, 8);
    await at(30, 'learning', 7, 8);
    const done = told.map((one) => one.done);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done[0]).toBeGreaterThan(0);
    expect(done[1]).toBe(done[0]);
    expect(done.at(-1)).toBeGreaterThan(0.8);
    expect(done.at(-1)).toBeLessThan(1);
  });

  it('is foretold by what each part of the step before took', async () => {
    const { clock, time, at } = made();
    clock.begin(0);
    await at(0, 'reading', 0, 8);
    await at(30, 'learning', 0, 8);
    time.now = 100;
    clock.end();
    clock.begin(1);
    expect((await at(115, 'reading', 4, 8))?.done).toBeCloseTo(1.15, 9);
    const half = await at(165, 'learning', 4, 8);
    expect(half?.done).toBeCloseTo(1.65, 9);
    expect(half?.stepLeft).toBeCloseTo(35, 9);
    expect(half?.secondsLeft).toBeCloseTo(35 + 200, 9);
  });

  it('says in the first step how long the rest takes as soon as a part of it is over', async () => {
    const { clock, at } = made(2);
    clock.begin(0);
    expect((await at(3, 'sampling', 0, 256))?.secondsLeft).toBeNull();
    const later = await at(60, 'learning', 0, 8);
    const share = later?.done ?? 0;
    expect(later?.secondsLeft).toBeCloseTo((60 / share) * (2 - share), 6);
  });

  it('that is short is not told, nor any more often than is read', async () => {
    const { clock, time, at, told } = made();
    clock.begin(0);
    await at(0.5, 'gradients', 0, 1);
    time.now = 1;
    clock.end();
    clock.begin(1);
    await at(1.5, 'gradients', 0, 1);
    expect(told).toEqual([]);
    await at(9, 'reading', 0, 8);
    time.now = 12;
    clock.end();
    clock.begin(2);
    for (let i = 0; i < 100; i++) await at(12 + i / 100, 'sampling', i, 100);
    expect(told).toHaveLength(4);
  });

  it('of one run is told as it begins, with the time that the step before took', async () => {
    const { clock, time, at } = made(3);
    clock.begin(0);
    await at(0, 'gradients', 0, 1);
    time.now = 200;
    clock.end();
    clock.begin(1);
    expect(await at(200, 'gradients', 0, 1)).toMatchObject({ done: 1, secondsLeft: 400, stepLeft: 200 });
  });
});

it('a part is told in words, the one under way counted', () => {
  expect(partWords(part('learning', 4, 8))).toBe('gradients of answer 5 of 8');
  expect(partWords(part('sampling', 256, 256))).toBe('sampling answers, token 256 of 256');
  expect(partWords(part('drawing gradients', 0, 1))).toBe('gradients of what draws');
  expect(partWords(part('judging', 0, 1))).toBe('judging the answers');
});
