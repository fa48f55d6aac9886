// Cuts photographs and scenes for one training step of the segmenter: parts of pictures, prompts for them, true masks.

import type { Random } from '../../contract/random.ts';
import type { Box } from '../../contract/records.ts';
import { toBitmap } from '../../contract/rle.ts';
import type { LabelledImage } from '../../evaluate/cocoPhotos.ts';
import { joined } from '../../learn/loop/joinFloats.ts';
import { placeAround } from '../../pictures/crop.ts';
import type { PicturePart } from '../../pictures/enlarge.ts';
import { type SegmenterScene, visibleMask } from '../../scenes/scene.ts';
import { samSide, segmenterBatch, targetSide } from '../parameters/layout.ts';
import { stepDraw } from '../parameters/seeds.ts';
import { drawPrompt, type PromptKind, roughSide } from './prompts.ts';
import { askFeeds, type PromptExample, type SegmenterFeeds } from './segmenterBatch.ts';
import { drawView, type SegmenterView, type TaughtPicture } from './view.ts';

export interface Lessons {
  readonly photos: readonly LabelledImage[];
  /** Drawn scenes by number, from 0. */
  scene(index: number): SegmenterScene;
  /** How many different scenes there are. */
  readonly scenes: number;
  /** Share of scenes among all pictures. */
  readonly sceneShare: number;
  /** Seed of the order of pictures and of what is drawn from them. Default 1. */
  readonly seed?: number;
}

/** Around a thing, or more of the picture, where a click alone must find its thing. */
const closeShare = 0.66;
/** Times the longer side of a thing's box; the product looks at `crop.context` times. */
const close = { least: 1.1, most: 2.1 };
const wide = { least: 2, most: 5 };
const tries = 8;

/** Draws the batch of a step; the same step gives the same batch. */
export class LessonMaker {
  private readonly lessons: Lessons;
  /** Photographs and their things, each set with the power 0.7 of its share: a large set does not drown the others. */
  private readonly sets: readonly { readonly photos: readonly LabelledImage[]; readonly weight: number }[];
  private readonly shown = new Map<number, SegmenterScene>();

  constructor(lessons: Lessons) {
    this.lessons = lessons;
    const bySet = Map.groupBy(lessons.photos, ({ set }) => set);
    this.sets = [...bySet.values()].map((photos) => ({
      photos: photos.flatMap((photo) => photo.things.map(() => photo)),
      weight: photos.reduce((sum, { things }) => sum + things.length, 0) ** 0.7,
    }));
  }

  batch(step: number): SegmenterFeeds {
    const draw = stepDraw(this.lessons.seed ?? 1, step, 12);
    const views = Array.from({ length: segmenterBatch.scenes }, () => this.view(draw));
    const asked = views.flatMap(({ view, isClose }) => asksOf(view, isClose, draw));
    return {
      samImage: joined(views.map(({ view }) => view.image)),
      ...askFeeds(asked.map(({ ask }) => ask)),
      target: joined(asked.map(({ mask }) => quartered(mask))),
    };
  }

  private view(draw: Random): { view: SegmenterView; isClose: boolean } {
    for (let i = 0; ; i++) {
      const taught = this.picture(draw);
      const wanted = draw.int(0, taught.things.length - 1);
      const box = taught.things[wanted]?.box ?? { x1: 0, y1: 0, x2: 1, y2: 1 };
      const isClose = draw.chance(closeShare);
      const view = drawView(taught, { place: drawPlace({ box, isClose }, taught, draw), wanted }, draw);
      if (view.wanted >= 0 || (i >= tries && view.masks.length > 0)) return { view, isClose };
    }
  }

  private picture(draw: Random): TaughtPicture {
    const { photos, sceneShare, scenes } = this.lessons;
    if (photos.length > 0 && !draw.chance(sceneShare)) return taughtPhoto(this.photo(draw));
    return taughtScene(this.scene(draw.int(0, scenes - 1)));
  }

  private photo(draw: Random): LabelledImage {
    return draw.pick(drawWeighted(this.sets, draw)?.photos ?? []);
  }

  /** Each is drawn once: drawing takes longer than all else. */
  private scene(index: number): SegmenterScene {
    const scene = this.shown.get(index) ?? this.lessons.scene(index);
    this.shown.set(index, scene);
    return scene;
  }
}

