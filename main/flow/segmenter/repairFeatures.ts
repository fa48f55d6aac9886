// Measures a mask that stands and what several prompts redrew: the numbers by which the gain of a repair is expected.
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { maskArea, maskBox, maskIou, sharedArea, unionOf } from '../../contract/rle.ts';
import { boundaryIou, boundaryOf } from '../../pictures/boundary.ts';
import { edgeDistance, edgeStrength, pictureIn } from '../../pictures/edges.ts';
import { bitmapIn, type MaskWindow, windowAround } from '../../pictures/maskWindow.ts';

/** What one prompt drew; `isPlain`: the box alone was asked, which knows nothing of the mask that stands. */
export interface RedrawnMask {
  readonly mask: Mask;
  /** The IoU that the segmenter believes it to have. */
  readonly quality: number;
  readonly isPlain: boolean;
}

interface RepairToMeasure {
  readonly image: DecodedImage;
  readonly standing: Mask;
  readonly mask: Mask;
  readonly redrawn: readonly RedrawnMask[];
}

/** Pixels a side that outlines are compared on. */
const SIDE = 224;
const MARGIN = 0.1;

export function measuredRepair({ image, standing, mask, redrawn }: RepairToMeasure) {
  const around = maskBox(unionOf([standing, mask]) ?? standing);
  const window = windowAround(around, image, { margin: MARGIN, side: SIDE });
  const [before, after] = [bitmapIn(standing, window), bitmapIn(mask, window)];
  const strength = edgeStrength(pictureIn(image, window));
  const edges = { strength, distance: edgeDistance(strength, window) };
  const [old, own] = [outlineOn(before, edges, window), outlineOn(after, edges, window)];
  const boundary = 1 - boundaryIou(before, after, window);
  const features = {
    ...overlaps(standing, mask),
    ...opinions(standing, mask, redrawn),
    boundary,
    edgesBefore: old.distance,
    edgesAfter: own.distance,
    strengthBefore: old.strength,
    strengthAfter: own.strength,
    strengthRatio: own.strength / Math.max(1, old.strength),
    lengthRatio: old.length / Math.max(1, own.length),
    peakBefore: old.peak,
    peakAfter: own.peak,
    moved: centreShift(before, after, window),
    wiggle: old.length / Math.max(1, Math.sqrt(before.reduce((sum, value) => sum + value, 0))),
  };
  return { features, boundary, isFartherFromEdges: own.distance > old.distance };
}

function overlaps(standing: Mask, mask: Mask) {
  const [old, own, shared] = [maskArea(standing), maskArea(mask), sharedArea(standing, mask)];
  return {
    same: maskIou(standing, mask),
    ofOld: shared / Math.max(1, old),
    ofOwn: shared / Math.max(1, own),
    growth: Math.log(Math.max(1, own) / Math.max(1, old)),
    size: Math.log(Math.max(1, old)) / 2,
  };
}

/** How sure the segmenter is, and how much what it draws by different prompts agrees, among each other and with what stands. */
function opinions(standing: Mask, mask: Mask, redrawn: readonly RedrawnMask[]) {
  const voters = redrawn.filter(({ isPlain }) => !isPlain);
  const plain = redrawn.find(({ isPlain }) => isPlain);
  const withOld = voters.map((one) => maskIou(one.mask, standing));
  const pairs = voters.flatMap((a, i) => voters.slice(i + 1).map((b) => maskIou(a.mask, b.mask)));
  return {
    quality: mean(voters.map(({ quality }) => quality)),
    firstQuality: voters[0]?.quality ?? 0,
    agreement: mean(voters.map((one) => maskIou(one.mask, mask))),
    mutual: pairs.length > 0 ? mean(pairs) : 1,
    votersWithOld: mean(withOld),
    leastWithOld: Math.min(1, ...withOld),
    plainQuality: plain?.quality ?? 0,
    plainWithOld: plain ? maskIou(plain.mask, standing) : 0,
    plainWithOwn: plain ? maskIou(plain.mask, mask) : 0,
  };
}

interface Edges {
  readonly strength: Float32Array;
  /** Distance to the nearest edge, 0 on one. */
  readonly distance: Float32Array;
}

/** Distances beyond this are not told apart: there is no edge to speak of. */
const FARTHEST = 8;

/** Means over the pixels of an outline; `peak`: how much stronger edges are on it than beside it, on either side. */
function outlineOn(bitmap: Uint8Array, { strength, distance }: Edges, window: MaskWindow) {
  const far = Float32Array.from(distance, (pixels) => Math.min(FARTHEST, pixels));
  const beside = Math.max(3, Math.round(BESIDE * Math.max(window.width, window.height)));
  const near = boundaryOf(bitmap, window, 1);
  const inner = boundaryOf(bitmap, window, beside);
  const outside = bitmap.map((value) => 1 - value);
  const outer = boundaryOf(outside, window, beside);
  const edge = boundaryOf(outside, window, 1);
  const on = (where: Uint8Array) => where.reduce((sum, value, i) => sum + value * (strength[i] ?? 0), 0);
  const [length, ring] = [count(near), count(near) + count(edge)];
  const band = Math.max(1, count(inner) + count(outer) - ring);
  const around = (on(inner) + on(outer) - on(near) - on(edge)) / band;
  return {
    length,
    distance: near.reduce((sum, value, i) => sum + value * (far[i] ?? 0), 0) / Math.max(1, length),
    strength: on(near) / Math.max(1, length),
    peak: ((on(near) + on(edge)) / Math.max(1, ring) + 1) / (around + 1),
  };
}

/** Width of the band beside an outline that it is compared with, in shares of the window's longer side. */
const BESIDE = 0.04;

const count = (bitmap: Uint8Array): number => bitmap.reduce((sum, value) => sum + value, 0);

/** How far the centre of mass lies from where it was, in square roots of the area. */
function centreShift(before: Uint8Array, after: Uint8Array, { width }: MaskWindow): number {
  const centre = (bitmap: Uint8Array) => {
    const area = Math.max(1, count(bitmap));
    const along = (at: (i: number) => number) => bitmap.reduce((sum, value, i) => sum + value * at(i), 0) / area;
    return { x: along((i) => i % width), y: along((i) => Math.floor(i / width)), side: Math.sqrt(area) };
  };
  const [old, own] = [centre(before), centre(after)];
  return Math.hypot(old.x - own.x, old.y - own.y) / old.side;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
