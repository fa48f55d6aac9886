// `loupe bench ablation`: the papers' ablations at nano scale, as tables with their spread over seeds, and what becomes of the claims.
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { AblationResult } from '../../ablation/ablate.ts';
import { type JudgedClaim, judged, type RowFigures, rowFigures } from '../../ablation/claims.ts';
import { claims, rows, variantsOf } from '../../ablation/rows.ts';
import { field } from '../../contract/lookup.ts';
import type { Terminal } from '../../terminal.ts';
import { embeddedWeights } from '../../weights/embedded.ts';
import { numberBetween, wholeNumber } from '../arguments/options.ts';
import { columned } from './figures.ts';

export interface AblationBench {
  /** Minutes of processor time for each variant and seed. */
  readonly minutes: number;
  readonly seeds: number;
  readonly rows: Readonly<Record<string, readonly RowFigures[]>>;
  readonly claims: readonly JudgedClaim[];
}

interface AblationOptions {
  only: readonly string[];
  seeds: number;
  minutes: number;
  out: string;
  json?: boolean;
}

export function addAblation(bench: Command, terminal: Terminal): void {
  bench
    .command('ablation')
    .description(
      "the papers' ablations at nano scale: each variant trains for the same processor time, with several seeds",
    )
    .option('--only <rows>', `of ${Object.keys(rows).join(', ')}`, parseRows, Object.keys(rows))
    .option('--seeds <count>', 'each variant is trained so many times', wholeNumber(1, 100), 3)
    .option('--minutes <number>', 'of processor time for each variant and seed', numberBetween(0.01, 1440), 1)
    .option('--out <folder>', 'where finished variants are kept; what is there is not run again', 'out/ablation')
    .option('--json', 'print one JSON document instead of tables')
    .action(async ({ only, json, ...how }: AblationOptions) => {
      const { ablate } = await import('../../ablation/ablate.ts');
      const { usualSizes } = await import('../../ablation/contextRows.ts');
      const { usualAnswers } = await import('../../ablation/answerRows.ts');
      const sizes = { sizes: usualSizes, answers: usualAnswers };
      const task = { ...how, weights: embeddedWeights, variants: variantsOf(only), ...sizes };
      const made = benchOf(await ablate(task, terminal), only, how);
      terminal.print(json ? `${JSON.stringify(made)}\n` : ablationTables(made));
    });
}

function parseRows(text: string): string[] {
  const names = text.split(',');
  const unknown = names.find((name) => !Object.hasOwn(rows, name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`There is no row "${unknown}"; rows are ${Object.keys(rows).join(', ')}.`);
}

export function benchOf(
  results: readonly AblationResult[],
  only: readonly string[],
  { minutes, seeds }: Pick<AblationBench, 'minutes' | 'seeds'>,
): AblationBench {
  return {
    ...{ minutes, seeds },
    rows: Object.fromEntries(only.map((row) => [row, rowFigures(results, field(rows, row, 'ablation rows'))])),
    claims: claims.filter(({ row }) => only.includes(row)).map((claim) => judged(claim, results)),
  };
}

export function ablationTables({ rows: tables, claims: all }: AblationBench): string {
  const texts = Object.entries(tables).map(([row, variants]) => rowTable(row, variants));
  const said = all.map(
    ({ says, verdict, difference, error }) => `${verdict}: ${says}; here ${signed(difference)} ± ${error.toFixed(3)}\n`,
  );
  return [...texts, said.join('')].join('\n');
}

function rowTable(row: string, variants: readonly RowFigures[]): string {
  const names = [...new Set(variants.flatMap(({ figures }) => Object.keys(figures)))];
  const cells = variants.map(({ variant, seeds, steps, seconds, figures }) => [
    ...[variant, String(seeds), steps.mean.toFixed(0), `${seconds.mean.toFixed(0)} s`],
    ...names.map((name) => {
      const own = figures[name];
      return own ? `${own.mean.toFixed(3)} ± ${own.deviation.toFixed(3)}` : '-';
    }),
  ]);
  return columned([[row, 'seeds', 'steps', 'trained', ...names], ...cells]);
}

const signed = (value: number): string => (value < 0 ? '' : '+') + value.toFixed(3);
