// Every reader against documents that are wrong in one to three places, and against torn text: a refusal or sound shapes.
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { compress } from '../../main/contract/cocoMask.ts';
import { fromPolygon } from '../../main/contract/polygon.ts';
import { readCoco } from '../../main/formats/coco/cocoRead.ts';
import { readPanoptic } from '../../main/formats/coco/panoptic.ts';
import { readCvat } from '../../main/formats/cvat.ts';
import { detect, type FormatReader } from '../../main/formats/detect.ts';
import { readGroundingSuite } from '../../main/formats/groundingSuite.ts';
import { readIsat } from '../../main/formats/isat.ts';
import { readLabelme } from '../../main/formats/labelme.ts';
import { readLabelStudio } from '../../main/formats/labelStudio.ts';
import { readReasonSeg } from '../../main/formats/reasonSeg.ts';
import { readSegmentAnything } from '../../main/formats/segmentAnything.ts';
import { readVia, readViaTable } from '../../main/formats/via.ts';
import { readVia3 } from '../../main/formats/via3.ts';
import { readVoc } from '../../main/formats/voc.ts';
import { readYolo } from '../../main/formats/yolo.ts';
import { expectSound, lost, placesIn, spoilt, torn, withValue } from './hostile.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [12, 8];
const ring = [1, 1, 7, 1, 7, 5, 1, 5];
const pairs = [
  [1, 1],
  [7, 1],
  [7, 5],
  [1, 5],
];
const drawn = fromPolygon(ring, width, height);
const rle = { size: [height, width], counts: compress(drawn) };
const sizes = { 'a.jpg': [width, height], a: [width, height] } as const;
const png = await sharp(Buffer.alloc(width * height * 3, 1), { raw: { width, height, channels: 3 } })
  .png()
  .toBuffer();

const labelStudioResult = (type: string, value: object) => ({
  ...{ type, value, original_width: width, original_height: height, image_rotation: 0, score: 0.5 },
});

const cvat = (inner: string) =>
  `<annotations><version>1.1</version><image id="0" name="a.jpg" width="${width}" height="${height}">${inner}</image></annotations>`;

/** A sound document of each format in JSON. */
const documents: readonly [name: string, reader: FormatReader, document: unknown][] = [
  [
    'COCO',
    readCoco,
    {
      images: [{ id: 1, file_name: 'a.jpg', width, height }],
      annotations: [
        { id: 1, image_id: 1, category_id: 1, segmentation: [ring], bbox: [1, 1, 6, 4], area: 24, iscrowd: 0 },
        { id: 2, image_id: 1, category_id: 1, segmentation: rle, bbox: [1, 1, 6, 4], area: 24, iscrowd: 1 },
      ],
      categories: [{ id: 1, name: 'cup', supercategory: '' }],
    },
  ],
  [
    'VIA 3',
    readVia3,
    {
      ...{
        project: {},
        config: {},
        view: { 1: { fid_list: ['7'] } },
        file: { 7: { fid: '7', fname: 'a.jpg', type: 2 } },
      },
      attribute: { 1: { aname: 'class', options: { 0: 'cup', 1: 'plate' } } },
      metadata: {
        a: { vid: '1', xy: [7, 1, 1, 7, 1, 7, 5, 1, 5], av: { 1: '1' } },
        b: { vid: '1', xy: [8, 1, 1, 4, 3, 2, 2, 5, 5], av: { 1: '0' } },
      },
    },
  ],
  [
    'VIA',
    readVia,
    {
      _via_img_metadata: {
        a: {
          filename: 'a.jpg',
          regions: [
            {
              shape_attributes: { name: 'polygon', all_points_x: [1, 7, 7], all_points_y: [1, 1, 5] },
              region_attributes: { class: 'cup' },
            },
            {
              shape_attributes: { name: 'rect', x: 1, y: 1, width: 4, height: 3 },
              region_attributes: { class: 'cup' },
            },
          ],
        },
      },
    },
  ],
  [
    'LabelMe',
    readLabelme,
    {
      ...{ imagePath: 'a.jpg', imageWidth: width, imageHeight: height, flags: {} },
      shapes: [
        { label: 'cup', points: pairs, group_id: 1, shape_type: 'polygon', flags: { old: true }, description: 'x' },
        { label: 'cup', points: pairs, shape_type: 'rotation', direction: 0.5, score: 0.9, attributes: { a: ['b'] } },
        { label: 'cup', points: pairs.slice(0, 2), group_id: null, shape_type: 'circle' },
        { label: 'cup', points: pairs.slice(0, 1).concat([[5, 5]]), shape_type: 'rectangle' },
        { label: 'cup', points: pairs.slice(0, 2), shape_type: 'mask', mask: png.toString('base64') },
      ],
    },
  ],
  [
    'ISAT',
    readIsat,
    {
      info: { description: 'ISAT', folder: '', name: 'a.jpg', width, height, depth: 3, note: 'n' },
      objects: [
        { category: 'cup', group: 1, segmentation: pairs, area: 24, layer: 1, bbox: [1, 1, 7, 5], iscrowd: false },
        { category: '__background__', group: 0, segmentation: pairs.slice(1), layer: 2, iscrowd: 0, note: '' },
      ],
    },
  ],
  [
    'Label Studio',
    readLabelStudio,
    [
      {
        ...{ id: 1, data: { image: '/data/upload/1/1a2b3c4d-a.jpg' }, file_upload: '1a2b3c4d-a.jpg' },
        annotations: [
          {
            result: [
              labelStudioResult('polygonlabels', { points: pairs, polygonlabels: ['cup'] }),
              labelStudioResult('rectanglelabels', { x: 10, y: 10, width: 50, height: 50, rotation: 30 }),
              labelStudioResult('ellipselabels', { x: 50, y: 50, radiusX: 20, radiusY: 30, ellipselabels: ['ball'] }),
            ],
          },
        ],
      },
    ],
  ],
  [
    'Segment Anything',
    readSegmentAnything,
    {
      image: { image_id: 1, width, height, file_name: 'a.jpg' },
      annotations: [{ segmentation: rle, bbox: [1, 1, 6, 4], area: 24, predicted_iou: 0.9, stability_score: 0.9 }],
    },
  ],
  [
    'ReasonSeg',
    readReasonSeg,
    {
      ...{ text: ['which one?'], is_sentence: true },
      shapes: [
        { label: 'target', labels: ['target'], shape_type: 'polygon', points: pairs },
        { label: 'ignore', points: pairs.slice(1) },
      ],
    },
  ],
  [
    'COCO panoptic',
    readPanoptic,
    {
      images: [{ id: 1, file_name: 'a.jpg', width, height }],
      categories: [{ id: 1, name: 'sky', isthing: 0 }],
      annotations: [
        { image_id: 1, file_name: 'a.png', segments_info: [{ id: 65_793, category_id: 1, iscrowd: 0, area: 96 }] },
      ],
    },
  ],
];

