import { describe, expect, test } from 'vitest';
import { pauses } from '../../../main/formats/files/pauses.ts';

/** Work that keeps the processor to itself. */
function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('pauses', () => {
  test('a short loop hardly ever waits', async () => {
    const wait = pauses(undefined);
    let waited = 0;
    for (let i = 0; i < 1000; i++) {
      const pause = wait();
      if (pause) waited++;
      await pause;
    }
    expect(waited).toBeLessThan(100);
  });

  test('a long loop lets others work in between', async () => {
    let others = 0;
    const timer = setInterval(() => others++, 1);
    const pause = pauses(undefined);
    for (let i = 0; i < 10; i++) {
      busy(25);
      await pause();
    }
    clearInterval(timer);
    expect(others).toBeGreaterThanOrEqual(5);
  });

  test('stops with the reason of the signal, at the next turn', async () => {
    const abort = new AbortController();
    const pause = pauses(abort.signal);
    busy(25);
    await pause();
    abort.abort(new Error('enough'));
    busy(25);
    expect(() => pause()).toThrow('enough');
  });
});
