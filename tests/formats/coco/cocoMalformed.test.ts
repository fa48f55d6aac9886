// What upset pycocotools, called on our counterparts: the same answer, a refusal, or at least no hang.
import { describe, expect, test } from 'vitest';
import { compress, parseRle } from '../../../main/contract/cocoMask.ts';
import { boxIou } from '../../../main/contract/geometry.ts';
import { fromBitmap, maskArea, maskBox, maskIou, toBitmap, union } from '../../../main/contract/rle.ts';
import { CocoRules, parseSegmentation } from '../../../main/formats/coco/cocoRules.ts';
import { goldenJson, haveGolden } from '../../golden.ts';

const annotation = { id: 1, image_id: 1, category_id: 1, segmentation: [], area: 1, iscrowd: 0 };
const isOfForm = (problem: string): boolean => problem.startsWith('annotations.');

interface MalformedCase {
  name: string;
  call: string;
  outcome: { result?: unknown };
  port: 'match' | 'refuse' | 'either';
}

/** What pycocotools' functions correspond to here; the fixture's Python calls are read as JavaScript. */
const counterpart = {
  decode: (value: unknown) => {
    const mask = readAll(value);
    const bitmap = toBitmap(mask);
    return Array.from({ length: mask.size[0] }, (_, y) => [
      ...bitmap.subarray(y * mask.size[1], (y + 1) * mask.size[1]),
    ]);
  },
  area: (value: unknown) => maskArea(readAll(value)),
  toBbox: (value: unknown) => {
    const { x1, y1, x2, y2 } = maskBox(readAll(value));
    return [x1, y1, x2 - x1, y2 - y1];
  },
  frPyObjects: (value: unknown, height: number, width: number) => {
    const mask = parseSegmentation(value, width, height);
    return { size: mask.size, counts: compress(mask) };
  },
  merge: (values: unknown[]) => compress(readAll(values)),
  iou: (a: unknown[], b: unknown[], crowd: number[]) => {
    if (crowd.length !== b.length) throw new Error('one flag a target');
    return a.map((one) => b.map((other) => overlap(one, other))).flat(a.length === 0 || b.length === 0 ? 1 : 0);
  },
  encode: (rows: number[][]) => {
    const mask = fromBitmap(Uint8Array.from(rows.flat()), rows[0]?.length ?? 0, rows.length);
    return { size: mask.size, counts: compress(mask) };
  },
};

function readAll(value: unknown) {
  const [first, ...rest] = (Array.isArray(value) ? value : [value]).map(parseRle);
  if (first === undefined) throw new Error('no mask');
  return union(first, ...rest);
}

function overlap(a: unknown, b: unknown): number {
  if (!Array.isArray(a)) return maskIou(parseRle(a), parseRle(b));
  const problems = [a, b].flatMap((bbox) => new CocoRules().annotation({ ...annotation, bbox }, 0)).filter(isOfForm);
  if (problems.length > 0) throw new Error(problems[0]);
  const [one, other] = [a, b as number[]].map(([x = 0, y = 0, w = 0, h = 0]) => ({
    x1: x,
    y1: y,
    x2: x + w,
    y2: y + h,
  }));
  return one && other ? boxIou(one, other) : Number.NaN;
}

function called(call: string): unknown {
  const script = call
    .replaceAll(/\bb"/g, '"')
    .replaceAll(/np\.asfortranarray\((.*)\)(?=\)|$)/g, '$1')
    .replaceAll(/np\.array\((\[\[.*\]\]), (?:np\.uint8|float)\)/g, '$1')
    .replaceAll(/\.(?:shape|decode\(\))/g, '')
    .replaceAll(/\[:(\d)\]/g, '.slice(0, $1)');
  const run = new Function('M', 'np', 'None', 'float', `"use strict"; return ${script};`);
  const np = { uint8: 'uint8', zeros: (length: number) => Array(length).fill(0) };
  return run(counterpart, np, null, (text: string) => (text === 'inf' ? Number.POSITIVE_INFINITY : Number.NaN));
}

describe.skipIf(!haveGolden)('golden metrics/coco-malformed.json', () => {
  const { cases } = haveGolden
    ? goldenJson<{ cases: MalformedCase[] }>('metrics', 'coco-malformed.json')
    : { cases: [] };

  test.each(cases.filter((each) => each.port === 'match'))('$name: the same answer', ({ call, outcome }) => {
    expect(called(call)).toEqual(outcome.result);
  });

  test.each(cases.filter((each) => each.port === 'refuse'))('$name: refused', ({ call }) => {
    expect(() => called(call)).toThrow(/^[^\n]+/);
    // Refused by us, not by a call that could not be read.
    expect(() => called(call)).not.toThrow(SyntaxError);
    expect(() => called(call)).not.toThrow(ReferenceError);
  });

  test.each(cases.filter((each) => each.port === 'either'))('$name: no hang, no crash', ({ call }) => {
    const start = performance.now();
    try {
      called(call);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
