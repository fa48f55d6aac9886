// Averages the figures of training steps between two reports, with speed and the time that is left.

export interface StepProgress {
  stage: string;
  step: number;
  steps: number;
  samplesPerSecond: number;
  secondsLeft: number;
  /** Means since the last report; where answers have a length, also the tokens that are learnt from in a second. */
  figures: Record<string, number>;
}

const reportEvery = 10;
/** Seconds after which a report is made of fewer steps. */
const reportAfter = 10;

/** Averages figures and speed between reports. */
export class StepMeter {
  private readonly run: { name: string; steps: number; perStep: number };
  private sums: Record<string, number> = {};
  private count = 0;
  private readonly now: () => number;
  private since: number;

  /** `now` counts in seconds. */
  constructor(
    run: { name: string; steps: number; perStep: number },
    now: () => number = () => performance.now() / 1000,
  ) {
    this.run = run;
    this.now = now;
    this.since = now();
  }

  /** Null: too few steps since the last report; `isLast`: no other step follows, be it planned so or stopped. */
  add(step: number, figures: Record<string, number>, isLast: boolean): StepProgress | null {
    for (const [name, value] of Object.entries(figures)) this.sums[name] = (this.sums[name] ?? 0) + value;
    this.count++;
    const { name: stage, steps: total, perStep } = this.run;
    const passed = this.now() - this.since;
    if (this.count < reportEvery && passed < reportAfter && !isLast) return null;
    const seconds = passed / this.count;
    const means = Object.fromEntries(Object.entries(this.sums).map(([k, v]) => [k, v / this.count]));
    this.sums = {};
    this.count = 0;
    this.since = this.now();
    const speed = { samplesPerSecond: perStep / seconds, secondsLeft: (total - step) * seconds };
    const { length } = means;
    const all = length === undefined ? means : { ...means, tokensPerSecond: (perStep * length) / seconds };
    return { stage, step, steps: total, ...speed, figures: all };
  }
}
