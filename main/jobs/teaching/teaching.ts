// Teaches weights by a project's corrections and labelled shapes: the run in its own process, its result in the project.
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { BadInput, NoModel, NoRoom } from '../../contract/badInput.ts';
import type { SkippedImage, TeachProgress, TeachReport, WeightsVersion } from '../../contract/learning.ts';
import type { Image } from '../../contract/project.ts';
import type { CallLog } from '../../engine/callLog.ts';
import { Engine } from '../../engine/supervisor.ts';
import { readTask, type TeachingFile, writeTask } from '../../engine/teachingTask.ts';
import { isWhole } from '../../learn/gate/version.ts';
import { samplesOf, standingThings } from '../../learn/samples/sample.ts';
import type { TeachOutcome, TeachTask } from '../../learn/samples/task.ts';
import type { StoredRun } from '../../store/learning.ts';
import type { Project } from '../../store/project.ts';
import { weightsVersion } from '../../weights/version.ts';
import type { Progress } from '../queue/queue.ts';

export interface Teaching {
  readonly project: Project;
  /** Where the calls of the program that trains are written down; default nowhere. */
  readonly log?: CallLog | null;
  /** Folder of the weights that learn where no version of the project's is in use. */
  readonly weights: string;
  /** What draws the boxes of weights that have no segmenter of their own; null: nothing does. */
  readonly segmenter: string | null;
  readonly tier: TeachTask['tier'];
  readonly minutes: number;
  readonly seed: number;
  /** Judges by cross-validation over so many parts of the images. */
  readonly folds?: number | null;
  /** Gives up a run that was stopped, with what it had trained, in place of going on with it. */
  readonly anew?: boolean;
  fileOf(image: Image): string;
  /** `pid`: the process that trains. */
  heard(progress: TeachProgress, pid: number | undefined): void;
}

/** A process that stopped so often in one run is not started again for it. */
const MOST_STOPS = 3;

/** Where a project's runs and weights lie. */
export const learningFolder = (project: Pick<Project, 'file'>): string => `${project.file}-weights`;

/** The version in use, its folder absolute; null: none of the project's. */
export function versionInUse(project: Project): (WeightsVersion & { path: string }) | null {
  const version = project.versions().find(({ inUse }) => inUse);
  return version ? { ...version, path: folderOf(project, version) } : null;
}

export const folderOf = (project: Pick<Project, 'file'>, { folder }: Pick<WeightsVersion, 'folder'>): string =>
  path.resolve(path.dirname(project.file), folder);

/** Goes on with a run that was stopped. Weights that passed the gate are in use afterwards. */
export async function teachProject(work: Teaching, progress: Progress): Promise<TeachReport> {
  const { project } = work;
  const { run, folder } = await prepared(work);
  try {
    const { held, taught, weights, ms: _, ...outcome } = await inOwnProcess(work, folder, progress);
    const skipped = [...absentImages(project), ...(outcome.skipped ?? [])];
    const report: TeachReport = { ...outcome, pictures: taught.length, skipped };
    const version = weights === null ? null : await newVersion(project, weights);
    project.finishRun(run.id, { report, held, taught, weights: version });
    return report;
  } catch (error) {
    // A run that was cancelled, whose host ended or for which the disk is full stays as it is: the next one goes on with it.
    if (error instanceof NoRoom) throw new NoRoom(`${error.message}: the run goes on from its last checkpoint`);
    if (!progress.signal.aborted) project.endRun(run.id, 'failed', null);
    throw error;
  }
}

async function prepared(work: Teaching): Promise<{ run: StoredRun; folder: string }> {
  const { project, segmenter, tier, minutes, seed, folds = null } = work;
  if (work.anew) await giveUp(project);
  const stopped = project.stoppedRun();
  const waiting = await waitingTask(project);
  if (stopped && waiting) {
    checkPlaces(waiting);
    return { run: stopped, folder: runFolder(project, stopped) };
  }
  if (stopped) project.endRun(stopped.id, 'failed', null);
  const inUse = versionInUse(project);
  if (folds !== null) checkUnlearnt(project, inUse);
  const images = teachingImages(work);
  const run = project.startRun({ tier, seed, minutes, parent: inUse?.id ?? null });
  const folder = runFolder(project, run);
  await mkdir(folder, { recursive: true });
  const asked = { weights: inUse?.path ?? work.weights, segmenter, tier, minutes, seed, folds };
  await writeTask(folder, { ...asked, images, ...project.split() });
  return { run, folder };
}

/** Of a run that was stopped and can go on; null: there is none. */
async function waitingTask(project: Project): Promise<TeachingFile | null> {
  const stopped = project.stoppedRun();
  const folder = stopped && runFolder(project, stopped);
  return folder !== null && existsSync(path.join(folder, 'task.json')) ? readTask(folder) : null;
}

/** A run whose weights are on a disk that is away must not end for it, with what it had trained. */
function checkPlaces({ weights, segmenter }: TeachingFile): void {
  const gone = [weights, segmenter].find((place) => place !== null && !existsSync(place));
  if (gone)
    throw new BadInput(`${gone}: is not there, and the run that was stopped needs it; put it back, or start anew`);
}

