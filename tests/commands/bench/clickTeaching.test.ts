// Clicks while a run trains, on toy weights through a real host and its two programs; and how they are shown.
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { benchClicksTeaching, teachingClickTable } from '../../../main/commands/bench/clickTeaching.ts';
import { untaughtWeights } from '../../learn/teaching.ts';

const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('loupe-bench-click-')).length;

test('clicks are measured before a run and while it takes steps, and nothing is left behind', async () => {
  const before = left();
  const { root, weights } = await untaughtWeights();
  try {
    const said: string[] = [];
    const made = await benchClicksTeaching(
      { clicks: 5, tier: 'supervised', images: 6, held: 5, weights },
      { note: (line) => said.push(line), signal: new AbortController().signal },
    );
    expect(said).toEqual(['clicks before the run are measured; it begins\n', 'the run trains\n']);
    expect(made.steps).toBeGreaterThan(0);
    expect(made.stepsPerSecond).toBeGreaterThan(0);
    expect(made.pictures.map(({ picture }) => picture)).toEqual([
      '1.png (256 x 256)',
      '12 megapixels.png (4000 x 3000)',
    ]);
    for (const { clicks, quiet, teaching, ratio } of made.pictures) {
      expect(clicks).toBe(5);
      expect(quiet.p50).toBeGreaterThan(0);
      expect(teaching.p95).toBeGreaterThanOrEqual(teaching.p50);
      expect(ratio).toBeCloseTo(teaching.p50 / quiet.p50);
    }
  } finally {
    await rm(root, { recursive: true });
  }
  expect(left()).toBeLessThanOrEqual(before);
}, 300_000);

test('a run that cannot begin ends the bench with its reason', async () => {
  const { root, weights } = await untaughtWeights();
  try {
    const bench = benchClicksTeaching(
      { clicks: 5, tier: 'supervised', images: 2, held: 1, weights },
      { note: () => {}, signal: new AbortController().signal },
    );
    await expect(bench).rejects.toThrow(/^The run ended before the clicks did: 3 different images/u);
  } finally {
    await rm(root, { recursive: true });
  }
}, 300_000);

test('a picture is a line, and the run is told below', () => {
  const picture = { clicks: 9, quiet: { p50: 30.4, p95: 41 }, teaching: { p50: 60.8, p95: 99.6 }, ratio: 2 };
  const lines = teachingClickTable({
    ...{ tier: 'decoder', steps: 120, stepsPerSecond: 1.5 },
    pictures: [{ picture: 'a.jpg (8 x 9)', ...picture }],
  }).split('\n');
  expect(lines[1]?.split(/ {2,}/)).toEqual(['a.jpg (8 x 9)', '30 ms', '41 ms', '61 ms', '100 ms', '2.00']);
  expect(lines[2]).toBe('120 steps of tier decoder meanwhile, 1.50 a second');
});
