import {
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import type { Shape } from '../../../main/contract/project.ts';
import { ImageFiles, moveOf } from '../../../main/jobs/pictures/imageFiles.ts';
import type { Progress } from '../../../main/jobs/queue/queue.ts';
import { writePng } from '../../../main/pictures/image.ts';
import { Pictures } from '../../../main/pictures/tiles.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { paint, temporary } from '../../hosting.ts';

const { folder, remove } = temporary('files');
const projects: Project[] = [];
afterAll(() => {
  for (const project of projects) project.close();
  remove();
});

let count = 0;
let home = '';
let project: Project;
let files: ImageFiles;
let told: number[] = [];
const at = (...parts: string[]) => path.join(home, ...parts);

const quiet = (signal = new AbortController().signal) => {
  const notes: string[] = [];
  const progress: Progress = {
    signal,
    total: () => {},
    step: () => {},
    resumeAt: () => {},
    at: () => {},
    note: (line) => notes.push(line),
  };
  return { notes, progress };
};

function reopened(file = at('p.loupe')): void {
  project = openProject(file, { create: true });
  projects.push(project);
  files = new ImageFiles(project, new Pictures(at('cache')), (ids) => told.push(...ids));
}

beforeEach(async () => {
  home = path.join(folder, `${++count}`);
  mkdirSync(at('in'), { recursive: true });
  for (const name of ['a', 'b', 'c']) await paint(at(`in/${name}.png`), { background: name === 'a' ? 'red' : 'blue' });
  told = [];
  reopened();
});

const addAll = () => files.add([at('in')], quiet().progress);
const idOf = (name: string): number => project.imageByPath(name)?.id ?? 0;

/** Something that a person drew, so that a change of the file matters. */
function drawOn(imageId: number): void {
  const [labelId, id] = [project.reserve(1), project.reserve(1)];
  const label = { id: labelId, name: `l${labelId}`, colour: '#00ff00', digit: null, attributes: [], place: 1 };
  const shape: Shape = {
    ...{ id, imageId, labelId, mask: null, box: { x1: 1, y1: 1, x2: 9, y2: 9 }, attributes: {}, crowd: false },
    ...{ hidden: false, locked: false, place: 1, origin: { kind: 'drawn' } },
  };
  project.apply({
    title: 'Draw',
    changes: [
      { kind: 'label', id: labelId, before: null, after: label },
      { kind: 'shape', id, before: null, after: shape },
    ],
  });
}

describe('adding', () => {
  test('rows are there with relative paths, then with sizes', async () => {
    expect(await addAll()).toBe('Added 3 images.');
    expect([...project.allImages()].map(({ path: name, width, height, hash }) => [name, width, height, hash])).toEqual(
      ['in/a.png', 'in/b.png', 'in/c.png'].map((name) => [name, 40, 30, null]),
    );
    expect(new Set(told)).toEqual(new Set([...project.allImages()].map(({ id }) => id)));
  });

  test('a second time nothing is added', async () => {
    await addAll();
    await paint(at('in/d.png'));
    expect(await addAll()).toBe('Added 1 image; 3 images were there already.');
    expect(await addAll()).toBe('Added 0 images; 4 images were there already.');
  });

  test('what is no picture is added with its reason, and noted', async () => {
    writeFileSync(at('in/text.jpg'), 'hello');
    const { notes, progress } = quiet();
    await files.add([at('in')], progress);
    const image = project.imageByPath('in/text.jpg');
    expect(image).toMatchObject({ state: 'unreadable', width: null });
    expect(image?.problem).toContain('text.jpg');
    expect(notes).toEqual([image?.problem]);
  });

  test('it stops where it is told to, and keeps what it had', async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(files.add([at('in')], quiet(abort.signal).progress)).rejects.toThrow(/abort/u);
    expect(project.info().images).toBe(0);
  });

  test('a file on another branch of the tree has a path that leads there', async () => {
    const outside = path.join(folder, `outside ${count}`);
    mkdirSync(outside);
    await paint(path.join(outside, 'x.png'));
    await files.add([outside], quiet().progress);
    expect(idOf(`../outside ${count}/x.png`)).toBeGreaterThan(0);
  });

  test('the project and its images may move together', async () => {
    await addAll();
    project.close();
    const moved = path.join(folder, `moved ${count}`);
    renameSync(home, moved);
    home = moved;
    reopened();
    expect((await files.check(idOf('in/a.png'))).state).toBe('present');
  });
});

