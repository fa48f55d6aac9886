// Features in files: what was written comes back to the bit, and whatever is not that is made again, never taken for it.
import { existsSync, symlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EncoderFiles, FeatureFiles, type FeatureMaps } from '../../../main/flow/sessions/featureFiles.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-features-'));
});
afterAll(() => rm(root, { recursive: true }));

let folder: string;
let tests = 0;
beforeEach(() => {
  folder = path.join(root, String(++tests), 'features');
});

const values = (seed: number, length: number) => Float32Array.from({ length }, (_, i) => Math.sin(seed + i));
const maps = (seed: number): FeatureMaps => ({
  embed: { data: values(seed, 24), shape: [1, 6, 2, 2] },
  fine: { data: values(seed + 1, 32), shape: [1, 2, 4, 4] },
});

/** How often the maps were made, and what asking gave. */
function asking(files: FeatureFiles) {
  const made: number[] = [];
  const ask = (key: string, seed: number) =>
    files.of(key, async () => {
      made.push(seed);
      return maps(seed);
    });
  return { made, ask };
}

const [first, second] = ['0a'.repeat(32), '0b'.repeat(32)];

describe('FeatureFiles', () => {
  it('gives what was made, to the bit, also in another program', async () => {
    const before = asking(new FeatureFiles(folder));
    expect(await before.ask(first, 1)).toEqual(maps(1));
    expect(await before.ask(second, 2)).toEqual(maps(2));
    const after = asking(new FeatureFiles(folder));
    expect(await after.ask(first, 3)).toEqual(maps(1));
    expect(await after.ask(second, 3)).toEqual(maps(2));
    expect([before.made, after.made]).toEqual([[1, 2], []]);
    expect((await readdir(folder)).toSorted()).toEqual([first, second]);
  });

  it('takes no file that is cut short anywhere, is longer, or differs in a byte', async () => {
    const files = asking(new FeatureFiles(folder));
    await files.ask(first, 1);
    const file = path.join(folder, first);
    const whole = await readFile(file);
    const damaged = [
      ...[0, 1, 31, 32, 36, 100, whole.length - 1].map((length) => whole.subarray(0, length)),
      Buffer.concat([whole, Buffer.alloc(1)]),
      Buffer.alloc(whole.length),
      ...Array.from({ length: whole.length }, (_, at) => {
        const copy = Buffer.from(whole);
        copy[at] = (copy[at] ?? 0) ^ 4;
        return copy;
      }),
    ];
    for (const [i, bytes] of damaged.entries()) {
      await writeFile(file, bytes);
      expect(await files.ask(first, 1)).toEqual(maps(1));
      expect(files.made).toHaveLength(i + 2);
      expect(await readFile(file)).toEqual(whole);
    }
  });

  it('takes no file that was written under another key, and no folder', async () => {
    const files = asking(new FeatureFiles(folder));
    await files.ask(first, 1);
    await rename(path.join(folder, first), path.join(folder, second));
    expect(await files.ask(second, 2)).toEqual(maps(2));
    await mkdir(path.join(folder, first));
    expect(await files.ask(first, 3)).toEqual(maps(3));
    expect(files.made).toEqual([1, 2, 3]);
    expect((await readdir(folder)).toSorted()).toEqual([first, second]);
  });

  it('removes what was used longest ago', async () => {
    const one = asking(new FeatureFiles(folder));
    await one.ask(first, 1);
    const { size } = await stat(path.join(folder, first));
    await one.ask(second, 2);
    const long = new Date(Date.now() - 60_000);
    await utimes(path.join(folder, first), long, long);
    await utimes(path.join(folder, second), long, new Date(long.getTime() + 1000));
    // The older one is read, so that the other is the one to go.
    const few = asking(new FeatureFiles(folder, 2.5 * size));
    await few.ask(first, 3);
    const third = '0c'.repeat(32);
    await few.ask(third, 4);
    expect(few.made).toEqual([4]);
    expect((await readdir(folder)).toSorted()).toEqual([first, third]);
  });

  it('leaves out numbers that are not float32', async () => {
    const files = new FeatureFiles(folder);
    const bytes = { embed: { data: new Uint8Array(4), shape: [4] } };
    expect(await files.of(first, async () => bytes)).toEqual(bytes);
    expect(existsSync(folder)).toBe(false);
  });

  it('keeps no failure', async () => {
    const files = new FeatureFiles(folder);
    await expect(files.of(first, () => Promise.reject(new Error('no memory')))).rejects.toThrow('no memory');
    expect(existsSync(folder)).toBe(false);
    expect(await files.of(first, async () => maps(1))).toEqual(maps(1));
  });

  it.skipIf(!existsSync('/dev/full'))(
    'goes on where the disk is full, and leaves nothing half-written (skipped: no /dev/full)',
    async () => {
      await mkdir(folder, { recursive: true });
      symlinkSync('/dev/full', path.join(folder, `${first}.${process.pid}.part`));
      const files = asking(new FeatureFiles(folder));
      expect(await files.ask(first, 1)).toEqual(maps(1));
      expect(await readdir(folder)).toEqual([]);
      expect(await files.ask(first, 2)).toEqual(maps(2));
      expect(await files.ask(first, 3)).toEqual(maps(2));
      expect(files.made).toEqual([1, 2]);
    },
  );

  it('goes on where there can be no folder', async () => {
    await mkdir(path.dirname(folder), { recursive: true });
    await writeFile(folder, 'a file');
    const files = asking(new FeatureFiles(folder));
    for (const seed of [1, 2]) expect(await files.ask(first, seed)).toEqual(maps(seed));
    expect(await readFile(folder, 'utf8')).toBe('a file');
  });

  it('is used by many at once', async () => {
    const all = Array.from({ length: 8 }, () => asking(new FeatureFiles(folder)));
    const given = await Promise.all(all.flatMap(({ ask }) => [ask(first, 1), ask(second, 2)]));
    expect(given).toEqual(all.flatMap(() => [maps(1), maps(2)]));
    const after = asking(new FeatureFiles(folder));
    expect([await after.ask(first, 3), await after.ask(second, 4)]).toEqual([maps(1), maps(2)]);
    expect(after.made).toEqual([]);
  });
});

