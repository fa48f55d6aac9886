// Rows of ablations to figures: each variant with each seed is a file of its own once it is done, so that a stopped bench goes on.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../contract/badinput.ts';
import { rasterise } from '../pictures/image.ts';
import { buildAtlas } from '../scenes/atlas.ts';
import { makeScene } from '../scenes/make.ts';
import { seedOf } from '../scenes/split.ts';
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
  /** Of processor time, that this variant could train. */
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
    const opening = { seed, scenes, sizes: task.sizes };
    const bench = await openContextBench(task.weights, opening, watched.signal);
    try {
      for (const job of jobs.filter((one) => one.seed === seed)) {
        const result = await resultOf(job, { bench, task, signal: watched.signal });
        await keep(result, task.out);
        results.push(result);
        clock.done += 1;
        watched.note(progressLine(result, { of: wanted, at: results.length, left: leftOf(clock, jobs.length) }));
      }
    } finally {
      await bench.reader.release();
    }
  }
  return results;
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
  // Apart from what the weights were trained and are evaluated on.
  return (split, index) => makeScene(atlas, seedOf(split, (split === 'train' ? 700_000_000 : 900_000) + index));
}

interface Running {
  readonly bench: ContextBench;
  readonly task: AblationTask;
  readonly signal: AbortSignal;
}

async function resultOf({ name, variant, seed }: Job, { bench, task, signal }: Running): Promise<AblationResult> {
  signal.throwIfAborted();
  const work = path.join(task.out, `${name}.${seed}.work`);
  const measured: MeasuredVariant =
    variant.kind === 'context'
      ? await measureContext(bench, variant, { seconds: task.minutes * 60, work, signal })
      : await measurePipeline(bench, variant, signal);
  return { variant: name, seed, minutes: task.minutes, ...measured };
}

const fileOf = (out: string, { variant, seed }: Pick<AblationResult, 'variant' | 'seed'>): string =>
  path.join(out, `${variant}.${seed}.json`);

/** Whole or not at all. */
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
