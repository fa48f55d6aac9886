// Runs that end when their processor time is spent, and say how many steps they made of it.
import { describe, expect, it } from 'vitest';
import { limited } from '../../main/ablation/budget.ts';
import type { Policy, Run } from '../../main/learn/loop/loop.ts';
import { Parameters } from '../../main/learn/loop/parameters.ts';

const none = () => {
  throw new Error('this run is never trained');
};
const run: Run<Policy, number, null> = {
  ...{ name: 'counted', steps: 5, shape: null, perStep: 1 },
  policy: { parameters: new Parameters(none) },
  objective: { graph: none, open: none },
  settings: { schedule: { kind: 'constant', base: 1, warmup: 0, total: 5 }, optimiser: {} },
  samples: (step) => [step, step + 1],
};

/** Time of the processor, not of the clock. */
function work(milliseconds: number): void {
  const begun = process.cpuUsage();
  const spent = () => {
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000;
  };
  while (spent() < milliseconds);
}

describe('a run with a budget', () => {
  it('has the same samples as without', () => {
    const { run: short } = limited(run, 60);
    expect([0, 3].map((step) => short.samples(step))).toEqual([
      [0, 1],
      [3, 4],
    ]);
    expect(short).toMatchObject({ name: 'counted', steps: 5, perStep: 1 });
  });

  it('is not over before its processor time is spent, however long it waits', async () => {
    const { run: short, over, done } = limited(run, 5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    short.samples(0);
    short.samples(1);
    expect(over.aborted).toBe(false);
    expect(done().steps).toBe(2);
  });

  it('is over at the first step that begins after it', () => {
    const { run: short, over, done } = limited(run, 0.03);
    short.samples(0);
    work(40);
    expect(over.aborted).toBe(false);
    short.samples(1);
    expect(over.aborted).toBe(true);
    expect(done().steps).toBe(2);
    expect(done().seconds).toBeGreaterThanOrEqual(0.03);
  });
});
