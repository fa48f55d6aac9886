import { describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import type { Job } from '../../../main/contract/jobs.ts';
import { Jobs, type Lane, Meter, type Work } from '../../../main/jobs/queue/queue.ts';

const work = (lane: Lane, run: Work['run']): Work => ({ kind: 'import', title: 'Importing', lane, run });

function reporting() {
  const reports: Job[] = [];
  return { reports, jobs: new Jobs((job) => reports.push(job)) };
}

/** Work that goes on until it is let go. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, release: resolve };
}

describe('jobs', () => {
  test('one that ends says what it did', async () => {
    const { jobs, reports } = reporting();
    const { id, state } = jobs.start(
      work('disk', async (progress) => {
        progress.total(3);
        for (let i = 0; i < 3; i++) progress.step();
        progress.note('one.txt: is no picture');
        return 'Took 3.';
      }),
    );
    expect(state).toBe('waiting');
    expect(await jobs.finished(id)).toMatchObject({
      ...{ state: 'done', done: 3, total: 3, secondsLeft: null, message: 'Took 3.' },
      notes: ['one.txt: is no picture'],
    });
    expect(reports.map((job) => job.state)).toEqual(expect.arrayContaining(['waiting', 'running', 'done']));
    expect(jobs.list()).toHaveLength(1);
  });

  test('bad input fails with its sentence, a fault with a log', async () => {
    const { jobs } = reporting();
    const refused = jobs.start(work('disk', () => Promise.reject(new BadInput('cars.json: is empty'))));
    expect(await jobs.finished(refused.id)).toMatchObject({ state: 'failed', message: 'cars.json: is empty' });
    const broken = jobs.start(work('disk', () => Promise.reject(new Error('off by one'))));
    expect((await jobs.finished(broken.id)).message).toMatch(/^internal fault: off by one \(log: .+\)$/u);
  });

  test('a lane takes one at a time, lanes do not wait for each other', async () => {
    const { jobs } = reporting();
    const [first, second, other] = [held(), held(), held()];
    const order: string[] = [];
    const running = (name: string, hold: { promise: Promise<void> }) => async () => {
      order.push(`${name} begins`);
      await hold.promise;
      order.push(`${name} ends`);
      return null;
    };
    const a = jobs.start(work('model', running('a', first)));
    const b = jobs.start(work('model', running('b', second)));
    const c = jobs.start(work('disk', running('c', other)));
    other.release();
    await jobs.finished(c.id);
    expect(order).toEqual(['a begins', 'c begins', 'c ends']);
    expect(jobs.list().map(({ state }) => state)).toEqual(['running', 'waiting', 'done']);
    first.release();
    await jobs.finished(a.id);
    second.release();
    await jobs.finished(b.id);
    expect(order.slice(3)).toEqual(['a ends', 'b begins', 'b ends']);
  });

  test('a failed job does not block its lane', async () => {
    const { jobs } = reporting();
    jobs.start(work('disk', () => Promise.reject(new BadInput('no'))));
    const { id } = jobs.start(work('disk', async () => 'yes'));
    expect(await jobs.finished(id)).toMatchObject({ state: 'done', message: 'yes' });
  });

  test('cancel reaches what runs and what waits', async () => {
    const { jobs } = reporting();
    let began = 0;
    const patient = () =>
      work('disk', async ({ signal }) => {
        began += 1;
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        return null;
      });
    const [running, waiting] = [jobs.start(patient()), jobs.start(patient())];
    await new Promise((resolve) => setTimeout(resolve, 5));
    jobs.cancel(waiting.id);
    expect(jobs.list()[1]).toMatchObject({ state: 'cancelled', message: 'Cancelled.' });
    jobs.cancel(running.id);
    expect(await jobs.finished(running.id)).toMatchObject({ state: 'cancelled' });
    expect(await jobs.finished(waiting.id)).toMatchObject({ state: 'cancelled' });
    expect(began).toBe(1);
    jobs.cancel('nobody');
  });

  test('what fails because it was cancelled was cancelled', async () => {
    const { jobs } = reporting();
    const { id } = jobs.start(
      work('disk', async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw new Error('write after end');
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    await jobs.stop();
    expect(await jobs.finished(id)).toMatchObject({ state: 'cancelled' });
  });

  test('the list keeps the last fifty that are over', async () => {
    const { jobs } = reporting();
    let last = '';
    for (let i = 0; i < 60; i++) last = jobs.start(work('disk', async () => `${i}`)).id;
    await jobs.finished(last);
    expect(jobs.list()).toHaveLength(50);
    expect(jobs.list().at(-1)?.message).toBe('59');
  });
});

describe('the meter', () => {
  const metered = () => {
    let now = 0;
    const reports: Partial<Job>[] = [];
    const meter = new Meter(
      new AbortController().signal,
      (fields) => reports.push(fields),
      () => now,
    );
    return {
      ...{ meter, reports },
      wait: (ms: number) => {
        now += ms;
      },
    };
  };

  test('time left is what is left at the speed so far', () => {
    const { meter, wait } = metered();
    meter.total(100);
    wait(2000);
    meter.step(20);
    expect(meter.fields()).toMatchObject({ done: 20, total: 100 });
    expect(meter.fields().secondsLeft).toBeCloseTo(8);
  });

  test('the speed is that of late: a slow beginning is forgotten', () => {
    const { meter, wait } = metered();
    meter.total(1000);
    for (let i = 0; i < 40; i++) {
      wait(1000);
      meter.step(1);
    }
    for (let i = 0; i < 40; i++) {
      wait(1000);
      meter.step(10);
    }
    expect(meter.fields().secondsLeft).toBeCloseTo((1000 - 440) / 10, 0);
  });

  test('work that goes on where it was stopped does not count what was done before', () => {
    const { meter, wait } = metered();
    meter.total(1000);
    meter.resumeAt(900);
    wait(1000);
    meter.step(10);
    expect(meter.fields().secondsLeft).toBeCloseTo(9);
  });

  test('work that knows how long the rest takes is believed, whatever its speed of late', () => {
    const { meter, wait } = metered();
    meter.total(12);
    for (const [done, left] of [
      [0.2, null],
      [0.4, 900],
      [1, 850],
    ] as const) {
      wait(60_000);
      meter.at(done, left);
      expect(meter.fields()).toMatchObject({ done, secondsLeft: left });
    }
  });

  test('without a total there is no time left', () => {
    const { meter, wait } = metered();
    wait(1000);
    meter.step();
    expect(meter.fields().secondsLeft).toBeNull();
  });

  test('reports come ten times a second at most, notes a thousand at most', () => {
    const { meter, reports, wait } = metered();
    for (let i = 0; i < 2000; i++) {
      wait(1);
      meter.step();
      meter.note(`line ${i}`);
    }
    expect(reports.length).toBeLessThanOrEqual(21);
    expect(reports.length).toBeGreaterThan(15);
    expect(meter.fields().notes).toHaveLength(1000);
  });
});