describe('EncoderFiles', () => {
  const image = { width: 8, height: 6, data: new Uint8Array(144), file: 'a.png', sha256: 'ab'.repeat(32) };
  const place = { x: 0, y: 0, width: 8, height: 6 };
  const of = (setup: readonly unknown[]) => new EncoderFiles(new FeatureFiles(folder), Promise.resolve(setup));
  const madeBy = async (files: EncoderFiles, picture: typeof image, part = place) => {
    let made = 0;
    await files.of(picture, part, async () => {
      made++;
      return maps(1);
    });
    return made;
  };

  it('tells pictures, parts and encoders apart, and knows a picture by its digest alone', async () => {
    const files = of(['weights', 'squash']);
    expect(await madeBy(files, image)).toBe(1);
    expect(await madeBy(files, { ...image, file: 'moved.png' })).toBe(0);
    expect(await madeBy(of(['weights', 'squash']), image)).toBe(0);
    expect(await madeBy(files, { ...image, sha256: 'cd'.repeat(32) })).toBe(1);
    expect(await madeBy(files, image, { ...place, x: 1, width: 7 })).toBe(1);
    expect(await madeBy(of(['taught', 'squash']), image)).toBe(1);
    expect(await madeBy(of(['weights', 'keep']), image)).toBe(1);
  });

  it('keeps nothing of a picture without a digest', async () => {
    const { width, height, data } = image;
    const files = of([]);
    await files.of({ width, height, data }, place, async () => maps(1));
    expect(existsSync(folder)).toBe(false);
  });

  it('says where the encoder could not be read', async () => {
    const files = new EncoderFiles(new FeatureFiles(folder), Promise.reject(new Error('weights are cut off')));
    await expect(madeBy(files, image)).rejects.toThrow('weights are cut off');
  });
});
