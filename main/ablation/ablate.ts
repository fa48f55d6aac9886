// Runs the rows of ablations and gives figures: each variant with each seed writes a file once it is done, so that a stopped bench goes on.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../contract/badInput.ts';
import { rasterise } from '../pictures/image.ts';
import { buildAtlas } from '../scenes/atlas.ts';
import { makeScene } from '../scenes/make.ts';
import { seedOf } from '../scenes/split.ts';
import { type AnswerBench, type AnswerSizes, measureAnswers, openAnswerBench } from './answerRows.ts';
import {
  type ContextBench,
  type ContextSizes,
  type MeasuredVariant,
  measureContext,
  measurePipeline,
  openContextBench,
  type Scenes,
} from './contextRows.ts';
import { type Variant, variants } from './rows.ts';

const Result = z.strictObject({
  variant: z.string(),
  seed: z.int(),
  /** Processor time that this variant could train for. */
  minutes: z.number(),
  steps: z.int(),
  seconds: z.number(),
  figures: z.record(z.string(), z.number()),
});
export type AblationResult = z.infer<typeof Result>;

export interface AblationTask {
  readonly weights: string;
  /** Where finished variants lie. */
  readonly out: string;
  readonly variants: readonly string[];
  readonly seeds: number;
  readonly minutes: number;
  readonly sizes: ContextSizes;
  readonly answers: AnswerSizes;
}

interface Watched {
  readonly signal: AbortSignal;
  note(line: string): void;
}

interface Job {
  readonly name: string;
  readonly variant: Variant;
  readonly seed: number;
}

/** Seed after seed, as variants of one seed share what was read of its scenes. */
export async function ablate(task: AblationTask, watched: Watched): Promise<AblationResult[]> {
  await mkdir(task.out, { recursive: true });
  const results = await finished(task);
  const jobs = jobsOf(task).filter(
    ({ name, seed }) => !results.some((one) => one.variant === name && one.seed === seed),
  );
  const wanted = results.length + jobs.length;
  const clock = { begun: performance.now(), done: 0 };
  const scenes = jobs.length > 0 ? await drawnScenes() : null;
  for (const seed of new Set(jobs.map((job) => job.seed))) {
    if (!scenes) break;
    const benches = benchesOf(task, { seed, scenes, signal: watched.signal });
    try {
      for (const job of jobs.filter((one) => one.seed === seed)) {
        const result = await resultOf(job, { benches, task, signal: watched.signal });
        await keep(result, task.out);
        results.push(result);
        clock.done += 1;
        watched.note(progressLine(result, { of: wanted, at: results.length, left: leftOf(clock, jobs.length) }));
      }
    } finally {
      await benches.release();
    }
  }
  return results;
}

/** What variants of a seed share, each opened when one of them needs it. */
interface Benches {
  context(): Promise<ContextBench>;
  answers(): Promise<AnswerBench>;
  release(): Promise<void>;
}

function benchesOf(
  { weights, sizes, answers: answerSizes, out }: AblationTask,
  { seed, scenes, signal }: { seed: number; scenes: Scenes; signal: AbortSignal },
): Benches {
  const opening = { seed, scenes, work: path.join(out, `start.${seed}.work`) };
  let context: Promise<ContextBench> | null = null;
  let answers: Promise<AnswerBench> | null = null;
  return {
    context: () => (context ??= openContextBench(weights, { seed, scenes, sizes }, signal)),
    answers: () => (answers ??= openAnswerBench(weights, { ...opening, sizes: answerSizes }, signal)),
    release: async () => (await context)?.reader.release(),
  };
}

const jobsOf = ({ variants: names, seeds }: AblationTask): Job[] =>
  Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) =>
    names.flatMap((name) => {
      const variant = variants[name];
      return variant ? [{ name, variant, seed }] : [];
    }),
  );

async function drawnScenes(): Promise<Scenes> {
  const atlas = await buildAtlas(rasterise);
  // Scenes that the weights were neither trained nor evaluated on.
  return (split, index) => makeScene(atlas, seedOf(split, (split === 'train' ? 700_000_000 : 900_000) + index));
}

interface Running {
  readonly benches: Benches;
  readonly task: AblationTask;
  readonly signal: AbortSignal;
}

async function resultOf({ name, variant, seed }: Job, running: Running): Promise<AblationResult> {
  running.signal.throwIfAborted();
  const work = path.join(running.task.out, `${name}.${seed}.work`);
  return { variant: name, seed, minutes: running.task.minutes, ...(await measured(variant, work, running)) };
}

async function measured(
  variant: Variant,
  work: string,
  { benches, task: { minutes }, signal }: Running,
): Promise<MeasuredVariant> {
  const budget = { seconds: minutes * 60, work, signal };
  if (variant.kind === 'answers') return measureAnswers(await benches.answers(), variant, budget);
  const bench = await benches.context();
  return variant.kind === 'context' ? measureContext(bench, variant, budget) : measurePipeline(bench, variant, signal);
}

const fileOf = (out: string, { variant, seed }: Pick<AblationResult, 'variant' | 'seed'>): string =>
  path.join(out, `${variant}.${seed}.json`);

/** Writes the file whole or not at all. */
async function keep(result: AblationResult, out: string): Promise<void> {
  const file = fileOf(out, result);
  await writeFile(`${file}.tmp`, `${JSON.stringify(result, null, 1)}\n`);
  await rename(`${file}.tmp`, file);
}

/** What an earlier call left of this task's own variants and seeds. */
async function finished({ out, variants: names, seeds, minutes }: AblationTask): Promise<AblationResult[]> {
  const all: AblationResult[] = [];
  for (const name of (await readdir(out)).filter((one) => one.endsWith('.json')).toSorted()) {
    const file = path.join(out, name);
    const read = Result.safeParse(parsed(await readFile(file, 'utf8')));
    if (!read.success) throw new BadInput(`${file}: is no result of this bench; move it away or choose another --out`);
    const { data } = read;
    if (!existsSync(fileOf(out, data)) || !names.includes(data.variant) || data.seed > seeds) continue;
    if (data.minutes !== minutes)
      throw new BadInput(
        `${file}: was run with --minutes ${data.minutes}, not ${minutes}, and budgets must be alike; choose another --out`,
      );
    all.push(data);
  }
  return all;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Minutes. */
const leftOf = ({ begun, done }: { begun: number; done: number }, jobs: number): number =>
  ((performance.now() - begun) / done / 60_000) * (jobs - done);

function progressLine(
  { variant, seed, steps, figures }: AblationResult,
  { at, of, left }: { at: number; of: number; left: number },
): string {
  const numbers = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(3)}`);
  return `${at}/${of}  ${variant} seed ${seed}: ${steps} steps  ${numbers.join('  ')}  ${left.toFixed(1)} min left\n`;
}
