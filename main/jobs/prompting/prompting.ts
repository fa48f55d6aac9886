// Asks one prompt of every image of a project where it was not asked yet, and answers it where there is no answer yet.
import { setImmediate } from 'node:timers/promises';
import { quotedWords } from '../../contract/answer.ts';
import type { Recorded } from '../../contract/api.ts';
import { BadInput, NoModel } from '../../contract/badInput.ts';
import { created } from '../../contract/diff.ts';
import { entry, field } from '../../contract/lookup.ts';
import type { Image, StoredPrompt } from '../../contract/project.ts';
import type { AskArguments, AskResult } from '../../engine/protocol.ts';
import type { Engine } from '../../engine/supervisor.ts';
import type { Project } from '../../store/project.ts';
import type { Progress } from '../queue/queue.ts';

/** The `index`th of `count` parts of the images, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface PromptAll {
  readonly project: Project;
  readonly engine: Engine;
  readonly text: string;
  readonly shard?: Shard;
  fileOf(image: Image): string;
  /** Is called with the one step that makes the prompts. */
  recorded(change: Recorded): void;
  /** Is called for every image that was answered. */
  answered(imageId: number): void;
}

export interface PromptAllReport {
  images: number;
  /** Answered before this run. */
  before: number;
  found: number;
  /** Paths of images where the model says that nothing matches, in this run and before. */
  nothing: string[];
  /** Paths of images of a kind on which the model misses much: that it found nothing there is no answer to accept unseen. */
  missed: string[];
  /** Paths of images whose answers cannot be read. */
  unreadable: string[];
  /** Paths of images where the model was not asked, as it does not know these words there. */
  unknown: string[];
  unknownWords: string[];
  /** Left without an answer, each with a sentence; the next run tries them again. */
  failed: { path: string; why: string }[];
  /** Time that the model itself took in this run; the rest is reading, sending and storing. */
  modelMs: number;
}

/** Calls that the engine holds at once: it computes one image and reads the next one. */
const AT_A_TIME = 2;
const PROMPTS_AT_A_TIME = 500;
/** An image on which the engine stops so often is left out. */
const MOST_STOPS = 3;

interface Task {
  readonly imageId: number;
  readonly promptId: number;
}

