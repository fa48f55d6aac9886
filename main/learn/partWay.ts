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

/** From all of what was trained to half of it. Less is no safer: rows of new words stand as trained beside weights that they were not trained with. */
const shares: readonly number[] = [1, 0.8, 0.65, 0.5];
/** Times that a score is asked for at most. */
export const tries = 1 + shares.length;
/** A quarter of what the gate allows: the share that passes is chosen partly by luck, and the gate asks other prompts. */
const mostLost = 0.005;

/** The largest share that keeps what was known, by `scoreAt` a mean IoU; where none does, the one that loses least. */
export async function shareThatKeeps(scoreAt: (share: number) => Promise<number>): Promise<number> {
  const before = await scoreAt(0);
  let best = { share: 1, score: Number.NEGATIVE_INFINITY };
  for (const share of shares) {
    const score = await scoreAt(share);
    if (score >= before - mostLost) return share;
    if (score > best.score) best = { share, score };
  }
  return best.share;
}
