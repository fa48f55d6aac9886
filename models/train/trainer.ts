// Makes optimiser steps of micro-batches: gradients of sessions are summed, clipped and applied to parameters held here.
import type { NamedValues, Runner, Value } from '../graph/value.ts';
import { type AdamW, adamWDefaults, adamWStep, type Moments } from './adamw.ts';
import { clipFactor, firstNonFinite, globalNorm } from './clip.ts';
import { learningRate, type Schedule } from './schedule.ts';

type Values = Float32Array<ArrayBuffer>;

export interface TrainerSettings {
  schedule: Schedule;
  optimiser?: Partial<AdamW>;
  /** Limit of the norm of all gradients together; null: none. Default 1. */
  clipNorm?: number | null;
  /** Factor on the learning rate of single parameters; 0 keeps them as they are. Default 1. */
  rateOf?: (name: string) => number;
  /** Whether weight decay acts on a parameter. Default: on all. */
  decays?: (name: string) => boolean;
}

export interface StepReport {
  /** Counts from 1. */
  step: number;
  learningRate: number;
  /** The norm before clipping. */
  gradientNorm: number;
}

/** Everything that a resumed run needs to go on bit for bit, besides the caller's own random and data state. */
export interface TrainerState {
  step: number;
  parameters: ReadonlyMap<string, Values>;
  moments: ReadonlyMap<string, Moments>;
}

/** A number that is not a number ended the run; parameters and moments are those of the step before. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
}

const gradientPrefix = 'grad.';

export class Trainer {
  readonly parameters: ReadonlyMap<string, Values>;
  private readonly settings: TrainerSettings;
  private readonly optimiser: AdamW;
  private readonly moments = new Map<string, Moments>();
  private readonly gradients = new Map<string, Float32Array>();
  private done = 0;

  /** The arrays of `parameters` are changed in place. */
  constructor(parameters: ReadonlyMap<string, Values>, settings: TrainerSettings) {
    this.parameters = parameters;
    this.settings = settings;
    this.optimiser = { ...adamWDefaults, ...settings.optimiser };
  }

  /** Optimiser steps done. */
  get step(): number {
    return this.done;
  }

  /** Parameters go in under their names, gradients come out as `grad.NAME`: runs one micro-batch and adds `weight` times its gradients; hands back the other outputs. */
  async accumulate(runner: Pick<Runner, 'run'>, feeds: NamedValues, weight = 1): Promise<NamedValues> {
    const results = await runner.run({ ...feeds, ...Object.fromEntries(this.parameters) });
    const rest: Record<string, Value> = {};
    for (const [name, data] of Object.entries(results)) {
      if (name.startsWith(gradientPrefix)) this.addGradient(name.slice(gradientPrefix.length), data, weight);
      else rest[name] = data;
    }
    this.checkLosses(rest);
    return rest;
  }

  /** Clips what was accumulated and takes one AdamW step with it. */
  update(): StepReport {
    const gradientNorm = globalNorm(this.gradients.values());
    if (!Number.isFinite(gradientNorm)) this.stop([]);
    const { schedule, clipNorm = 1, rateOf, decays } = this.settings;
    const rate = learningRate(this.done, schedule);
    const gradientScale = clipFactor(gradientNorm, clipNorm);
    for (const [name, gradient] of this.gradients) {
      const factor = rateOf?.(name) ?? 1;
      if (factor === 0) continue;
      const weightDecay = (decays?.(name) ?? true) ? this.optimiser.weightDecay : 0;
      const how = { ...this.optimiser, weightDecay, learningRate: rate * factor, gradientScale };
      adamWStep(this.parameter(name), gradient, this.momentsOf(name), how);
    }
    this.dropGradients();
    this.done++;
    return { step: this.done, learningRate: rate, gradientNorm };
  }

  /** Live arrays, not copies: write them out before the next step. */
  state(): TrainerState {
    if (this.gradients.size > 0) throw new Error('A trainer can be saved only between steps: call update() first.');
    return { step: this.done, parameters: this.parameters, moments: this.moments };
  }

  /** Copies a saved state into the arrays held here. */
  restore({ step, parameters, moments }: TrainerState): void {
    for (const [name, values] of this.parameters) {
      const saved = parameters.get(name);
      if (saved?.length !== values.length)
        throw new Error(
          `The checkpoint holds ${saved?.length ?? 'no'} values for "${name}", which has ${values.length}.`,
        );
      values.set(saved);
    }
    this.dropGradients();
    this.moments.clear();
    for (const [name, { first, second, step: count }] of moments) {
      const length = this.parameters.get(name)?.length;
      if (first.length !== length || second.length !== length)
        throw new Error(
          `The checkpoint holds ${first.length} and ${second.length} moments for "${name}", which has ${length ?? 'no'} values.`,
        );
      this.moments.set(name, { first: first.slice(), second: second.slice(), step: count });
    }
    this.done = step;
  }

  private parameter(name: string): Values {
    const values = this.parameters.get(name);
    if (!values) throw new Error(`The session gives a gradient for "${name}", which is no parameter of this trainer.`);
    return values;
  }

  private momentsOf(name: string): Moments {
    const { length } = this.parameter(name);
    const found = this.moments.get(name) ?? {
      first: new Float32Array(length),
      second: new Float32Array(length),
      step: 0,
    };
    this.moments.set(name, found);
    return found;
  }

  private addGradient(name: string, data: Value, weight: number): void {
    const { length } = this.parameter(name);
    if (!(data instanceof Float32Array) || data.length !== length)
      throw new Error(`The gradient of "${name}" has ${data.length} values for ${length} parameters.`);
    const sum = this.gradients.get(name);
    if (!sum) {
      this.gradients.set(name, weight === 1 ? data : scale(data, weight));
      return;
    }
    for (let i = 0; i < length; i++) sum[i] = (sum[i] ?? 0) + weight * (data[i] ?? 0);
    detach(data);
  }

  /** Losses are looked at after every run; gradients only when a loss, or their norm, is wrong. */
  private checkLosses(outputs: NamedValues): void {
    const wrong = Object.entries(outputs).flatMap(([name, data]) =>
      data instanceof Float32Array && data.length === 1 && !Number.isFinite(data[0]) ? [`"${name}" is ${data[0]}`] : [],
    );
    if (wrong.length > 0) this.stop(wrong);
  }

  private stop(wrong: readonly string[]): never {
    const faults = [...wrong];
    for (const [name, gradient] of this.gradients) {
      const at = firstNonFinite(gradient);
      if (at >= 0) faults.push(`the gradient of "${name}" is ${gradient[at]} at element ${at}`);
    }
    this.dropGradients();
    const more = faults.length > 4 ? ` and ${faults.length - 4} more` : '';
    throw new NonFiniteError(`Step ${this.done + 1}: ${faults.slice(0, 4).join(', ')}${more}.`);
  }

  private dropGradients(): void {
    for (const gradient of this.gradients.values()) detach(gradient);
    this.gradients.clear();
  }
}

function scale(values: Float32Array, weight: number): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * weight;
  return values;
}

/** Frees a gradient now: left to the garbage collector, dead outputs pile up to three times their size. */
export function detach({ buffer }: Float32Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
