// Measures a predictor on drawn scenes of unseen seeds: the figures of `loupe eval scenes`.
import type { Box, Mask, Prompt } from '../contract/records.ts';
import { fromBitmap, maskArea, unionOf } from '../contract/rle.ts';
import type { Predictor } from '../flow/predictor.ts';
import { rasterise } from '../pictures/image.ts';
import { boxReward, maskReward } from '../reward/lens.ts';
import { type Atlas, buildAtlas } from '../scenes/atlas.ts';
import { makeScene } from '../scenes/make.ts';
import {
  CATEGORIES,
  type Scene,
  type ScenePrompt,
  type SingleCategory,
  targetsOf,
  visibleMask,
} from '../scenes/scene.ts';
import { type Split, seedOf } from '../scenes/split.ts';
import { boxHit, type Figures, figures, gIoU, type Measured, type Overlap, overlapOf } from './metrics.ts';
import { type Matched, matchObjects, type PluralFigures, pluralFigures } from './plural.ts';

/** The test split has 2^30 scenes; counting on from the last one starts at the first. */
const SCENES = 2 ** 30;

export interface SceneEvaluation {
  readonly overall: Figures;
  /** `plural` is asked beside the others and does not count in `overall`. */
  readonly categories: Readonly<Partial<Record<SingleCategory, Figures>>> & { readonly plural?: PluralFigures };
  /** The segmenter alone, given the true box. */
  readonly segmenter: { readonly gIoU: number };
}

interface SceneTask {
  readonly seed: number;
  /** Default 'test'. */
  readonly split?: Split;
  readonly count: number;
  readonly signal?: AbortSignal;
  /** What the scenes are drawn with. Default: made anew. */
  readonly atlas?: Atlas;
  progress?(done: number): void;
}

interface Trial {
  readonly category: SingleCategory;
  readonly measured: Measured;
  /** Null where there is no true box. */
  readonly segmenter: Overlap | null;
}

/** One prompt a scene, the categories in turn; once in each turn one that means several things as well. */
export async function evaluateScenes(predictor: Predictor, task: SceneTask): Promise<SceneEvaluation> {
  const atlas = task.atlas ?? (await buildAtlas(rasterise));
  const trials: Trial[] = [];
  const plurals: Matched[] = [];
  for (let i = 0; i < task.count; i++) {
    task.signal?.throwIfAborted();
    const scene = makeScene(atlas, seedOf(task.split ?? 'test', (task.seed + i) % SCENES), { plural: 1 });
    const question = { asked: promptInTurn(scene, i), signal: task.signal };
    trials.push(await tryOut(predictor, scene, question));
    const plural = scene.prompts.find(({ category }) => category === 'plural');
    if (plural && i % CATEGORIES.length === 0)
      plurals.push(await tryPlural(predictor, scene, { ...question, asked: plural }));
    task.progress?.(i + 1);
  }
  return summary(trials, plurals);
}

/** The prompt of the category whose turn it is, or of the next one that the scene has. */
export function promptInTurn({ seed, prompts }: Pick<Scene, 'seed' | 'prompts'>, turn: number): SinglePrompt {
  for (let i = 0; i < CATEGORIES.length; i++) {
    const category = CATEGORIES[(turn + i) % CATEGORIES.length];
    const found = prompts.find((prompt): prompt is SinglePrompt => prompt.category === category);
    if (found) return found;
  }
  throw new Error(`scene ${seed} has no prompt`);
}

type SinglePrompt = ScenePrompt & { readonly category: SingleCategory };

interface Truth {
  readonly box: Box | null;
  readonly mask: Mask;
}

/** What stands in the scene; an empty mask where nothing matches. */
export function truthOf(
  scene: Pick<Scene, 'ids' | 'things' | 'image'>,
  { target }: Pick<ScenePrompt, 'target'>,
): Truth {
  const { width, height } = scene.image;
  if (target === null) return { box: null, mask: nothing(width, height) };
  return { box: scene.things[target]?.box ?? null, mask: fromBitmap(visibleMask(scene, target), width, height) };
}

const nothing = (width: number, height: number): Mask => ({ size: [height, width], counts: [width * height] });

interface Question<P extends ScenePrompt = SinglePrompt> {
  readonly asked: P;
  readonly signal?: AbortSignal;
}

async function tryOut(predictor: Predictor, scene: Scene, { asked, signal }: Question): Promise<Trial> {
  const { image } = scene;
  const truth = truthOf(scene, asked);
  const rough = asked.coarse && fromBitmap(asked.coarse, image.width, image.height);
  const prompt: Prompt = { text: asked.text, mask: rough };
  const started = performance.now();
  const { objects, rewards } = await predictor.predict(image, prompt, { signal });
  const ms = performance.now() - started;
  const box = objects[0]?.box ?? null;
  const mask = unionOf(objects.map((object) => object.mask));
  const overlap = overlapOf(mask ?? nothing(image.width, image.height), truth.mask);
  const reward = rewards.format + overlapRewards({ box, mask }, truth);
  const measured = { format: rewards.format, boxHit: boxHit(box, truth.box), reward, overlap, ms };
  const own = truth.box && (await predictor.segment(image, { box: truth.box }));
  return { category: asked.category, measured, segmenter: own && overlapOf(own, truth.mask) };
}

/** What was found against all that is meant, one to one. */
async function tryPlural(
  predictor: Predictor,
  scene: Scene,
  { asked, signal }: Question<ScenePrompt>,
): Promise<Matched> {
  const { image } = scene;
  const started = performance.now();
  const { objects, rewards } = await predictor.predict(image, { text: asked.text }, { signal });
  const ms = performance.now() - started;
  const meant = targetsOf(asked).map((target) => truthOf(scene, { target }).mask);
  return { ...matchObjects(objects, meant, image), format: rewards.format, ms };
}

/** The box and mask terms of the unified reward; where nothing matches, giving neither earns both. */
function overlapRewards({ box, mask }: { box: Box | null; mask: Mask | null }, truth: Truth): number {
  if (truth.box === null) return Number(box === null) + Number(mask === null || maskArea(mask) === 0);
  return boxReward(box, truth.box) + (mask === null ? 0 : maskReward(mask, truth.mask));
}

function summary(trials: readonly Trial[], plurals: readonly Matched[]): SceneEvaluation {
  const measured = (some: readonly Trial[]) => figures(some.map((trial) => trial.measured));
  const present = CATEGORIES.map((name) => [name, trials.filter(({ category }) => category === name)] as const);
  const categories = present.filter(([, some]) => some.length > 0).map(([name, some]) => [name, measured(some)]);
  return {
    overall: measured(trials),
    categories: { ...Object.fromEntries(categories), ...(plurals.length > 0 && { plural: pluralFigures(plurals) }) },
    segmenter: { gIoU: gIoU(trials.flatMap(({ segmenter }) => segmenter ?? [])) },
  };
}
