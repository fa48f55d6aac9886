// Measures weights on sets of annotated photographs: boxes and clicks beside GrabCut and the bare box; repairs; prompts in words.
import { fromPolygon } from '../contract/polygon.ts';
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { maskArea, maskIou } from '../contract/rle.ts';
import type { Predictor } from '../flow/predictor.ts';
import { cutOut } from '../pictures/cutOut.ts';
import { type ClickRules, clickedIous, clicksTo } from './clicks.ts';
import type { LabelledImage } from './cocoPhotos.ts';
import { type RepairFigures, repairFigures, repairTrials } from './repair.ts';
import { evaluateWords, type WordFigures } from './words.ts';

/** Smaller things, in pixels, are left out: their outline is mostly the annotator's hand. */
const SMALLEST = 100;
/** An annotator who is not content by then draws the mask. */
const MOST_CLICKS = 10;
const CONTENT = 0.85;
/** Five clicks are counted of every thing. */
const clicking: ClickRules = { most: MOST_CLICKS, content: CONTENT, least: 5, jitter: null };
/** Masks are made wrong in the same way each time; calibration draws from another seed. */
const REPAIR_SEED = 50_000;
const counted = ['1', '3', '5'] as const;

export interface SetFigures {
  readonly boxToMask: { readonly mIoU: number; readonly count: number };
  readonly bareBox: { readonly mIoU: number };
  /** Measured on a sample of the things, as GrabCut takes a third of a second for each. */
  readonly grabCut: { readonly mIoU: number; readonly count: number };
  /** Mean IoU after so many clicks, of a sample of the things as well: each takes up to ten masks. */
  readonly clicks: Readonly<Record<(typeof counted)[number] | 'count', number>>;
  /** Mean number of clicks to an IoU of 0.85; 10 where ten do not reach it. */
  readonly noc85: number;
}

export interface SetsEvaluation {
  readonly sets: Readonly<Record<string, SetFigures>>;
  readonly overall: SetFigures & {
    readonly boxToMask: { readonly meanOfSets: number };
    /** Repairs of masks made wrong, and left right, where every expected gain is followed. */
    readonly repair: RepairFigures;
    readonly words: WordFigures;
  };
}

export interface SetsTask {
  /** Things that GrabCut is tried on, evenly among all. */
  readonly grabCuts: number;
  /** Things that are clicked at. Default: every one. */
  readonly clicked?: number;
  /** Things whose masks are made wrong and repaired, evenly among all. Default: none. */
  readonly repaired?: number;
  /** Photographs that are asked about in words, evenly among all. Default: none. */
  readonly worded?: number;
  /** Things that are measured, evenly among all. Default: every one. */
  readonly most?: number;
  readonly signal?: AbortSignal;
  /** Is told every mask that was drawn under a true box. */
  found?(mask: MaskUnderBox): void;
  progress?(done: number, of: number, what: 'things' | 'repairs' | 'photographs in words'): void;
}

/** What was drawn under the true box of a thing, and the truth. */
export interface MaskUnderBox {
  readonly set: string;
  readonly label: string;
  readonly image: DecodedImage;
  readonly box: Box;
  readonly truth: Mask;
  readonly mask: Mask;
  readonly iou: number;
}

interface Thing {
  readonly photo: LabelledImage;
  readonly label: string;
  readonly truth: Mask;
  readonly box: Box;
}

interface Measured {
  readonly set: string;
  readonly box: number;
  readonly bare: number;
  readonly grabCut: number | null;
  /** After the first click, the second, ... */
  readonly clicks: readonly number[] | null;
}

type Segments = Pick<Predictor, 'segment' | 'repair' | 'predict' | 'unknownWords'>;

export async function evaluatePhotoSets(
  predictor: Segments,
  photos: readonly LabelledImage[],
  task: SetsTask,
): Promise<SetsEvaluation> {
  const all = photos.flatMap((photo) =>
    photo.things
      .filter(({ mask }) => maskArea(mask) >= SMALLEST)
      .map(({ label, mask, box }) => ({ photo, label, truth: mask, box })),
  );
  const things = evenly(all, task.most ?? all.length);
  const cuts = new Set(evenly(things, task.grabCuts));
  const clicks = new Set(evenly(things, task.clicked ?? things.length));
  const measured: Measured[] = [];
  for (const thing of things) {
    task.signal?.throwIfAborted();
    const under = await underBox(predictor, thing);
    task.found?.(under);
    measured.push(await measure(predictor, under, { isCut: cuts.has(thing), isClicked: clicks.has(thing) }));
    task.progress?.(measured.length, things.length, 'things');
  }
  const sets = [...Map.groupBy(measured, ({ set }) => set)].map(([set, some]) => [set, figuresOf(some)] as const);
  const overall = figuresOf(measured);
  const repair = repairFigures(
    await repairTrials(predictor, photos, {
      ...{ most: task.repaired ?? 0, seed: REPAIR_SEED, signal: task.signal },
      progress: (done, of) => task.progress?.(done, of, 'repairs'),
    }),
  );
  const words = await evaluateWords(predictor, photos, {
    ...{ photos: task.worded ?? 0, signal: task.signal },
    progress: (done, of) => task.progress?.(done, of, 'photographs in words'),
  });
  const meanOfSets = mean(sets.map(([, { boxToMask }]) => boxToMask.mIoU));
  const boxToMask = { ...overall.boxToMask, meanOfSets };
  return { sets: Object.fromEntries(sets), overall: { ...overall, boxToMask, repair, words } };
}

const evenly = <T>(items: readonly T[], most: number): T[] =>
  items.filter((_, i) => Math.floor(((i + 1) * most) / items.length) > Math.floor((i * most) / items.length));

interface Tries {
  readonly isCut: boolean;
  readonly isClicked: boolean;
}

async function underBox(predictor: Segments, { photo, label, truth, box }: Thing): Promise<MaskUnderBox> {
  const { image, set } = photo;
  const mask = await predictor.segment(image, { box });
  return { set, label, image, box, truth, mask, iou: maskIou(mask, truth) };
}

async function measure(predictor: Segments, under: MaskUnderBox, tries: Tries): Promise<Measured> {
  const { set, image, box, truth, iou } = under;
  return {
    set,
    box: iou,
    bare: maskIou(allOf(box, image), truth),
    grabCut: tries.isCut ? maskIou(await cutOut(image, box), truth) : null,
    clicks: tries.isClicked ? await clickedIous(predictor, { image, truth }, clicking) : null,
  };
}

const allOf = ({ x1, y1, x2, y2 }: Box, { width, height }: DecodedImage): Mask =>
  fromPolygon([x1, y1, x2, y1, x2, y2, x1, y2], width, height);

function figuresOf(measured: readonly Measured[]): SetFigures {
  const cuts = measured.flatMap(({ grabCut }) => (grabCut === null ? [] : [grabCut]));
  const series = measured.flatMap(({ clicks }) => (clicks === null ? [] : [clicks]));
  const after = (count: number) =>
    mean(
      series.map((clicks) => {
        const iou = clicks[count - 1];
        if (iou === undefined) throw new Error(`A series of ${clicks.length} clicks has no click ${count}.`);
        return iou;
      }),
    );
  return {
    boxToMask: { mIoU: mean(measured.map(({ box }) => box)), count: measured.length },
    bareBox: { mIoU: mean(measured.map(({ bare }) => bare)) },
    grabCut: { mIoU: mean(cuts), count: cuts.length },
    clicks: { '1': after(1), '3': after(3), '5': after(5), count: series.length },
    noc85: mean(series.map((clicks) => clicksTo(CONTENT, clicks, MOST_CLICKS))),
  };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
