// Trained weights to a point on the way from where they began, as far as nothing known before is lost (WiSE-FT, Wortsman et al. 2022).
import type { Parameter } from './parameters.ts';

export interface Way {
  /** Values by parameter, before training. */
  readonly start: Readonly<Record<string, Float32Array>>;
  readonly end: ReadonlyMap<string, Parameter>;
  /** Rows that were not there before, of tables that have some: they are taken as trained. */
  isNew(name: string, row: number): boolean;
}

/** The values at `share` of the way: 0 is the start, 1 what was trained. */
export function partWay({ start, end, isNew }: Way, share: number): Map<string, Parameter> {
  const between = (name: string, { shape, values }: Parameter): Parameter => {
    const from = start[name];
    if (from?.length !== values.length) throw new Error(`${name} was not there before it was trained.`);
    const [rows = 1] = shape;
    const width = values.length / rows;
    const mixed = values.map((value, i) => {
      const before = from[i] ?? value;
      return isNew(name, Math.floor(i / width)) ? value : before + share * (value - before);
    });
    return { shape, values: mixed };
  };
  return new Map([...end].map(([name, parameter]) => [name, between(name, parameter)]));
}

/** From a third of what was trained to all of it. */
const shares: readonly number[] = [0.35, 0.5, 0.65, 0.8, 1];
/** Times that a score is asked for at most. */
export const tries = 1 + Math.ceil(Math.log2(shares.length + 1));
/** A quarter of what the gate allows: the largest share that passes is chosen partly by luck, and the gate asks other prompts. */
const mostLost = 0.005;

/**
 * The largest share that keeps what was known, by `scoreAt` a mean IoU; the smallest where none does. The further the
 * way, the more is lost: half of the shares that are left are decided by one score.
 */
export async function shareThatKeeps(scoreAt: (share: number) => Promise<number>): Promise<number> {
  const before = await scoreAt(0);
  let [kept, left] = [0, shares.length];
  while (kept < left) {
    const middle = (kept + left) >> 1;
    const keeps = (await scoreAt(shares[middle] ?? 1)) >= before - mostLost;
    if (keeps) kept = middle + 1;
    else left = middle;
  }
  return shares[Math.max(0, kept - 1)] ?? 1;
}
