// `loupe bench teach`: a project of pictures that nano's scenes are not like is taught by each tier, as a person would teach it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Job } from '../../contract/jobs.ts';
import { type TeachReport, type Tier, tiers } from '../../contract/learning.ts';
import { entry } from '../../contract/lookup.ts';
import { sampleIou } from '../../evaluate/metrics.ts';
import { type ShiftedDomain, shiftedDomain } from '../../evaluate/shiftedDomain.ts';
import { loadPredictor } from '../../flow/predict.ts';
import { Meter } from '../../jobs/queue/queue.ts';
import { folderOf, teachProject } from '../../jobs/teaching/teaching.ts';
import { drawCurvesOfRun } from '../../jobs/teaching/teachingRecords.ts';
import { pairedGain } from '../../learn/gate/gate.ts';
import { measure, type Score } from '../../learn/gate/measure.ts';
import type { Project } from '../../store/project.ts';
import type { Terminal } from '../../terminal.ts';
import { embeddedWeights } from '../../weights/embedded.ts';
import { heldImages } from '../eval/evalProject.ts';
import { columned } from './figures.ts';
import { picturedProject } from './picturedProject.ts';

/** gIoU of whole answers to held-out prompts, one prompt for each name on a picture. */
export interface TierFigures {
  readonly before: number;
  readonly after: number;
  readonly gain: number;
  readonly low: number;
  readonly high: number;
  readonly minutes: number;
  /** Change on nano's own scenes; null: it was not measured. */
  readonly oldDomain: number | null;
  /** Share of the groups of rollouts that could teach anything; null: the tier has none. */
  readonly usefulGroups: number | null;
}

export interface TeachBench {
  readonly tiers: Readonly<Partial<Record<Tier, TierFigures>>>;
  /** Whether the gate promoted what any tier learnt. */
  readonly promoted: boolean;
}

export interface TeachBenchTask {
  readonly seed: number;
  /** Corrected pictures, and pictures that are held out. */
  readonly images: number;
  readonly held: number;
  /** Minutes of each tier. */
  readonly minutes: number;
  readonly tiers?: readonly Tier[];
  /** Default: the embedded weights. */
  readonly weights?: string;
  /** Where each tier's curves are drawn, in a folder of its name; default: nowhere. */
  readonly curves?: string;
}

