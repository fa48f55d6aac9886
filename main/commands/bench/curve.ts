// `loupe bench teach --curve`: the same project taught with ever more corrected pictures, measured on the same held-out ones.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Job } from '../../contract/jobs.ts';
import type { Tier } from '../../contract/learning.ts';
import { shiftedDomain } from '../../evaluate/shiftedDomain.ts';
import { loadPredictor } from '../../flow/predict.ts';
import { Meter } from '../../jobs/queue/queue.ts';
import { folderOf, teachProject } from '../../jobs/teaching/teaching.ts';
import { clicksIn, measure, projectFigures } from '../../learn/gate/measure.ts';
import type { MeasuredImage } from '../../learn/samples/measuredImage.ts';
import type { Terminal } from '../../terminal.ts';
import { embeddedWeights } from '../../weights/embedded.ts';
import { heldImages } from '../eval/evalProject.ts';
import { columned } from './figures.ts';
import { type NamedPicture, picturedProject } from './picturedProject.ts';

/** Figures of the held-out pictures, after so many corrected ones; none: before anything was taught. */
export interface CurvePoint {
  readonly pictures: number;
  /** Whole answers to the words. */
  readonly gIoU: number;
  readonly cIoU: number;
  readonly box50: number;
  /** Masks under true boxes. */
  readonly masks: number;
  /** Mean clicks to an IoU of 0.85 and 0.90. */
  readonly noc85: number;
  readonly noc90: number;
  /** Whether the gate let the weights into use; null where nothing was taught. */
  readonly promoted: boolean | null;
  readonly minutes: number;
}

export interface LearningCurve {
  readonly tier: Tier | 'auto';
  readonly seed: number;
  /** Held-out pictures, prompts by words, and objects that were clicked at. */
  readonly held: number;
  readonly prompts: number;
  readonly objects: number;
  readonly points: readonly CurvePoint[];
}

export interface CurveTask {
  readonly seed: number;
  /** Corrected pictures of each run, in rising order. */
  readonly counts: readonly number[];
  readonly held: number;
  /** Minutes of each run. */
  readonly minutes: number;
  readonly tier: Tier | 'auto';
  /** Held-out objects that are clicked at. */
  readonly clicked: number;
  /** Prompts that are asked by words at most. Default: every one. */
  readonly worded?: number;
  /** Default: the embedded weights. */
  readonly weights?: string;
}

type Watched = Pick<Terminal, 'note' | 'signal'>;

/** Each run begins with the same weights, so that runs differ in their pictures alone. */
export async function benchCurve(task: CurveTask, terminal: Watched): Promise<LearningCurve> {
  const root = await mkdtemp(path.join(tmpdir(), 'loupe-bench-curve-'));
  const { seed, tier, held, counts } = task;
  try {
    const domain = await shiftedDomain(seed, Math.max(...counts) + held);
    const points: CurvePoint[] = [];
    let measured = { prompts: 0, objects: 0 };
    for (const count of counts) {
      const pictures = [...domain.pictures.slice(0, count), ...domain.pictures.slice(-held)];
      const folder = path.join(root, String(count));
      const run: CurveRun = { task, folder, pictures, names: [...domain.known, ...domain.new], count };
      const { before, after } = await taughtWith(run, { isFirst: points.length === 0 }, terminal);
      if (before) {
        points.push(before.point);
        measured = before;
      }
      points.push(after.point);
      terminal.note(`${count} pictures: ${JSON.stringify(after.point)}\n`);
    }
    return { tier, seed, held, prompts: measured.prompts, objects: measured.objects, points };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

interface CurveRun {
  readonly task: CurveTask;
  readonly folder: string;
  readonly pictures: readonly NamedPicture[];
  readonly names: readonly string[];
  readonly count: number;
}

interface MeasuredPoint {
  readonly point: CurvePoint;
  readonly prompts: number;
  readonly objects: number;
}

async function taughtWith(
  { task, folder, pictures, names, count }: CurveRun,
  { isFirst }: { isFirst: boolean },
  terminal: Watched,
): Promise<{ before: MeasuredPoint | null; after: MeasuredPoint }> {
  const weights = task.weights ?? embeddedWeights;
  const project = await picturedProject({ folder, pictures, names, held: task.held });
  try {
    const images = await heldImages(project);
    const told = { pictures: 0, promoted: null, minutes: 0 };
    const before = isFirst ? await pointOf(weights, images, { task, told, terminal }) : null;
    let last = '';
    const report = await teachProject(
      {
        ...{ project, weights, segmenter: null, tier: task.tier, minutes: task.minutes, seed: task.seed },
        fileOf: (image) => path.join(folder, image.path),
        heard: ({ phase, total }) => {
          if (phase !== last) terminal.note(`${count} pictures: ${phase} ${total ?? ''}\n`);
          last = phase;
        },
      },
      new Meter(terminal.signal, (_: Partial<Job>) => {}),
    );
    const [version] = project.versions();
    const taught = { pictures: count, promoted: report.gate.promoted, minutes: report.minutes };
    const made = version ? folderOf(project, version) : weights;
    return { before, after: await pointOf(made, images, { task, told: taught, terminal }) };
  } finally {
    project.close();
  }
}

interface ToMeasure {
  readonly task: CurveTask;
  readonly told: Pick<CurvePoint, 'pictures' | 'promoted' | 'minutes'>;
  readonly terminal: Watched;
}

async function pointOf(
  weights: string,
  images: readonly MeasuredImage[],
  { task: { seed, clicked, worded = Number.POSITIVE_INFINITY }, told, terminal: { signal } }: ToMeasure,
): Promise<MeasuredPoint> {
  const predictor = await loadPredictor(weights);
  try {
    const scores = await measure(predictor, images, {
      signal,
      mostWorded: worded,
      clicks: { mostObjects: clicked, seed },
    });
    const { words, gIoU: masks } = projectFigures(scores);
    const { objects, noc85, noc90 } = clicksIn(scores);
    const { gIoU, cIoU, box50, prompts } = words;
    return { point: { ...told, gIoU, cIoU, box50, masks, noc85, noc90 }, prompts, objects };
  } finally {
    await predictor.release();
  }
}

export function curveTable({ points }: LearningCurve): string {
  const first = points[0];
  const rows = points.map((point) => [
    String(point.pictures),
    ...[point.gIoU, point.box50, point.masks].map((value) => value.toFixed(3)),
    ...[point.noc85, point.noc90].map((clicks) => clicks.toFixed(2)),
    ...[first ? (first.noc85 - point.noc85).toFixed(2) : '-', first ? (first.noc90 - point.noc90).toFixed(2) : '-'],
    point.promoted === null ? '-' : point.promoted ? 'yes' : 'no',
  ]);
  const heads = ['pictures', 'gIoU', 'box50', 'masks', 'NoC@85', 'NoC@90', 'saved@85', 'saved@90', 'promoted'];
  return columned([heads, ...rows]);
}

/** Lines that curves are drawn from: a figure over the number of corrected pictures. */
export const figuresOver = ({ points }: LearningCurve): Map<string, { step: number; value: number }[]> =>
  new Map(
    (['gIoU', 'masks', 'noc85', 'noc90'] as const).map((name) => [
      name,
      points.map((point) => ({ step: point.pictures, value: point[name] })),
    ]),
  );
