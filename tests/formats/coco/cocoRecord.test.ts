// Records as text: what stays letter by letter, and what is changed or added.
import { describe, expect, test } from 'vitest';
import { packMask } from '../../../main/contract/project.ts';
import { fromBitmap } from '../../../main/contract/rle.ts';
import {
  bboxOfBox,
  completed,
  fieldsOf,
  patched,
  rounded,
  withExtra,
  withoutGeometry,
} from '../../../main/formats/coco/cocoRecord.ts';

describe('patched', () => {
  const text = '{"id": 1.0, "b": [1e2], "__proto__": {"x": 1}}';

  test('is the same text where it says so already', () => {
    expect(patched(text, { id: 1, b: [100] })).toBe(text);
    expect(patched(text, {})).toBe(text);
  });

  test('else has the new values, and all others', () => {
    const fields: Record<string, unknown> = JSON.parse(patched(text, { id: 2, c: 'new' }));
    expect([fields.id, fields.b, fields.c]).toEqual([2, [100], 'new']);
    expect(Object.keys(fields)).toContain('__proto__');
  });

  test('a key that is only there as undefined is absent', () => {
    expect(patched('{"a":1}', { b: undefined })).toBe('{"a":1}');
  });

  test.each(['3', '"x"', '[1]', 'null'])('%s has no fields', (value) => {
    expect(fieldsOf(value)).toEqual({});
  });
});

describe('numbers', () => {
  test('sides of a box do not show what subtraction loses', () => {
    const box = { x1: 39.34, y1: 46.28, x2: 39.34 + 89.11, y2: 46.28 + 29.76 };
    expect(bboxOfBox(box)).toEqual([39.34, 46.28, 89.11, 29.76]);
    expect(rounded(0.1 + 0.2)).toBe(0.3);
  });
});

describe('completed', () => {
  const mask = packMask(fromBitmap(Uint8Array.from('011000011000', Number), 6, 2));
  const box = { x1: 1.5, y1: 0, x2: 3, y2: 2 };

  test.each([
    ['nothing where all is there', { area: 9.5, bbox: [1, 2, 3, 4], iscrowd: 0 }, {}],
    ['nothing in place of yes and no', { area: 1, bbox: [1, 2, 3, 4], iscrowd: true }, {}],
    ['what is missing', {}, { area: 4, bbox: [1, 0, 2, 2], iscrowd: 0 }],
    ['what is of no use', { area: '9', bbox: [], iscrowd: '0' }, { area: 4, bbox: [1, 0, 2, 2], iscrowd: 0 }],
  ])('adds %s', (_, fields, added) => {
    expect(completed(fields, { mask, box, crowd: false })).toEqual(added);
  });

  test('takes the box where there is no mask', () => {
    expect(completed({}, { mask: null, box, crowd: true })).toEqual({ area: 3, bbox: [1.5, 0, 1.5, 2], iscrowd: 1 });
  });
});

describe('what is said', () => {
  test('is what the shape says now; lists, nested and unknown values stay', () => {
    const fields = {
      ...{ id: 1, score: 0.5, caption: 'before', keypoints: [1, 2, 2] },
      attributes: { old: true, list: [1], deep: { a: 1 }, nothing: null },
    };
    expect(withExtra(fields, { caption: 'now', attributes: { new: 1 } })).toEqual({
      ...{ id: 1, caption: 'now', keypoints: [1, 2, 2] },
      attributes: { list: [1], deep: { a: 1 }, nothing: null, new: 1 },
    });
    expect(withExtra({ id: 1 }, {})).toEqual({ id: 1 });
    expect(withExtra({ id: 1, attributes: { old: 1 } }, {})).toEqual({ id: 1, attributes: {} });
  });

  test('stands apart from mask and box', () => {
    const fields = { id: 1, area: 1, bbox: [], segmentation: [], iscrowd: 0, box_only: true, polygon_iou: 1, x: 2 };
    expect(withoutGeometry(fields)).toEqual({ id: 1, x: 2 });
  });
});