/** What a run that was stopped goes on with, whatever is chosen now; one sentence, or null where there is none. */
export async function stoppedWords(project: Project): Promise<string | null> {
  const task = await waitingTask(project);
  if (task === null) return null;
  const { weights, segmenter, tier, minutes } = task;
  const beside = segmenter === null ? '' : ` with ${segmenter} beside it`;
  const how = `tier ${tier === 'auto' ? 'chosen by itself' : tier}, at most ${minutes} minutes`;
  return `The run that was stopped teaches ${weights}${beside} (${how}) and goes on with that, whatever is chosen now; start anew to teach what is chosen.`;
}

/** What a fold is judged by must be new to the weights that it learns from. */
function checkUnlearnt(project: Project, inUse: WeightsVersion | null): void {
  const { held } = project.split();
  if (held.length > 0)
    throw new BadInput(
      `${held.length} images of this project are held back and judge its runs already; teach without cross-validation`,
    );
  if (inUse)
    throw new BadInput(
      `version ${inUse.id} of the weights is in use and may have learnt from these images, so they cannot judge what is learnt from it; roll back first`,
    );
}

async function giveUp(project: Project): Promise<void> {
  const stopped = project.stoppedRun();
  if (!stopped) return;
  project.endRun(stopped.id, 'cancelled', null);
  await rm(runFolder(project, stopped), { recursive: true, force: true });
}

export const runFolder = (project: Pick<Project, 'file'>, { id }: Pick<StoredRun, 'id'>): string =>
  path.join(learningFolder(project), String(id));

/** Images that teach something; files that are missing or changed are left out. */
function teachingImages({ project, fileOf }: Teaching): TeachingFile['images'] {
  const labels = project.labels();
  const images: TeachingFile['images'][number][] = [];
  for (const image of project.allImages()) {
    const detail = image.state === 'present' ? project.detail(image.id) : null;
    const samples = detail ? samplesOf(detail, labels) : [];
    const things = detail ? standingThings(detail, labels) : [];
    if (samples.length > 0) images.push({ imageId: image.id, file: fileOf(image), samples, things });
  }
  if (images.length === 0)
    throw new BadInput('no image of the project has a correction or a labelled shape to learn from');
  return images;
}

/** Images that would teach something, if their files were what they were. */
function absentImages(project: Project): SkippedImage[] {
  const labels = project.labels();
  return [...project.allImages()].flatMap(({ id, path: file, state, problem }) => {
    if (state === 'present') return [];
    const detail = project.detail(id);
    const teaches = detail !== null && samplesOf(detail, labels).length > 0;
    return teaches ? [{ path: file, reason: problem ?? `${file} is ${state}` }] : [];
  });
}

/**
 * A run's process ends with it, and then its memory is the system's again. A run that is cancelled ends its process as well, if
 * need be by a kill: one call of ONNX Runtime can take minutes and hears nothing, and nothing is lost but the step under way.
 */
async function inOwnProcess(
  work: Teaching,
  folder: string,
  progress: Progress,
): Promise<TeachOutcome & { ms: number }> {
  const { weights } = await readTask(folder);
  // Loaded late: a host that teaches nothing must not wait for what opens weights.
  const { openModel } = await import('../../weights/openCheckpoint.ts');
  const givesMemoryBack = (await openModel(weights)).base !== undefined;
  const { log = null } = work;
  const engine = new Engine({ weights: null, device: 'cpu' }, () => {}, { program: 'train', log, givesMemoryBack });
  try {
    return await attempt(engine, { work, folder }, progress);
  } finally {
    await engine.close();
  }
}

/** Asks again when the process stopped: a run goes on from its last checkpoint. */
async function attempt(
  engine: Engine,
  { work, folder }: { work: Teaching; folder: string },
  progress: Progress,
): Promise<TeachOutcome & { ms: number }> {
  const onEvent = (event: TeachProgress) => {
    work.heard(event, engine.pid);
    progress.total(event.total);
    progress.at(event.done, event.secondsLeft);
  };
  for (let stops = 1; ; stops++) {
    try {
      return await engine.call('teach', { folder }, { urgency: 'batch', signal: progress.signal, onEvent });
    } catch (error) {
      if (!(error instanceof NoModel) || !error.stopped || stops >= MOST_STOPS) throw error;
      await engine.untilStarted(progress.signal);
    }
  }
}

async function newVersion({ file }: Project, weights: string): Promise<{ name: string; folder: string }> {
  const name = await weightsVersion(weights, path.basename(file, path.extname(file)));
  return { name, folder: path.relative(path.dirname(file), weights).split(path.sep).join('/') };
}

/** The version before the one in use; the first one goes back to the weights that the project began with. */
export function rollBack(project: Project): WeightsVersion | null {
  const inUse = project.versions().find((version) => version.inUse);
  if (!inUse) throw new BadInput('no weights of this project are in use, so there is nothing to go back to');
  project.use(inUse.parent);
  return project.versions().find((version) => version.inUse) ?? null;
}

export function versionOf(project: Project, id: number): WeightsVersion {
  const version = project.versions().find((each) => each.id === id);
  if (version) return version;
  throw new BadInput(`there are no weights ${id} in the project; "loupe weights list" names them`);
}

export function promote(project: Project, id: number): WeightsVersion {
  const version = versionOf(project, id);
  const folder = folderOf(project, version);
  if (!isWhole(folder)) throw new BadInput(`${folder}: is not there any more, so these weights cannot be used`);
  project.use(id);
  return version;
}
