import { describe, expect, test } from 'vitest';
import {
  linesOfImport,
  sentenceOfExport,
  sentenceOfImport,
  sentenceOfVerify,
} from '../../../main/jobs/exporting/importExportReports.ts';

const report = { format: 'COCO', images: 1, shapes: 1, labels: 1, leftOut: [], unresolved: [], notes: [] };

describe('what was imported', () => {
  test.each([
    [{}, 'Took 1 shape on 1 image and 1 new label (COCO).'],
    [{ shapes: 0, images: 0, labels: 0 }, 'Took 0 shapes on 0 images and 0 new labels (COCO).'],
    [
      { shapes: 1_234_567, images: 1000, labels: 2, format: 'COCO, VOC' },
      'Took 1,234,567 shapes on 1,000 images and 2 new labels (COCO, VOC).',
    ],
    [
      { leftOut: [{ what: 'shape 1', why: 'it is empty' }] },
      'Took 1 shape on 1 image and 1 new label (COCO). 1 thing left out.',
    ],
    [
      { leftOut: Array(2).fill({ what: 'x', why: 'y' }), unresolved: ['a.jpg', 'b.jpg'] },
      'Took 1 shape on 1 image and 1 new label (COCO). 2 things left out. 2 pictures not found.',
    ],
  ])('%j', (fields, sentence) => expect(sentenceOfImport({ ...report, ...fields })).toBe(sentence));

  test('a line for everything that is not as it stands in the file', () => {
    const leftOut = [{ what: 'shape 1 of a.jpg', why: 'it is empty' }];
    expect(linesOfImport({ ...report, leftOut, unresolved: ['b.jpg'], notes: ['two are alike'] })).toEqual([
      'two are alike',
      'left out: shape 1 of a.jpg: it is empty',
      'not found: b.jpg',
    ]);
    expect(linesOfImport(report)).toEqual([]);
  });
});

describe('what was exported', () => {
  test.each([
    [
      { images: 2, annotations: 5, polygons: 4, stated: [] },
      'Wrote 5 annotations on 2 images (4 polygon masks, 1 run-length mask) to out.json.',
    ],
    [
      { images: 1, annotations: 1, polygons: 1, stated: ['x'] },
      'Wrote 1 annotation on 1 image (1 polygon mask, 0 run-length masks) to out.json.',
    ],
  ])('%j', (written, sentence) => expect(sentenceOfExport(written, '/some/where/out.json')).toBe(sentence));
});

describe('what was verified', () => {
  const verified = { file: '/some/where/out.json', images: 1, annotations: 2, boxes: 0, problems: [], compared: false };

  test.each([
    [{}, 'out.json: no rule is broken in 2 annotations on 1 image.'],
    [{ compared: true }, "out.json: no rule is broken in 2 annotations on 1 image, and every mask is the project's."],
    [{ problems: ['one'] }, 'out.json: 1 problem in 2 annotations on 1 image.'],
    [{ boxes: 1 }, 'out.json: no rule is broken in 2 annotations (1 without a mask) on 1 image.'],
    [{ problems: ['one', 'two'], compared: true }, 'out.json: 2 problems in 2 annotations on 1 image.'],
  ])('%j', (fields, sentence) => expect(sentenceOfVerify({ ...verified, ...fields })).toBe(sentence));
});
