// COCO files, written by the test, to photographs with masks: splits, crowds, sizes and faults.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { maskArea } from '../../main/contract/rle.ts';
import { readCocoPhotos } from '../../main/evaluate/cocoPhotos.ts';
import { saved } from '../formats/reads.ts';
import { paint, temporary } from '../hosting.ts';

const { folder, remove } = temporary('coco-photos');
afterAll(remove);

const square = [2, 2, 12, 2, 12, 8, 2, 8];
const image = (id: number, split?: string) => ({
  ...{ id, file_name: `a/${id}.png`, width: 20, height: 10 },
  ...(split && { split }),
});
const annotation = (id: number, image_id: number, more: object = {}) => ({
  ...{ id, image_id, category_id: 1, segmentation: [square] },
  ...more,
});

let file: string;
beforeAll(async () => {
  const images = [image(1, 'train'), image(2, 'val'), image(3), image(4, 'train')];
  const annotations = [
    annotation(1, 1),
    annotation(2, 1, { iscrowd: 1 }),
    annotation(3, 2),
    annotation(4, 2, { segmentation: [[0, 0, 3, 0, 3, 3, 0, 3]] }),
    annotation(5, 3),
  ];
  file = saved(folder, 'a.json', { images, annotations, categories: [{ id: 1, name: 'cup' }] });
  for (const { file_name } of images) {
    saved(folder, file_name, '');
    await paint(path.join(folder, file_name), { width: 20, height: 10 });
  }
});

const read = (splits: readonly string[] | 'all', unsaid = 'val', more: object = {}) =>
  readCocoPhotos({ files: [file], ...more }, { splits, unsaid });

describe('readCocoPhotos', () => {
  it('takes the photographs of a split, those without one as it is told, none without a mask', async () => {
    expect(await read(['train'])).toHaveLength(1);
    expect(await read(['val'])).toHaveLength(2);
    expect(await read(['train'], 'train')).toHaveLength(2);
    expect(await read(['train', 'val'])).toHaveLength(3);
    expect(await read('all', 'test')).toHaveLength(3);
  });

  it('leaves out photographs that cannot be read where somebody is told, and says so where none is left', async () => {
    const other = path.join(folder, 'one');
    saved(other, 'a/2.png', '');
    await paint(path.join(other, 'a/2.png'), { width: 20, height: 10 });
    saved(other, 'a/3.png', 'no picture');
    const left: string[] = [];
    const source = { files: [file], images: other };
    const some = (splits: readonly string[]) =>
      readCocoPhotos(source, { splits, unsaid: 'val', leave: (why) => left.push(why) });
    expect(await some(['train', 'val'])).toHaveLength(1);
    expect(left).toEqual([
      expect.stringContaining(`${path.join(other, 'a/1.png')}: no such file`),
      expect.stringContaining('3.png: is not an image'),
    ]);
    await expect(some(['train'])).rejects.toThrow(/no photograph with a mask in these COCO files that can be read$/);
  });

  it('reads no crowds and nothing tiny, and says which set it is', async () => {
    const [first] = await read(['train']);
    expect(first?.set).toBe('a');
    expect(first?.image).toMatchObject({ width: 20, height: 10 });
    expect(first?.things.map(({ mask }) => maskArea(mask))).toEqual([60]);
    expect(first?.things[0]?.box).toEqual({ x1: 2, y1: 2, x2: 12, y2: 8 });
    const [second] = await read(['val']);
    expect(second?.things).toHaveLength(1);
  });

  it('shrinks larger photographs with their masks', async () => {
    const [first] = await read(['train'], 'val', { longest: 10 });
    expect(first?.image).toMatchObject({ width: 10, height: 5 });
    expect(first?.things[0]?.mask.size).toEqual([5, 10]);
    expect(first?.things[0]?.box).toEqual({ x1: 1, y1: 1, x2: 6, y2: 4 });
  });

  it('refuses files in which there is nothing, and photographs that are not there or of another size', async () => {
    await expect(read(['test'])).rejects.toThrow(
      'there is no photograph with a mask in these COCO files whose split is "test"; there is "train", "val"',
    );
    await expect(read(['train'], 'val', { images: path.join(folder, 'none') })).rejects.toBeInstanceOf(BadInput);
    const other = path.join(folder, 'other');
    saved(other, 'a/1.png', '');
    await paint(path.join(other, 'a/1.png'), { width: 9, height: 9 });
    await expect(read(['train'], 'val', { images: other })).rejects.toThrow(/is 9 x 9, a\.json says 20 x 10/);
  });
});
