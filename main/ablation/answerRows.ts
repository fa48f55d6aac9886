// Trains variants that learn answers, all from one policy: by what answers should be, or by what they earn.
import { mkdir, rm } from 'node:fs/promises';
import { entry } from '../contract/lookup.ts';
import { random } from '../contract/random.ts';
import type { Mask } from '../contract/records.ts';
import { gIoU, overlapOf } from '../evaluate/metrics.ts';
import { type ShiftedPicture, shiftedNames, shiftedPictures } from '../evaluate/shiftedDomain.ts';
import { type Policy, type Run, train } from '../learn/loop/loop.ts';
import { drawnWithSeeds } from '../learn/rl/groups.ts';
import { openGroups, type RewardedPolicy } from '../learn/rl/reinforcement.ts';
import { rewardedBatch, rewardedPolicy, rewardedRun, type UnseededQuestion } from '../learn/rl/rlTier.ts';
import { hasRoom } from '../learn/rl/rollouts.ts';
import { isContext } from '../nano/context/contextGraph.ts';
import { nanoInitialiser, seeded } from '../nano/parameters/initialValues.ts';
import { questionOf } from '../nano/reinforce.ts';
import { meantMask } from '../reward/objects.ts';
import { questionsAbout, supervisedAnswers, withoutReasoning } from './answerSupervision.ts';
import { limited } from './budget.ts';
import type { MeasuredVariant, Scenes } from './contextRows.ts';
import type { AnswerVariant } from './rows.ts';

export interface AnswerSizes {
  /** Pictures that are learnt from, and supervised steps from the weights to where all variants begin. */
  readonly pictures: number;
  readonly warm: number;
  /** Questions of each of the three kinds that are measured. */
  readonly asked: number;
}

/** After 60 steps answers to the names that are learnt came to 0.11, which is too seldom right to be rewarded. */
export const usualAnswers: AnswerSizes = { pictures: 24, warm: 240, asked: 24 };

/** Names that are learnt in another style; as many others of that style are only asked for. */
const learntNames = 8;
/** More steps than any budget allows. */
const endless = 10_000;
const STREAM = { names: 91, asked: 92 };
const apart = { held: 1000, shifted: 2000 };

/** Everything that variants of a seed share. */
export interface AnswerBench {
  readonly seed: number;
  readonly policy: RewardedPolicy;
  /** Values where every variant begins. */
  readonly start: Readonly<Record<string, Float32Array>>;
  readonly shown: readonly ShiftedPicture[];
  readonly names: readonly string[];
  /** Questions by the figure that is measured on them. */
  readonly asked: Readonly<Record<string, readonly UnseededQuestion[]>>;
}

interface Opening {
  readonly seed: number;
  readonly scenes: Scenes;
  readonly sizes: AnswerSizes;
  /** The run is made in a folder of which nothing stays. */
  readonly work: string;
}

/** The start learns answers of both forms, as rewards teach nothing to a policy that never gives a right one. */
export async function openAnswerBench(
  folder: string,
  { seed, scenes, sizes, work }: Opening,
  signal: AbortSignal,
): Promise<AnswerBench> {
  const policy = await rewardedPolicy(folder);
  const shuffled = random(seed, STREAM.names).shuffle(shiftedNames.known);
  const [names, others] = [shuffled.slice(0, learntNames), shuffled.slice(learntNames)];
  const shown = await shiftedPictures(names, { seed, count: sizes.pictures });
  const held = await shiftedPictures(names, { seed: seed + apart.held, count: sizes.asked });
  const shifted = await shiftedPictures(others, { seed: seed + apart.shifted, count: sizes.asked });
  const own = Array.from({ length: sizes.asked }, (_, i) => scenes('test', seed * sizes.asked + i));
  const some = (all: readonly UnseededQuestion[]) =>
    random(seed, STREAM.asked)
      .shuffle(all.filter((one) => one.objects.length > 0 && hasRoom(policy.parts, one, rewardedBatch)))
      .slice(0, sizes.asked);
  const asked = {
    gIoU: some(questionsAbout(held, names)),
    'shifted gIoU': some(questionsAbout(shifted, others)),
    'own scenes': some(own.flatMap((scene) => scene.prompts.map((prompt) => questionOf(scene, prompt, 0)))),
  };
  const warming = supervisedAnswers(policy, shown, { names, form: 'both', seed, steps: sizes.warm });
  await trainedIn(work, warming, { signal });
  return { seed, policy, shown, names, asked, start: policy.parameters.snapshot(policy.parameters.all.keys()) };
}

