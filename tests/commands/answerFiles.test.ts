import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { writeAnswerFiles } from '../../main/commands/answerFiles.ts';
import { prepareFolder } from '../../main/commands/arguments/outFolder.ts';
import { BadInput } from '../../main/contract/badInput.ts';
import type { Mask } from '../../main/contract/records.ts';
import { fromBitmap, toBitmap, union } from '../../main/contract/rle.ts';
import type { Proposal } from '../../main/flow/predictor.ts';
import { parseSegmentation } from '../../main/formats/coco/cocoRules.ts';
import { verifyCocoFile } from '../../main/formats/coco/cocoVerify.ts';
import { decodeImage } from '../../main/pictures/image.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-deliver-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WIDTH = 40;
const HEIGHT = 24;

async function grey(name: string) {
  const file = path.join(folder, name);
  await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#808080' } })
    .png()
    .toFile(file);
  return decodeImage(file);
}

/** A ring: two columns of pixels with a hole between them, so that row order and runs both matter. */
function ring(): Mask {
  const bitmap = new Uint8Array(WIDTH * HEIGHT);
  for (let y = 5; y < 20; y++) for (let x = 8; x < 30; x++) bitmap[y * WIDTH + x] = 1;
  for (let y = 9; y < 12; y++) for (let x = 11; x < 29; x++) bitmap[y * WIDTH + x] = 0;
  return fromBitmap(bitmap, WIDTH, HEIGHT);
}

const text = '<think>One mug.</think><answer>```json\n[{"bbox_2d": [8, 5, 30, 20], "label": "mug"}]\n```</answer>';
const box = { x1: 8, y1: 5, x2: 30, y2: 20 };
const found: Proposal = {
  answer: { text, reasoning: 'One mug [112, 112, 168, 168].' },
  frame: { width: 224, height: 224 },
  found: 'objects',
  objects: [{ box, label: 'mug', mask: ring() }],
  rewards: { format: 1 },
  timings: { totalMs: 1 },
};
const nothing: Proposal = {
  ...found,
  answer: { text: '<think>No mug.</think><answer>```json\n[]\n```</answer>', reasoning: 'No mug.' },
  found: 'nothing',
  objects: [],
};

const json = (file: string) => JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
const problemsOf = async (file: string) => (await verifyCocoFile(path.join(folder, file))).problems;
const raw = (file: string) => sharp(path.join(folder, file)).raw().toBuffer({ resolveWithObject: true });

