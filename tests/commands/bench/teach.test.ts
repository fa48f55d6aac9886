// The bench of teaching on toy weights: it goes the way of a project, and prints the keys that it is known by.
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchTeach, type TeachBench, teachTable } from '../../../main/commands/bench/teach.ts';
import { tiers } from '../../../main/contract/learning.ts';
import { untaughtWeights } from '../../learn/teaching.ts';

let root: string;
let figures: TeachBench;
const said: string[] = [];
beforeAll(async () => {
  const toy = await untaughtWeights();
  root = toy.root;
  const task = { seed: 2, images: 6, held: 5, minutes: 0.02, weights: toy.weights, curves: path.join(root, 'curves') };
  // Where nothing can be rewarded, rl comes to the supervised tier.
  const chosen = { ...task, tiers: ['decoder', 'rl'] } as const;
  const signal = new AbortController().signal;
  figures = await benchTeach(chosen, { signal, note: (line) => said.push(line) });
}, 500_000);
afterAll(() => rm(root, { recursive: true }));

describe('the bench of teaching', () => {
  it('has a row of the same keys for each tier, and says whether anything was promoted', () => {
    expect(Object.keys(figures)).toEqual(['tiers', 'promoted']);
    expect(Object.keys(figures.tiers)).toEqual(['decoder', 'rl']);
    expect(tiers).toEqual(['decoder', 'supervised', 'rl']);
    for (const row of Object.values(figures.tiers))
      expect(Object.keys(row).toSorted()).toEqual(
        ['after', 'before', 'gain', 'high', 'low', 'minutes', 'oldDomain', 'usefulGroups'].toSorted(),
      );
    expect(typeof figures.promoted).toBe('boolean');
  });

  it('draws what each run reported over its steps, held-back prompts included', async () => {
    const svg = await readFile(path.join(root, 'curves', 'decoder', 'decoder.svg'), 'utf8');
    for (const name of ['loss', 'validation gIoU', 'validation cIoU']) expect(svg).toContain(`>${name}<`);
    expect(await readFile(path.join(root, 'curves', 'rl', 'reasoner.svg'), 'utf8')).toContain('>validation gIoU<');
  });

  it('measures the same held-out prompts before each tier', () => {
    const { decoder, rl } = figures.tiers;
    expect(decoder?.before).toBe(rl?.before);
    for (const row of [decoder, rl]) {
      expect(row?.gain).toBeCloseTo((row?.after ?? 0) - (row?.before ?? 0), 6);
      expect(row?.low).toBeLessThanOrEqual(row?.high ?? 0);
    }
  });

  it('tells known things and new words apart, and what the gate said', () => {
    const lines = said.join('');
    expect(lines).toMatch(
      /rl: known things in another style \d\.\d{3} -> \d\.\d{3} \(\d+ prompts\), new words \d\.\d{3} -> /u,
    );
    expect(lines).toMatch(/decoder: (?:promoted|kept as they were): \S/u);
  });

  it('tells the share of groups of answers that could teach anything', () => {
    expect([figures.tiers.decoder?.usefulGroups, figures.tiers.rl?.usefulGroups]).toEqual([null, 0]);
  });

  it('is a table as well', () => {
    const [head, ...rows] = teachTable(figures).trim().split('\n');
    expect(head).toMatch(/^tier +before +after +gain +time +old domain +useful groups/u);
    expect(rows.map((row) => row.split(' ')[0])).toEqual(['decoder', 'rl']);
  });
});
