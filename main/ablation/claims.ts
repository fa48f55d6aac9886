// Computes mean and spread over seeds, and says whether a paper's claim holds here, does not, or lies within noise.
import type { AblationResult } from './ablate.ts';
import type { Claim } from './rows.ts';

export interface SeedSpread {
  readonly mean: number;
  /** Standard deviation over the seeds; 0 of one seed. */
  readonly deviation: number;
}

export interface RowFigures extends Pick<AblationResult, 'variant'> {
  readonly seeds: number;
  readonly steps: SeedSpread;
  readonly seconds: SeedSpread;
  readonly figures: Readonly<Record<string, SeedSpread>>;
}

export type ClaimVerdict = 'holds' | 'does not hold' | 'within noise' | 'not run';

export interface JudgedClaim extends Claim {
  readonly verdict: ClaimVerdict;
  /** Mean of the differences of the same seed, and the standard error of that mean. */
  readonly difference: number;
  readonly error: number;
}

/** Variants in the order in which they are named. */
export function rowFigures(results: readonly AblationResult[], names: readonly string[]): RowFigures[] {
  return names.flatMap((variant) => {
    const own = results.filter((one) => one.variant === variant);
    const [first] = own;
    if (!first) return [];
    const over = (value: (one: AblationResult) => number) => spreadOf(own.map(value));
    const figures = Object.keys(first.figures).map((name) => [name, over((one) => figureOf(one, name))] as const);
    return [
      {
        ...{ variant, seeds: own.length, steps: over(({ steps }) => steps), seconds: over(({ seconds }) => seconds) },
        figures: Object.fromEntries(figures),
      },
    ];
  });
}

/** All seeds of a variant measure the same things. */
function figureOf({ variant, seed, figures }: AblationResult, name: string): number {
  const value = figures[name];
  if (value === undefined) throw new Error(`Variant "${variant}" of seed ${seed} lacks the figure "${name}".`);
  return value;
}

function spreadOf(values: readonly number[]): SeedSpread {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

/** Seeds draw scenes and first values alike for all variants, so differences are taken within a seed. */
export function judged(claim: Claim, results: readonly AblationResult[]): JudgedClaim {
  const figureOf = (variant: string, seed: number) =>
    results.find((one) => one.variant === variant && one.seed === seed)?.figures[claim.figure];
  const seeds = [...new Set(results.map(({ seed }) => seed))];
  const differences = seeds.flatMap((seed) => {
    const [more, less] = [figureOf(claim.more, seed), figureOf(claim.less, seed)];
    return more === undefined || less === undefined ? [] : [more - less];
  });
  const { mean, deviation } = spreadOf(differences);
  const error = deviation / Math.sqrt(Math.max(1, differences.length));
  return { ...claim, verdict: verdictOf(differences, error), difference: mean, error };
}

/** Student's t at 95 of 100, by differences less one: few seeds must agree closely. */
const bars = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26] as const;
const manySeeds = 2.2;

/** What a single seed says is noise until another says it, too. */
function verdictOf(differences: readonly number[], error: number): ClaimVerdict {
  if (differences.length === 0) return 'not run';
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const bar = bars[differences.length - 2] ?? manySeeds;
  if (differences.length < 2 || Math.abs(mean) <= bar * error) return 'within noise';
  return mean > 0 ? 'holds' : 'does not hold';
}
