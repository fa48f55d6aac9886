// Reads every image of a run once, so that near-duplicates, masks that follow nothing and files that are gone are known before it begins.
import { BadInput } from '../../contract/badInput.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { SkippedImage } from '../../contract/learning.ts';
import { outlinesOf } from './decoderPrompts.ts';
import { edgeRank } from './edgeRank.ts';
import type { MeasuredImage } from './measuredImage.ts';
import { type Fingerprint, fingerprintOf, nearGroups } from './nearDuplicates.ts';
import type { TaughtImage } from './preflight.ts';
import type { TeachingImage, TeachTask, Watching } from './task.ts';

/** Masks of each image whose place on the picture is looked at. */
const mostRanked = 4;

export type LookedAt = TaughtImage & MeasuredImage & TeachingImage & { readonly size: Frame };

export async function lookAt(
  { images }: Pick<TeachTask, 'images'>,
  { signal, report }: Watching,
): Promise<{ images: LookedAt[]; skipped: SkippedImage[] }> {
  const looked: { image: TeachingImage; print: Fingerprint; edgeRanks: number[]; size: Frame }[] = [];
  const skipped: SkippedImage[] = [];
  for (const [i, image] of images.entries()) {
    signal?.throwIfAborted();
    try {
      const picture = await image.read();
      const masks = image.samples.flatMap((sample) => outlinesOf(sample).map(({ mask }) => mask));
      const edgeRanks = masks.slice(0, mostRanked).flatMap((mask) => edgeRank(picture, mask) ?? []);
      const { width, height } = picture;
      looked.push({ image, print: fingerprintOf(image.path, picture), edgeRanks, size: { width, height } });
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      skipped.push({ path: image.path, reason: error.message });
    }
    report({ kind: 'teaching', phase: 'looking', done: i + 1, total: images.length, secondsLeft: null, figures: {} });
  }
  const groups = await nearGroups(
    looked.map(({ print }) => print),
    signal,
  );
  const all = looked.map(({ image, edgeRanks, size }, i) => ({
    ...{ ...image, read: () => image.read(), edgeRanks, size, prompts: image.samples.length },
    group: groups.findIndex((group) => group.includes(i)),
  }));
  return { images: all, skipped };
}
