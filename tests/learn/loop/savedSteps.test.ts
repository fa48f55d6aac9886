// What is left of a run that is killed with -9, whose disk is full or whose files are damaged: at most the step under way is lost.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SavedSteps } from '../../../main/learn/loop/savedSteps.ts';
import { trainedToy } from './toyRun.ts';

let root: string;
let folder: string;
let folders = 0;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-saved-'));
});
beforeEach(() => {
  folder = path.join(root, String(folders++));
});
afterAll(() => rm(root, { recursive: true }));

const saved = () => new SavedSteps({ folder, name: 'toy', every: 25, each: true });
const fileOf = (turn: string) => path.join(folder, `toy${turn}.safetensors`);

/** Trains in a process of its own and kills it once `enough` steps were begun; the last one that it said to begin. */
async function killedAfter(enough: number): Promise<number> {
  const program = path.join(import.meta.dirname, 'toyRun.ts');
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'close');
  let said = '';
  let count = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    count += text.split('\n').length - 1;
    if (count > enough) child.kill('SIGKILL');
  });
  expect((await gone)[1]).toBe('SIGKILL');
  return Number(said.trimEnd().split('\n').at(-1));
}

/** Ends in a step that fails, as a run does whose process is gone. */
const stoppedIn = (step: number) =>
  expect(
    trainedToy(folder, 100, (at) => {
      if (at === step) throw new Error('stopped');
    }),
  ).rejects.toThrow('stopped');

describe('a run that is killed', { timeout: 120_000 }, () => {
  it('has lost at most the step under way, each time, and ends in the same numbers', async () => {
    let steps = 0;
    for (const enough of [3, 7, 4, 12]) {
      const begun = await killedAfter(enough);
      steps = (await saved().newest())?.step ?? 0;
      // The step that was begun may have been saved before anything more could be said.
      expect([begun, begun + 1]).toContain(steps);
    }
    const resumed: number[] = [];
    const values = await trainedToy(folder, steps + 9, (step) => resumed.push(step));
    expect(resumed[0]).toBe(steps);
    folder = path.join(root, 'whole');
    expect(values).toEqual(await trainedToy(folder, steps + 9));
    expect((await readdir(folder)).toSorted()).toEqual(['curves.jsonl', 'toy.safetensors']);
  });
});

describe('a step that was written in part', () => {
  const damage = async (file: string) => {
    const bytes = await readFile(file);
    bytes.fill(0, bytes.length - 4096);
    await writeFile(file, bytes);
  };

  it('is passed over for the one before, and that for the last one that was flushed', async () => {
    await stoppedIn(33);
    expect((await saved().newest())?.step).toBe(33);
    await damage(fileOf('.odd'));
    expect((await saved().newest())?.step).toBe(32);
    await truncate(fileOf('.even'), 1000);
    expect((await saved().newest())?.step).toBe(25);
    const whole = await trainedToy(path.join(root, 'other'), 40);
    expect(await trainedToy(folder, 40)).toEqual(whole);
  });

  it('stands for one that was flushed and damaged later; where nothing is whole the run says which file is damaged', async () => {
    await stoppedIn(27);
    await damage(fileOf(''));
    expect((await saved().newest())?.step).toBe(27);
    await rm(fileOf('.even'));
    await damage(fileOf('.odd'));
    await expect(saved().newest()).rejects.toThrow(
      `${fileOf('')}: fails its checksum, so it was written only in part.`,
    );
  });

  it.skipIf(!existsSync('/dev/full'))(
    'for want of room ends the run, which goes on from the step before (skipped: no /dev/full)',
    async () => {
      await stoppedIn(27);
      await rm(fileOf('.even'));
      symlinkSync('/dev/full', fileOf('.even'));
      await expect(trainedToy(folder, 40)).rejects.toThrow('ENOSPC');
      await rm(fileOf('.even'));
      const resumed: number[] = [];
      const values = await trainedToy(folder, 40, (step) => resumed.push(step));
      expect(resumed[0]).toBe(27);
      expect(values).toEqual(await trainedToy(path.join(root, 'roomy'), 40));
    },
  );
});
