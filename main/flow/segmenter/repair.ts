// Redraws a coarse mask: prompts made of it are drawn in several rounds, and what they agree on is proposed in its place.
import { clampBox, type Frame } from '../../contract/geometry.ts';
import type { Box, DecodedImage, Mask, Point } from '../../contract/records.ts';
import { maskArea, maskBox, maskIou } from '../../contract/rle.ts';
import { insideDistance } from '../../pictures/distance.ts';
import { enlargedMask, type PicturePart } from '../../pictures/enlarge.ts';
import { bitmapIn, type MaskWindow, windowAround } from '../../pictures/maskWindow.ts';
import type { RepairRecord } from '../../weights/records/repairRecord.ts';
import { measuredRepair, type RedrawnMask } from './repairFeatures.ts';
import { expectedGain } from './repairGain.ts';
import { boxAround, type FoundLogits, type SegmenterPrompt, sharesIn } from './zoom.ts';

/** The part of a segmenter that repair needs. */
export interface RepairSegmenter {
  find(image: DecodedImage, ask: SegmenterPrompt): Promise<FoundLogits>;
  draw(image: DecodedImage, found: Pick<FoundLogits, 'values' | 'place'>): Mask;
}

export interface RepairedMask {
  readonly mask: Mask;
  /** Expected IoU with the truth less that of what stands; null where nobody measured these weights. */
  readonly gain: number | null;
  /** 1 - boundary IoU with what stands. */
  readonly boundary: number;
  /** What the expectation is made from. */
  readonly features: Readonly<Record<string, number>>;
}

/** How far the thing may reach beyond a mask that misses a part of it, in shares of the box's longer side. */
const GROWTH = 0.15;
const ROUNDS = 2;
/** Rounds end where they change less (IoU). */
const SETTLED = 0.98;
/** Pixels a side that points are looked for on. */
const POINT_SIDE = 128;

/** Null where there is nothing to redraw, or the segmenter finds nothing. */
export async function repaired(
  segmenter: RepairSegmenter,
  image: DecodedImage,
  standing: Mask,
  record: RepairRecord | null,
): Promise<RepairedMask | null> {
  if (maskArea(standing) === 0) return null;
  const redrawn = await redraw(segmenter, image, standing);
  const mask = redrawn.length > 0 ? consensus(segmenter, image, redrawn) : null;
  if (!mask || maskArea(mask) === 0) return null;
  const { features, boundary, isFartherFromEdges } = measuredRepair({ image, standing, mask, redrawn });
  const expected = record && expectedGain(record, features);
  const gain = expected === null ? null : expected - dissent(features);
  // What lies farther from the edges of the picture is never said to be the better one.
  return { mask, boundary, features, gain: gain !== null && isFartherFromEdges ? Math.min(gain, 0) : gain };
}

/**
 * By how much more the mask of the bare box overlaps what stands than what replaces it. That mask has seen nothing of what
 * stands, so a gain must be larger than what it says against the change.
 */
const dissent = ({ plainWithOld, plainWithOwn }: { plainWithOld: number; plainWithOwn: number }): number =>
  Math.max(0, plainWithOld - plainWithOwn);

/** Redraws by a segmenter that does not say how sure it is: it draws one mask, and no gain is expected of it. */
export async function unrated(
  segmenter: { segment(image: DecodedImage, ask: SegmenterPrompt): Promise<Mask> },
  image: DecodedImage,
  standing: Mask,
): Promise<RepairedMask | null> {
  if (maskArea(standing) === 0) return null;
  const mask = await segmenter.segment(image, { box: maskBox(standing), rough: standing, points: [] });
  if (maskArea(mask) === 0) return null;
  const { features, boundary } = measuredRepair({ image, standing, mask, redrawn: [] });
  return { mask, boundary, features, gain: null };
}

interface Draft extends RedrawnMask {
  readonly found: FoundLogits;
}

/** Draws by each prompt, by the plain box last; drops masks that are empty. */
async function redraw(segmenter: RepairSegmenter, image: DecodedImage, standing: Mask): Promise<Draft[]> {
  const { rough, plain } = promptsFrom(standing, image);
  const drafts: Draft[] = [];
  const add = async (ask: SegmenterPrompt, isPlain = false) => {
    const found = await segmenter.find(image, ask);
    const mask = enlargedMask(found.values, image, found.place);
    if (maskArea(mask) > 0) drafts.push({ found, mask, quality: found.quality, isPlain });
    return mask;
  };
  for (const ask of rough) await add(ask);
  for (let round = 0; round < ROUNDS; round++) {
    const best = agreed(drafts);
    if (!best) break;
    const next = await add({ rough: best.mask, box: grown(maskBox(best.mask), image) });
    if (maskIou(next, best.mask) >= SETTLED) break;
  }
  await add(plain, true);
  return drafts;
}

