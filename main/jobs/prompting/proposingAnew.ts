// Asks the prompts of unreviewed images again after the weights have changed; earlier answers stay beside the new ones.
import { setImmediate } from 'node:timers/promises';
import { BadInput, NoModel } from '../../contract/badInput.ts';
import type { Image } from '../../contract/project.ts';
import type { Engine } from '../../engine/supervisor.ts';
import type { Project } from '../../store/project.ts';
import type { Progress } from '../queue/queue.ts';
import { askPatiently } from './prompting.ts';

export interface ProposeAnew {
  readonly project: Project;
  readonly engine: Pick<Engine, 'call' | 'untilStarted' | 'weights'>;
  fileOf(image: Image): string;
  /** Is called for every image that was answered. */
  answered(imageId: number): void;
}

/** Between them others have their turn. */
const IMAGES_AT_A_TIME = 200;

interface Task {
  readonly imageId: number;
  readonly promptId: number;
}

/** Prompts that were answered anew. What a person has judged, and what these weights have answered, is left as it is. */
export async function proposeAnew(work: ProposeAnew, progress: Progress): Promise<number> {
  const weights = await work.engine.weights();
  const tasks: Task[] = [];
  for (const [i, { id }] of [...work.project.allImages()].entries()) {
    if (i % IMAGES_AT_A_TIME === 0) await setImmediate();
    progress.signal.throwIfAborted();
    tasks.push(...outdated(work.project, id, weights));
  }
  progress.total(tasks.length);
  let count = 0;
  for (const task of tasks) {
    progress.signal.throwIfAborted();
    if (await answer(work, task, progress)) count++;
    progress.step();
  }
  return count;
}

/** Prompts of an unreviewed image that other weights have answered and nobody has judged. */
function outdated(project: Project, imageId: number, weights: string): Task[] {
  const detail = project.detail(imageId);
  if (detail?.review.status !== 'unreviewed' || detail.image.state !== 'present') return [];
  return detail.prompts.flatMap(({ id: promptId, correction }) => {
    const drafts = detail.proposals.filter((one) => one.promptId === promptId);
    const isOld = drafts.length > 0 && drafts.every((one) => one.weights !== weights);
    return isOld && correction === null ? [{ imageId, promptId }] : [];
  });
}

async function answer(work: ProposeAnew, { imageId, promptId }: Task, progress: Progress): Promise<boolean> {
  const { project } = work;
  const [image, prompt] = [project.image(imageId), project.record('prompt', promptId)];
  // A person may have deleted or judged it meanwhile.
  if (!image || !prompt || prompt.correction !== null) return false;
  const { text, points, box } = prompt;
  const asked = { picture: work.fileOf(image), text, points, box };
  const result = await askPatiently(work.engine, asked, progress.signal).catch((error: unknown) => {
    if (!(error instanceof BadInput) && !(error instanceof NoModel && error.stopped)) throw error;
    progress.note(`no answer: ${image.path}: ${error.message}`);
    return null;
  });
  if (!result || project.record('prompt', promptId)?.correction !== null) return false;
  project.addProposals(promptId, result.proposals, result.spread);
  work.answered(imageId);
  return true;
}
