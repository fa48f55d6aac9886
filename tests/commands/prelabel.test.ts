import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addGather } from '../../main/commands/gather.ts';
import { addPrelabel, parseShard } from '../../main/commands/prelabel.ts';
import { judge } from '../../main/failure.ts';
import { openProject } from '../../main/store/project.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { found, nothing, pictures, weightsSaying } from '../engine/weights.ts';

const released = existsSync(path.join(embeddedWeights, 'model.safetensors'));
if (!released) console.warn('skipped: no released weights');

let root: string;
let says: { found: string; nothing: string };
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-prelabel-'));
  says = { found: await weightsSaying(root, [found]), nothing: await weightsSaying(root, [nothing]) };
  await pictures(path.join(root, 'pictures'), 4);
});
afterAll(() => rm(root, { recursive: true }));

/** A project of the four pictures, and others by name. */
function project(name: string, others: readonly string[] = []): string {
  const file = path.join(root, name);
  const made = openProject(file, { create: true });
  const names = [0, 1, 2, 3].map((i) => `pictures/disc-${i}.png`);
  made.addImages([...names, ...others].map((each) => ({ path: each })));
  made.close();
  return file;
}

interface Ended {
  code: number;
  stdout: string;
  /** The sentence of a failure. */
  line: string;
}

/** The command as the program runs it, within this process. */
const loupe = (...args: string[]) => run('prelabel', ...args);

async function run(...args: string[]): Promise<Ended> {
  const ended: Ended = { code: 0, stdout: '', line: '' };
  const program = new Command('loupe').exitOverride().configureOutput({ outputError: () => {} });
  const terminal = {
    print: (text: string) => {
      ended.stdout += text;
    },
    note: () => {},
    signal: new AbortController().signal,
    finish: (code: number) => {
      ended.code = code;
    },
  };
  addPrelabel(program, terminal);
  addGather(program, terminal);
  await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
    const { code, line } = judge(error, root);
    Object.assign(ended, { code, line: line ?? '' });
  });
  return ended;
}

function answersIn(file: string, text: string) {
  const opened = openProject(file);
  const asked = opened.promptsOf(text);
  opened.close();
  return asked;
}

