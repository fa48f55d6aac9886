// `loupe train segmenter`: the segmenter learns from photographs with masks, mixed with drawn scenes, to a weights folder.
import path from 'node:path';
import type { CocoSource } from '../evaluate/cocoPhotos.ts';
import { train } from '../learn/loop/loop.ts';
import type { StepProgress } from '../learn/loop/meter.ts';
import { readPictureRecord, writePictureRecord } from '../weights/records/pictureRecord.ts';
import { exportNano } from './export.ts';
import { photoSide } from './parameters/layout.ts';
import { makeNano, startFrom } from './parameters/nano.ts';
import { nanoRecipe } from './recipe.ts';
import { stageRun } from './train.ts';

export interface TrainSegmenterOptions {
  /** Checkpoint, curves and, in `weights`, the result. */
  readonly folder: string;
  readonly seed: number;
  readonly photos: CocoSource;
  /** Share of pictures that are drawn scenes. */
  readonly sceneShare: number;
  readonly steps: number;
  /** A weights folder to start from: what is not trained here is taken over as it stands. */
  readonly from: string;
  readonly signal?: AbortSignal;
  report(progress: StepProgress): void;
}

/** Goes on where an earlier run in the same folder stopped. */
export async function trainSegmenter(options: TrainSegmenterOptions): Promise<void> {
  const { folder, seed, photos, sceneShare, steps, signal, report } = options;
  const nano = await makeNano(seed);
  await startFrom(nano, options.from);
  const segmenter = { ...nanoRecipe.segmenter, photos: { ...photos, longest: photoSide }, sceneShare, steps };
  const recipe = { ...nanoRecipe, segmenter };
  const ahead = { stage: 'segmenter', seed, recipe } as const;
  await train(stageRun('segmenter', { nano, recipe, ahead }), { folder, signal, report });
  if (signal?.aborted) return;
  const weights = path.join(folder, 'weights');
  await exportNano(nano, weights);
  // The reasoner has not changed, so it tells pictures that are unlike by the same signs. What repairs gain is to be measured anew.
  const pictures = await readPictureRecord(options.from);
  if (pictures) await writePictureRecord(weights, pictures);
}
