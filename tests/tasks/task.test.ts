// Work in a process of its own: its result, its refusals, and that nothing which becomes of it reaches the host.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { runTask, TaskStopped } from '../../main/tasks/task.ts';

const program = path.join(import.meta.dirname, 'costly.ts');
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** What became of it, and of its process. */
async function outcomeOf(
  wish: string,
  options: { heapMB?: number; ms?: number; signal?: AbortSignal; reuse?: boolean } = {},
) {
  let pid = 0;
  const result = await runTask<string, number, string>(program, wish, {
    heapMB: 64,
    ...options,
    onEvent: (event) => {
      pid = event;
    },
  }).catch((error: unknown) => error);
  return { result, pid };
}

test('what it gives and tells comes back, and its process is gone', async () => {
  const { result, pid } = await outcomeOf('something');
  expect([result, pid > 0, pid !== process.pid, lives(pid)]).toEqual(['did something', true, true, false]);
});

test('bad input is bad input here, a fault of ours keeps its stack', async () => {
  const { result: refused } = await outcomeOf('refuse');
  expect(refused).toBeInstanceOf(BadInput);
  expect(refused).toHaveProperty('message', 'x.json: is cut short');
  const { result: fault } = await outcomeOf('fault');
  expect(fault).not.toBeInstanceOf(BadInput);
  expect(fault).toMatchObject({ message: 'something of ours is broken', cause: expect.stringMatching(/costly\.ts/) });
});

describe('what would end a host ends its process alone', () => {
  test.each(['fill the heap', 'fill one buffer'])('%s', async (wish) => {
    const { result, pid } = await outcomeOf(wish);
    expect(result).toBeInstanceOf(TaskStopped);
    expect(result).toMatchObject({ why: 'memory' });
    expect(lives(pid)).toBe(false);
  });

  test('a loop without end, at its time', async () => {
    const { result, pid } = await outcomeOf('turn for ever', { ms: 3000 });
    expect(result).toMatchObject({ why: 'time' });
    expect(lives(pid)).toBe(false);
  });

  test('a kill from outside', async () => {
    const running = runTask<string, number, string>(program, 'wait', {
      heapMB: 64,
      onEvent: (pid) => void process.kill(pid, 'SIGKILL'),
    });
    await expect(running).rejects.toMatchObject({ why: 'stopped', message: 'SIGKILL' });
  });

  test('a program that is not there', async () => {
    const running = runTask(path.join(import.meta.dirname, 'none.ts'), 'wait', { heapMB: 64 });
    await expect(running).rejects.toMatchObject({ why: 'stopped', message: 'exit code 1' });
  });
});

test('cancelled: it rejects with the reason when the process is gone', async () => {
  const abort = new AbortController();
  let pid = 0;
  const running = runTask<string, number, string>(program, 'turn for ever', {
    heapMB: 64,
    signal: abort.signal,
    onEvent: (event) => {
      pid = event;
      abort.abort(new Error('enough'));
    },
  });
  await expect(running).rejects.toThrow('enough');
  expect(lives(pid)).toBe(false);
  await expect(runTask(program, 'wait', { heapMB: 64, signal: abort.signal })).rejects.toThrow('enough');
});

describe('a process that may be used again', () => {
  const again = { reuse: true };

  test('does the next work, of the same program and heap alone, and one after the other', async () => {
    const first = await outcomeOf('one', again);
    const second = await outcomeOf('two', again);
    expect([first.result, second.result]).toEqual(['did one', 'did two']);
    expect(second.pid).toBe(first.pid);
    expect((await outcomeOf('three', { ...again, heapMB: 65 })).pid).not.toBe(first.pid);
    const [third, fourth] = await Promise.all([outcomeOf('four', again), outcomeOf('five', again)]);
    expect([third.pid, third.pid === fourth.pid]).toEqual([first.pid, false]);
  });

  test.each([
    ['refuse', {}],
    ['fill the heap', {}],
    ['turn for ever', { ms: 2000 }],
  ])('but not after "%s", and no event of that reaches the next', async (wish, options) => {
    const { pid } = await outcomeOf(wish, { ...again, ...options });
    expect(lives(pid)).toBe(false);
    const { result, pid: next } = await outcomeOf('something', again);
    expect([result, next === pid]).toEqual(['did something', false]);
  });

  test('nor once it holds much memory', async () => {
    const { result, pid } = await outcomeOf('hold 400 MB', again);
    expect([result, lives(pid)]).toEqual(['did hold 400 MB', false]);
  });

  test('somebody who kills it while it waits does no harm', async () => {
    const { pid } = await outcomeOf('something', again);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => lives(pid)).toBe(false);
    const { result, pid: next } = await outcomeOf('something', again);
    expect([result, next === pid]).toEqual(['did something', false]);
  });

  test('neither keeps its host from ending nor outlives it, and goes by itself', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'brief.ts')]);
    const { pid, ms } = JSON.parse(stdout) as { pid: number; ms: number };
    // Far less than it would wait for more.
    expect(Date.now() - ms).toBeLessThan(4000);
    await expect.poll(() => lives(pid)).toBe(false);
    const { pid: idle } = await outcomeOf('something', again);
    expect(lives(idle)).toBe(true);
    await expect.poll(() => lives(idle)).toBe(false);
  });
});
