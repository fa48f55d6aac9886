// The training loop: makes feeds of a step's samples, gradients of feeds and an AdamW step of gradients; a killed run goes on.
// J = loss(policy, batch): L_seg, cross-entropy, or for rewards mean of -exp(l - stopgrad(l)) * A + beta * k3, plus L_seg.
// Left out on purpose: data order (it follows from the step's number, so a resumed run sees the same) and validation.
import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { grad } from '../../../models/graph/grad.ts';
import type { Tensor } from '../../../models/graph/tensor.ts';
import type { NamedValues, Runner } from '../../../models/graph/value.ts';
import { Session } from '../../../models/runtime/session.ts';
import { checkFactors } from '../../../models/train/lora.ts';
import { detach, Trainer, type TrainerSettings } from '../../../models/train/trainer.ts';
import { StepMeter, type StepProgress } from './meter.ts';
import type { Parameters } from './parameters.ts';
import { SavedSteps } from './savedSteps.ts';
import { type BetweenRuns, StepClock, type WithinStep } from './stepClock.ts';

/** What is trained. */
export interface Policy {
  readonly parameters: Parameters;
}

export interface LossGraph {
  loss: Tensor;
  /** Numbers to watch, by name. */
  figures: Record<string, Tensor>;
  /** Every parameter that the graph reads, by key. */
  parameters: ReadonlyMap<string, Tensor>;
  /** Which of them are trained. */
  trains(name: string): boolean;
  /** Where weights lie that stay in their files; missing: there are none. */
  readonly folder?: string;
}

/** What a step minimises, for samples `S` in batches of a shape `B`. */
export interface Objective<P extends Policy, S, B> {
  graph(policy: P, shape: B): LossGraph;
  /** Gives the outputs of `stepOutputs` where one session would hold too much; default: one session of them. */
  step?(policy: P, shape: B, between: BetweenRuns): Pick<Runner, 'run'>;
  /** Parameters whose values before the run are needed; default: all that the graph reads. */
  before?(policy: P, shape: B): Iterable<string>;
  /**
   * Opens what turns samples into feeds. `reference` holds the policy as it was before the run, whether it is new or goes on;
   * `between` is called where feeds take runs that are long.
   */
  open(
    policy: P,
    shape: B,
    reference: Readonly<Record<string, Float32Array>>,
    between?: BetweenRuns,
  ): Promise<Feeder<S>>;
}

export interface Feeder<S> {
  /** Must depend on its arguments and on the policy only. */
  feed(samples: readonly S[], step: number): Promise<NamedValues>;
  release(): Promise<void>;
}

/** A run as one value. */
export interface Run<P extends Policy, S, B> {
  readonly name: string;
  readonly steps: number;
  readonly settings: TrainerSettings;
  readonly policy: P;
  readonly objective: Objective<P, S, B>;
  readonly shape: B;
  /** Samples of one step; must depend on the step's number only. */
  samples(step: number): readonly S[];
  /** Answers, masks or prompts that a step learns from, for the throughput. */
  readonly perStep: number;
}

export interface RunContext {
  /** Where checkpoints and curves go. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  /** Steps between two checkpoints. Default 250. */
  readonly saveEvery?: number;
  /** Whether every step between them is saved too, in a way that outlives a kill but perhaps no power cut. Default: no. */
  readonly saveEach?: boolean;
  report(progress: StepProgress): void;
  /** How far a step of several runs is. */
  within?(step: WithinStep): void;
}

const usualSaveEvery = 250;

/** Trains until `steps`; the policy is changed in place. A finished run is read back, not made again. */
export async function train<P extends Policy, S, B>(run: Run<P, S, B>, context: RunContext): Promise<void> {
  await mkdir(context.folder, { recursive: true });
  const { parameters } = run.policy;
  const graph = run.objective.graph(run.policy, run.shape);
  checkFactors(parameters.all.keys(), graph.parameters);
  const names = [...graph.parameters.keys()];
  const trained = names.filter((name) => graph.trains(name));
  const trainer = new Trainer(new Map(trained.map((n) => [n, parameters.values(n)])), run.settings);
  const { folder, saveEvery: every = usualSaveEvery, saveEach: each = false } = context;
  const saved = new SavedSteps({ folder, name: run.name, every, each });
  const reference = snapshotBefore(run, names);
  await goOn(trainer, saved);
  if (trainer.step >= run.steps) return saved.dropInTurn();
  const clock = new StepClock(run.steps, context.within);
  const feeder = await run.objective.open(run.policy, run.shape, reference, clock.between);
  try {
    const session = await stepOf(run, { graph, trained, between: clock.between });
    const frozen = parameters.feeds(names.filter((name) => !graph.trains(name)));
    const runner: Pick<Runner, 'run'> = { run: (feeds) => session.run({ ...frozen, ...feeds }) };
    try {
      await steps(trainer, { run, context, saved, feeder, runner, clock });
    } finally {
      await session.release();
    }
  } finally {
    await feeder.release();
  }
}

