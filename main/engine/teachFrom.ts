// Makes a run from its folder: decodes its images here, and draws the weights' own domain.
import path from 'node:path';
import { baseDomain } from '../learn/samples/baseDomain.ts';
import type { TeachOutcome, Watching } from '../learn/samples/task.ts';
import { teach } from '../learn/teach.ts';
import { decodeImage } from '../pictures/image.ts';
import { openModel } from '../weights/openCheckpoint.ts';
import { readTask } from './teachingTask.ts';

export async function teachFrom(folder: string, watching: Watching): Promise<TeachOutcome & { ms: number }> {
  const started = performance.now();
  const { images, ...task } = await readTask(folder);
  const { name } = await openModel(task.weights);
  const outcome = await teach(
    {
      ...{ ...task, folder },
      images: images.map(({ imageId, file, samples, things }) => {
        return { imageId, samples, things, path: path.basename(file), read: () => decodeImage(file) };
      }),
      base: await baseDomain(name),
    },
    watching,
  );
  return { ...outcome, ms: performance.now() - started };
}
