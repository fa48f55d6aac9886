// Texts in every encoding, labels that look alike, and the exports of Label Studio that several people made.
import path from 'node:path';
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { loupe } from './inProcess.ts';
import { cocoOf, fresh, takenFrom, tree } from './taken.ts';

const size = [100, 80] as const;
const voc = (name: string, declared?: string) =>
  `${declared === undefined ? '' : `<?xml version="1.0" encoding="${declared}"?>\n`}<annotation><filename>a.png</filename>
  <size><width>100</width><height>80</height><depth>3</depth></size>
  <object><name>${name}</name><bndbox><xmin>11</xmin><ymin>11</ymin><xmax>20</xmax><ymax>20</ymax></bndbox></object></annotation>`;

describe('encodings', () => {
  test.each([
    ['ISO-8859-1', 'café'],
    ['windows-1252', '“tasse” €'],
    ['windows-1251', 'чашка'],
    ['Shift_JIS', '茶碗'],
    ['EUC-JP', '茶碗'],
    ['EUC-KR', '컵'],
    ['Big5', '杯子'],
    ['GB2312', '杯子'],
    ['GBK', '杯子'],
    ['gb18030', '杯子'],
    ['UTF-16', '杯子'],
    ['utf-8', '杯子 é'],
  ])('XML that declares %s', async (encoding, name) => {
    const bytes = iconv.encode(voc(name, encoding), encoding === 'UTF-16' ? 'utf-16le' : encoding, {
      addBOM: encoding === 'UTF-16',
    });
    const { labels } = await takenFrom(await tree({ 'a.png': size, 'a.xml': bytes }));
    expect(labels).toEqual([name]);
  });

  test.each(['utf-16le', 'utf-16be'])('XML and JSON in %s without a mark, declared or not', async (encoding) => {
    const labels = ['чашка', '杯子', 'cup'];
    const json = cocoOf([{ bbox: [1, 1, 5, 5] }], { categories: [{ id: 1, name: 'чашка' }] });
    const root = await tree({
      'a.png': size,
      'a.json': iconv.encode(JSON.stringify(json), encoding),
      'b.xml': iconv.encode(voc('杯子', 'UTF-16'), encoding),
      'c.xml': iconv.encode(voc('cup'), encoding),
    });
    const { labels: found } = await takenFrom(root);
    expect(found).toEqual(labels);
  });

  test.each([
    ['XML that says UTF-8 and is GBK', 'a.xml', iconv.encode(voc('杯子', 'utf-8'), 'gbk')],
    ['XML without a word on it in cp1252', 'a.xml', iconv.encode(voc('café'), 'win1252')],
    ['XML of an encoding that nobody knows', 'a.xml', Buffer.from(voc('cup', 'x-nobody'))],
    [
      'LabelMe in GBK',
      'a.json',
      iconv.encode(JSON.stringify({ shapes: [{ label: '杯子' }], imagePath: 'a.png' }), 'gbk'),
    ],
    [
      'COCO in Latin-1',
      'a.json',
      iconv.encode(
        JSON.stringify(cocoOf([{ bbox: [1, 1, 5, 5] }], { categories: [{ id: 1, name: 'café' }] })),
        'latin1',
      ),
    ],
  ])('%s is refused with a word on the encoding, and stores no replacement character', async (_, name, bytes) => {
    const root = await tree({ 'a.png': size, [name]: bytes });
    const { line } = await loupe('import', fresh('.loupe'), path.join(root, name));
    expect(line).toMatch(/UTF-8|x-nobody/u);
    expect(line).not.toContain('\ufffd');
  });

  test.each(['utf-8', 'utf-16le', 'utf-16be'])('COCO with a byte order mark: %s', async (encoding) => {
    const text = JSON.stringify(cocoOf([{ bbox: [1, 1, 5, 5] }], { categories: [{ id: 1, name: '杯子' }] }));
    const root = await tree({ 'a.png': size, 'c.json': iconv.encode(text, encoding, { addBOM: true }) });
    expect((await takenFrom(path.join(root, 'c.json'))).labels).toEqual(['杯子']);
  });

  test.each(['utf-8', 'utf-16le'])('a table of VIA with a byte order mark: %s', async (encoding) => {
    const shape = '"{""name"":""rect"",""x"":10,""y"":10,""width"":5,""height"":5}"';
    const text = `filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\r\na.png,1,"{}",1,0,${shape},"{""class"":""杯子""}"\r\n`;
    const root = await tree({ 'a.png': size, 'via.csv': iconv.encode(text, encoding, { addBOM: true }) });
    expect((await takenFrom(path.join(root, 'via.csv'))).labels).toEqual(['杯子']);
  });
});