const grounding = { image_path: 'a.jpg', label: 'cup', caption: 'the cup', segmentation: rle };

beforeAll(() => saved(folder, 'a.png', png));

/** Either one clear refusal or shapes that a project may rely on. */
async function readOrRefused(reader: FormatReader, name: string, content: unknown): Promise<'read' | 'refused'> {
  const file = saved(folder, name, content);
  try {
    expectSound(await outcomeOf(reader, file, sizes));
    return 'read';
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    expect(error.message).not.toContain('\n');
    return 'refused';
  }
}

describe('the sound documents', () => {
  test.each(documents)('%s is detected and read with shapes', async (_, reader, document) => {
    const file = saved(folder, 'a.json', document);
    expect(detect(file)).toEqual({ reader });
    const outcome = await outcomeOf(reader, file, sizes);
    expectSound(outcome);
    expect(outcome.shapes.length).toBeGreaterThan(0);
  });
});

describe('a document that is wrong in a few places is refused or read in part', () => {
  test.each(documents)('%s', async (_, reader, document) => {
    const check = async (value: unknown) => void (await readOrRefused(reader, 'a.json', JSON.stringify(value) ?? ''));
    await fc.assert(fc.asyncProperty(spoilt(document), check), { numRuns: 100 });
  });

  test.each(documents)('%s: each field lost once', async (_, reader, document) => {
    for (const place of placesIn(document)) {
      await readOrRefused(reader, 'a.json', JSON.stringify(withValue(document, place, lost)));
    }
  });

  test.each([1e9, 1e15])(
    'LabelMe: a picture of %d x 8 pixels is refused before memory is taken for it',
    async (side) => {
      const mask = { label: 'cup', points: pairs.slice(0, 2), shape_type: 'mask', mask: png.toString('base64') };
      const head = { imagePath: 'a.jpg', imageWidth: side, imageHeight: height };
      const { shapes, leftOut } = await outcomeOf(readLabelme, saved(folder, 'a.json', { ...head, shapes: [mask] }));
      expect([shapes, leftOut]).toEqual([
        [],
        [{ what: 'shape 1 of a.jpg', why: `a mask of ${side} x 8 is larger than 268435456 pixels` }],
      ]);
    },
  );

  test('GroundingSuite: a wrong line never costs a right one', async () => {
    const check = async (row: unknown) => {
      const file = saved(folder, 'g.jsonl', [row, grounding].map((each) => JSON.stringify(each)).join('\n'));
      const outcome = await outcomeOf(readGroundingSuite, file);
      expectSound(outcome);
      const sameName = outcome.leftOut.some(({ why }) => /another size/.test(why));
      expect(outcome.shapes.length + (sameName ? 1 : 0)).toBeGreaterThanOrEqual(1);
    };
    await fc.assert(fc.asyncProperty(spoilt(grounding), check), { numRuns: 100 });
  });
});