export async function benchTeach(
  task: TeachBenchTask,
  terminal: Pick<Terminal, 'note' | 'signal'>,
): Promise<TeachBench> {
  const root = await mkdtemp(path.join(tmpdir(), 'loupe-bench-teach-'));
  try {
    const domain = await shiftedDomain(task.seed, task.images + task.held);
    const figures: Partial<Record<Tier, TierFigures>> = {};
    let promoted = false;
    for (const tier of task.tiers ?? tiers) {
      const bench = { domain, task, tier, folder: path.join(root, tier) };
      const result = await taught(bench, terminal);
      figures[tier] = figuresOf(result, task.seed);
      promoted ||= result.report.gate.promoted;
      for (const line of told(tier, result, domain)) terminal.note(`${line}\n`);
    }
    return { tiers: figures, promoted };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

interface TierBench {
  readonly domain: ShiftedDomain;
  readonly task: TeachBenchTask;
  readonly tier: Tier;
  readonly folder: string;
}

interface Answered {
  readonly text: string;
  readonly group: number;
  readonly before: number;
  readonly after: number;
}

interface Taught {
  readonly report: TeachReport;
  readonly answers: readonly Answered[];
}

async function taught(bench: TierBench, { note, signal }: Pick<Terminal, 'note' | 'signal'>): Promise<Taught> {
  const { task, tier, folder, domain } = bench;
  const weights = task.weights ?? embeddedWeights;
  const names = [...domain.known, ...domain.new];
  const project = await picturedProject({ folder, pictures: domain.pictures, names, held: task.held });
  try {
    const work = { project, tier, weights, segmenter: null, minutes: task.minutes, seed: task.seed };
    let last = '';
    const report = await teachProject(
      {
        ...{ ...work, fileOf: (image) => path.join(folder, image.path) },
        heard: ({ phase, done, total, figures }) => {
          const numbers = Object.entries(figures).map(([name, value]) => `  ${name} ${value.toFixed(3)}`);
          if (phase !== last || numbers.length > 0)
            note(`${tier}: ${phase} ${Math.floor(done)}/${total ?? '?'}${numbers.join('')}\n`);
          last = phase;
        },
      },
      new Meter(signal, (_: Partial<Job>) => {}),
    );
    const drawsCurves = task.curves !== undefined && report.after !== null;
    if (drawsCurves) await drawCurvesOfRun(project, path.join(task.curves, tier));
    const [version] = project.versions();
    const folders = { before: weights, after: version ? folderOf(project, version) : weights };
    return { report, answers: judgesAnswers(report) ? answersIn(report) : await answersBy(project, folders, signal) };
  } finally {
    project.close();
  }
}

/** Whether a report's own prompts are what this bench measures: whole answers, every one of them. */
const judgesAnswers = ({ tier, prompts }: TeachReport): boolean => tier !== 'decoder' && prompts.length > 0;

const answersIn = ({ prompts }: TeachReport): Answered[] => prompts.map((one) => ({ ...one, group: one.imageId }));

/** What `loupe eval project` measures: every held-out prompt by its words. */
async function answersBy(
  project: Project,
  folders: { before: string; after: string },
  signal: AbortSignal,
): Promise<Answered[]> {
  const before = await scoresBy(folders.before, project, signal);
  const after = folders.after === folders.before ? before : await scoresBy(folders.after, project, signal);
  return before.map((score, i) => {
    const { text, group } = score;
    return { text, group, before: worthOf(score), after: worthOf(entry(after, i, 'scores after')) };
  });
}

async function scoresBy(weights: string, project: Project, signal: AbortSignal): Promise<Score[]> {
  const predictor = await loadPredictor(weights);
  try {
    return await measure(predictor, await heldImages(project), { signal, mostWorded: Number.POSITIVE_INFINITY });
  } finally {
    await predictor.release();
  }
}

const worthOf = ({ worded }: Score): number => (worded ? sampleIou(worded.overlap) : 0);

const meanOf = (answers: readonly Answered[], when: 'before' | 'after'): number =>
  answers.reduce((sum, one) => sum + one[when], 0) / Math.max(1, answers.length);

const figuresOf = ({ report: { gate, minutes, usefulGroups = null }, answers }: Taught, seed: number): TierFigures => ({
  ...{ before: meanOf(answers, 'before'), after: meanOf(answers, 'after'), ...pairedGain(answers, seed) },
  ...{ minutes, oldDomain: gate.base, usefulGroups },
});

/** Known things in the new style and new words apart, and what the gate said. */
function told(tier: Tier, { report, answers }: Taught, domain: ShiftedDomain): string[] {
  const part = (names: readonly string[]) => {
    const own = answers.filter(({ text }) => names.includes(text));
    return `${meanOf(own, 'before').toFixed(3)} -> ${meanOf(own, 'after').toFixed(3)} (${own.length} prompts)`;
  };
  return [
    `${tier}: known things in another style ${part(domain.known)}, new words ${part(domain.new)}`,
    `${tier}: ${report.gate.promoted ? 'promoted' : 'kept as they were'}: ${report.gate.reason}`,
  ];
}

export function teachTable({ tiers: figures }: TeachBench): string {
  const rows = Object.entries(figures).map(([tier, one]) => [
    ...[
      tier,
      one.before.toFixed(3),
      one.after.toFixed(3),
      `${one.gain.toFixed(3)} (${one.low.toFixed(3)} to ${one.high.toFixed(3)})`,
    ],
    ...[`${one.minutes.toFixed(1)} min`, one.oldDomain === null ? '-' : one.oldDomain.toFixed(3)],
    one.usefulGroups === null ? '-' : one.usefulGroups.toFixed(2),
  ]);
  return columned([['tier', 'before', 'after', 'gain', 'time', 'old domain', 'useful groups'], ...rows]);
}
