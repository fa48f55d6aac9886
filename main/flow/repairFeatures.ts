// A mask that stands, what several prompts redrew and what came of it to numbers by which the gain can be expected.
import type { DecodedImage, Mask } from '../contract/records.ts';
import { maskArea, maskBox, maskIou, sharedArea, unionOf } from '../contract/rle.ts';
import { boundaryIou, boundaryOf } from '../pictures/boundary.ts';
import { edgeDistance, edgeStrength, pictureIn } from '../pictures/edges.ts';
import { bitmapIn, type MaskWindow, windowAround } from '../pictures/maskWindow.ts';

/** By one prompt; `isPlain`: by the box alone, which knows nothing of the mask that stands. */
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
  /** To the nearest edge, 0 on one. */
  readonly distance: Float32Array;
}

/** Farther is not told apart: there is no edge to speak of. */
const FARTHEST = 8;

/** Means over the pixels of an outline. */
function outlineOn(bitmap: Uint8Array, { strength, distance }: Edges, window: MaskWindow) {
  let [length, far, strong] = [0, 0, 0];
  boundaryOf(bitmap, window, 1).forEach((value, i) => {
    if (value === 0) return;
    length++;
    far += Math.min(FARTHEST, distance[i] ?? 0);
    strong += strength[i] ?? 0;
  });
  return { length, distance: far / Math.max(1, length), strength: strong / Math.max(1, length) };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
