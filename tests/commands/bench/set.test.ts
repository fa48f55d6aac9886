// The bench on a set of photographs, on toy weights and a drawn COCO file: a run for each number, the same hidden rest for all.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchSet, type SetBench, type SetTask, setTable } from '../../../main/commands/bench/set.ts';
import { unpackMask } from '../../../main/contract/project.ts';
import { maskArea, maskBox } from '../../../main/contract/rle.ts';
import { writePng } from '../../../main/pictures/image.ts';
import { side, teachingImages, untaughtWeights } from '../../learn/teaching.ts';

let root: string;
let task: SetTask;
let made: SetBench;
const said: string[] = [];
const terminal = { signal: new AbortController().signal, note: (line: string) => said.push(line) };
const photos = 6;

beforeAll(async () => {
  const toy = await untaughtWeights();
  root = toy.root;
  mkdirSync(path.join(root, 'cups'));
  const images: unknown[] = [];
  const annotations: unknown[] = [];
  for (const { imageId: id, read, things } of teachingImages(photos)) {
    const name = `cups/${id}.png`;
    await writePng(path.join(root, name), { ...(await read()), channels: 3 });
    images.push({ id, file_name: name, width: side, height: side, split: id < 5 ? 'train' : 'val' });
    const [{ mask = null } = {}] = things;
    if (!mask) throw new Error('the picture has no mask');
    const whole = unpackMask(mask);
    const { x1, y1, x2, y2 } = maskBox(whole);
    annotations.push({
      ...{ id, image_id: id, category_id: 1, iscrowd: 0, area: maskArea(whole), bbox: [x1, y1, x2 - x1, y2 - y1] },
      segmentation: { size: whole.size, counts: whole.counts },
    });
  }
  const set = path.join(root, 'cups.json');
  writeFileSync(set, JSON.stringify({ images, annotations, categories: [{ id: 1, name: 'cup' }] }));
  task = { set, pictures: [2, 4], held: 2, seed: 1, minutes: 0.002, clicked: 0, weights: toy.weights };
  made = await benchSet(task, terminal);
}, 300_000);
afterAll(() => rmSync(root, { recursive: true }));

describe('a set of photographs', () => {
  it('is measured before anything is taught, and after each number of photographs', () => {
    expect(made).toMatchObject({ set: 'cups', seed: 1, held: 2, things: 2, minutes: 0.002 });
    expect(made.points.map(({ pictures }) => pictures)).toEqual([0, 2, 4]);
    expect(made.points[0]).toMatchObject({ gain: 0, low: 0, high: 0 });
    for (const { iou, gain, low, high } of made.points) {
      expect(iou >= 0 && iou <= 1).toBe(true);
      expect(low <= gain && gain <= high).toBe(true);
      expect(gain).toBeCloseTo(iou - (made.points[0]?.iou ?? 0), 9);
    }
  });

  it('is told of after each run', () => {
    expect(said).toHaveLength(2);
    expect(said[1]).toMatch(/^4 photographs: \{"pictures":4/u);
  });

  it('is a table as well', () => {
    const [head, before, ...rows] = setTable(made).trimEnd().split('\n');
    expect(head?.split(/ +/u)).toEqual(['photographs', 'IoU', 'NoC@85', 'NoC@90', 'gain']);
    expect(before).toMatch(/^0 +0\.\d{3} +0\.0 +0\.0 +-$/u);
    expect(rows.map((row) => row.split(/ +/u)[0])).toEqual(['2', '4']);
  });
});

it('a set that leaves nothing to hide is refused', async () => {
  await expect(benchSet({ ...task, pictures: [6] }, terminal)).rejects.toThrow(
    /cups\.json: has 4 photographs to learn from and 2 to hide; choose fewer --pictures than 6/u,
  );
  await expect(benchSet({ ...task, set: path.join(root, 'none.json') }, terminal)).rejects.toThrow(/none\.json/u);
});
