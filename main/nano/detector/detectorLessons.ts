// Draws a training step of the detector: parts of photographs, what their cells are to name and box, and where nobody knows.
import type { Random } from '../../contract/random.ts';
import type { Box } from '../../contract/records.ts';
import type { LabelledImage } from '../../evaluate/cocoPhotos.ts';
import { joined } from '../../learn/loop/joinFloats.ts';
import type { PicturePart } from '../../pictures/enlarge.ts';
import { detectorBatch, detectorGrid as grid } from '../parameters/layout.ts';
import { stepDraw } from '../parameters/seeds.ts';
import { drawWeighted } from '../segmenter/lessons.ts';
import { drawTurn, framed, recoloured, turnedBox } from '../segmenter/view.ts';
import { classOf } from './photoClasses.ts';

/** What a step's cells are to say. */
interface CellTargets {
  /** [pictures, cells, classes] */
  named: Float32Array;
  /** [pictures, cells, classes] */
  weight: Float32Array;
  /** [places] */
  at: BigInt64Array;
  /** [places, 4] */
  boxes: Float32Array;
  /** [places] */
  counts: Float32Array;
}

export interface DetectorFeeds extends CellTargets {
  /** [pictures, 3, side, side] */
  samImage: Float32Array;
}

interface Named {
  readonly index: number;
  readonly box: Box;
}

/** A photograph with what it shows as numbers of classes. */
interface Lesson {
  readonly photo: LabelledImage;
  readonly things: readonly Named[];
  /** 1 for classes that its set labels, by class. */
  readonly closed: Float32Array;
}

/** How much "not here" counts for a class that the photograph's set does not label. */
const unlabelled = 0.15;
/** Sets keep this power of their share. */
const evenness = 0.6;
/** Least share of a thing's box that must be in the part for its class to be named. */
const leastSeen = 0.4;
/** So near to a thing's middle, in shares of its sides and at least in cells, cells are to name it. */
const core = { share: 0.25, cells: 0.75 };

export class DetectorLessons {
  private readonly sets: readonly { readonly lessons: readonly Lesson[]; readonly weight: number }[];
  private readonly seed: number;
  private readonly classes: number;

  constructor(photos: readonly LabelledImage[], classes: readonly string[], seed: number) {
    const places = new Map(classes.map((name, i) => [name, i]));
    this.classes = classes.length;
    this.seed = seed;
    this.sets = [...Map.groupBy(photos, ({ set }) => set)].flatMap(([, some]) => {
      const lessons = lessonsOf(some, places);
      return lessons.length > 0 ? [{ lessons, weight: lessons.length ** evenness }] : [];
    });
  }

  batch(step: number): DetectorFeeds {
    const draw = stepDraw(this.seed, step, 16);
    const { pictures, places } = detectorBatch;
    const size = grid * grid * this.classes;
    const feeds = {
      named: new Float32Array(pictures * size),
      weight: new Float32Array(pictures * size),
      at: new BigInt64Array(places),
      boxes: new Float32Array(4 * places),
      counts: new Float32Array(places),
    };
    const cells = new BoxedCells(feeds, places);
    const images = Array.from({ length: pictures }, (_, i) => {
      const { image, closed, things } = drawn(this.lesson(draw), draw);
      for (let k = 0; k < size; k++) feeds.weight[i * size + k] = closed[k % this.classes] ?? 0;
      for (const thing of things) this.mark(feeds, cells, { thing, from: i * size });
      return image;
    });
    return { samImage: joined(images), ...feeds };
  }

  private lesson(draw: Random): Lesson {
    return draw.pick(drawWeighted(this.sets, draw)?.lessons ?? []);
  }

  /** The core of a thing names it, smaller things over larger ones; of its other cells nobody asks whether they do. */
  private mark(feeds: CellTargets, boxed: BoxedCells, { thing, from }: { thing: SeenThing; from: number }): void {
    const { box, index, isWhole } = thing;
    for (let cell = 0; cell < grid * grid; cell++) {
      const at = from + cell * this.classes + index;
      const [x, y] = [(cell % grid) + 0.5, Math.floor(cell / grid) + 0.5].map((each) => each / grid);
      if (x === undefined || y === undefined) continue;
      if (isWhole && isCore(box, x, y)) {
        [feeds.named[at], feeds.weight[at]] = [1, 1];
        boxed.set(at, box);
      } else if (feeds.named[at] !== 1 && x > box.x1 && x < box.x2 && y > box.y1 && y < box.y2) feeds.weight[at] = 0;
    }
  }
}