/** Seconds of a step beside which what the first one takes for its memory is little. */
const longStep = 20;

/** Times a run's first step without learning: the second of two, as the first one allocates memory, unless that is long enough. */
export async function secondsPerStep<P extends Policy, S, B>(
  run: Run<P, S, B>,
  within?: (step: WithinStep) => void,
): Promise<number> {
  const graph = run.objective.graph(run.policy, run.shape);
  const names = [...graph.parameters.keys()];
  const reference = snapshotBefore(run, names);
  const clock = new StepClock(1, within);
  const feeder = await run.objective.open(run.policy, run.shape, reference, clock.between);
  const trained = names.filter((name) => graph.trains(name));
  try {
    const session = await stepOf(run, { graph, trained, between: clock.between });
    try {
      const values = run.policy.parameters.feeds(names);
      const step = async () => {
        clock.begin(0);
        const started = performance.now();
        const outputs = await session.run({ ...values, ...(await feeder.feed(run.samples(0), 0)) });
        for (const output of Object.values(outputs)) if (output instanceof Float32Array) detach(output);
        return (performance.now() - started) / 1000;
      };
      const first = await step();
      return first < longStep ? await step() : first;
    } finally {
      await session.release();
    }
  } finally {
    await feeder.release();
  }
}

const snapshotBefore = <P extends Policy, S, B>({ policy, objective, shape }: Run<P, S, B>, names: readonly string[]) =>
  policy.parameters.snapshot(objective.before?.(policy, shape) ?? names);

async function stepOf<P extends Policy, S, B>(
  { policy, objective, shape }: Run<P, S, B>,
  { graph, trained, between }: { graph: LossGraph; trained: readonly string[]; between: BetweenRuns },
): Promise<Pick<Runner, 'run' | 'release'>> {
  const step = objective.step?.(policy, shape, between);
  if (step) return { run: (feeds) => step.run(feeds), release: async () => {} };
  const session = await openStep(graph, trained);
  const run: Runner['run'] = async (feeds) => {
    await between({ name: 'gradients', done: 0, of: 1 });
    return session.run(feeds);
  };
  return { run, release: () => session.release() };
}

/** What was read is let go of before the run begins: it is as large as what is trained with its moments. */
async function goOn(trainer: Trainer, saved: SavedSteps): Promise<void> {
  const newest = await saved.newest();
  if (newest) trainer.restore(newest);
}

interface Opened<P extends Policy, S, B> {
  run: Run<P, S, B>;
  context: RunContext;
  saved: SavedSteps;
  feeder: Feeder<S>;
  runner: Pick<Runner, 'run'>;
  clock: StepClock;
}

async function steps<P extends Policy, S, B>(trainer: Trainer, opened: Opened<P, S, B>): Promise<void> {
  const { run, context, saved, feeder, runner, clock } = opened;
  const { signal } = context;
  const meter = new StepMeter(run);
  while (trainer.step < run.steps && !signal?.aborted) {
    clock.begin(trainer.step);
    const feeds = await feeder.feed(run.samples(trainer.step), trainer.step);
    const figures = await trainer.accumulate(runner, feeds);
    const { gradientNorm } = trainer.update();
    const isLast = trainer.step === run.steps || signal?.aborted === true;
    await saved.save(trainer.state(), isLast);
    const progress = meter.add(trainer.step, { ...numbers(figures), gradientNorm }, isLast);
    clock.end();
    if (progress) await publish(progress, context);
  }
}

/** Loss, figures and the gradients of what is trained. */
export function stepOutputs(
  { loss, figures, parameters }: LossGraph,
  trained: readonly string[],
): Record<string, Tensor> {
  const tensors = trained.map((name) => {
    const tensor = parameters.get(name);
    if (!tensor) throw new Error(`The graph has no parameter ${name}.`);
    return tensor;
  });
  const gradients = grad(loss, tensors).map((g, i) => [`grad.${trained[i]}`, g] as const);
  return { loss, ...figures, ...Object.fromEntries(gradients) };
}

export const openStep = (graph: LossGraph, trained: readonly string[]): Promise<Session> =>
  Session.create(stepOutputs(graph, trained), { purpose: 'train', folder: graph.folder });

const numbers = (outputs: NamedValues): Record<string, number> =>
  Object.fromEntries(Object.entries(outputs).map(([name, data]) => [name, Number(data[0] ?? Number.NaN)]));

/** Curves are lines of JSON, appended, so that a killed run loses none. */
async function publish(progress: StepProgress, context: RunContext): Promise<void> {
  const { stage, step, figures, samplesPerSecond } = progress;
  await appendFile(
    path.join(context.folder, 'curves.jsonl'),
    `${JSON.stringify({ stage, step, ...figures, samplesPerSecond })}\n`,
  );
  context.report(progress);
}
