// Writes the weights of a checkpoint in fewer bits beside it: in this program for a command, in one of its own for the host.
import path from 'node:path';
import { removeLeft } from '../../../models/runtime/writeSafetensors.ts';
import { BadInput } from '../../contract/badInput.ts';
import { runTask, TaskStopped } from '../../tasks/task.ts';
import { halveWeights } from '../../weights/bits/halveWeights.ts';
import { isLinearWeight, quantiseWeights, type WritePlan } from '../../weights/bits/quantise.ts';
import { checkpointTensors, isCheckpoint, quantisedName } from '../../weights/openCheckpoint.ts';
import { tensorsDigest } from '../../weights/version.ts';

export interface QuantiseTask {
  readonly folder: string;
  readonly bits: 4 | 8 | 16;
  /** Columns that share a scale, in 4 and 8 bits. */
  readonly block: 32 | 128;
}

export interface QuantiseEvent {
  /** Of `total` steps; a weight is one when it is written and another one when it is checked. */
  readonly done: number;
  readonly total: number;
}

/** Returns how many weights were written; they are used when the checkpoint is opened the next time. */
export async function quantiseCheckpoint(
  { folder, bits, block }: QuantiseTask,
  onProgress: NonNullable<WritePlan['onProgress']>,
): Promise<number> {
  if (!(await isCheckpoint(folder))) throw new BadInput(`${folder}: is no checkpoint of Qwen-VL, LENS or Seg-Zero`);
  const source = await checkpointTensors(folder);
  const plan = {
    to: path.join(folder, quantisedName),
    from: await tensorsDigest(folder),
    // The segmenter's products are over whole pictures, which few bits make slower.
    chooses: (key: string, shape: readonly number[]) => !key.startsWith('sam.') && isLinearWeight(key, shape),
    onProgress,
  };
  const written = await (bits === 16 ? halveWeights(source, plan) : quantiseWeights(source, { ...plan, bits, block }));
  return written.length;
}

const program = path.join(path.dirname(import.meta.filename), `quantiseProgram${path.extname(import.meta.filename)}`);
const HEAP_MB = 2048;

interface Watching {
  readonly signal: AbortSignal;
  onEvent(event: QuantiseEvent): void;
}

/** The same in a process of its own, as it computes for minutes; one that is stopped leaves nothing behind. */
export async function quantiseApart(task: QuantiseTask, watching: Watching): Promise<number> {
  try {
    return await runTask<QuantiseTask, QuantiseEvent, number>(program, task, { heapMB: HEAP_MB, ...watching });
  } catch (error) {
    await removeLeft(path.join(task.folder, quantisedName));
    if (!(error instanceof TaskStopped)) throw error;
    const why =
      error.why === 'memory' ? 'memory did not suffice' : `the program that writes was stopped (${error.message})`;
    throw new BadInput(`${task.folder}: ${why}; its weights are as they were`, { cause: error });
  }
}