describe('deliver', () => {
  test('three files whose mask, COCO runs and pixels agree', async () => {
    const image = await grey('mug.png');
    await prepareFolder(path.join(folder, 'found'));
    const files = await writeAnswerFiles(path.join(folder, 'found'), {
      image,
      prompt: 'the white one',
      proposal: found,
    });
    expect(files.map((file) => path.basename(file))).toEqual(['overlay.png', 'mask.png', 'coco.json']);

    const header = await sharp(path.join(folder, 'found/mask.png')).metadata();
    expect(header).toMatchObject({ format: 'png', width: WIDTH, height: HEIGHT, channels: 1, depth: 'uchar' });
    const { data, info } = await raw('found/mask.png');
    const levels = data.filter((_, i) => i % info.channels === 0);
    const truth = toBitmap(ring());
    expect([...levels]).toEqual([...truth].map((flag) => flag * 255));

    const coco = json('found/coco.json');
    expect(await problemsOf('found/coco.json')).toEqual([]);
    expect(coco.images).toEqual([{ id: 1, file_name: 'mug.png', width: WIDTH, height: HEIGHT }]);
    expect(coco.categories).toMatchObject([{ id: 1, name: 'mug' }]);
    expect(coco.annotations).toHaveLength(1);
    const [annotation] = coco.annotations;
    // In pixels of the picture, which is 40 x 24.
    const reasoning = 'One mug [20, 12, 30, 18].';
    expect(annotation).toMatchObject({ caption: 'the white one', reasoning, bbox: [8, 5, 22, 15] });
    expect(typeof annotation.segmentation.counts).toBe('string');
    expect(toBitmap(parseSegmentation(annotation.segmentation, WIDTH, HEIGHT))).toEqual(truth);
  });

  test('the overlay has the size of the image and shows the mask but not its hole', async () => {
    const { data, info } = await raw('found/overlay.png');
    expect([info.width, info.height, info.channels]).toEqual([WIDTH, HEIGHT, 3]);
    const at = (x: number, y: number) => [...data.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3)];
    expect(at(20, 16)).not.toEqual([128, 128, 128]);
    expect(at(35, 22)).toEqual([128, 128, 128]);
  });

  test('nothing found: a black mask, an image without annotation, and no left-over of the run before', async () => {
    const image = await grey('mug.png');
    await writeAnswerFiles(path.join(folder, 'found'), { image, prompt: 'a mug', proposal: nothing });
    const { data } = await raw('found/mask.png');
    expect(data.every((value) => value === 0)).toBe(true);
    const coco = json('found/coco.json');
    expect(await problemsOf('found/coco.json')).toEqual([]);
    expect(coco).toMatchObject({ images: [{ id: 1, file_name: 'mug.png' }], annotations: [], categories: [] });
  });

  test('a mask without pixels is no annotation; a prompt stands in for a missing label', async () => {
    const image = await grey('c.png');
    const empty: Mask = { size: [HEIGHT, WIDTH], counts: [HEIGHT * WIDTH] };
    await writeAnswerFiles(folder, { image, prompt: 'x', proposal: { ...found, objects: [{ box, mask: empty }] } });
    expect(json('coco.json').annotations).toEqual([]);
    const unlabelled = { ...found, objects: [{ box, mask: ring() }] };
    await writeAnswerFiles(folder, { image, prompt: 'the white one', proposal: unlabelled });
    expect(json('coco.json').categories).toMatchObject([{ id: 1, name: 'the white one' }]);
  });

  test('every object is an annotation of its own label, and mask.png holds all of them', async () => {
    const image = await grey('e.png');
    const square = new Uint8Array(WIDTH * HEIGHT);
    for (let y = 0; y < 4; y++) for (let x = 34; x < 40; x++) square[y * WIDTH + x] = 1;
    const second = { box: { x1: 34, y1: 0, x2: 40, y2: 4 }, label: 'cup', mask: fromBitmap(square, WIDTH, HEIGHT) };
    await writeAnswerFiles(folder, { image, prompt: 'x', proposal: { ...found, objects: [...found.objects, second] } });
    const coco = json('coco.json');
    expect(await problemsOf('coco.json')).toEqual([]);
    expect(coco.categories).toMatchObject([{ name: 'mug' }, { name: 'cup' }]);
    expect(coco.annotations).toMatchObject([
      { id: 1, category_id: 1, bbox: [8, 5, 22, 15] },
      { id: 2, category_id: 2, bbox: [34, 0, 6, 4] },
    ]);
    const { data, info } = await raw('mask.png');
    const whole = toBitmap(union(ring(), second.mask));
    expect([...data.filter((_, i) => i % info.channels === 0)]).toEqual([...whole].map((flag) => flag * 255));
  });

  test('file names that readers would take for paths of another kind', async () => {
    if (process.platform === 'win32') return;
    for (const [name, written] of [
      ['C:cup.png', './C:cup.png'],
      ['a\\b.png', 'a/b.png'],
      ['ü 語.png', 'ü 語.png'],
    ] as const) {
      await writeAnswerFiles(folder, { image: await grey(name), prompt: 'x', proposal: found });
      expect(json('coco.json').images[0].file_name).toBe(written);
      expect(await problemsOf('coco.json')).toEqual([]);
    }
  });
});

describe('folders', () => {
  test('are made with those above them; one that is there stays', async () => {
    const deep = path.join(folder, 'a/b/c');
    await prepareFolder(deep);
    await prepareFolder(deep);
    expect(statSync(deep).isDirectory()).toBe(true);
  });

  test('that cannot be made or written to are bad input', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    for (const place of ['file', 'file/below']) {
      const failure = await prepareFolder(path.join(folder, place)).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BadInput);
      expect(String(failure)).toMatch(/cannot be written to: .* \((EEXIST|ENOTDIR)\)/u);
    }
    const image = await grey('d.png');
    const taken = path.join(folder, 'taken');
    mkdirSync(path.join(taken, 'overlay.png'), { recursive: true });
    await expect(writeAnswerFiles(taken, { image, prompt: 'x', proposal: found })).rejects.toThrow(
      /cannot be written to: a folder of that name is in the way \(EISDIR\)/u,
    );
  });

  test.skipIf(process.platform !== 'linux')('of /proc are refused at once instead of tried for ever', async () => {
    await expect(prepareFolder('/proc/loupe/out')).rejects.toThrow(BadInput);
  });
});
