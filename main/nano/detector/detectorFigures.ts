// Measures a detector on photographs that it did not learn from, and chooses the score from which on a thing counts as found.
import { boxIou } from '../../contract/geometry.ts';
import type { LabelledImage } from '../../evaluate/cocoPhotos.ts';
import { largeOf } from '../../evaluate/words.ts';
import type { Detector } from '../../flow/detector.ts';
import type { Segmenter } from '../../flow/segmenter/segmenter.ts';
import { classOf } from './photoClasses.ts';

/** One class asked for in one photograph. */
export interface ClassSearch {
  /** Whether a large thing of the class is there; else nothing of it is. */
  readonly isThere: boolean;
  /** Of all that was found, the surest first, with whether its box lies on one of the class. */
  readonly found: readonly { readonly score: number; readonly isRight: boolean }[];
}

/** Boxes that overlap by so much are of one thing. */
const sameBox = 0.5;
/** Absent classes that are asked for in a photograph. */
const mostAbsent = 2;
/** Share of absent classes that are to be said to be absent: a little over the 0.85 that is asked for, as few photographs tell it. */
export const absentShare = 0.88;

/** Every large class of each photograph, and some that its set labels and it lacks. */
export async function askedClasses(
  detector: Detector,
  segmenter: Pick<Segmenter, 'features'>,
  photos: readonly LabelledImage[],
): Promise<ClassSearch[]> {
  const labels = new Map([...Map.groupBy(photos, ({ set }) => set)].map(([set, some]) => [set, namesOf(some)]));
  const asked: ClassSearch[] = [];
  for (const [turn, photo] of photos.entries()) {
    const features = await segmenter.features(photo.image);
    const here = namesOf([photo]);
    const others = [...(labels.get(photo.set) ?? [])].filter((name) => !here.has(name));
    const absent = others.slice(turn % Math.max(1, others.length)).slice(0, mostAbsent);
    for (const name of [...largeNames(photo), ...absent]) {
      const index = detector.record.classes.findIndex((each) => each.name === name);
      if (index < 0) continue;
      const found = await detector.find(features, photo.image, { classes: [index], least: 0.02 });
      const wanted = photo.things.filter(({ label }) => classOf(photo.set, label) === name);
      const isRight = (box: (typeof found)[number]['box']) => wanted.some((one) => boxIou(box, one.box) >= sameBox);
      asked.push({
        isThere: here.has(name),
        found: found.map(({ score, box }) => ({ score, isRight: isRight(box) })),
      });
    }
  }
  return asked;
}

function namesOf(photos: readonly LabelledImage[]): Set<string> {
  const names = photos.flatMap(({ set, things }) => things.flatMap(({ label }) => classOf(set, label) ?? []));
  return new Set(names);
}

const largeNames = (photo: LabelledImage): Set<string> =>
  new Set([...largeOf(photo)].flatMap((label) => classOf(photo.set, label) ?? []));

/** The least score at which so many absent classes are said to be absent as `absentShare` says, and what is found from it on. */
export function chosenScore(asked: readonly ClassSearch[]): { least: number; found: number; absent: number } {
  const sure = asked.filter(({ isThere }) => !isThere).map(({ found }) => found[0]?.score ?? 0);
  sure.sort((a, b) => a - b);
  // Just above the last one that has to be passed over; where nothing is absent, a half.
  const last = sure[Math.ceil(absentShare * sure.length) - 1];
  const least = last === undefined ? 0.5 : Math.min(1, Math.ceil(last * 1000 + 1e-9) / 1000 + 0.001);
  const there = asked.filter(({ isThere }) => isThere);
  const hits = there.filter(({ found }) => found.some(({ score, isRight }) => isRight && score >= least));
  return {
    least,
    found: hits.length / Math.max(1, there.length),
    absent: sure.filter((score) => score < least).length / Math.max(1, sure.length),
  };
}
