import { describe, expect, test } from 'vitest';
import { ConcurrencyLimit } from '../../main/pictures/concurrency.ts';

function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { wait: () => promise, release: resolve };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

describe('ConcurrencyLimit', () => {
  test('lets as many in as it is wide, then the newest first', async () => {
    const limit = new ConcurrencyLimit(2);
    const order: number[] = [];
    const holds = [held(), held(), held(), held(), held()];
    const runs = holds.map(({ wait }, i) =>
      limit.pass(async () => {
        order.push(i);
        await wait();
        return i;
      }),
    );
    await settle();
    expect(order).toEqual([0, 1]);
    holds[0]?.release();
    await settle();
    expect(order).toEqual([0, 1, 4]);
    for (const { release } of holds) release();
    expect(await Promise.all(runs)).toEqual([0, 1, 2, 3, 4]);
    expect(order).toEqual([0, 1, 4, 3, 2]);
  });

  test('work that fails leaves as well', async () => {
    const limit = new ConcurrencyLimit(1);
    await expect(limit.pass(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await limit.pass(async () => 'next')).toBe('next');
  });

  test('what waits can be given up, what has begun goes on', async () => {
    const limit = new ConcurrencyLimit(1);
    const hold = held();
    const abort = new AbortController();
    const running = limit.pass(async () => {
      await hold.wait();
      return 'whole';
    }, abort.signal);
    let began = false;
    const waiting = limit.pass(async () => {
      began = true;
    }, abort.signal);
    const behind = limit.pass(async () => 'behind');
    abort.abort();
    await expect(waiting).rejects.toThrow(/abort/u);
    hold.release();
    expect(await running).toBe('whole');
    expect(await behind).toBe('behind');
    expect(began).toBe(false);
    await expect(limit.pass(async () => 1, abort.signal)).rejects.toThrow(/abort/u);
    expect(await limit.pass(async () => 2)).toBe(2);
  });
});
