// Measures what a reasoner in training draws for a few held-back prompts, by whole answers of a version of the moment.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { random } from '../../contract/random.ts';
import { loadPredictor } from '../../flow/predict.ts';
import { openWeights } from '../../weights/open.ts';
import { measure } from '../gate/measure.ts';
import { writeVersion } from '../gate/version.ts';
import type { Validation } from '../loop/validation.ts';
import { outlinesOf } from '../samples/decoderPrompts.ts';
import type { MeasuredImage } from '../samples/measuredImage.ts';
import type { TeachingImage, TeachTask } from '../samples/task.ts';
import { wordsToTeach } from './learnReasoner.ts';
import { grownTexts, supervisedPolicy } from './supervisedTier.ts';
import { taughtPictures } from './taughtPictures.ts';

/** Prompts, of one image each: an answer takes about a second, and opening a version as long again. */
const MOST_HELD = 6;
const STREAM = 34;

interface ToValidate {
  readonly learnt: readonly TeachingImage[];
  readonly held: readonly TeachingImage[];
  readonly from: string;
}

/** Null: no prompt that is held back has outlines. */
export async function answerValidation(
  { folder, seed }: Pick<TeachTask, 'folder' | 'seed'>,
  { learnt, held, from }: ToValidate,
  signal?: AbortSignal,
): Promise<Validation | null> {
  const asked = heldPrompts(held, seed);
  if (asked.length === 0) return null;
  const words = wordsToTeach(await openWeights(from), learnt);
  const known = await taughtPictures({ folder }, { from, learnt }, signal);
  const texts = { ...(await grownTexts(from, await supervisedPolicy(from, words, seed), words)), ...known };
  const shown = path.join(folder, 'shown');
  return async ({ all: tensors }) => {
    try {
      await writeVersion(from, shown, { tensors, texts });
      const predictor = await loadPredictor(shown);
      try {
        const scores = await measure(predictor, asked, { signal, mostWorded: asked.length, onlyWorded: true });
        return scores.flatMap(({ worded }) => worded?.overlap ?? []);
      } finally {
        await predictor.release();
      }
    } finally {
      await rm(shown, { recursive: true, force: true });
    }
  };
}

/** Chooses the same prompts for a seed, whether a run is new or goes on. */
function heldPrompts(held: readonly TeachingImage[], seed: number): MeasuredImage[] {
  const draw = random(seed, STREAM);
  const outlined = held.flatMap((image): MeasuredImage[] => {
    const whole = image.samples.filter(
      (one) => one.objects.length > 0 && outlinesOf(one).length === one.objects.length,
    );
    const read = () => image.read();
    return whole.length > 0
      ? [{ imageId: image.imageId, group: image.imageId, samples: [draw.pick(whole)], read }]
      : [];
  });
  return draw.shuffle(outlined).slice(0, MOST_HELD);
}
