// Splits a project among workers that answer at once, each into a copy of its own, and gathers their answers.
import { copyFileSync, existsSync, linkSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { BadInput, ReadOnlyPlace } from '../../contract/badInput.ts';
import { created } from '../../contract/diff.ts';
import type { Image, StoredPrompt, StoredProposal } from '../../contract/project.ts';
import { partFileOf } from '../../formats/files/partFile.ts';
import { copyToRead } from '../../store/copyProject.ts';
import type { Project } from '../../store/project.ts';
import { type OpenOptions, openChecked } from '../opening/opening.ts';

/**
 * A copy of `file` at `copy`, whole or not there; one that is there already is left for the worker to go on with. The
 * project itself is only read, so that any number of workers can begin at once.
 */
export async function copyProject(file: string, copy: string, options: Pick<OpenOptions, 'ms'> = {}): Promise<void> {
  if (path.resolve(file) === path.resolve(copy)) throw new BadInput(`${copy}: is the project itself, not a copy of it`);
  if (existsSync(copy)) return;
  if (!existsSync(file)) throw new BadInput(`there is no project ${file}`);
  if (!existsSync(path.dirname(copy))) throw new BadInput(`there is no folder ${path.dirname(copy)}`);
  await settle(file, options);
  const part = partFileOf(copy);
  try {
    copyFileSync(file, part);
    if (existsSync(`${file}-wal`)) throw new BadInput(`${path.basename(file)} was opened while it was copied`);
    place(part, copy);
  } finally {
    rmSync(part, { force: true });
  }
}

/** A copy that another worker of the same part made meanwhile stays: it may have it open. Not every file system has links. */
function place(part: string, copy: string): void {
  try {
    linkSync(part, copy);
  } catch {
    if (!existsSync(copy)) renameSync(part, copy);
  }
}

/**
 * The copy of `file` at `copy`, open to be answered in. One that is there already is gone on with if it has every
 * image of the project; a project that is open elsewhere cannot be read for that, and `gather` tells what had no answer.
 */
export async function openCopy(file: string, copy: string): Promise<Project> {
  const isOld = existsSync(copy);
  await copyProject(file, copy);
  const project = await openChecked(copy);
  try {
    if (isOld && !existsSync(`${file}-wal`)) await compare(file, project);
    return project;
  } catch (error) {
    project.close();
    throw error;
  }
}

/** Reads a copy of the project: opened itself, it would be locked for other workers that begin now. */
async function compare(file: string, copy: Project): Promise<void> {
  if (!existsSync(file)) throw new BadInput(`there is no project ${file}`);
  const part = partFileOf(copy.file);
  try {
    copyFileSync(file, part);
    const project = await openChecked(part);
    const lacking = [...project.allImages()].filter((image) => sameImage(copy, image) === null);
    project.close();
    const [first] = lacking;
    if (first)
      throw new BadInput(
        `${path.basename(copy.file)} is no copy of ${path.basename(file)} as it is now: it lacks ${lacking.length} of its images, such as ${first.path}; gather it and remove it, or name another copy`,
      );
  } finally {
    rmSync(part, { force: true });
  }
}

/** A killed Loupe's log belongs to the file; of an open project the file alone is not the whole. */
async function settle(file: string, options: Pick<OpenOptions, 'ms'>): Promise<void> {
  if (existsSync(`${file}-wal`)) (await openChecked(file, options)).close();
}

/**
 * Runs `work` with the place where a copy can be opened: itself, or, where it takes no changes, a copy of it in `scratch`. That is
 * gone afterwards: a disk that has room for one need not have it for all. Throws where it is no whole project.
 */
export async function readingFrom<T>(copy: string, scratch: string, work: (place: string) => Promise<T>): Promise<T> {
  const place = await placeToRead(copy, scratch);
  try {
    return await work(place);
  } finally {
    if (place !== copy) rmSync(path.dirname(place), { recursive: true });
  }
}

async function placeToRead(copy: string, scratch: string): Promise<string> {
  try {
    (await openChecked(copy)).close();
    return copy;
  } catch (error) {
    if (!(error instanceof ReadOnlyPlace)) throw error;
  }
  const place = path.join(mkdtempSync(path.join(scratch, 'copy-')), path.basename(copy));
  copyToRead(copy, place);
  (await openChecked(place)).close();
  return place;
}

export interface Gathered {
  /** Images that have an answer now which they had not. */
  answers: number;
  /** Images whose answer was here already. */
  before: number;
  /** Paths of images that only the copy has. */
  strangers: string[];
  /** Prompts of which answers were taken. */
  texts: string[];
}

/** How many images have no answer to `text`. */
export function unanswered(project: Project, text: string): number {
  const answered = project.promptsOf(text).filter((asked) => asked.answered);
  return project.info().images - new Set(answered.map(({ imageId }) => imageId)).size;
}

/** Takes the model's answers of `copy` into `project`, where the same text has none yet. The prompts are one step. */
export async function gather(project: Project, copy: Project, signal: AbortSignal): Promise<Gathered> {
  const gathered: Gathered = { answers: 0, before: 0, strangers: [], texts: [] };
  const step = project.startMany('Gather answers');
  try {
    for (const image of copy.allImages()) {
      signal.throwIfAborted();
      const detail = copy.detail(image.id);
      if (!detail || detail.proposals.length === 0) continue;
      const own = sameImage(project, image);
      if (own === null) {
        gathered.strangers.push(image.path);
        continue;
      }
      for (const asked of detail.prompts) {
        const answers = detail.proposals.filter(({ promptId }) => promptId === asked.id);
        if (answers.length > 0)
          take({ project, step, gathered }, { ...asked, imageId: own.id, correction: null }, answers);
      }
      await setImmediate();
    }
  } finally {
    step.end();
  }
  return gathered;
}

function sameImage(project: Project, { id, path: name }: Image): Image | null {
  const own = project.image(id);
  return own?.path === name ? own : project.imageByPath(name);
}

interface Into {
  readonly project: Project;
  readonly step: ReturnType<Project['startMany']>;
  readonly gathered: Gathered;
}

function take({ project, step, gathered }: Into, asked: StoredPrompt, answers: readonly StoredProposal[]): void {
  const { prompts = [], proposals = [] } = project.detail(asked.imageId) ?? {};
  const same = prompts.filter(({ text }) => text.trim() === asked.text.trim());
  if (same.some(({ id, correction }) => correction !== null || proposals.some(({ promptId }) => promptId === id))) {
    gathered.before++;
    return;
  }
  const id = same[0]?.id ?? project.reserve(1);
  if (same.length === 0) step.add([created('prompt', { ...asked, id })]);
  project.addProposals(id, answers, null);
  gathered.answers++;
  if (!gathered.texts.includes(asked.text)) gathered.texts.push(asked.text);
}
