// Writes trained weights as a version that keeps as much of the training as the weights' own domain allows.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { gIoU } from '../../evaluate/metrics.ts';
import { loadPredictor } from '../../flow/predict.ts';
import type { TeachTask, Watching } from '../samples/task.ts';
import { largestChanges, shareThatKeeps, type TrainingChange, tries } from './largestChanges.ts';
import { measure } from './measure.ts';
import { writeVersion } from './version.ts';

export interface Trained {
  readonly from: string;
  readonly to: string;
  readonly change: TrainingChange;
  /** As in `writeVersion`. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** All of it where nothing is known of what the weights came with. */
export async function writeTrimmedVersion(
  task: TeachTask,
  { from, to, change, texts }: Trained,
  watching: Watching,
): Promise<void> {
  const valuesAt = largestChanges(change);
  const write = (share: number, place: string) => writeVersion(from, place, { tensors: valuesAt(share), texts });
  await write(await shareToKeep(task, { from, write }, watching), to);
}

interface Versions {
  readonly from: string;
  write(share: number, place: string): Promise<void>;
}

async function shareToKeep(
  { base, folder }: TeachTask,
  { from, write }: Versions,
  watching: Watching,
): Promise<number> {
  const { chosenBy } = base;
  if (chosenBy.length === 0) return 1;
  const tried = path.join(folder, 'tried');
  const { signal, report } = watching;
  let done = 0;
  const scoreAt = async (share: number): Promise<number> => {
    if (share > 0) await write(share, tried);
    const predictor = await loadPredictor(share > 0 ? tried : from);
    try {
      const images = chosenBy.map((image) => ({ ...image, read: () => image.read(), group: image.imageId }));
      const scores = await measure(predictor, images, { signal, mostWorded: images.length, onlyWorded: true });
      const score = gIoU(scores.flatMap(({ worded }) => worded?.overlap ?? []));
      const figures = { share, ownDomain: score };
      report({ kind: 'teaching', phase: 'judging', done: ++done, total: tries, secondsLeft: null, figures });
      return score;
    } finally {
      await predictor.release();
    }
  };
  try {
    const kept = await shareThatKeeps(scoreAt);
    report({ kind: 'teaching', phase: 'judging', done, total: tries, secondsLeft: null, figures: { kept } });
    return kept;
  } finally {
    await rm(tried, { recursive: true, force: true });
  }
}