/** Each as often as its weight says. */
export function drawWeighted<T extends { readonly weight: number }>(all: readonly T[], draw: Random): T | undefined {
  let left = draw.next() * all.reduce((sum, { weight }) => sum + weight, 0);
  const found = all.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  return found ?? all.at(-1);
}

const taughtPhoto = ({ image, things }: LabelledImage): TaughtPicture => ({
  image,
  things: things.map(({ mask, box }) => ({ box, mask: () => toBitmap(mask) })),
});

const taughtScene = (scene: SegmenterScene): TaughtPicture => ({
  image: scene.image,
  things: scene.things.map(({ box }, i) => ({ box, mask: () => visibleMask(scene, i) })),
});

function drawPlace(
  { box, isClose }: { box: Box; isClose: boolean },
  { image }: TaughtPicture,
  draw: Random,
): PicturePart {
  if (!isClose && draw.chance(0.6)) return { x: 0, y: 0, width: image.width, height: image.height };
  const range = isClose ? close : wide;
  const context = Math.exp(draw.between(Math.log(range.least), Math.log(range.most)));
  const side = Math.max(box.x2 - box.x1, box.y2 - box.y1);
  const off = () => draw.between(-0.5, 0.5) * (isClose ? Math.max(0.15, context - 1) * 0.6 : context - 1) * side;
  const [dx, dy] = [off(), off()];
  return placeAround({ x1: box.x1 + dx, x2: box.x2 + dx, y1: box.y1 + dy, y2: box.y2 + dy }, image, context);
}

interface LessonPrompt {
  readonly ask: PromptExample;
  /** At the size of the frame. */
  readonly mask: Uint8Array;
}

/** One prompt of each of these kinds; those that end in "Other" ask for another thing, if one is seen. */
const closeKinds: readonly (readonly PromptKind[])[] = [
  ['box'],
  ['firstClick', 'clicks', 'clicks'],
  ['rough', 'rough', 'mixed', 'clicks'],
];
const wideKinds: readonly (readonly PromptKind[])[] = [
  ['firstClick'],
  ['firstClick', 'clicks'],
  ['box', 'rough', 'clicks'],
];
const otherKinds: readonly PromptKind[] = ['box', 'box', 'clicks', 'firstClick', 'rough'];

function asksOf({ masks, wanted }: SegmenterView, isClose: boolean, draw: Random): LessonPrompt[] {
  const main = Math.max(0, wanted);
  const others = masks.map((_, i) => i).filter((i) => i !== main);
  const kinds = (isClose ? closeKinds : wideKinds).map((some) => draw.pick(some));
  const other = () => (others.length > 0 ? draw.pick(others) : main);
  // In a wide view the second and third prompts may be for other things as well.
  const chosen = kinds.map((kind, i) => ({ kind, index: !isClose && i > 0 && draw.chance(0.6) ? other() : main }));
  const last = { kind: draw.pick(otherKinds), index: other() };
  return [...chosen, last].slice(0, segmenterBatch.perScene).map(({ kind, index }) => {
    const mask = masks[index] ?? new Uint8Array(samSide * samSide);
    const neighbour = masks[draw.pick(others.length > 0 && index === main ? others : [main])];
    const target = { mask: halved(mask), neighbour: neighbour && neighbour !== mask ? halved(neighbour) : null };
    return { ask: drawPrompt(kind, target, draw), mask };
  });
}

/** Halves the side: inside where two of four pixels are. */
function halved(mask: Uint8Array): Uint8Array {
  const out = new Uint8Array(roughSide * roughSide);
  for (let i = 0; i < out.length; i++) {
    const at = 2 * Math.floor(i / roughSide) * samSide + 2 * (i % roughSide);
    const sum = (mask[at] ?? 0) + (mask[at + 1] ?? 0) + (mask[at + samSide] ?? 0) + (mask[at + samSide + 1] ?? 0);
    out[i] = sum >= 2 ? 1 : 0;
  }
  return out;
}

/** Quarters the side: shares of 4 * 4 pixels. */
function quartered(mask: Uint8Array): Float32Array {
  const out = new Float32Array(targetSide * targetSide);
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    const to = (Math.floor(i / samSide) >> 2) * targetSide + ((i % samSide) >> 2);
    out[to] = (out[to] ?? 0) + 1 / 16;
  }
  return out;
}
