// One stage of the nano's training: a graph, batches by step number, AdamW; it can be killed at any time and goes on.

import { existsSync } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { grad } from '../../models/graph/grad.ts';
import type { Tensor } from '../../models/graph/tensor.ts';
import type { NamedValues, Runner } from '../../models/graph/value.ts';
import { Session } from '../../models/runtime/session.ts';
import { Trainer, type TrainerSettings } from '../../models/train/trainer.ts';
import { loadCheckpoint, saveCheckpoint } from '../learn/checkpoint.ts';
import type { Parameters } from './parameters.ts';

export interface StageGraph {
  loss: Tensor;
  /** Numbers to watch, by name. */
  figures: Record<string, Tensor>;
  /** Every parameter that the graph reads, by key. */
  parameters: ReadonlyMap<string, Tensor>;
  /** Which of them are trained. */
  trains(name: string): boolean;
}

export interface StagePlan {
  name: string;
  steps: number;
  settings: TrainerSettings;
  /** Feeds of one step; must depend on the step number only, so that a resumed run sees the same data. */
  batch(step: number): Promise<NamedValues>;
  /** Samples in a batch, for the throughput. */
  samples: number;
}

export interface StageContext {
  /** Where checkpoints and curves go. */
  folder: string;
  parameters: Parameters;
  report(progress: Progress): void;
  signal?: AbortSignal;
}

export interface Progress {
  stage: string;
  step: number;
  steps: number;
  samplesPerSecond: number;
  secondsLeft: number;
  /** Means since the last report. */
  figures: Record<string, number>;
}

const reportEvery = 25;
const saveEvery = 250;

/** Trains until `steps`; the parameters are changed in place. A finished stage is read back, not run again. */
export async function runStage(plan: StagePlan, graph: StageGraph, context: StageContext): Promise<void> {
  await mkdir(context.folder, { recursive: true });
  const names = [...graph.parameters.keys()];
  const trained = names.filter((name) => graph.trains(name));
  const trainer = new Trainer(new Map(trained.map((n) => [n, context.parameters.values(n)])), plan.settings);
  const file = path.join(context.folder, `${plan.name}.safetensors`);
  if (existsSync(file)) trainer.restore((await loadCheckpoint(file, z.unknown())).trainer);
  if (trainer.step >= plan.steps) return;
  const session = await openSession(graph, trained);
  const frozen = context.parameters.feeds(names.filter((name) => !graph.trains(name)));
  try {
    await trainSteps(trainer, {
      plan,
      context,
      file,
      runner: { run: (feeds) => session.run({ ...frozen, ...feeds }) },
    });
  } finally {
    await session.release();
  }
}

interface Steps {
  plan: StagePlan;
  context: StageContext;
  file: string;
  runner: Pick<Runner, 'run'>;
}

async function trainSteps(trainer: Trainer, { plan, context, file, runner }: Steps): Promise<void> {
  const meter = new Meter(plan);
  while (trainer.step < plan.steps && !context.signal?.aborted) {
    const figures = await trainer.accumulate(runner, await plan.batch(trainer.step));
    const { gradientNorm } = trainer.update();
    const progress = meter.add(trainer.step, { ...numbers(figures), gradientNorm });
    if (progress) await publish(progress, context);
    if (trainer.step % saveEvery === 0 || trainer.step === plan.steps || context.signal?.aborted)
      await saveCheckpoint(file, { trainer: trainer.state(), progress: null });
  }
}

function openSession({ loss, figures, parameters }: StageGraph, trained: readonly string[]): Promise<Session> {
  const tensors = trained.map((name) => {
    const tensor = parameters.get(name);
    if (!tensor) throw new Error(`The graph has no parameter ${name}.`);
    return tensor;
  });
  const gradients = grad(loss, tensors).map((g, i) => [`grad.${trained[i]}`, g] as const);
  return Session.create({ loss, ...figures, ...Object.fromEntries(gradients) }, { purpose: 'train' });
}

const numbers = (outputs: NamedValues): Record<string, number> =>
  Object.fromEntries(Object.entries(outputs).map(([name, data]) => [name, Number(data[0] ?? Number.NaN)]));

/** Averages figures and speed between reports. */
class Meter {
  private readonly plan: StagePlan;
  private sums: Record<string, number> = {};
  private count = 0;
  private since = performance.now();

  constructor(plan: StagePlan) {
    this.plan = plan;
  }

  add(step: number, figures: Record<string, number>): Progress | null {
    for (const [name, value] of Object.entries(figures)) this.sums[name] = (this.sums[name] ?? 0) + value;
    this.count++;
    const { name: stage, steps, samples } = this.plan;
    if (this.count < reportEvery && step < steps) return null;
    const seconds = (performance.now() - this.since) / 1000 / this.count;
    const means = Object.fromEntries(Object.entries(this.sums).map(([k, v]) => [k, v / this.count]));
    this.sums = {};
    this.count = 0;
    this.since = performance.now();
    return {
      stage,
      step,
      steps,
      samplesPerSecond: samples / seconds,
      secondsLeft: (steps - step) * seconds,
      figures: means,
    };
  }
}

/** Curves are lines of JSON, appended, so that a killed run loses none. */
async function publish(progress: Progress, context: StageContext): Promise<void> {
  const { stage, step, figures } = progress;
  await appendFile(path.join(context.folder, 'curves.jsonl'), `${JSON.stringify({ stage, step, ...figures })}\n`);
  context.report(progress);
}