describe('prelabel', () => {
  it('asks every image, and a second run finds all answered', async () => {
    const file = project('all.loupe');
    const args = [file, '--prompt', ' the dog ', '--weights', says.found];
    const first = await loupe(...args);
    expect([first.code, first.stdout]).toEqual([0, expect.stringMatching(/^4 images, 0 answered before; .* in 4 \(/)]);
    expect(answersIn(file, 'the dog').map(({ answered }) => answered)).toEqual([true, true, true, true]);
    const again = JSON.parse((await loupe(...args, '--json')).stdout);
    expect(again).toMatchObject({ images: 4, before: 4, found: 0, nothing: [], unreadable: [], failed: [] });
    expect(answersIn(file, 'the dog')).toHaveLength(4);
  });

  it('lists every image where nothing was found or that could not be read, and ends with 1 when that is all', async () => {
    await writeFile(path.join(root, 'pictures', 'broken.png'), 'no picture');
    const file = project('nothing.loupe', ['pictures/broken.png']);
    const args = [file, '--prompt', 'the dog', '--weights', says.nothing];
    const { code, stdout } = await loupe(...args);
    expect(code).toBe(1);
    expect(stdout).toContain('nothing found: 4\n  pictures/disc-0.png\n');
    expect(stdout).toContain('no answer: 1\n');
    expect(stdout.match(/broken\.png/g)).toHaveLength(1);
    const again = JSON.parse((await loupe(...args, '--json')).stdout);
    expect(again.nothing.sort()).toEqual([0, 1, 2, 3].map((i) => `pictures/disc-${i}.png`));
    expect(again).toMatchObject({ images: 5, before: 4, failed: [{ path: 'pictures/broken.png' }] });
  });

  it.skipIf(!released)(
    'says what it was not asked for, and where what was not found may still be there, also later',
    async () => {
      const photographs = path.join(root, 'photographs');
      await cp(embeddedWeights, photographs, { recursive: true });
      const record = JSON.parse(await readFile(path.join(photographs, 'pictures.json'), 'utf8'));
      await writeFile(path.join(photographs, 'pictures.json'), JSON.stringify({ ...record, bias: 1e6 }));
      const file = project('photographs.loupe');
      const ask = (text: string) => loupe(file, '--prompt', text, '--weights', photographs);
      for (const before of [0, 4]) {
        const unknown = await ask('the giraffe and the skier');
        expect([unknown.code, unknown.stdout]).toEqual([
          1,
          expect.stringMatching(new RegExp(`, ${before} answered before`)),
        ]);
        expect(unknown.stdout).toContain("not asked, as 'skier' is not known there: 4\n  pictures/disc-0.png\n");
        expect(unknown.stdout).not.toContain('cannot be read');
        const missed = await ask('the giraffe');
        expect(missed.stdout).toContain('nothing found: 4\n');
        expect(missed.stdout).toContain('in 4 of these it may still be there: ');
      }
    },
  );

  it('takes its part of the images; all parts together are all images', async () => {
    const file = project('parts.loupe');
    const args = [file, '--prompt', 'the dog', '--weights', says.found, '--json', '--shard'];
    const one = JSON.parse((await loupe(...args, '1/2')).stdout);
    expect(answersIn(file, 'the dog')).toHaveLength(one.images);
    const two = JSON.parse((await loupe(...args, '2/2')).stdout);
    expect([one.images + two.images, one.before, two.before]).toEqual([4, 0, 0]);
    expect(answersIn(file, 'the dog')).toHaveLength(4);
  });

  it('answers parts into copies at once, and gathers them once', async () => {
    const file = project('shared.loupe');
    const copies = [1, 2].map((i) => path.join(root, `${i}`, 'part.loupe'));
    for (const copy of copies) await mkdir(path.dirname(copy));
    const worker = (i: number) =>
      loupe(file, '--prompt', 'the dog', '--weights', says.found, '--shard', `${i + 1}/2`, '--into', copies[i] ?? '');
    const ended = await Promise.all([worker(0), worker(1)]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(answersIn(file, 'the dog')).toEqual([]);
    // A copy that is there is gone on with.
    expect((await worker(0)).stdout).toMatch(/^2 images, 2 answered before/);

    const bad = path.join(root, 'bad-copy.loupe');
    await writeFile(bad, 'no project');
    expect(await run('gather', file, copies[0] ?? '', bad)).toMatchObject({
      code: 2,
      line: expect.stringContaining('bad-copy'),
    });
    expect(answersIn(file, 'the dog')).toEqual([]);

    const half = await run('gather', file, copies[0] ?? '');
    expect(half.stdout).toMatch(/2 answers taken.*\nno answer yet to "the dog": 2 images\n$/);
    const gathered = JSON.parse((await run('gather', file, ...copies, '--json')).stdout);
    expect(gathered.copies).toMatchObject([
      { file: copies[0], answers: 0, before: 2, strangers: [] },
      { file: copies[1], answers: 2, before: 0, strangers: [] },
    ]);
    expect(gathered.left).toEqual([]);
    expect(answersIn(file, 'the dog').map(({ answered }) => answered)).toEqual([true, true, true, true]);
    const again = await run('gather', file, ...copies);
    expect([again.code, again.stdout]).toEqual([1, expect.stringContaining('0 answers taken, 2 were here before')]);
    expect(answersIn(file, 'the dog')).toHaveLength(4);
    expect((await loupe(file, '--prompt', 'the dog', '--weights', says.found)).stdout).toMatch(/^4 images, 4 answered/);
    expect((await run('gather', file, file)).line).toContain('is the project itself');
  });

  it('ends in one sentence and 2 where project, prompt or weights are no good', async () => {
    const file = project('bad.loupe');
    const nowhere = path.join(root, 'nowhere.loupe');
    for (const [args, said] of [
      [[nowhere, '--prompt', 'x'], nowhere],
      [[file, '--prompt', '  '], 'the prompt is empty'],
      [[file, '--prompt', 'x', '--weights', path.join(root, 'pictures')], 'config.json'],
      [[file, '--prompt', 'x', '--shard', '3/2'], '1 <= i <= n'],
    ] as const) {
      const { code, stdout, line } = await loupe(...args);
      expect([code, stdout]).toEqual([2, '']);
      expect(line).toContain(said);
    }
    expect(answersIn(file, 'x')).toEqual([]);
  });
});

describe('parseShard', () => {
  it('takes i/n from 1 to n alone', () => {
    expect(parseShard('2/8')).toEqual({ index: 2, count: 8 });
    expect(parseShard(' 8/8')).toEqual({ index: 8, count: 8 });
    for (const text of ['0/3', '4/3', '1', '1/', '-1/2', '1/2/3', 'a/b', '1.5/2']) {
      expect(() => parseShard(text), text).toThrow('i/n');
    }
  });
});
