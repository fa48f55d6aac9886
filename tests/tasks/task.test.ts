// Work in a process of its own: its result, its refusals, and that nothing which becomes of it reaches the host.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badinput.ts';
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
async function outcomeOf(wish: string, options: { heapMB?: number; ms?: number; signal?: AbortSignal } = {}) {
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
