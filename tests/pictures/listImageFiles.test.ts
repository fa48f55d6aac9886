import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { imageFilesIn, isImageName, refuseMissing } from '../../main/pictures/listImageFiles.ts';
import { temporary } from '../hosting.ts';

const { folder, remove } = temporary('walk');
afterAll(remove);
const at = (...parts: string[]) => path.join(folder, ...parts);

beforeAll(() => {
  for (const name of ['set/deep/deeper', 'set/.hidden', 'set/empty', 'linked'])
    mkdirSync(at(name), { recursive: true });
  const files = [
    'set/frame 10.png',
    'set/frame 2.JPG',
    'set/notes.txt',
    'set/.thumb.png',
    'set/deep/a.tiff',
    'set/deep/b.bmp',
  ];
  for (const name of [...files, 'set/deep/deeper/c.webp', 'set/.hidden/d.png', 'linked/e.avif', 'odd.dat']) {
    writeFileSync(at(name), '');
  }
  symlinkSync(at('set'), at('set/deep/back'));
  symlinkSync(at('linked'), at('set/through'));
  symlinkSync(at('nowhere'), at('set/broken.png'));
  symlinkSync(at('linked/e.avif'), at('set/z.avif'));
});

async function found(paths: string[], options: Parameters<typeof imageFilesIn>[1] = {}): Promise<string[]> {
  const files: string[] = [];
  for await (const file of imageFilesIn(paths, options))
    files.push(path.relative(folder, file).split(path.sep).join('/'));
  return files;
}

const all = [
  ...['set/frame 2.JPG', 'set/frame 10.png', 'set/z.avif'],
  ...['set/deep/a.tiff', 'set/deep/b.bmp', 'set/deep/deeper/c.webp', 'set/through/e.avif'],
];

describe('walking folders', () => {
  test('finds every image once, in the order in which people count, and ends though links lead in a circle', async () => {
    expect(await found([at('set')])).toEqual(all);
  });

  test('a folder that was walked already is not walked again', async () => {
    expect(await found([at('set'), at('linked'), at('set/deep')])).toEqual(all);
  });

  test('a file that is named itself counts, whatever its ending', async () => {
    expect(await found([at('odd.dat'), at('set/notes.txt')])).toEqual(['odd.dat', 'set/notes.txt']);
  });

  test('an empty folder has none', async () => {
    expect(await found([at('set/empty')])).toEqual([]);
  });

  test.skipIf(process.getuid?.() === 0)('a folder without the right to read is noted', async () => {
    mkdirSync(at('locked'));
    chmodSync(at('locked'), 0);
    const notes: string[] = [];
    expect(await found([at('locked')], { note: (line) => notes.push(line) })).toEqual([]);
    expect(notes).toEqual([`${at('locked')}: cannot be read (EACCES)`]);
    chmodSync(at('locked'), 0o700);
  });

  test('ends when it is told to', async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(found([at('set')], { signal: abort.signal })).rejects.toThrow(/abort/u);
  });
});

describe('names', () => {
  test('what is not there is refused before anything is done', async () => {
    await refuseMissing([at('set'), at('odd.dat')]);
    await expect(refuseMissing([at('set'), at('gone')])).rejects.toThrow(
      new BadInput(`${at('gone')}: there is no such file or folder`),
    );
  });

  test.each(['a.jpg', 'a.JPEG', 'a.png', 'a.webp', 'a.tif', 'a.TIFF', 'a.bmp', 'a.gif', 'a.avif'])('%s', (name) => {
    expect(isImageName(name)).toBe(true);
  });

  test.each(['a.txt', 'jpg', 'a.jpg.part', '.png', ''])('not %j', (name) => {
    expect(isImageName(name)).toBe(false);
  });
});