describe('torn text is refused or read in part', () => {
  test.each(documents)('%s', async (_, reader, document) => {
    const text = JSON.stringify(document);
    const check = async (value: string) => void (await readOrRefused(reader, 'a.json', value));
    await fc.assert(fc.asyncProperty(torn(text), check), { numRuns: 60 });
    for (const end of [0, 1, Math.floor(text.length / 2), text.length - 1]) {
      expect(await readOrRefused(reader, 'a.json', text.slice(0, end))).toBe('refused');
    }
  });

  test('CVAT', async () => {
    const text = cvat(
      '<polygon label="cup" points="1,1;7,1;7,5"/><mask label="cup" rle="1,5" left="2" top="2" width="3" height="2"/>',
    );
    expect(await readOrRefused(readCvat, 'a.xml', text)).toBe('read');
    const check = async (value: string) => void (await readOrRefused(readCvat, 'a.xml', value));
    await fc.assert(fc.asyncProperty(torn(text), check), { numRuns: 200 });
  });

  test('VOC', async () => {
    const box = '<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>7</xmax><ymax>5</ymax></bndbox>';
    const object = `<object><name>cup</name><difficult>1</difficult>${box}</object>`;
    const size = `<size><width>${width}</width><height>${height}</height></size>`;
    const text = `<?xml version="1.0"?><annotation><filename>a.jpg</filename>${size}${object}</annotation>`;
    expect(await readOrRefused(readVoc, 'a.xml', text)).toBe('read');
    const check = async (value: string) => void (await readOrRefused(readVoc, 'a.xml', value));
    await fc.assert(fc.asyncProperty(torn(text), check), { numRuns: 200 });
    const numbers = fc.constantFrom('', '-5', '1e400', 'NaN', 'Infinity', '0x10', '99999', '1.5', '٣', ' 7 ');
    const replaced = fc.tuple(fc.constantFrom('1', '2', '7', '5', '12', '8'), numbers);
    const change = ([from, to]: [string, string]) => check(text.replace(`>${from}<`, `>${to}<`));
    await fc.assert(fc.asyncProperty(replaced, change), { numRuns: 60 });
  });

  test('VIA as a table', async () => {
    const shape = '"{""name"":""rect"",""x"":1,""y"":1,""width"":4,""height"":3}"';
    const head = 'filename,file_attributes,region_count,region_shape_attributes,region_attributes';
    const text = `${head}\na.jpg,"{}",1,${shape},"{""name"":""cup""}"\n`;
    expect(await readOrRefused(readViaTable, 'a.csv', text)).toBe('read');
    const check = async (value: string) => void (await readOrRefused(readViaTable, 'a.csv', value));
    await fc.assert(fc.asyncProperty(torn(text), check), { numRuns: 200 });
  });

  test('YOLO', async () => {
    const word = fc.oneof(
      fc.double({ min: -2, max: 2, noNaN: true }).map(String),
      fc.constantFrom('0', '1', 'nan', 'inf', '-1', '1e99', '0x1', '1,5', 'cup', '1e-320', '٣'),
    );
    const line = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '));
    const text = fc.array(line, { maxLength: 5 }).map((lines) => lines.join('\n'));
    const check = async (value: string) => {
      expect(await readOrRefused(readYolo, 'a.txt', value)).toBe('read');
    };
    await fc.assert(fc.asyncProperty(text, check), { numRuns: 200 });
  });
});

describe('detecting', () => {
  test('any bytes end in a reader, a reason or a refusal, each in one line', () => {
    const start = fc.constantFrom('', '{', '[', '<', '{"images":', '<annotation>', '\ufeff{', '\x89PNG', '0 0 0 0 0\n');
    const bytes = fc.tuple(start, fc.uint8Array({ maxLength: 60 })).map(([head, tail]) => {
      return Buffer.concat([Buffer.from(head, 'latin1'), tail]);
    });
    const names = fc.constantFrom('f.json', 'f.txt', 'f.xml', 'f', 'f.jsonl');
    const check = (name: string, content: Buffer) => {
      try {
        const found = detect(saved(folder, name, content));
        if ('reason' in found) expect(found.reason).toMatch(/^(is|holds) [^\n]+$/u);
      } catch (error) {
        expect(error).toBeInstanceOf(BadInput);
      }
    };
    fc.assert(fc.property(names, bytes, check), { numRuns: 300 });
  });
});
