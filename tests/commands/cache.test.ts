// `loupe cache`: what it counts, what it removes, and what it leaves alone.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { addCache } from '../../main/commands/cache.ts';
import { FeatureFiles } from '../../main/flow/sessions/featureFiles.ts';
import { Pictures } from '../../main/pictures/tiles.ts';
import { paint, temporary } from '../hosting.ts';
import { ran } from './inProcess.ts';

const { folder, remove } = temporary('cache');
afterAll(remove);

let home: string;
let times = 0;
beforeEach(() => {
  home = path.join(folder, String(++times));
  vi.stubEnv('LOUPE_HOME', home);
});
afterEach(() => void vi.unstubAllEnvs());

const cache = (...words: string[]) => ran([addCache], ['cache', ...words]);

/** A thumbnail and the features of a picture, written by those that write them. */
async function filled(): Promise<string> {
  const place = path.join(home, 'cache');
  mkdirSync(folder, { recursive: true });
  await new Pictures(place).inspect(await paint(path.join(folder, 'picture.png')));
  const maps = { embed: { data: new Float32Array(1000), shape: [1000] } };
  await new FeatureFiles(path.join(place, 'features')).of('ab'.repeat(32), async () => maps);
  return place;
}

it('counts what is there', async () => {
  const place = await filled();
  const { code, out } = await cache('--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    folder: place,
    images: { files: 1 },
    features: { files: 1 },
    cleared: false,
  });
  expect(JSON.parse(out).features.bytes).toBeGreaterThan(4000);
  expect((await cache()).out).toMatch(
    /\nthumbnails.*: 1 files, .*\nwhat segmenters made of pictures: 1 files, 0\.0 MB\n$/u,
  );
});

it('removes it and nothing else, and what is missing is made again', async () => {
  const place = await filled();
  writeFileSync(path.join(place, 'mine'), 'kept');
  mkdirSync(path.join(home, 'config'));
  const { out } = await cache('--clear');
  expect(out.match(/1 files, .* MB, removed\n/gu)).toHaveLength(2);
  expect(readdirSync(place)).toEqual(['mine']);
  expect(existsSync(path.join(home, 'config'))).toBe(true);
  await filled();
  expect(readdirSync(place).toSorted()).toEqual(['features', 'images', 'mine']);
});

it('counts nothing where nothing was opened', async () => {
  expect(JSON.parse((await cache('--json')).out)).toMatchObject({
    ...{ images: { files: 0, bytes: 0 }, features: { files: 0, bytes: 0 } },
  });
  expect((await cache('--clear')).code).toBe(0);
  expect(existsSync(home)).toBe(false);
});
