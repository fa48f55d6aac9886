// Foretells how far a step of several runs is and how long the run still takes, by what the parts of the step before took.
import { setImmediate } from 'node:timers/promises';
import type { PartOfStep } from '../../contract/learning.ts';

/** Called between the runs of a step: tells how many of a part's runs are over, and lets messages in, as a run blocks the event loop. */
export type BetweenRuns = (part: PartOfStep) => Promise<void>;

export const untold: BetweenRuns = async () => {};

export interface WithinStep {
  readonly part: PartOfStep;
  /** Steps that are over, and the share of the one under way. */
  readonly done: number;
  /** Of the run, and of the step under way; null: nobody knows yet. */
  readonly secondsLeft: number | null;
  readonly stepLeft: number | null;
}

/**
 * Parts in the order in which a step takes them. The first step is foretold by shares that a step of Seg-Zero-3B with answers of
 * 256 tokens roughly has: a row is read at the price of 1, learnt from at 3.5.
 */
const usualShares: Readonly<Partial<Record<PartOfStep['name'], number>>> = {
  ...{ sampling: 12, drawing: 2, comparing: 8, reading: 8, judging: 1, learning: 28, 'drawing gradients': 2 },
};

/** What is told more often, and of shorter steps, nobody reads. */
const secondsBetween = 0.25;
const leastSeconds = 2;
/** Less of a first step says too little of how long it takes. */
const leastShare = 0.05;

export class StepClock {
  private readonly steps: number;
  private readonly tell: (within: WithinStep) => void;
  private readonly now: () => number;
  private shares: Readonly<Record<string, number>> = usualShares;
  private readonly begins = new Map<string, number>();
  private step = 0;
  private begun = 0;
  private share = 0;
  private told = Number.NEGATIVE_INFINITY;
  /** Of the step before. */
  private seconds: number | null = null;

  constructor(steps: number, tell: (within: WithinStep) => void = () => {}, now = () => performance.now() / 1000) {
    this.steps = steps;
    this.tell = tell;
    this.now = now;
  }

  /** `step`: how many are over. */
  begin(step: number): void {
    this.step = step;
    this.begun = this.now();
    this.share = 0;
    this.begins.clear();
  }

  end(): void {
    const times = [...this.begins.values(), this.now()];
    const took = [...this.begins.keys()].map((name, i) => [name, (times[i + 1] ?? 0) - (times[i] ?? 0)] as const);
    if (took.length > 0) this.shares = Object.fromEntries(took);
    this.seconds = this.now() - this.begun;
  }

  readonly between: BetweenRuns = async (part) => {
    if (!this.begins.has(part.name)) this.begins.set(part.name, this.now());
    // Answers that teach nothing are sampled anew: what is told does not go back.
    this.share = Math.max(this.share, this.shareAt(part));
    const isLong = (this.seconds ?? this.now() - this.begun) >= leastSeconds;
    const isTimely = isLong && this.now() - this.told >= secondsBetween;
    if (isTimely) {
      this.told = this.now();
      this.tell({ part, done: this.step + this.share, ...this.left() });
    }
    await setImmediate();
  };

  private shareAt({ name, done, of }: PartOfStep): number {
    const names = Object.keys(this.shares);
    const sumOf = (some: readonly string[]) => some.reduce((sum, one) => sum + (this.shares[one] ?? 0), 0);
    const before = sumOf(names.slice(0, Math.max(0, names.indexOf(name))));
    return (before + ((this.shares[name] ?? 0) * done) / of) / sumOf(names);
  }

  private left(): Pick<WithinStep, 'secondsLeft' | 'stepLeft'> {
    const passed = this.now() - this.begun;
    const whole = this.seconds ?? (this.share < leastShare ? null : passed / this.share);
    if (whole === null) return { secondsLeft: null, stepLeft: null };
    const stepLeft = whole * (1 - this.share);
    return { stepLeft, secondsLeft: stepLeft + (this.steps - this.step - 1) * whole };
  }
}