/** Goes on where an earlier run was stopped. Rejects when the signal says so or there is no model. */
export async function promptAll(work: PromptAll, progress: Progress): Promise<PromptAllReport> {
  const { known, unasked, images, report } = await sorted(work, progress);
  progress.total(images);
  progress.resumeAt(report.before);
  const tasks = [...known, ...(await askAll(work, unasked, progress))][Symbol.iterator]();
  const runner = async () => {
    for (const task of tasks) {
      progress.signal.throwIfAborted();
      await answer(work, task, { progress, report });
      progress.step();
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, runner));
  return report;
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The part of an image, from 1, which never changes. Ids are shared with other records, so that after an import they may all
 * be even: multiples of the golden ratio fill the parts evenly whatever the step (Knuth, The Art of Computer Programming 3, 6.4).
 */
export const partOf = (id: number, count: number): number => Math.floor(((id * GOLDEN) % 1) * count) + 1;

/** What is to be answered, what is to be asked first, and what an earlier run left. */
async function sorted(work: PromptAll, progress: Progress) {
  const { project, text, shard } = work;
  const asked = new Map<number, { promptId: number; answered: boolean }>();
  for (const each of project.promptsOf(text)) if (!asked.get(each.imageId)?.answered) asked.set(each.imageId, each);
  const report: PromptAllReport = {
    images: 0,
    before: 0,
    found: 0,
    nothing: [],
    missed: [],
    unreadable: [],
    unknown: [],
    unknownWords: [],
    failed: [],
    modelMs: 0,
  };
  const known: Task[] = [];
  const unasked: number[] = [];
  for (const { id } of project.allImages()) {
    if (shard && partOf(id, shard.count) !== shard.index) continue;
    if (++report.images % 1000 === 0) await setImmediate();
    progress.signal.throwIfAborted();
    const prompt = asked.get(id);
    if (prompt?.answered) report.before++;
    else if (prompt) known.push({ imageId: id, promptId: prompt.promptId });
    else unasked.push(id);
  }
  return { known, unasked, images: report.images, report: recalled(project, asked, report) };
}

/** Earlier answers without an object are reported again. */
function recalled(
  project: Project,
  asked: ReadonlyMap<number, { promptId: number; answered: boolean }>,
  report: PromptAllReport,
): PromptAllReport {
  const query = { search: '', status: 'nothing found', labelId: null, order: 'path' } as const;
  const limit = 500;
  for (let offset = 0; report.before > 0; offset += limit) {
    const { rows } = project.list(query, { offset, limit });
    for (const { id, path } of rows) {
      const prompt = asked.get(id);
      const answers = prompt?.answered ? (project.detail(id)?.proposals ?? []) : [];
      const last = answers.filter(({ promptId }) => promptId === prompt?.promptId);
      tell(report, path, last.find(({ chosen }) => chosen) ?? last.at(-1));
    }
    if (rows.length < limit) break;
  }
  return report;
}

type ChosenAnswer = Pick<AskResult['proposals'][number], 'found' | 'answer'>;

function tell(report: PromptAllReport, path: string, chosen: ChosenAnswer | undefined): void {
  const { unknownWords: words = [], unlikePicture } = chosen?.answer ?? {};
  if (chosen?.found === 'nothing') report.nothing.push(path);
  if (chosen?.found === 'nothing' && unlikePicture) report.missed.push(path);
  if (chosen?.found !== 'unreadable') return;
  if (words.length === 0) report.unreadable.push(path);
  else report.unknown.push(path);
  report.unknownWords = [...new Set([...report.unknownWords, ...words])];
}

/** What stands beside the image's path among the job's notes; null: an object was found. */
function noteOf({ found, answer }: ChosenAnswer): string | null {
  if (found === 'objects') return null;
  if (found === 'nothing') return answer.unlikePicture ? 'nothing found, which may still be there' : 'nothing found';
  return answer.unknownWords
    ? `not asked, as ${quotedWords(answer.unknownWords)} not known there`
    : 'unreadable answer';
}

/** All prompts are made before the first answer, as one step: a person's undo meanwhile is their own. */
async function askAll(work: PromptAll, images: readonly number[], progress: Progress): Promise<Task[]> {
  if (images.length === 0) return [];
  const { project, text } = work;
  const step = project.startMany('Prompt all images');
  const tasks: Task[] = [];
  try {
    for (let at = 0; at < images.length; at += PROMPTS_AT_A_TIME) {
      progress.signal.throwIfAborted();
      const some = images.slice(at, at + PROMPTS_AT_A_TIME);
      await project.still();
      const first = project.reserve(some.length);
      const made = some.map((imageId, i): StoredPrompt => ({ id: first + i, imageId, text, ...unpointed }));
      step.add(made.map((prompt) => created('prompt', prompt)));
      tasks.push(...made.map(({ id, imageId }) => ({ imageId, promptId: id })));
      await setImmediate();
    }
  } finally {
    work.recorded(step.end());
  }
  return tasks;
}

const unpointed = { points: [], box: null, correction: null };

interface PromptAllWatch {
  readonly progress: Progress;
  readonly report: PromptAllReport;
}

async function answer(
  work: PromptAll,
  { imageId, promptId }: Task,
  { progress, report }: PromptAllWatch,
): Promise<void> {
  const { project } = work;
  const image = project.image(imageId);
  // Either may be gone: the person can undo what this job has done so far.
  if (!image || !project.record('prompt', promptId)) return;
  const result = await ask(work, image, progress.signal).catch((error: unknown) => {
    if (!(error instanceof BadInput) && !(error instanceof NoModel && error.stopped)) throw error;
    report.failed.push({ path: image.path, why: error.message });
    progress.note(`no answer: ${image.path}: ${error.message}`);
  });
  if (!result) return;
  // All of a group have the time of the whole group.
  report.modelMs += field(entry(result.proposals, 0, 'proposals').timings, 'totalMs', 'timings of an answer');
  project.addProposals(promptId, result.proposals, result.spread);
  work.answered(imageId);
  const chosen = entry(
    result.proposals.filter((one) => one.chosen),
    0,
    'chosen answers',
  );
  tell(report, image.path, chosen);
  const note = noteOf(chosen);
  if (note === null) report.found++;
  else progress.note(`${note}: ${image.path}`);
}

const ask = ({ engine, text, fileOf }: PromptAll, image: Image, signal: AbortSignal): Promise<AskResult> =>
  askPatiently(engine, { picture: fileOf(image), text, points: [], box: null }, signal);

/** One answer, while nobody waits. Asks again when the engine's process stopped, which may have been another image's doing. */
export async function askPatiently(
  engine: Pick<Engine, 'call' | 'untilStarted'>,
  asked: Omit<AskArguments, 'samples' | 'seed'>,
  signal: AbortSignal,
): Promise<AskResult> {
  for (let stops = 1; ; stops++) {
    try {
      return await engine.call('ask', { ...asked, samples: 1, seed: 0 }, { urgency: 'batch', signal });
    } catch (error) {
      if (!(error instanceof NoModel) || !error.stopped || stops >= MOST_STOPS) throw error;
      await engine.untilStarted(signal);
    }
  }
}