describe('looking at a file', () => {
  test('the first look reads it, the next ones do not', async () => {
    await addAll();
    const id = idOf('in/a.png');
    const image = await files.check(id);
    expect(image.hash).toMatch(/^[0-9a-f]{64}$/u);
    told = [];
    expect(await files.check(id)).toEqual(image);
    expect(told).toEqual([]);
  });

  test('many looks at a time are one', async () => {
    await addAll();
    const id = idOf('in/a.png');
    const looks = await Promise.all(Array.from({ length: 20 }, () => files.check(id)));
    expect(new Set(looks).size).toBe(1);
  });

  test('a missing file is said, and its return is noticed', async () => {
    await addAll();
    const id = idOf('in/a.png');
    await files.check(id);
    renameSync(at('in/a.png'), at('in/away'));
    expect(await files.check(id)).toMatchObject({ state: 'missing', problem: expect.stringContaining('in/a.png') });
    renameSync(at('in/away'), at('in/a.png'));
    expect(await files.check(id)).toMatchObject({ state: 'present', problem: null });
  });

  test('a touched file that holds the same is the same', async () => {
    await addAll();
    const id = idOf('in/a.png');
    const before = await files.check(id);
    utimesSync(at('in/a.png'), new Date(), new Date(5000));
    expect(await files.check(id)).toEqual(before);
  });

  test('a changed file on which nothing is drawn is taken as it is now', async () => {
    await addAll();
    const id = idOf('in/a.png');
    const before = await files.check(id);
    await paint(at('in/a.png'), { width: 50, height: 60, background: 'green' });
    const after = await files.check(id);
    expect(after).toMatchObject({ state: 'present', width: 50, height: 60 });
    expect(after.hash).not.toBe(before.hash);
  });

  test('a changed file of the same size under a drawing is shown and said, also after a new start', async () => {
    await addAll();
    const id = idOf('in/a.png');
    const before = await files.check(id);
    drawOn(id);
    await paint(at('in/a.png'), { background: 'green' });
    const after = await files.check(id);
    expect(after).toMatchObject({ state: 'changed', problem: expect.stringContaining('was changed') });
    expect(after.hash).not.toBe(before.hash);
    project.close();
    reopened();
    expect(await files.check(id)).toEqual(after);
  });

  test('a changed file of another size under a drawing keeps the size of what is drawn', async () => {
    await addAll();
    const id = idOf('in/a.png');
    const before = await files.check(id);
    drawOn(id);
    copyFileSync(at('in/a.png'), at('kept.png'));
    await paint(at('in/a.png'), { width: 50, height: 60 });
    expect(await files.check(id)).toEqual({
      ...before,
      state: 'changed',
      problem: 'in/a.png is 50 x 60, but what is drawn is for 40 x 30; put the old file back',
    });
    copyFileSync(at('kept.png'), at('in/a.png'));
    expect(await files.check(id)).toEqual(before);
  });

  test('a file that is cut short is said, though its header is whole', async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 7919) % 251);
    await writePng(at('in/cut.png'), { width: 64, height: 64, channels: 3, data: noise });
    truncateSync(at('in/cut.png'), statSync(at('in/cut.png')).size >> 1);
    await addAll();
    const id = idOf('in/cut.png');
    expect(project.image(id)).toMatchObject({ state: 'present', width: 64 });
    expect(await files.check(id)).toMatchObject({ state: 'unreadable', problem: expect.stringContaining('cut short') });
  });

  test('an image that is not there', async () => {
    expect(() => files.check(777)).toThrow(BadInput);
  });
});

describe('pixels', () => {
  test('an image that was not read yet is read for its hash', async () => {
    await addAll();
    const source = await files.source(idOf('in/a.png'));
    expect(source).toEqual({ file: at('in/a.png'), hash: project.image(idOf('in/a.png'))?.hash });
  });

  test('one that cannot be read says why', async () => {
    await addAll();
    rmSync(at('in/b.png'));
    await expect(files.source(idOf('in/b.png'))).rejects.toThrow('in/b.png is not there');
  });
});

describe('relinking', () => {
  test('the others of a moved folder are found by the same move', async () => {
    await addAll();
    const [a, b, c] = ['in/a.png', 'in/b.png', 'in/c.png'].map(idOf) as [number, number, number];
    await files.check(a);
    mkdirSync(at('there/new'), { recursive: true });
    renameSync(at('in'), at('there/new/in'));
    rmSync(at('there/new/in/c.png'));
    expect((await files.check(a)).state).toBe('missing');
    expect(await files.relink(a, at('there/new/in/a.png'))).toBe(2);
    expect(project.image(a)).toMatchObject({ path: 'there/new/in/a.png', state: 'present', problem: null });
    expect(project.image(b)).toMatchObject({ path: 'there/new/in/b.png', state: 'present' });
    expect(project.image(c)?.path).toBe('in/c.png');
  });

  test('a renamed file is that file alone', async () => {
    await addAll();
    renameSync(at('in/a.png'), at('in/new name.png'));
    expect(await files.relink(idOf('in/a.png'), at('in/new name.png'))).toBe(1);
  });

  test('the same place says that the changed file is right', async () => {
    await addAll();
    const id = idOf('in/a.png');
    await files.check(id);
    drawOn(id);
    await paint(at('in/a.png'), { background: 'green' });
    expect((await files.check(id)).state).toBe('changed');
    await files.relink(id, at('in/a.png'));
    expect(await files.check(id)).toMatchObject({ state: 'present', problem: null });
  });

  test('a picture of another size under a drawing is refused, and nothing changes', async () => {
    await addAll();
    const id = idOf('in/a.png');
    const before = await files.check(id);
    drawOn(id);
    await paint(at('big.png'), { width: 400, height: 300 });
    await expect(files.relink(id, at('big.png'))).rejects.toThrow('is 400 x 300, but what is drawn is for 40 x 30');
    await expect(files.relink(id, at('nowhere.png'))).rejects.toThrow('no such file');
    await expect(files.relink(id, at('in/b.png'))).rejects.toThrow('in the project already');
    expect(project.image(id)).toEqual(before);
  });

  test.each([
    [['a', 'b', 'x.png'], ['c', 'b', 'x.png'], { from: '/a/', to: '/c/' }],
    [['a', 'x.png'], ['c', 'd', 'x.png'], { from: '/a/', to: '/c/d/' }],
    [['a', 'x.png'], ['x.png'], { from: '/a/', to: '/' }],
    [['a', 'x.png'], ['a', 'y.png'], null],
    [['a', 'x.png'], ['a', 'x.png'], null],
  ])('from %j to %j', (before, after, move) => {
    const [old, now] = [before, after].map((parts) => path.sep + parts.join(path.sep)) as [string, string];
    const slashed = (text: string) => text.split(path.sep).join('/');
    const found = moveOf(old, now);
    expect(found && { from: slashed(found.from), to: slashed(found.to) }).toEqual(move);
  });
});