/** Trains in a folder that is there for this run alone; the run ends when its steps or its time are used up. */
async function trainedIn<P extends Policy, S, B>(
  folder: string,
  run: Run<P, S, B>,
  { signal, over }: { signal: AbortSignal; over?: AbortSignal },
): Promise<void> {
  // What an interrupted run left would go on without its clock.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    const until = over ? AbortSignal.any([over, signal]) : signal;
    await train(run, { folder, signal: until, saveEvery: endless, report: () => {} });
    signal.throwIfAborted();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Budget {
  /** Processor time of the training. */
  readonly seconds: number;
  readonly work: string;
  readonly signal: AbortSignal;
}

export async function measureAnswers(
  bench: AnswerBench,
  variant: AnswerVariant,
  { seconds, work, signal }: Budget,
): Promise<MeasuredVariant> {
  begin(bench, variant);
  const policy: RewardedPolicy = { ...bench.policy, earns: variant.earns };
  const done =
    variant.by === 'nothing'
      ? { steps: 0, seconds: 0 }
      : variant.by === 'supervised'
        ? await within(seconds, supervisedRun(bench, variant), { work, signal })
        : await within(seconds, rewardsRun(policy, bench, variant), { work, signal });
  return { ...done, figures: await figuresOf(policy, bench, { variant, signal }) };
}

/** The parameters are those of the bench: each variant puts them back to where all begin. */
function begin({ policy: { parameters }, start, seed }: AnswerBench, { aligned }: AnswerVariant): void {
  for (const [name, values] of Object.entries(start)) parameters.values(name).set(values);
  if (aligned) return;
  const first = seeded(seed, nanoInitialiser({ name: 'none', lines: [] }));
  for (const [name, { shape, values }] of parameters.all) if (isContext(name)) values.set(first(name, shape));
}

async function within<P extends Policy, S, B>(
  seconds: number,
  run: Run<P, S, B>,
  { work, signal }: Pick<Budget, 'work' | 'signal'>,
): Promise<{ steps: number; seconds: number }> {
  const { run: short, over, done } = limited(run, seconds);
  await trainedIn(work, short, { signal, over });
  return done();
}

const supervisedRun = ({ policy, shown, names, seed }: AnswerBench, { reasons }: AnswerVariant) =>
  supervisedAnswers(policy, shown, { names, form: reasons ? 'reasoned' : 'bare', seed: seed + 1, steps: endless });

/** Trains as the tier does, at the rate that the tier begins with. */
function rewardsRun(policy: RewardedPolicy, { shown, names, seed }: AnswerBench, { reasons }: AnswerVariant) {
  const asked = questionsAbout(shown, names, reasons ? undefined : withoutReasoning);
  const fitting = asked.filter((one) => hasRoom(policy.parts, one, rewardedBatch));
  const run = rewardedRun(policy, fitting, { steps: endless, seed });
  return { ...run, settings: { ...run.settings, schedule: { ...run.settings.schedule, kind: 'constant' as const } } };
}

/** Measures the likeliest answer to each question, by the masks that a person would see. */
async function figuresOf(
  policy: RewardedPolicy,
  { asked, seed }: AnswerBench,
  { variant, signal }: { variant: AnswerVariant; signal: AbortSignal },
): Promise<Record<string, number>> {
  const groups = await openGroups(surest(policy), { ...rewardedBatch, questions: 1, turns: 1 });
  const begun = variant.reasons ? undefined : withoutReasoning;
  const figures: Record<string, number> = {};
  const formats: number[] = [];
  try {
    for (const [name, questions] of Object.entries(asked)) {
      const overlaps = [];
      for (const question of drawnWithSeeds(questions, questions.length, random(seed, STREAM.asked))) {
        signal.throwIfAborted();
        const { masks, rewards, image } = await groups.answered({ ...question, begun });
        const nothing: Mask = { size: [image.height, image.width], counts: [image.width * image.height] };
        overlaps.push(overlapOf(masks[0] ?? nothing, meantMask(question) ?? nothing));
        formats.push(entry(rewards, 0, 'rewards').format);
      }
      figures[name] = gIoU(overlaps);
    }
  } finally {
    await groups.release();
  }
  return { ...figures, format: formats.reduce((sum, one) => sum + one, 0) / Math.max(1, formats.length) };
}

/** The same policy, which always writes its likeliest answer. */
function surest(policy: RewardedPolicy): RewardedPolicy {
  const { recipe } = policy.parts;
  const { reasoner } = recipe;
  const sampling = { ...reasoner.sampling, several: { ...reasoner.sampling.several, temperature: 0 } };
  return { ...policy, parts: { ...policy.parts, recipe: { ...recipe, reasoner: { ...reasoner, sampling } } } };
}
