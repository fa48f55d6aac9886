// Folders of work whose process was killed are taken away by the next one; those of processes that live are left.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sweepScratch, withScratch } from '../../../main/jobs/queue/scratch.ts';
import { freshFolder } from '../../formats/reads.ts';

const folder = freshFolder();
/** A place of its own, as other tests work at the same time. */
const place = path.join(folder, 'tmp');
beforeAll(() => {
  mkdirSync(place);
  for (const name of ['TMPDIR', 'TEMP']) vi.stubEnv(name, place);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A process that works in a folder of its own until it is killed. */
async function working() {
  const scratch = path.resolve(import.meta.dirname, '../../../main/jobs/queue/scratch.ts');
  const words = `import { withScratch } from ${JSON.stringify(scratch)};
    await withScratch('import', async (folder) => {
      console.log(folder);
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const own = String(line).trim();
  writeFileSync(path.join(own, 'parts'), 'what was read so far');
  return { child, own };
}

describe('scratch', () => {
  test('is gone when the work has ended, well or not', async () => {
    const seen = await withScratch('import', async (own) => {
      writeFileSync(path.join(own, 'parts'), 'x');
      return own;
    });
    expect(path.dirname(seen)).toBe(tmpdir());
    await expect(withScratch('repair', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readdirSync(place)).toEqual([]);
  });

  test('of a killed process goes with the next work, that of one which lives and what is not ours stay', async () => {
    const [killed, living] = [await working(), await working()];
    const gone = once(killed.child, 'close');
    killed.child.kill('SIGKILL');
    await gone;
    expect(existsSync(killed.own)).toBe(true);
    const pid = killed.child.pid ?? 0;
    const others = [`loupe-import-another.machine-${pid}-abcdef`, 'loupe-import-mine', `${hostname()}-${pid}-abcdef`];
    for (const name of others) mkdirSync(path.join(place, name));
    await sweepScratch();
    expect(readdirSync(place).toSorted()).toEqual([...others, path.basename(living.own)].toSorted());
    const ended = once(living.child, 'close');
    living.child.kill('SIGKILL');
    await ended;
    await withScratch('import', async () => expect(existsSync(living.own)).toBe(false));
    for (const name of others) rmSync(path.join(place, name), { recursive: true });
  });

  test('is swept where no folder can be listed', async () => {
    vi.stubEnv('TMPDIR', path.join(folder, 'nowhere'));
    await sweepScratch();
    vi.stubEnv('TMPDIR', place);
  });
});
