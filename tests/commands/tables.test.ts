import { describe, expect, test } from 'vitest';
import { benchTable } from '../../main/commands/bench/bench.ts';
import { photosTable, repairTable, scenesTable, setsTable } from '../../main/commands/eval/eval.ts';

test('the bench table names step time, speed, the peak taken in turns, the share of it and memory', () => {
  const figures = { msPerStep: 123.4, gflops: 250.6, matmulPeak: 331.4, shareOfPeak: 0.756, peakMB: 899.5 };
  const slower = { msPerStep: 2000, gflops: 240.2, matmulPeak: 331.3, shareOfPeak: 0.7249, peakMB: 3000 };
  expect(benchTable({ matmulPeak: 331.4, models: { '4.2M': figures, '46M': slower } })).toMatchInlineSnapshot(`
    "model         step          speed         MatMul peak   of peak       peak memory
    4.2M          123 ms        251 GFLOP/s   331 GFLOP/s   0.76          900 MB
    46M           2000 ms       240 GFLOP/s   331 GFLOP/s   0.72          3000 MB
    "
  `);
});

describe('the scenes table', () => {
  const spatial = { count: 75, format: 1, box50: 0.96, gIoU: 0.8312, cIoU: 0.79, reward: 2.61, medianMs: 1234.5 };
  const nothing = { count: 5, format: 0.8, box50: 0.6, gIoU: 0.6, cIoU: 0, reward: 2, medianMs: 900 };
  const overall = { count: 80, format: 0.9875, box50: 0.9375, gIoU: 0.8168, cIoU: 0.7, reward: 2.5, medianMs: 1210 };

  test('has a row for each category that was met, and one overall', () => {
    const table = scenesTable({ overall, categories: { spatial, nothing }, segmenter: { gIoU: 0.9 } });
    expect(table).toMatchInlineSnapshot(`
      "category            count    format  box>=0.5      gIoU      cIoU    reward median ms
      spatial                75     1.000     0.960     0.831     0.790     2.610      1235
      nothing                 5     0.800     0.600     0.600     0.000     2.000       900
      overall                80     0.988     0.938     0.817     0.700     2.500      1210
      segmenter alone, given the true box: gIoU 0.900
      "
    `);
  });

  test('has a line of its own for prompts that mean several things', () => {
    const plural = { count: 10, f1: 0.7512, countRight: 0.8, gIoU: 0.6, format: 1, medianMs: 820.4 };
    const table = scenesTable({ overall, categories: { spatial, plural }, segmenter: { gIoU: 0.9 } });
    expect(table.split('\n')).toContain(
      'plural, 10 beside them: F1 at IoU 0.5 0.751, count right 0.800, gIoU of the union 0.600, format 1.000, median 820 ms',
    );
    expect(table.split('\n').filter((line) => line.startsWith('plural'))).toHaveLength(1);
  });

  test('lines its columns up whatever the figures', () => {
    const long = { ...spatial, count: 1_000_000, medianMs: 99_999 };
    const table = scenesTable({ overall: long, categories: { disambiguation: nothing }, segmenter: { gIoU: 0 } });
    const widths = table
      .split('\n')
      .slice(0, 3)
      .map((line) => line.length);
    expect(new Set(widths).size).toBe(1);
  });
});

test('the photos table sets the segmenter beside GrabCut and the box itself, set by set', () => {
  const segmenter = { gIoU: 0.6123, cIoU: 0.7, medianMs: 81.6 };
  const grabCut = { gIoU: 0.3792, cIoU: 0.4656, medianMs: 975.7 };
  const box = { gIoU: 0.5423, cIoU: 0.4158, medianMs: 0.45 };
  const tiny = { photos: 3, things: 42, segmenter: { ...segmenter, gIoU: 0.5 }, grabCut, box };
  const overall = { photos: 9, things: 61, segmenter, grabCut, box };
  expect(photosTable({ ...overall, sets: { coco_tiny: tiny } })).toMatchInlineSnapshot(`
    "box to mask by          gIoU      cIoU median ms
    coco_tiny: 42 things on 3 photos
      segmenter            0.500     0.700        82
      GrabCut              0.379     0.466       976
      the box itself       0.542     0.416         0
    overall: 61 things on 9 photos
      segmenter            0.612     0.700        82
      GrabCut              0.379     0.466       976
      the box itself       0.542     0.416         0
    "
  `);
});

test('the table of photograph sets has a row for each set and one for all', () => {
  const figures = {
    boxToMask: { mIoU: 0.7712, count: 44 },
    bareBox: { mIoU: 0.61 },
    grabCut: { mIoU: 0.69, count: 12 },
    clicks: { '1': 0.5, '3': 0.68, '5': 0.745, count: 30 },
    noc85: 5.25,
  };
  const cats = { ...figures, grabCut: { mIoU: 0, count: 0 }, clicks: { '1': 0, '3': 0, '5': 0, count: 0 } };
  const one = { before: 0.7, after: 0.76, boundaryBefore: 0.3, boundaryAfter: 0.42, count: 20 };
  const none = { before: 0, after: 0, boundaryBefore: 0, boundaryAfter: 0, count: 0, harm: 0, auprc: 0, kinds: {} };
  const nobody = { present: 0, absent: 0, unknown: 0, known: 0 };
  const silent = { box50: 0, nothing: 0, unknownSubstituted: 0, falseAlarms: 0, counts: nobody };
  const repair = { ...one, harm: 0.0021, auprc: 0.81, kinds: { erode: { ...one, count: 9, after: 0.8 } } };
  const overall = { ...figures, boxToMask: { ...figures.boxToMask, meanOfSets: 0.79 }, repair: none, words: silent };
  expect(setsTable({ sets: { cats }, overall })).toMatchInlineSnapshot(`
    "mean IoU              things       box  bare box   GrabCut   1 click         3         5   to 0.85
    cats                      44     0.771     0.610         -         -         -         -         -
    all                       44     0.771     0.610     0.690     0.500     0.680     0.745       5.3
    true box: mean of things 0.771, mean of sets 0.790; GrabCut on 12, clicks on 30
    "
  `);
  const counts = { present: 60, absent: 41, unknown: 33, known: 68 };
  const words = { box50: 0.1, nothing: 0.85, unknownSubstituted: 0, falseAlarms: 0.0147, counts };
  expect(setsTable({ sets: {}, overall: { ...overall, words } })).toContain(`in words
  large things found by the name of their category (box IoU >= 0.5): 0.100 of 60 prompts
  what is absent said to be: 0.850 of 41
  unknown words answered with a thing: 0 of 33
  known words said to be unknown: 0.015 of 68
`);
  expect(repairTable(repair)).toMatchInlineSnapshot(`
    "
    repair                 masks       IoU     after  boundary     after
    erode                      9     0.700     0.800     0.300     0.420
    all                       20     0.700     0.760     0.300     0.420
    masks that were right lose 0.0021; wrong ones ranked before right ones: AUPRC 0.810
    "
  `);
});
