// The learning curve on toy weights: a run for each number of pictures on the same held-out ones, as a table and as a drawing.
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchCurve, curveTable, figuresOver, type LearningCurve } from '../../../main/commands/bench/curve.ts';
import { drawStage } from '../../../main/learn/loop/curves.ts';
import { untaughtWeights } from '../../learn/teaching.ts';

const point = { gIoU: 0.1, cIoU: 0.2, box50: 0.3, masks: 0.8, noc85: 4, noc90: 7.5, minutes: 2 };
const curve: LearningCurve = {
  ...{ tier: 'decoder', seed: 1, held: 5, prompts: 20, objects: 22 },
  points: [
    { ...point, pictures: 0, promoted: null, minutes: 0 },
    { ...point, pictures: 5, promoted: false, masks: 0.82, noc85: 4.25 },
    { ...point, pictures: 40, promoted: true, gIoU: 0.5, masks: 0.9, noc85: 2.5, noc90: 5 },
  ],
};

describe('a learning curve', () => {
  it('is a table of what was measured, and of the clicks that were saved', () => {
    const [head, ...rows] = curveTable(curve).trimEnd().split('\n');
    expect(head?.split(/ {2,}/u)).toEqual([
      ...['pictures', 'gIoU', 'box50', 'masks', 'NoC@85', 'NoC@90', 'saved@85', 'saved@90', 'promoted'],
    ]);
    expect(rows.map((row) => row.trim().split(/ +/u))).toEqual([
      ['0', '0.100', '0.300', '0.800', '4.00', '7.50', '0.00', '0.00', '-'],
      ['5', '0.100', '0.300', '0.820', '4.25', '7.50', '-0.25', '0.00', 'no'],
      ['40', '0.500', '0.300', '0.900', '2.50', '5.00', '1.50', '2.50', 'yes'],
    ]);
  });

  it('is drawn over the number of pictures', () => {
    const drawn = drawStage('learning curve', figuresOver(curve), 'pictures');
    expect(drawn).toContain('learning curve: 40 pictures');
    expect(drawn).toContain('>pictures</text>');
    expect(drawn).not.toContain('step');
    for (const name of ['gIoU', 'masks', 'noc85', 'noc90']) expect(drawn).toContain(`>${name}</text>`);
  });
});

describe('a bench of a run that has too few pictures', () => {
  let root: string;
  let made: LearningCurve;
  const said: string[] = [];
  beforeAll(async () => {
    const toy = await untaughtWeights();
    root = toy.root;
    const task = { seed: 2, counts: [3], held: 1, minutes: 0.01, tier: 'decoder', clicked: 0, worded: 1 } as const;
    const terminal = { signal: new AbortController().signal, note: (line: string) => said.push(line) };
    made = await benchCurve({ ...task, weights: toy.weights }, terminal);
  }, 300_000);
  afterAll(() => rm(root, { recursive: true }));

  it('measures before the run and after it, and finds the same weights', () => {
    expect(made).toMatchObject({ tier: 'decoder', seed: 2, held: 1, objects: 0, prompts: 1 });
    const [before, after] = made.points;
    expect(before).toMatchObject({ pictures: 0, promoted: null, minutes: 0 });
    expect(after).toEqual({ ...before, pictures: 3, promoted: false, minutes: after?.minutes });
    expect(after?.minutes).toBeGreaterThan(0);
    for (const share of [before?.gIoU, before?.masks]) expect(share).toBeLessThanOrEqual(1);
  });

  it('says what it is at', () => {
    expect(said.join('')).toMatch(/3 pictures: looking 4\n/u);
  });
});
