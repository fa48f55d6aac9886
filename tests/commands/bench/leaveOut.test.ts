// The bench that leaves one photograph out, on toy weights and drawn pictures: what is read, measured and refused.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchLeaveOut, type LeaveOutBench, leaveOutTable } from '../../../main/commands/bench/leaveOut.ts';
import { unpackMask } from '../../../main/contract/project.ts';
import { toBitmap } from '../../../main/contract/rle.ts';
import { writePng } from '../../../main/pictures/image.ts';
import { side, teachingImages, untaughtWeights } from '../../learn/teaching.ts';

let root: string;
let figures: LeaveOutBench;
let task: Parameters<typeof benchLeaveOut>[0];
const said: string[] = [];
const terminal = { signal: new AbortController().signal, note: (line: string) => said.push(line) };
const at = (...parts: string[]) => path.join(root, ...parts);

/** A mask as pictures hold it, its border grey as one that was saved with loss. */
function grey(bitmap: Uint8Array): Uint8Array {
  const data = new Uint8Array(bitmap.length * 3);
  bitmap.forEach((inside, i) => {
    data.fill(inside ? 250 : bitmap[i + 1] ? 90 : 4, 3 * i, 3 * i + 3);
  });
  return data;
}

beforeAll(async () => {
  const toy = await untaughtWeights();
  root = toy.root;
  for (const folder of ['images', 'masks']) mkdirSync(at(folder));
  for (const { imageId, read, things } of teachingImages(2)) {
    await writePng(at('images', `cup${imageId}.png`), { ...(await read()), channels: 3 });
    const mask = things[0]?.mask;
    if (!mask) throw new Error('the picture has no mask');
    const picture = { width: side, height: side, data: grey(toBitmap(unpackMask(mask))), channels: 3 } as const;
    await writePng(at('masks', `cup${imageId}_mask.png`), picture);
  }
  task = {
    images: at('images'),
    masks: at('masks'),
    label: 'cup',
    seed: 3,
    minutes: 0.002,
    clicked: 0,
    weights: toy.weights,
  };
  figures = await benchLeaveOut(task, terminal);
}, 300_000);
afterAll(() => rmSync(root, { recursive: true }));

describe('photographs, each left out in turn', () => {
  it('are measured before and after', () => {
    expect(figures.photos.map(({ photo }) => photo)).toEqual(['cup1.png', 'cup2.png']);
    for (const { before, after } of figures.photos)
      for (const { iou, noc85, noc90 } of [before, after]) {
        expect(iou >= 0 && iou <= 1).toBe(true);
        // Nothing was clicked at.
        expect([noc85, noc90]).toEqual([0, 0]);
      }
    expect(said).toHaveLength(2);
  });

  it('come to their means, and to the gain with where it may lie', () => {
    const { photos, before, after, gain, low, high } = figures;
    expect(before.iou).toBeCloseTo(photos.reduce((sum, each) => sum + each.before.iou, 0) / 2, 9);
    expect(gain).toBeCloseTo(after.iou - before.iou, 9);
    expect(low <= gain && gain <= high).toBe(true);
  });

  it('are a table as well', () => {
    const lines = leaveOutTable(figures).trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ +/u)[0])).toEqual(['left', 'cup1.png', 'cup2.png', 'mean', 'gain']);
  });
});

/** The masks, with a black one in place of the second. */
async function blackened(name: string, length: number): Promise<string> {
  cpSync(at('masks'), at(name), { recursive: true });
  const data = new Uint8Array(length * length * 3);
  await writePng(at(name, 'cup2_mask.png'), { width: length, height: length, data, channels: 3 });
  return at(name);
}

function lonely(): string {
  mkdirSync(at('lonely'));
  cpSync(at('images', 'cup1.png'), at('lonely', 'cup1.png'));
  return at('lonely');
}

describe('what is refused', () => {
  it.each<[string, () => Partial<typeof task> | Promise<Partial<typeof task>>, RegExp]>([
    ['a folder that is not there', () => ({ images: at('nowhere') }), /nowhere: no such folder/u],
    ['masks that are not there', () => ({ masks: at('images') }), /has no mask cup1_mask of cup1\.png/u],
    ['one photograph', () => ({ images: lonely() }), /one photograph is left out, and at least one must be left/u],
    [
      'another size',
      async () => ({ masks: await blackened('small', 8) }),
      /cup2_mask\.png: is 8 x 8, and its photograph/u,
    ],
    ['an empty mask', async () => ({ masks: await blackened('empty', side) }), /cup2_mask\.png: marks nothing/u],
  ])('%s', async (_, also, sentence) => {
    await expect(benchLeaveOut({ ...task, ...(await also()) }, terminal)).rejects.toThrow(sentence);
  });
});
