import { describe, expect, it } from 'vitest';
import { ComputeQueue } from '../../main/engine/priority.ts';

/** Work that lasts until it is told to end. */
function task(name: string, log: string[]) {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = async () => {
    log.push(`${name} begins`);
    await ended;
    log.push(`${name} ends`);
    return name;
  };
  return { run, end };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('ComputeQueue', () => {
  it('runs urgent work at once, side by side', async () => {
    const [turns, log]: [ComputeQueue, string[]] = [new ComputeQueue(), []];
    const [a, b] = [task('a', log), task('b', log)];
    const both = [turns.urgent(a.run), turns.urgent(b.run)];
    await settle();
    expect(log).toEqual(['a begins', 'b begins']);
    a.end();
    b.end();
    expect(await Promise.all(both)).toEqual(['a', 'b']);
  });

  it('runs batch work one piece at a time, in order, and only when nothing is urgent', async () => {
    const [turns, log]: [ComputeQueue, string[]] = [new ComputeQueue(), []];
    const [urgent, one, two] = [task('urgent', log), task('one', log), task('two', log)];
    const all = [turns.urgent(urgent.run), turns.batch(one.run), turns.batch(two.run)];
    await settle();
    expect(log).toEqual(['urgent begins']);
    for (const each of [two, one, urgent]) each.end();
    await Promise.all(all);
    expect(log.slice(1)).toEqual(['urgent ends', 'one begins', 'one ends', 'two begins', 'two ends']);
  });

  it('lets a piece of a batch wait in its middle until nothing is urgent', async () => {
    const [turns, log]: [ComputeQueue, string[]] = [new ComputeQueue(), []];
    const [urgent, later] = [task('urgent', log), task('later', log)];
    const asked = turns.urgent(urgent.run);
    const pause = turns.quiet().then(() => log.push('goes on'));
    await settle();
    const second = turns.urgent(later.run);
    urgent.end();
    await asked;
    await settle();
    expect(log).not.toContain('goes on');
    later.end();
    await Promise.all([second, pause]);
    expect(log.at(-1)).toBe('goes on');
    await turns.quiet();
  });

  it('goes on after work that failed', async () => {
    const turns = new ComputeQueue();
    const failing = () => Promise.reject(new Error('no'));
    await expect(turns.urgent(failing)).rejects.toThrow('no');
    const batch = turns.batch(failing);
    await expect(batch).rejects.toThrow('no');
    expect(await turns.batch(async () => 'next')).toBe('next');
    await turns.quiet();
  });
});
