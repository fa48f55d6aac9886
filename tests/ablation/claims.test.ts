// Figures of several seeds: their means and spread, and what they say of a claim.
import { describe, expect, it } from 'vitest';
import type { AblationResult } from '../../main/ablation/ablate.ts';
import { judged, rowFigures } from '../../main/ablation/claims.ts';
import { claims, rows, variants, variantsOf } from '../../main/ablation/rows.ts';

const result = (variant: string, seed: number, gIoU: number): AblationResult => ({
  ...{ variant, seed, minutes: 1, steps: 10 * seed, seconds: 60, figures: { gIoU } },
});
const claim = { row: 'queries', says: 'a paper says so', figure: 'gIoU', more: 'many', less: 'few' };
const both = (many: readonly number[], few: readonly number[]) => [
  ...many.map((value, i) => result('many', i + 1, value)),
  ...few.map((value, i) => result('few', i + 1, value)),
];

describe('rows', () => {
  it('name variants that there are, and claims compare variants of their rows', () => {
    for (const names of Object.values(rows)) for (const name of names) expect(variants).toHaveProperty(name);
    for (const { row, more, less } of claims) expect(rows[row]).toEqual(expect.arrayContaining([more, less]));
    expect(Object.keys(variants).toSorted()).toEqual(variantsOf(Object.keys(rows)).toSorted());
  });

  it('share variants, each of which is run once', () => {
    expect(variantsOf(['queries', 'connector']).filter((name) => name === 'queries-16')).toHaveLength(1);
    expect(variantsOf(['connector'])).toEqual(['connector-mlp', 'queries-16']);
  });

  it('come to mean and deviation over the seeds', () => {
    const [many, few] = rowFigures(both([0.1, 0.3, 0.2], [0.5]), ['many', 'few', 'none']);
    expect(many).toMatchObject({ variant: 'many', seeds: 3, steps: { mean: 20, deviation: 10 } });
    expect(many?.figures.gIoU?.mean).toBeCloseTo(0.2, 9);
    expect(many?.figures.gIoU?.deviation).toBeCloseTo(0.1, 9);
    expect(few?.figures.gIoU).toEqual({ mean: 0.5, deviation: 0 });
  });
});

describe('a seed that lacks a figure', () => {
  it('is named, and does not count as 0', () => {
    const lacking = { ...result('many', 2, 0), figures: {} };
    expect(() => rowFigures([result('many', 1, 0.4), lacking], ['many'])).toThrow(
      'Variant "many" of seed 2 lacks the figure "gIoU".',
    );
  });
});

describe('a claim', () => {
  it.each([
    ['holds', [0.8, 0.82, 0.81], [0.5, 0.53, 0.51]],
    ['does not hold', [0.5, 0.53, 0.51], [0.8, 0.82, 0.81]],
    ['within noise', [0.8, 0.4, 0.6], [0.5, 0.6, 0.55]],
    ['within noise', [0.8], [0.2]],
    // Three standard errors, which of three seeds is not enough.
    ['within noise', [0.53, 0.52, 0.545], [0.5, 0.51, 0.51]],
    ['not run', [0.8, 0.9], []],
  ])('%s', (verdict, many, few) => {
    expect(judged(claim, both(many, few)).verdict).toBe(verdict);
  });

  it('is judged by differences within a seed, whatever seeds have in common', () => {
    const { verdict, difference } = judged(claim, both([0.1, 0.5, 0.9], [0.05, 0.44, 0.86]));
    expect(verdict).toBe('holds');
    expect(difference).toBeCloseTo(0.05, 9);
  });
});