/** Prompts of a soft mask: alone, with points where the distance to its outline is largest and with room around it; and its bare box. */
export function promptsFrom(standing: Mask, picture: Frame): { rough: SegmenterPrompt[]; plain: SegmenterPrompt } {
  const box = maskBox(standing);
  const roomy = grown(box, picture);
  const { on, off } = pointsOf(standing, roomy, picture);
  const rough = [
    { rough: standing },
    { rough: standing, box: roomy },
    { rough: standing, points: on },
    { rough: standing, box: roomy, points: [...on, ...off] },
  ];
  return { rough, plain: { box } };
}

function grown(box: Box, picture: Frame): Box {
  const by = GROWTH * Math.max(box.x2 - box.x1, box.y2 - box.y1);
  return clampBox({ x1: box.x1 - by, y1: box.y1 - by, x2: box.x2 + by, y2: box.y2 + by }, picture) ?? box;
}

/** Chooses up to two points deep inside, and two far outside within the box. */
function pointsOf(standing: Mask, box: Box, picture: Frame): { on: Point[]; off: Point[] } {
  const window = windowAround(box, picture, { margin: 0, side: POINT_SIDE });
  const inside = bitmapIn(standing, window);
  const outside = inside.map((value) => 1 - value);
  return { on: deepPoints(inside, window, '+'), off: deepPoints(outside, window, '-') };
}

function deepPoints(bitmap: Uint8Array, window: MaskWindow, sign: Point['sign']): Point[] {
  const { width, height, place } = window;
  const left = Uint8Array.from(bitmap);
  const points: Point[] = [];
  for (let i = 0; i < 2; i++) {
    const distance = insideDistance(left, window, sign === '+' ? 'outside' : 'nothing');
    const at = distance.reduce((best, value, j) => (value > (distance[best] ?? 0) ? j : best), 0);
    const depth = distance[at] ?? 0;
    if (depth < 2 || depth === Number.POSITIVE_INFINITY) break;
    const [x, y] = [at % width, Math.floor(at / width)];
    const across = place.x + ((x + 0.5) * place.width) / width;
    points.push({ x: across, y: place.y + ((y + 0.5) * place.height) / height, sign });
    left.forEach((_, j) => {
      if (Math.hypot((j % width) - x, Math.floor(j / width) - y) < 1.5 * depth) left[j] = 0;
    });
  }
  return points;
}

/** Takes the draft that is best by the segmenter's own word and by how much the others agree with it. */
function agreed(drafts: readonly Draft[]): Draft | null {
  const rating = ({ mask, quality }: Draft) =>
    quality + drafts.reduce((sum, other) => sum + maskIou(mask, other.mask), 0) / drafts.length;
  return drafts.reduce<Draft | null>((best, one) => (best && rating(best) >= rating(one) ? best : one), null);
}

/** What most of the drafts by the soft mask have inside, along the edges of the picture. */
function consensus(segmenter: RepairSegmenter, image: DecodedImage, drafts: readonly Draft[]): Mask | null {
  const voters = drafts.filter(({ isPlain }) => !isPlain);
  const [first] = voters;
  const area = boxAround(voters.map(({ found: { place } }) => edgesOf(place)));
  if (!first || !area) return null;
  const place = { x: area.x1, y: area.y1, width: area.x2 - area.x1, height: area.y2 - area.y1 };
  const side = first.found.values.width;
  const votes = new Float32Array(side * side);
  for (const { found } of voters)
    sharesIn(found, place, side).forEach((share, i) => (votes[i] = (votes[i] ?? 0) + share));
  const data = votes.map((sum) => VOTE_LOGIT * (sum / voters.length - 0.5));
  return segmenter.draw(image, { values: { width: side, height: side, data }, place });
}

/** A share of all votes as a logit, which the outline is drawn from: far from 0 where all agree. */
const VOTE_LOGIT = 8;

const edgesOf = ({ x, y, width, height }: PicturePart): Box => ({ x1: x, y1: y, x2: x + width, y2: y + height });
