// Names in annotation files to pictures on disk, in real folders.
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NamedPictures, pathIn } from '../../../main/jobs/pictures/namedPictures.ts';
import { saved } from '../../formats/reads.ts';
import { paint, temporary } from '../../hosting.ts';

const { folder, remove } = temporary('named');
afterAll(remove);
const at = (...names: string[]) => path.join(folder, ...names);

beforeAll(async () => {
  for (const name of ['train/a.png', 'val/a.png', 'val/b.jpeg', 'deep/set/images/c.png', 'one.jpg', 'two.tif']) {
    saved(folder, name, '');
    await paint(at(name), { width: 7, height: 5 });
  }
  saved(folder, 'notes.txt', 'no picture');
  saved(folder, 'broken.png', 'no picture either');
  saved(folder, '.hidden/d.png', 'nobody looks here');
});

const found = async (name: string, folders = [folder], known: string[] = []) => {
  const located = await new NamedPictures(folders, known).locate(name);
  const file = 'file' in located ? located.file : null;
  return file && path.relative(folder, file).split(path.sep).join('/');
};

describe('locating', () => {
  test.each([
    ['one.jpg', 'one.jpg'],
    ['ONE.JPG', 'one.jpg'],
    ['./one.jpg', 'one.jpg'],
    ['/somebody/else/one.jpg', 'one.jpg'],
    ['C:\\Users\\somebody\\one.jpg', 'one.jpg'],
    ['one', 'one.jpg'],
    ['two', 'two.tif'],
    ['b.jpg', null],
    ['val/b', 'val/b.jpeg'],
    ['train/a.png', 'train/a.png'],
    ['val\\a.png', 'val/a.png'],
    ['elsewhere/VAL/a.png', 'val/a.png'],
    ['images/c.png', 'deep/set/images/c.png'],
    ['/other/c.png', 'deep/set/images/c.png'],
    ['broken.png', 'broken.png'],
  ])('%s is %s', async (name, file) => expect(await found(name)).toBe(file));

  test.each([
    'a.png',
    'a',
    'x/a.png',
    'other/c.png',
    'train/b.jpeg',
    'd.png',
    'notes.txt',
    'notes',
    '',
    '/',
    '.',
    './.',
    'none.png',
  ])('%j names none or more than one', async (name) => expect(await found(name)).toBeNull());

  test('pictures of the project count, wherever they lie', async () => {
    const elsewhere = [at('train/a.png'), at('gone/e.png')];
    expect(await found('a.png', [], elsewhere)).toBe('train/a.png');
    expect(await found('e', [], elsewhere)).toBe('gone/e.png');
    expect(await found('one.jpg', [], elsewhere)).toBeNull();
  });

  test('one file that is met twice is one file', async () => {
    expect(await found('one.jpg', [folder, folder], [at('one.jpg')])).toBe('one.jpg');
  });

  test.skipIf(process.platform === 'win32')('links that lead in a circle are walked once', async () => {
    symlinkSync(folder, at('train/loop'));
    expect(await found('two.tif')).toBe('two.tif');
  });

  test('whatever the name, it stays in the folders', async () => {
    const step = fc.oneof(
      fc.constantFrom('..', '.', '', 'val', 'a', 'a.png', 'one.jpg', 'C:', '\u0000', '%2e'),
      fc.string(),
    );
    const pictures = new NamedPictures([folder]);
    const check = async (steps: string[], slash: string) => {
      const located = await pictures.locate(steps.join(slash));
      if ('file' in located) expect(located.file.startsWith(folder + path.sep)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(fc.array(step), fc.constantFrom('/', '\\'), check), { numRuns: 200 });
  });
});

describe('names in an annotation file', () => {
  const from = async (file: string, name: string, folders = [folder], known: string[] = []) => {
    const located = await new NamedPictures(folders, known).locate(name, at(file));
    return 'file' in located ? path.relative(folder, located.file).split(path.sep).join('/') : null;
  };

  test.each([
    ['annotations/instances_train.json', 'a.png', 'train/a.png'],
    ['annotations/instances_val.json', 'a.png', 'val/a.png'],
    ['annotations/instances.json', 'a.png', null],
    ['val/a.json', 'a.png', 'val/a.png'],
    ['val/a.json', '../train/a.png', 'train/a.png'],
    ['labels/train/a.txt', 'a', 'train/a.png'],
    ['annotations/instances_test.json', 'b.jpeg', null],
    ['annotations/instances_validation.json', 'b.jpeg', 'val/b.jpeg'],
  ])('%s: %s is %s', async (file, name, picture) => expect(await from(file, name)).toBe(picture));

  test('the folders that were chosen come before pictures of the project', async () => {
    const known = [at('train/a.png')];
    expect(await from('annotations/x.json', 'a.png', [at('val')], known)).toBe('val/a.png');
    expect(await from('annotations/x.json', 'a.png', [at('deep')], known)).toBe('train/a.png');
    expect(await from('annotations/x_val.json', 'a.png', [at('deep')], known)).toBeNull();
  });

  test('letters that the system composes in another way are the same letters', async () => {
    saved(folder, 'caf\u00e9.png', '');
    await paint(at('caf\u00e9.png'), { width: 7, height: 5 });
    expect(await from('x.json', 'cafe\u0301.png')).toBe('caf\u00e9.png');
  });

  test('a Windows path leads to the pictures beside the folder of annotations', async () => {
    const only = [at('deep/set/json')];
    saved(folder, 'deep/set/json/c.json', '{}');
    expect(await from('deep/set/json/c.json', '..\\images\\c.png', only)).toBe('deep/set/images/c.png');
    expect(await from('deep/set/json/c.json', '..\\..\\one.jpg', only)).toBeNull();
  });
});

describe('finding', () => {
  test('measures upright, and a file that is no picture is none', async () => {
    const pictures = new NamedPictures([folder]);
    expect(await pictures.find('one.jpg')).toEqual({ file: at('one.jpg'), width: 7, height: 5 });
    expect(await pictures.find('broken.png')).toBeNull();
    expect(await pictures.find('none.png')).toBeNull();
  });

  test('measures a picture once', async () => {
    saved(folder, 'later/f.png', '');
    await paint(at('later/f.png'), { width: 9, height: 9 });
    const pictures = new NamedPictures([at('later')]);
    const first = await pictures.find('f.png');
    writeFileSync(at('later/f.png'), 'spoilt since');
    expect(await pictures.find('f.png')).toEqual(first);
    expect(await new NamedPictures([at('later')]).find('f.png')).toBeNull();
  });
});

describe('how a project names a file', () => {
  test.each([
    ['/p/x.loupe', '/p/a.jpg', 'a.jpg'],
    ['/p/x.loupe', '/p/sub/a.jpg', 'sub/a.jpg'],
    ['/p/q/x.loupe', '/p/a.jpg', '../a.jpg'],
    ['/p/q/x.loupe', '/other/a b.jpg', '../../other/a b.jpg'],
  ])('%s: %s', (project, file, name) => {
    expect(pathIn(path.resolve(project), path.resolve(file))).toBe(name);
  });
});
