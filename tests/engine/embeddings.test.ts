import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Embeddings } from '../../main/engine/embeddings.ts';
import type { ImageFile } from '../../main/pictures/image.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-embeddings-'));
  for (const name of ['a', 'b', 'c', 'd']) await writeFile(path.join(folder, name), name);
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string) => path.join(folder, name);

/** Pictures of so many bytes, and the names in the order in which they were decoded. */
function decoding(bytes = 12) {
  const log: string[] = [];
  const decode = async (file: string): Promise<ImageFile> => {
    log.push(path.basename(file));
    await new Promise(setImmediate);
    if (path.basename(file) === 'missing') throw new Error('no such picture');
    return { width: 2, height: bytes / 6, data: new Uint8Array(bytes), file, sha256: '' };
  };
  return { log, decode };
}

describe('Embeddings', () => {
  it('decode a picture once and give the same one, by which features are known again', async () => {
    const { log, decode } = decoding();
    const kept = new Embeddings(decode);
    const [one, two] = await Promise.all([kept.of(at('a')), kept.of(at('a'))]);
    expect(one).toBe(two);
    expect(await kept.of(at('a'))).toBe(one);
    expect(log).toEqual(['a']);
  });

  it('keep the three that were asked for last', async () => {
    const { log, decode } = decoding();
    const kept = new Embeddings(decode);
    for (const name of ['a', 'b', 'c', 'a', 'd']) await kept.of(at(name));
    expect(kept.count).toBe(3);
    for (const name of ['a', 'c', 'd']) await kept.of(at(name));
    expect(log).toEqual(['a', 'b', 'c', 'd']);
    await kept.of(at('b'));
    expect(log.at(-1)).toBe('b');
  });

  it('keep fewer large ones, and the newest whatever its size', async () => {
    const { decode } = decoding(6000);
    const kept = new Embeddings(decode, { count: 3, bytes: 13_000 });
    for (const name of ['a', 'b', 'c']) await kept.of(at(name));
    await new Promise(setImmediate);
    expect(kept.count).toBe(2);
    const small = new Embeddings(decode, { count: 3, bytes: 100 });
    for (const name of ['a', 'b']) await small.of(at(name));
    await new Promise(setImmediate);
    expect(small.count).toBe(1);
  });

  it('read a changed file again', async () => {
    const { log, decode } = decoding();
    const kept = new Embeddings(decode);
    const before = await kept.of(at('a'));
    await utimes(at('a'), 1000, 1000);
    expect(await kept.of(at('a'))).not.toBe(before);
    expect(log).toEqual(['a', 'a']);
  });

  it('do not remember a failure', async () => {
    const { log, decode } = decoding();
    const kept = new Embeddings(decode);
    for (let i = 0; i < 2; i++) await expect(kept.of(at('missing'))).rejects.toThrow('no such picture');
    expect([log.length, kept.count]).toEqual([2, 0]);
  });
});
