// What a record expects of features: the sum of its trees less the margin, or nothing where it asks for what is not measured.
import { describe, expect, it } from 'vitest';
import { expectedGain, treeValue } from '../../../main/flow/segmenter/repairGain.ts';
import type { GainTree, RepairRecord } from '../../../main/weights/records/repairRecord.ts';

const tree: GainTree = [1, 0.5, [0, 2, -0.1, 0.1], 0.3];
const figures = { before: 0, after: 0, harm: 0, auprc: 0, masks: 0 };
const record: RepairRecord = { features: ['size', 'same'], base: 0.05, trees: [tree, 0.01], margin: 0.02, figures };

describe('treeValue', () => {
  it('goes down on the side of each threshold', () => {
    expect(treeValue(tree, [1, 0.4])).toBe(-0.1);
    expect(treeValue(tree, [2, 0.4])).toBe(0.1);
    expect(treeValue(tree, [2, 0.5])).toBe(0.3);
    expect(treeValue(0.7, [])).toBe(0.7);
  });
});

describe('expectedGain', () => {
  it('sums the trees, by the names of the features', () => {
    expect(expectedGain(record, { same: 0.9, size: 1, more: 5 })).toBeCloseTo(0.05 + 0.3 + 0.01 - 0.02, 12);
    expect(expectedGain(record, { same: 0.1, size: 1 })).toBeCloseTo(0.05 - 0.1 + 0.01 - 0.02, 12);
  });

  it('is not known where a feature is missing', () => {
    expect(expectedGain(record, { same: 0.9 })).toBeNull();
  });
});
