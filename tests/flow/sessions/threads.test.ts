// LOUPE_THREADS: how many threads a program's sessions compute with, and what is refused.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { limitThreads } from '../../../main/flow/sessions/threads.ts';
import { input } from '../../../models/graph/tensor.ts';
import { Session } from '../../../models/runtime/session.ts';
import { usualThreads } from '../../../models/runtime/threads.ts';

const ran = promisify(execFile);
afterEach(() => limitThreads(process.env.LOUPE_THREADS));

describe('limitThreads', () => {
  it('is one in tests, whose graphs are tiny', () => {
    expect(usualThreads()).toBe(1);
  });

  it('takes a number, and leaves the choice to ONNX Runtime where nothing is said', () => {
    limitThreads('3');
    expect(usualThreads()).toBe(3);
    limitThreads('');
    expect(usualThreads()).toBeUndefined();
    limitThreads('1024');
    limitThreads(undefined);
    expect(usualThreads()).toBeUndefined();
  });

  it.each(['0', '-1', '1.5', 'all', '2 cores', '1025'])('refuses %j and leaves what was set', (said) => {
    limitThreads('2');
    expect(() => limitThreads(said)).toThrow(BadInput);
    expect(() => limitThreads(said)).toThrow(/^LOUPE_THREADS: .* from 1 to 1024$/u);
    expect(usualThreads()).toBe(2);
  });

  it.runIf(process.platform === 'linux')('bounds the threads of sessions that name no number', async () => {
    const threads = () => readdirSync('/proc/self/task').length;
    const outputs = { y: input('x', [4]) };
    const added = async (said: string) => {
      limitThreads(said);
      const before = threads();
      const session = await Session.create(outputs);
      const more = threads() - before;
      await session.release();
      return more;
    };
    await added('1');
    expect(await added('1')).toBe(0);
    expect(await added('3')).toBe(2);
  });

  it('is asked of the command line, which refuses what is no number in one sentence', async () => {
    const env = { ...process.env, LOUPE_THREADS: 'many' };
    const failed = await ran(process.execPath, ['main/cli.ts', 'scenes', '--help'], { env }).catch((error) => error);
    expect(failed.code).toBe(2);
    expect(failed.stderr).toMatch(/LOUPE_THREADS: many is not a number of threads/u);
  });
});
