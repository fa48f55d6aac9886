// Folders of annotated photographs, written by the test, to photos with true masks; and weights named on the command line.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPredictor, weightsOptions } from '../../../main/commands/arguments/weights.ts';
import { cocoFilesIn, readPhotos } from '../../../main/commands/eval/photos.ts';
import { BadInput } from '../../../main/contract/badInput.ts';
import { maskArea, maskBox } from '../../../main/contract/rle.ts';
import { saved } from '../../formats/reads.ts';
import { paint, temporary } from '../../hosting.ts';

const { folder, remove } = temporary('photos');
afterAll(remove);

const square = [2, 2, 8, 2, 8, 6, 2, 6];
const coco = (file_name: string, more: object[] = []) => ({
  images: [{ id: 5, file_name, width: 20, height: 10 }],
  annotations: [{ image_id: 5, segmentation: [square] }, ...more],
});
const points = [
  [1, 1],
  [5, 1],
  [5, 4],
  [1, 4],
];
const isat = (name: string) => ({
  info: { name, width: 20, height: 10 },
  objects: [
    { category: 'cup', group: 1, segmentation: points, layer: 1 },
    { category: 'cup', group: 2, segmentation: points.map(([x = 0, y = 0]) => [x + 2, y]), layer: 2 },
  ],
});

/** The three sets as they should be. */
async function material(name: string): Promise<string> {
  const own = path.join(folder, name);
  for (const set of ['coco_tiny', 'coco_person', 'isat_coco']) {
    const file = path.join(own, 'images', set, 'a.png');
    saved(own, path.join('images', set, 'a.png'), '');
    await paint(file, { width: 20, height: 10 });
  }
  const crowd = { image_id: 5, segmentation: [square], iscrowd: 1 };
  saved(own, 'annotations/coco_tiny.json', coco('a.png', [crowd]));
  saved(own, 'annotations/coco_person.json', coco('../../elsewhere/a.png'));
  saved(own, 'annotations/isat_coco/a.json', isat('a.png'));
  saved(own, 'annotations/isat_coco/notes.txt', 'not read');
  return own;
}

describe('readPhotos', () => {
  let whole: string;
  beforeAll(async () => {
    whole = await material('whole');
  });

  it('reads every photo of the three sets, without crowds, and never outside the folder', async () => {
    const photos = await readPhotos(whole);
    expect(photos.map(({ set, image }) => [set, image.width, image.height])).toEqual([
      ['coco_tiny', 20, 10],
      ['coco_person', 20, 10],
      ['isat_coco', 20, 10],
    ]);
    // 6 x 4 pixels; two blocks of 4 x 3, the upper one covering half of the lower.
    expect(photos.map(({ masks }) => masks.map(maskArea))).toEqual([[24], [24], [6, 12]]);
    expect(photos[2]?.masks.map(maskBox)).toEqual([
      { x1: 1, y1: 1, x2: 3, y2: 4 },
      { x1: 3, y1: 1, x2: 7, y2: 4 },
    ]);
  });

  it('refuses a folder that is none, or lacks a set, by name', async () => {
    await expect(readPhotos(path.join(folder, 'none'))).rejects.toThrow(/none: no such folder; --material takes one/);
    await expect(readPhotos(path.join(whole, 'annotations/coco_tiny.json'))).rejects.toThrow(/no such folder/);
    for (const lost of ['coco_tiny.json', 'coco_person.json', 'isat_coco']) {
      const own = await material(`without-${lost}`);
      rmSync(path.join(own, 'annotations', lost), { recursive: true });
      await expect(readPhotos(own)).rejects.toThrow(`${own}: has no annotations/${lost}; it is one of the three`);
    }
  });

  it.each([
    ['no JSON', '{"images": [', /coco_tiny\.json: is not JSON/],
    ['no images', { annotations: [] }, /coco_tiny\.json: images: /],
    ['a mask that is none', coco('a.png', [{ image_id: 5, segmentation: [[1, 2]] }]), /polygon: 2 numbers/],
    ['a photo that is not there', coco('none.png'), /none\.png/],
  ])('refuses annotations with %s', async (what, content, message) => {
    const own = await material(`bad-${what.replaceAll(' ', '-')}`);
    saved(own, 'annotations/coco_tiny.json', content);
    const read = readPhotos(own);
    await expect(read).rejects.toBeInstanceOf(BadInput);
    await expect(read).rejects.toThrow(message);
  });
});

describe('cocoFilesIn', () => {
  it('lists the COCO files of a folder by name, and refuses one that has none', async () => {
    const own = path.join(folder, 'sets');
    for (const name of ['b.JSON', 'a.json', 'README.md']) saved(own, name, '');
    expect(await cocoFilesIn(own)).toEqual([path.join(own, 'a.json'), path.join(own, 'b.JSON')]);
    await expect(cocoFilesIn(path.join(own, 'none'))).rejects.toThrow(/none: no such folder/);
    saved(path.join(own, 'empty'), 'notes.txt', '');
    await expect(cocoFilesIn(path.join(own, 'empty'))).rejects.toThrow(/has no COCO file/);
  });
});

describe('weights on the command line', () => {
  const terminal = { print: () => {}, note: () => {}, signal: new AbortController().signal, finish: () => {} };
  const parsed = (...args: string[]) => {
    const command = weightsOptions(new Command('x').exitOverride().configureOutput({ outputError: () => {} }));
    return command.parse(args, { from: 'user' }).opts();
  };

  it('are the embedded ones unless told, and computed where one says', () => {
    expect(path.basename(parsed().weights)).toBe('loupe-nano');
    expect(parsed('--weights', 'x', '--provider', 'cpu')).toEqual({ weights: 'x', provider: 'cpu' });
    expect(() => parsed('--provider', 'abacus')).toThrow(/abacus/);
  });

  it('that are not there, are a file or hold no model are refused by their name', async () => {
    const open = (weights: string) => openPredictor({ weights: path.join(folder, weights) }, terminal);
    saved(folder, 'file.bin', 'x');
    saved(folder, 'empty/readme.txt', 'x');
    await expect(open('none')).rejects.toThrow(/none: no such weights folder$/);
    await expect(open('file.bin')).rejects.toThrow(
      /file\.bin: is a file; --weights takes the folder that holds a model$/,
    );
    await expect(open('empty')).rejects.toThrow(/config\.json/);
  });
});
