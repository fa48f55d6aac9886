// Compares the masks of a project with what the model would draw in their place, as pairs for a person to judge.
import { setImmediate } from 'node:timers/promises';
import { BadInput } from '../../contract/badInput.ts';
import { type Image, type PackedMask, unpackMask } from '../../contract/project.ts';
import { maskIou } from '../../contract/rle.ts';
import type { Engine } from '../../engine/supervisor.ts';
import type { Project } from '../../store/project.ts';
import type { Progress } from '../queue/queue.ts';

export interface Compare {
  readonly project: Project;
  readonly engine: Engine;
  /** null: shapes of every label. */
  readonly labelId: number | null;
  fileOf(image: Image): string;
  /** Is called for every image one of whose shapes was compared. */
  compared(imageId: number): void;
}

const AT_A_TIME = 2;

/** The model is shown the mask as it stands; ends with the sentence that reports the result. */
export async function compare(work: Compare, progress: Progress): Promise<string> {
  const weights = await work.engine.weights();
  const ids: number[] = [];
  for (const { id } of work.project.shapesToCompare(work.labelId, weights)) {
    if (ids.push(id) % 100 === 0) await setImmediate();
    progress.signal.throwIfAborted();
  }
  progress.total(ids.length);
  const rest = ids[Symbol.iterator]();
  let done = 0;
  const runner = async () => {
    for (const id of rest) {
      progress.signal.throwIfAborted();
      if (await compareOne(work, id, progress)) done++;
      progress.step();
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, runner));
  return `Compared ${done} of ${ids.length} masks with what ${weights} draws.`;
}

async function compareOne(work: Compare, shapeId: number, progress: Progress): Promise<boolean> {
  const { project, engine } = work;
  const shape = project.record('shape', shapeId);
  const image = shape && project.image(shape.imageId);
  // The person deleted the shape meanwhile.
  if (!shape?.mask || !image) return false;
  try {
    const args = { picture: work.fileOf(image), standing: shape.mask };
    const call = { urgency: 'batch', signal: progress.signal } as const;
    const { mask, weights, gain, boundary } = await engine.call('repair', args, call);
    project.setComparison(shapeId, { mask, weights, gain, boundary, disagreement: disagreement(shape.mask, mask) });
    work.compared(image.id);
    return true;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    progress.note(`${image.path}: ${error.message}`);
    return false;
  }
}

export const disagreement = (standing: PackedMask, proposed: PackedMask): number =>
  1 - maskIou(unpackMask(standing), unpackMask(proposed));
