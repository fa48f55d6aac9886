// Files and texts to an archive, and what other programs read from it.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { unpackZip } from '../../../main/formats/files/archive.ts';
import { packZip } from '../../../main/formats/files/packZip.ts';
import { freshFolder } from '../reads.ts';

const root = freshFolder();
afterAll(() => rmSync(root, { recursive: true }));

const source = path.join(root, 'source');
mkdirSync(source);
const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7919) % 251));
writeFileSync(path.join(source, 'a.bin'), bytes);
writeFileSync(path.join(source, 'left out.txt'), 'not asked for');

it('holds every file that was asked for and every text, stored as they are', async () => {
  const to = path.join(root, 'whole.zip');
  await packZip({ folder: source, names: ['a.bin'], texts: { 'notes.json': '{"é":1}\n', 'empty.json': '' } }, to);
  expect(statSync(to).size).toBeGreaterThan(bytes.length);
  const out = path.join(root, 'out');
  const seen: string[] = [];
  await unpackZip(to, out, (name) => {
    seen.push(name);
    return true;
  });
  expect(seen.toSorted()).toEqual(['a.bin', 'empty.json', 'notes.json']);
  expect(readFileSync(path.join(out, 'a.bin')).equals(bytes)).toBe(true);
  expect(readFileSync(path.join(out, 'notes.json'), 'utf8')).toBe('{"é":1}\n');
  expect(readFileSync(path.join(out, 'empty.json'), 'utf8')).toBe('');
});

it('is not written over a file that stands there', async () => {
  const to = path.join(root, 'mine.zip');
  writeFileSync(to, 'mine');
  await expect(packZip({ folder: source, names: ['a.bin'], texts: {} }, to)).rejects.toThrow('EEXIST');
  expect(readFileSync(to, 'utf8')).toBe('mine');
});

it('fails where a file is not there, and does not wait for ever', async () => {
  const to = path.join(root, 'lacking.zip');
  await expect(packZip({ folder: source, names: ['nowhere.bin'], texts: {} }, to)).rejects.toThrow('ENOENT');
  if (existsSync(to)) expect(statSync(to).size).toBeLessThan(100);
});
