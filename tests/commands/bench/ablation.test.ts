// What the command line of the ablation bench takes and prints.
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { AblationResult } from '../../../main/ablation/ablate.ts';
import { ablationTables, addAblation, benchOf } from '../../../main/commands/bench/ablation.ts';

const result = (variant: string, seed: number, figures: Record<string, number>): AblationResult => ({
  ...{ variant, seed, minutes: 1, steps: 40, seconds: 30 + seed, figures },
});
const figures = (gIoU: number, misled: number) => ({ gIoU, 'misled gIoU': misled });
const results = [
  ...[1, 2, 3].map((seed) => result('connector-mlp', seed, figures(0.8, 0.4 + seed / 100))),
  ...[1, 2, 3].map((seed) => result('queries-16', seed, figures(0.81, 0.5 + seed / 50))),
];

describe('tables', () => {
  it('have a row for each variant with mean and deviation, and end in the claims', () => {
    const text = ablationTables(benchOf(results, ['connector'], { minutes: 1, seeds: 3 }));
    expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
      expect.stringMatching(/^connector +seeds +steps +trained +gIoU +misled gIoU$/u),
      expect.stringMatching(/^connector-mlp +3 +40 +32 s +0\.800 ± 0\.000 +0\.420 ± 0\.010$/u),
      expect.stringMatching(/^queries-16 +3 +40 +32 s +0\.810 ± 0\.000 +0\.540 ± 0\.020$/u),
      '',
      'holds: LENS: a transformer connects better than an MLP (87.8 and 72.8 cIoU); here +0.120 ± 0.006',
      '',
    ]);
  });

  it('leave out what was not run, and say so of its claims', () => {
    const made = benchOf(results.slice(0, 3), ['connector', 'pipeline'], { minutes: 1, seeds: 3 });
    expect(made.rows.connector?.map(({ variant }) => variant)).toEqual(['connector-mlp']);
    expect(made.rows.pipeline).toEqual([]);
    expect(new Set(made.claims.map(({ verdict }) => verdict))).toEqual(new Set(['not run']));
  });

  it('have the keys of the JSON document', () => {
    const made = benchOf(results, ['connector'], { minutes: 1, seeds: 3 });
    expect(Object.keys(made)).toEqual(['minutes', 'seeds', 'rows', 'claims']);
    const [row] = made.rows.connector ?? [];
    expect(Object.keys(row ?? {})).toEqual(['variant', 'seeds', 'steps', 'seconds', 'figures']);
  });
});

describe('options', () => {
  function refusalOf(...options: string[]): Promise<string> {
    const said: string[] = [];
    const program = new Command('bench').exitOverride().configureOutput({ writeErr: (text) => said.push(text) });
    const { signal } = new AbortController();
    addAblation(program, { signal, print: () => {}, note: () => {}, finish: () => {} });
    program.commands[0]?.exitOverride().configureOutput({ writeErr: (text) => said.push(text) });
    return program.parseAsync(['ablation', ...options], { from: 'user' }).then(
      () => 'nothing was refused',
      () => said.join(''),
    );
  }

  it.each([
    [
      'a row that is not there',
      ['--only', 'queries,colours'],
      /There is no row "colours"; rows are queries, connector/u,
    ],
    ['no seed', ['--seeds', '0'], /It takes a whole number from 1 to 100/u],
    ['no time', ['--minutes', '0'], /It takes a number from 0\.01 to 1440/u],
    ['what nobody knows', ['--fast'], /unknown option '--fast'/u],
  ])('%s is refused', async (_, options, why) => {
    expect(await refusalOf(...options)).toMatch(why);
  });
});
