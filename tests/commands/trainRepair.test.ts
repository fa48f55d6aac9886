// `loupe train repair` as the program runs it: what it refuses before anything is opened, and what it asks for.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainCommand } from './trainCommand.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-train-repair-'));
});
afterAll(() => rm(root, { recursive: true }));

const loupe = (...args: string[]) => trainCommand(root, 'repair', ...args);

describe('train repair', () => {
  it('refuses a file or folder that is not there, by its name', async () => {
    const none = path.join(root, 'none.json');
    expect(await loupe('--coco', none)).toEqual({ code: 2, line: `loupe: ${none}: does not exist` });
    const there = path.join(root, 'there.json');
    await writeFile(there, '{}');
    const folder = path.join(root, 'pictures');
    const refused = await loupe('--coco', there, '--images', folder);
    expect(refused).toEqual({ code: 2, line: `loupe: ${folder}: does not exist` });
  });

  it('refuses weights that are not there', async () => {
    const there = path.join(root, 'there.json');
    await writeFile(there, '{"images": [], "annotations": [], "categories": []}');
    const { code, line } = await loupe('--coco', there, '--weights', path.join(root, 'no weights'));
    expect([code, line]).toEqual([2, expect.stringContaining('no weights')]);
  });

  it('wants COCO files, and enough masks to learn from', async () => {
    expect((await loupe()).code).toBe(2);
    const there = path.join(root, 'there.json');
    const { code, line } = await loupe('--coco', there, '--masks', '3');
    expect([code, line]).toEqual([2, expect.stringContaining('40')]);
  });
});