function lessonsOf(photos: readonly LabelledImage[], places: ReadonlyMap<string, number>): Lesson[] {
  const indexOf = (set: string, label: string) => {
    const name = classOf(set, label);
    return name === null ? undefined : places.get(name);
  };
  const closed = new Float32Array(places.size).fill(unlabelled);
  for (const { set, things } of photos)
    for (const { label } of things) {
      const index = indexOf(set, label);
      if (index !== undefined) closed[index] = 1;
    }
  return photos.flatMap((photo) => {
    const things = photo.things.flatMap(({ label, box }) => {
      const index = indexOf(photo.set, label);
      return index === undefined ? [] : [{ index, box }];
    });
    return things.length > 0 ? [{ photo, things, closed }] : [];
  });
}

interface SeenThing extends Named {
  /** Whether enough of it is seen for its class to be named. */
  readonly isWhole: boolean;
}

/** Boxes in shares of the part; large things first, so that small ones overwrite them. */
function drawn({ photo, things, closed }: Lesson, draw: Random) {
  const place = drawPart(photo, things, draw);
  const small = framed(photo.image, place, draw);
  const turn = drawTurn(draw);
  const seen = things.flatMap(({ index, box }): SeenThing[] => {
    const part = shareOf(box, place);
    if (part === null) return [];
    const whole = ((box.x2 - box.x1) * (box.y2 - box.y1)) / (place.width * place.height);
    return [{ index, box: turnedBox(part, turn), isWhole: areaOf(part) >= leastSeen * whole }];
  });
  seen.sort((a, b) => areaOf(b.box) - areaOf(a.box));
  return { image: recoloured(small.data, turn, draw), closed, things: seen };
}

/** Mostly nearly all of the picture, else a part of it with one of its things. */
function drawPart({ image }: LabelledImage, things: readonly Named[], draw: Random): PicturePart {
  const { width, height } = image;
  if (draw.chance(0.3)) return { x: 0, y: 0, width, height };
  const share = draw.chance(0.7) ? draw.between(0.75, 1) : draw.between(0.4, 0.75);
  const stretch = Math.exp(draw.between(-0.15, 0.15));
  const wide = Math.max(24, Math.round(Math.min(1, share * stretch) * width));
  const high = Math.max(24, Math.round(Math.min(1, share / stretch) * height));
  const { box } = draw.pick(things);
  const from = (low: number, up: number, side: number, all: number) => {
    const middle = draw.between(low, up);
    return Math.max(0, Math.min(all - side, Math.round(middle - side * draw.between(0.2, 0.8))));
  };
  const [w, h] = [Math.min(wide, width), Math.min(high, height)];
  return { x: from(box.x1, box.x2, w, width), y: from(box.y1, box.y2, h, height), width: w, height: h };
}

/** Null where the box lies outside. */
function shareOf(box: Box, { x, y, width, height }: PicturePart): Box | null {
  const within = (at: number, from: number, length: number) => Math.max(0, Math.min(1, (at - from) / length));
  const part = {
    ...{ x1: within(box.x1, x, width), y1: within(box.y1, y, height) },
    ...{ x2: within(box.x2, x, width), y2: within(box.y2, y, height) },
  };
  return part.x2 - part.x1 > 1e-3 && part.y2 - part.y1 > 1e-3 ? part : null;
}

const areaOf = ({ x1, y1, x2, y2 }: Box): number => (x2 - x1) * (y2 - y1);

function isCore({ x1, y1, x2, y2 }: Box, x: number, y: number): boolean {
  const near = (at: number, low: number, up: number) =>
    Math.abs(at - (low + up) / 2) <= Math.max(core.share * (up - low), core.cells / grid);
  return near(x, x1, x2) && near(y, y1, y2);
}

/** The cells that are to box a thing, in the feeds; a cell that a smaller thing takes over boxes that one. */
class BoxedCells {
  private readonly feeds: Pick<CellTargets, 'at' | 'boxes' | 'counts'>;
  private readonly most: number;
  private readonly taken = new Map<number, number>();

  constructor(feeds: Pick<CellTargets, 'at' | 'boxes' | 'counts'>, most: number) {
    this.feeds = feeds;
    this.most = most;
  }

  /** Beyond the most places, nothing. */
  set(cell: number, { x1, y1, x2, y2 }: Box): void {
    const place = this.taken.get(cell) ?? this.taken.size;
    if (place >= this.most) return;
    this.taken.set(cell, place);
    this.feeds.at[place] = BigInt(cell);
    this.feeds.boxes.set([x1, y1, x2, y2], 4 * place);
    this.feeds.counts[place] = 1;
  }
}