describe('labels that look alike', () => {
  test('blanks of every kind at the ends are cut with a word, inside they stay, and no two labels run together in silence', async () => {
    const names = ['cup', 'cup\u00a0', '\tcup', 'cup  plate', 'cup plate', 'CUP', 'cup.'];
    const root = await tree({
      'a.png': size,
      'c.json': cocoOf(
        names.map((_, i) => ({ category_id: i + 1, bbox: [10 * i, 5, 8, 8] })),
        { categories: names.map((name, i) => ({ id: i + 1, name })) },
      ),
    });
    const { report, coco, rows } = await takenFrom(path.join(root, 'c.json'));
    for (const name of ['cup  plate', 'cup plate', 'CUP', 'cup.'])
      expect(rows.map(({ label }) => label)).toContain(name);
    expect(coco.categories.map(({ name }) => name)).toEqual(names);
    expect(report).toMatch(/cup/u);
  });
});

const result = (label: string, value: object = {}, others: object = {}) => ({
  ...{ id: label, type: 'rectanglelabels', original_width: 100, original_height: 80, image_rotation: 0 },
  value: { x: 10, y: 10, width: 20, height: 20, rotation: 0, rectanglelabels: [label], ...value },
  ...others,
});

describe('Label Studio', () => {
  const take = async (...tasks: object[]) => {
    const names = tasks.map((_, i) => `${'abc'[i]}.png`);
    const data = names.map((name) => ({ data: { image: `/data/upload/1/0123abcd-${name}` } }));
    const root = await tree({
      'export.json': tasks.map((task, i) => ({ id: i, ...data[i], ...task })),
      ...Object.fromEntries(names.map((name) => [name, size])),
    });
    return takenFrom(path.join(root, 'export.json'));
  };

  test('the ground truth counts, though it is older; skipped work never does', async () => {
    const { labels, report } = await take({
      annotations: [
        { id: 1, ground_truth: true, updated_at: '2026-01-01', result: [result('truth')] },
        { id: 2, updated_at: '2026-02-01', result: [result('later')] },
        { id: 3, was_cancelled: true, updated_at: '2026-03-01', result: [result('skipped')] },
      ],
    });
    expect(labels).toEqual(['truth']);
    expect(report).toMatch(/annotation 2 of a\.png \(1 result\).*ground truth was taken/u);
    expect(report).toMatch(/annotation 3 of a\.png.*skipped/u);
  });

  test('the newest of two people counts, by the time and not by the order', async () => {
    const { labels } = await take({
      annotations: [
        { id: 2, created_at: '2026-02-01T10:00:00Z', result: [result('newest'), result('newest too')] },
        { id: 1, created_at: '2026-01-01T10:00:00Z', result: [result('older')] },
      ],
    });
    expect(labels).toEqual(['newest', 'newest too']);
  });

  test('times are compared by their zones, and by less than a thousandth of a second', async () => {
    const two = (a: string, b: string) =>
      take({
        annotations: [
          { id: 1, updated_at: a, result: [result('first')] },
          { id: 2, updated_at: b, result: [result('second')] },
        ],
      });
    expect((await two('2024-01-31T23:30:00Z', '2024-02-01T00:00:00+02:00')).labels).toEqual(['first']);
    expect((await two('2024-01-31T23:30:00.000456Z', '2024-01-31T23:30:00.000123Z')).labels).toEqual(['first']);
  });

  test('predictions and drafts are named with their number, and are no annotations', async () => {
    const { labels, report } = await take(
      {
        annotations: [{ id: 1, result: [result('cup')] }],
        predictions: [{ id: 5, model_version: 'v1', result: [result('cup'), result('plate')] }],
      },
      {
        annotations: [],
        predictions: [{ result: [result('cup')] }, { result: [] }],
        drafts: [{ result: [result('x')] }],
      },
    );
    expect(labels).toEqual(['cup']);
    expect(report).toMatch(/3 results of 3 predictions: /u);
    expect(report).toMatch(/1 result of 1 draft: /u);
  });

  test('a region and its labels apart; several kinds of regions; text on a region stays with it', async () => {
    const region = (type: string, id: string, value: object) => [
      { id, type, original_width: 100, original_height: 80, value },
      { id, type: 'labels', original_width: 100, original_height: 80, value: { ...value, labels: [`a ${type}`] } },
    ];
    const { labels, rows } = await take({
      annotations: [
        {
          result: [
            ...region('polygon', 'p', {
              points: [
                [10, 10],
                [50, 10],
                [50, 50],
              ],
              closed: true,
            }),
            ...region('rectangle', 'r', { x: 10, y: 10, width: 20.5, height: 20, rotation: 0 }),
            ...region('ellipse', 'e', { x: 50, y: 50, radiusX: 10, radiusY: 20, rotation: 0 }),
            { id: 'r', type: 'textarea', value: { text: ['chipped'] } },
            { id: 'r', type: 'choices', value: { choices: ['dirty', 'old'] } },
          ],
        },
      ],
    });
    expect(labels).toEqual(['a polygon', 'a rectangle', 'a ellipse']);
    expect(rows[1]?.bbox).toEqual([10, 8, 20.5, 16]);
    expect(JSON.stringify(rows[1]?.attributes)).toMatch(/chipped.*dirty/u);
  });

  test('masks of a brush, keypoints and answers on a whole image are named', async () => {
    const { labels, report } = await take({
      annotations: [
        {
          result: [
            result('cup'),
            {
              id: 'b',
              type: 'brushlabels',
              original_width: 100,
              original_height: 80,
              value: { format: 'rle', rle: [1, 2], brushlabels: ['x'] },
            },
            {
              id: 'k',
              type: 'keypointlabels',
              original_width: 100,
              original_height: 80,
              value: { x: 1, y: 1, width: 0.5, keypointlabels: ['nose'] },
            },
            { id: 'c', type: 'choices', value: { choices: ['blurred'] } },
          ],
        },
      ],
    });
    expect(labels).toEqual(['cup']);
    expect(report).toMatch(/result 2 of a\.png: a result of type "brushlabels" is not read/u);
    expect(report).toMatch(/result 3 of a\.png: .*keypointlabels/u);
    expect(report).toMatch(/result 4 of a\.png: .*(?:choices|whole)/u);
  });

  test('reviewed images without anything are accepted, unfinished ones are not', async () => {
    const { files, project } = await take(
      { annotations: [{ result: [] }] },
      { annotations: [] },
      { annotations: [{ was_cancelled: true, result: [] }] },
    );
    expect(files.map((file) => path.basename(file))).toEqual(['a.png', 'b.png', 'c.png']);
    const out = fresh('.json');
    const { out: said } = await loupe('export', project, out, '--accepted');
    expect(said).toMatch(/on 1 image/u);
  });

  test('the short form, and a single task, say what to export instead or are read', async () => {
    const short = [
      {
        id: 1,
        image: '/data/upload/1/0123abcd-a.png',
        label: [
          { x: 1, y: 1, width: 5, height: 5, rectanglelabels: ['cup'], original_width: 100, original_height: 80 },
        ],
      },
    ];
    const root = await tree({
      ...{ 'a.png': size, 'min.json': short, 'one.json': { id: 1, data: { image: 'a.png' }, annotations: [] } },
      'tasks.json': [{ id: 1, data: { image: 'a.png' } }],
    });
    for (const [name, what] of [
      ['one.json', 'one task of Label Studio'],
      ['tasks.json', 'tasks of Label Studio without annotations'],
    ] as const)
      expect((await loupe('import', fresh('.loupe'), path.join(root, name))).line).toContain(what);
    const { line } = await loupe('import', fresh('.loupe'), path.join(root, 'min.json'));
    expect(line).toMatch(/min\.json: is a short export of Label Studio \(JSON-MIN\).*export JSON/u);
  });
});
