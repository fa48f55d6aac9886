import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { readPhotos } from '../../main/commands/eval/photos.ts';
import { BadInput } from '../../main/contract/badInput.ts';
import { maskArea, maskBox, sharedArea, toBitmap } from '../../main/contract/rle.ts';
import { readCocoTruth, readIsatTruth } from '../../main/formats/trueMasks.ts';
import { haveMaterial, material } from '../golden.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-truth-'));
afterAll(() => rmSync(folder, { recursive: true }));

function saved(name: string, value: unknown): string {
  const file = path.join(folder, name);
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

const square = (x1: number, y1: number, x2: number, y2: number) => [
  [x1, y1],
  [x2, y1],
  [x2, y2],
  [x1, y2],
];

describe('readCocoTruth', () => {
  const images = [
    { id: 7, file_name: 'a.jpg', width: 10, height: 6 },
    { id: 9, file_name: 'b.jpg', width: 10, height: 6 },
  ];
  const polygon = [[1, 1, 5, 1, 5, 4, 1, 4]];

  test('gives each image its own things, in all spellings, without crowds', async () => {
    const annotations = [
      { image_id: 7, segmentation: polygon, iscrowd: 0 },
      { image_id: 7, segmentation: { size: [6, 10], counts: [6, 3, 51] } },
      { image_id: 7, segmentation: { size: [6, 10], counts: [0, 60] }, iscrowd: 1 },
      { image_id: 9, segmentation: polygon, iscrowd: false },
      { image_id: 3, segmentation: polygon, iscrowd: 0 },
    ];
    const photos = await readCocoTruth(saved('coco.json', { images, annotations }));
    expect(photos.map(({ fileName, masks }) => [fileName, masks.map(maskArea)])).toEqual([
      ['a.jpg', [12, 3]],
      ['b.jpg', [12]],
    ]);
  });

  test('names the file and the place of what is wrong', async () => {
    await expect(readCocoTruth(saved('list.json', []))).rejects.toThrow(BadInput);
    await expect(readCocoTruth(saved('text.json', '{"images": [}'))).rejects.toThrow(/^text\.json: is not JSON/u);
    const damaged = saved('damaged.json', { images: [{ ...images[0], width: 'ten' }], annotations: [] });
    await expect(readCocoTruth(damaged)).rejects.toThrow(/^damaged\.json: images\.0\.width: /u);
  });
});

describe('readIsatTruth', () => {
  const info = { name: 'a.jpg', width: 20, height: 20 };
  const object = { category: 'cup', group: 1, iscrowd: 0 };

  test('higher layers cover lower ones; background cuts holes; parts of a group are one thing', async () => {
    const objects = [
      { ...object, group: 2, layer: 3, segmentation: square(8, 0, 12, 20) },
      { ...object, layer: 1, segmentation: square(0, 0, 20, 10) },
      { ...object, category: '__background__', group: '', layer: 2, segmentation: square(0, 0, 4, 4) },
      { ...object, layer: 4, segmentation: square(0, 15, 5, 20) },
    ];
    const { fileName, masks } = await readIsatTruth(saved('isat.json', { info, objects }));
    expect(fileName).toBe('a.jpg');
    const [second, first] = masks;
    if (!first || !second) throw new Error('two things were annotated');
    expect(maskArea(second)).toBe(4 * 20);
    expect(maskArea(first)).toBe(20 * 10 - 4 * 4 - 4 * 10 + 5 * 5);
    expect(sharedArea(first, second)).toBe(0);
    expect(toBitmap(first)[0]).toBe(0);
  });

  test('a crowd is no thing', async () => {
    const objects = [{ ...object, layer: 1, iscrowd: true, segmentation: square(0, 0, 5, 5) }];
    expect((await readIsatTruth(saved('crowd.json', { info, objects }))).masks).toEqual([]);
  });
});

describe.skipIf(!haveMaterial)('the photographs of the material', () => {
  test('every mask has the size of its photo and lies where the annotators drew', async () => {
    const photos = await readPhotos(material());
    expect(photos.length).toBeGreaterThanOrEqual(9);
    for (const { image, masks } of photos) {
      expect(masks.length).toBeGreaterThan(0);
      for (const mask of masks) expect(mask.size).toEqual([image.height, image.width]);
    }
  });

  test('ISAT objects agree with the instance picture that ISAT itself painted', async () => {
    const folder = material('annotations/isat_coco');
    const { masks } = await readIsatTruth(path.join(folder, '000000000113.json'));
    const painted = await sharp(path.join(folder, '000000000113_instance.png'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, channels } = painted.info;
    for (const mask of masks.filter((each) => maskArea(each) > 10_000)) {
      const inside = toBitmap(mask);
      const colours = new Map<string, number>();
      for (const [i, flag] of inside.entries()) {
        if (flag === 0) continue;
        const colour = painted.data.subarray(i * channels, i * channels + 3).join();
        colours.set(colour, (colours.get(colour) ?? 0) + 1);
      }
      expect(Math.max(...colours.values()) / maskArea(mask)).toBeGreaterThan(0.97);
      expect(maskBox(mask).x2).toBeLessThanOrEqual(width);
    }
  });
});

test('a folder that is not there is said in one line', async () => {
  await expect(readPhotos(path.join(folder, 'nowhere'))).rejects.toThrow(/nowhere: no such folder; --material/u);
});

test('a folder without the sets says which one it misses', async () => {
  await expect(readPhotos(folder)).rejects.toThrow(BadInput);
  await expect(readPhotos(folder)).rejects.toThrow(/has no annotations\/coco_tiny\.json; /u);
});
