// Fits a sum of small trees to measured gains and their features: gradient boosting on squared errors.
import { entry } from '../../contract/lookup.ts';
import { random } from '../../contract/random.ts';
import { treeValue } from '../../flow/segmenter/repairGain.ts';
import type { GainTree } from '../../weights/records/repairRecord.ts';

export interface MeasuredGain {
  readonly features: readonly number[];
  readonly gain: number;
}

export interface FittedGain {
  readonly base: number;
  readonly trees: readonly GainTree[];
}

/** Chosen on photographs of the training split, by folds of them. */
const habits = { trees: 140, depth: 3, rate: 0.06, share: 0.6, leastInLeaf: 6 } as const;
/** Thresholds that are tried for each feature of a node. */
const TRIES = 24;

/** The same numbers and seed give the same trees. */
export function fitGain(measured: readonly MeasuredGain[], seed = 1): FittedGain {
  const base = mean(measured.map(({ gain }) => gain));
  const left = Float64Array.from(measured, ({ gain }) => gain - base);
  const draws = random(seed, 7);
  const trees: GainTree[] = [];
  for (let i = 0; i < habits.trees && measured.length > 0; i++) {
    const some = [...measured.keys()].filter(() => draws.chance(habits.share));
    const tree = scaled(grown({ measured, left }, some, habits.depth));
    measured.forEach(({ features }, j) => {
      left[j] = (left[j] ?? 0) - treeValue(tree, features);
    });
    trees.push(tree);
  }
  return { base, trees };
}

export const fittedValue = ({ base, trees }: FittedGain, features: readonly number[]): number =>
  trees.reduce<number>((sum, tree) => sum + treeValue(tree, features), base);

interface Residuals {
  readonly measured: readonly MeasuredGain[];
  /** What the trees so far leave unexplained. */
  readonly left: Float64Array;
}

/** The split that explains most, and so on below it. */
function grown(data: Residuals, rows: readonly number[], depth: number): GainTree {
  const own = mean(rows.map((row) => data.left[row] ?? 0));
  const split = depth > 0 ? bestSplit(data, rows) : null;
  if (!split) return own;
  const isBelow = (row: number) => featureOf(data, row, split.feature) < split.threshold;
  const below = rows.filter(isBelow);
  const above = rows.filter((row) => !isBelow(row));
  return [split.feature, split.threshold, grown(data, below, depth - 1), grown(data, above, depth - 1)];
}

const featureOf = ({ measured }: Pick<Residuals, 'measured'>, row: number, feature: number): number =>
  entry(entry(measured, row, 'measured gains').features, feature, 'features of a gain');

interface Split {
  readonly feature: number;
  readonly threshold: number;
  /** How much of the squared errors it removes. */
  readonly worth: number;
}

function bestSplit({ measured, left }: Residuals, rows: readonly number[]): Split | null {
  const count = measured[0]?.features.length ?? 0;
  const total = rows.reduce((sum, row) => sum + (left[row] ?? 0), 0);
  let best: Split | null = null;
  for (let feature = 0; feature < count; feature++) {
    const at = (row: number) => featureOf({ measured }, row, feature);
    const sorted = rows.toSorted((a, b) => at(a) - at(b));
    const step = Math.max(1, Math.floor(sorted.length / TRIES));
    let below = 0;
    for (let i = 1; i < sorted.length; i++) {
      below += left[sorted[i - 1] ?? 0] ?? 0;
      const [before, here] = [at(sorted[i - 1] ?? 0), at(sorted[i] ?? 0)];
      const isTried = i % step === 0 && Math.min(i, sorted.length - i) >= habits.leastInLeaf && before < here;
      if (!isTried) continue;
      const worth = below ** 2 / i + (total - below) ** 2 / (sorted.length - i) - total ** 2 / sorted.length;
      if (worth > (best?.worth ?? 1e-12)) best = { feature, threshold: rounded((before + here) / 2), worth };
    }
  }
  return best;
}

/** Each tree counts a little, and its numbers are short enough to be read in a file. */
const scaled = (tree: GainTree): GainTree =>
  typeof tree === 'number' ? rounded(habits.rate * tree) : [tree[0], tree[1], scaled(tree[2]), scaled(tree[3])];

const rounded = (value: number): number => Number(value.toPrecision(5));

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
