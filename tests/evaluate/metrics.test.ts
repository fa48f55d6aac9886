// gIoU, cIoU and box50 by hand and against the released evaluation's numbers.
import { describe, expect, test } from 'vitest';
import { fromBitmap } from '../../main/contract/rle.ts';
import { boxHit, cIoU, figures, gIoU, median, overlapOf, sampleIou } from '../../main/evaluate/metrics.ts';
import { goldenJson, haveGolden } from '../golden.ts';

/** The pixels of a picture of digits that show one of some marks. */
const marked = (rows: readonly string[], marks: string) =>
  fromBitmap(
    Uint8Array.from(rows.join(''), (mark) => (marks.includes(mark) ? 1 : 0)),
    rows[0]?.length ?? 0,
    rows.length,
  );

const box = (x1: number, y1: number, x2: number, y2: number) => ({ x1, y1, x2, y2 });

describe('by hand', () => {
  test('gIoU counts images alike, cIoU pixels', () => {
    const overlaps = [
      { intersection: 90, union: 100 },
      { intersection: 1, union: 10 },
    ];
    expect(gIoU(overlaps)).toBeCloseTo(0.5, 5);
    expect(cIoU(overlaps)).toBeCloseTo(91 / 110, 8);
  });

  test('nothing there and nothing said is 1 for gIoU and nothing for cIoU', () => {
    expect(sampleIou({ intersection: 0, union: 0 })).toBe(1);
    expect(cIoU([{ intersection: 0, union: 0 }])).toBe(0);
    expect(gIoU([])).toBe(0);
  });

  test('ignored pixels count in neither', () => {
    const [said, meant, ignored] = [['1111'], ['1100'], ['0010']].map((rows) => marked(rows, '1'));
    if (!said || !meant || !ignored) throw new Error('three masks');
    expect(overlapOf(said, meant)).toEqual({ intersection: 2, union: 4 });
    expect(overlapOf(said, meant, ignored)).toEqual({ intersection: 2, union: 3 });
  });

  test('a box hits from half an overlap on; none hits none', () => {
    expect(boxHit(box(0, 0, 4, 2), box(0, 0, 4, 4))).toBe(true);
    expect(boxHit(box(0, 0, 4, 1.9), box(0, 0, 4, 4))).toBe(false);
    expect(boxHit(null, null)).toBe(true);
    expect(boxHit(null, box(0, 0, 1, 1))).toBe(false);
    expect(boxHit(box(0, 0, 1, 1), null)).toBe(false);
  });

  test('figures of a set', () => {
    const samples = [
      { format: 1, boxHit: true, reward: 2.5, overlap: { intersection: 5, union: 10 }, ms: 30 },
      { format: 0, boxHit: false, reward: 0, overlap: { intersection: 0, union: 10 }, ms: 10 },
      { format: 1, boxHit: true, reward: 2, overlap: { intersection: 0, union: 0 }, ms: 20 },
    ];
    const { gIoU: mean, cIoU: ratio, ...rest } = figures(samples);
    expect(rest).toEqual({ count: 3, format: 2 / 3, box50: 2 / 3, reward: 1.5, medianMs: 20 });
    expect(mean).toBeCloseTo(0.5, 5);
    expect(ratio).toBeCloseTo(0.25, 8);
    expect(figures([])).toEqual({ count: 0, format: 0, box50: 0, gIoU: 0, cIoU: 0, reward: 0, medianMs: 0 });
  });

  test('median', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBe(0);
  });
});

interface IouCase {
  kind: string;
  prediction: string[];
  target: string[];
  intersection: [number, number];
  union: [number, number];
  sample_giou: number;
  plain_iou: number | null;
}

interface Totals {
  count: number;
  ciou: number;
  giou: number;
  giou_released_meter: number;
  background_iou: number;
  intersection: number[];
  union: number[];
}

describe.skipIf(!haveGolden)('golden metrics/iou.json', () => {
  const { cases, totals, plain_only, tolerance } = goldenIou();
  const foreground = (each: IouCase) => overlap(each, '1');
  const overlap = ({ prediction, target }: IouCase, mark: string) =>
    overlapOf(marked(prediction, mark), marked(target, mark), marked(target, 'x'));
  const close = (actual: number, expected: number) =>
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance);

  test.each(cases.map((each, i) => ({ ...each, i })))('case $i: $kind', (each) => {
    const [behind, front] = [overlap(each, '0'), overlap(each, '1')];
    expect([behind.intersection, front.intersection]).toEqual(each.intersection);
    expect([behind.union, front.union]).toEqual(each.union);
    close(sampleIou(front), each.sample_giou);
    if (each.plain_iou !== null) close(front.intersection / front.union, each.plain_iou);
  });

  test('totals', () => {
    const overlaps = cases.map(foreground);
    close(cIoU(overlaps), totals.ciou);
    close(gIoU(overlaps), totals.giou);
    close((gIoU(overlaps) * cases.length) / (cases.length + 1e-5), totals.giou_released_meter);
    close(cIoU(cases.map((each) => overlap(each, '0'))), totals.background_iou);
    expect(cases.length).toBe(totals.count);
  });

  test('the plain cases alone', () => {
    const overlaps = cases.filter((each) => each.kind === 'plain').map(foreground);
    close(cIoU(overlaps), plain_only.ciou);
    close(gIoU(overlaps), plain_only.giou);
    expect(overlaps.length).toBe(plain_only.count);
  });
});

function goldenIou(): { cases: IouCase[]; totals: Totals; plain_only: Totals; tolerance: number } {
  if (haveGolden) return goldenJson('metrics', 'iou.json');
  const none = { count: 0, ciou: 0, giou: 0, giou_released_meter: 0, background_iou: 0, intersection: [], union: [] };
  return { cases: [], totals: none, plain_only: none, tolerance: 0 };
}
