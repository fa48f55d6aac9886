// Writes and reads the file of a run's folder that says what the run is asked to learn: the host writes it once, `train` reads it.
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Sample, StandingThing } from '../learn/samples/sample.ts';
import type { TeachTask } from '../learn/samples/task.ts';

export interface TeachingFile {
  /** Folder of the weights that learn. */
  readonly weights: string;
  readonly segmenter: string | null;
  readonly tier: TeachTask['tier'];
  readonly images: readonly {
    readonly imageId: number;
    readonly file: string;
    readonly samples: readonly Sample[];
    readonly things: readonly StandingThing[];
  }[];
  readonly held: readonly number[];
  readonly taught: readonly number[];
  readonly folds: number | null;
  readonly minutes: number;
  readonly seed: number;
}

const fileIn = (folder: string): string => path.join(folder, 'task.json');

/** Writes the file whole or not at all. */
export async function writeTask(folder: string, task: TeachingFile): Promise<void> {
  const part = `${fileIn(folder)}.part`;
  await writeFile(part, JSON.stringify(task));
  await rename(part, fileIn(folder));
}

/** A run that an older Loupe began names no segmenter, no folds, and no weights that made a draft. */
export async function readTask(folder: string): Promise<TeachingFile> {
  const task: TeachingFile = { segmenter: null, folds: null, ...JSON.parse(await readFile(fileIn(folder), 'utf8')) };
  const drafted = (sample: Sample): Sample => ({ ...{ draftedBy: null }, ...sample });
  return { ...task, images: task.images.map((image) => ({ ...image, samples: image.samples.map(drafted) })) };
}
