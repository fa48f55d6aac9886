// Where things go: roles become posed patches of which each stays recognisable, and the id map of what is visible.

import type { Random } from '../contract/random.ts';
import type { Box } from '../contract/records.ts';
import type { Atlas } from './atlas.ts';
import { blob } from './backdrop.ts';
import type { Role } from './chosenThings.ts';
import { type Patch, type Pose, posedPatch, solidPixels, stamp } from './patch.ts';

export interface PlacedPatch {
  readonly role: Role;
  readonly patch: Patch;
  /** Solid pixels of the whole thing, covered and overhanging ones too. */
  readonly whole: number;
}

/** Box (x2, y2 just outside) and number of the visible pixels. */
export interface VisibleBox extends Box {
  readonly area: number;
}

export interface Layout {
  readonly placed: readonly PlacedPatch[];
  /** Nameless spots that lie over everything. */
  readonly covers: readonly Patch[];
  /** placed[i] is id i + 1. */
  readonly ids: Uint8Array;
  /** Beside placed. */
  readonly seen: readonly VisibleBox[];
}

export interface Space {
  readonly width: number;
  readonly height: number;
  /** Longer side of a thing, lowest and highest, pixels. */
  readonly side: readonly [number, number];
}

const MIN_VISIBLE = 0.35;

/** Fewer visible pixels than a square of half the smallest side cannot be named. */
const minArea = ({ side }: Space): number => (side[0] * 0.5) ** 2;

function angleFor(random: Random): number {
  const degrees = random.chance(0.9) ? random.between(-25, 25) : random.between(-180, 180);
  return (degrees * Math.PI) / 180;
}

function poseFor(random: Random, { width, height, side: [low, high] }: Space): Pose {
  const side = low * (high / low) ** (random.next() ** 0.8);
  const margin = side * random.between(0.25, 0.5);
  return {
    x: random.between(margin, width - margin),
    y: random.between(margin, height - margin),
    side,
    angle: angleFor(random),
    flip: random.chance(0.5),
  };
}

/** How deep two poses reach into each other: 0 apart, 1 on top of each other. */
function crowding(a: Pose, b: Pose): number {
  const reach = (a.side + b.side) / 2;
  return Math.max(0, 1 - Math.hypot(a.x - b.x, a.y - b.y) / reach);
}

/** The first of a few poses that is not more crowded than the scene allows, else the least crowded. */
function roomFor(random: Random, space: Space, taken: readonly Pose[], allowed: number): Pose {
  let best = poseFor(random, space);
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 14 && least > allowed; attempt++) {
    const pose = poseFor(random, space);
    const crowd = Math.max(0, ...taken.map((other) => crowding(pose, other)));
    if (crowd < least) [best, least] = [pose, crowd];
  }
  return best;
}

/** Proposes places where so many things could stand. */
export function poses(random: Random, space: Space, count: number): Pose[] {
  const allowed = random.between(0, 0.6);
  const taken: Pose[] = [];
  for (let i = 0; i < count; i++) taken.push(roomFor(random, space, taken, allowed));
  return taken;
}

function mapIds({ width, height }: Space, placed: readonly PlacedPatch[], covers: readonly Patch[]): Uint8Array {
  const ids = new Uint8Array(width * height);
  for (const [i, { patch }] of placed.entries()) stamp(ids, width, patch, i + 1);
  for (const cover of covers) stamp(ids, width, cover, 0);
  return ids;
}

/** The tight box and area of every id, in one pass over the map. */
export function measure(ids: Uint8Array, width: number, count: number): VisibleBox[] {
  const found = Array.from({ length: count }, () => ({ x1: width, y1: ids.length, x2: 0, y2: 0, area: 0 }));
  for (let y = 0, i = 0; i < ids.length; y++) {
    for (let x = 0; x < width; x++, i++) {
      const id = ids[i] ?? 0;
      if (id === 0) continue;
      const seen = found[id - 1];
      if (!seen) continue;
      if (x < seen.x1) seen.x1 = x;
      if (x >= seen.x2) seen.x2 = x + 1;
      if (y < seen.y1) seen.y1 = y;
      seen.y2 = y + 1;
      seen.area++;
    }
  }
  return found;
}

/** Takes out things that are hidden too much, one at a time, since what goes uncovers others. */
function keepVisible(space: Space, placed: readonly PlacedPatch[], covers: readonly Patch[]): Layout {
  const ids = mapIds(space, placed, covers);
  const seen = measure(ids, space.width, placed.length);
  const shares = placed.map(({ whole }, i) => {
    const area = seen[i]?.area ?? 0;
    return area < minArea(space) ? 0 : area / whole;
  });
  const worst = shares.indexOf(Math.min(...shares));
  if ((shares[worst] ?? 1) >= MIN_VISIBLE) return { placed, covers, ids, seen };
  return keepVisible(space, placed.toSpliced(worst, 1), covers);
}

function coversFor(random: Random, { width, height, side }: Space): Patch[] {
  if (!random.chance(0.3)) return [];
  const radius = random.between(0.25, 0.6) * side[0];
  return [blob(random, random.between(0, width), random.between(0, height), radius)];
}

export function layOut(atlas: Atlas, random: Random, roles: readonly Role[], space: Space): Layout {
  const taken = poses(random, space, roles.length);
  const placed = taken.flatMap((pose, i) => {
    const role = roles[i];
    if (!role) return [];
    const patch = posedPatch(atlas.sprite(role.name, role.colour), pose);
    return [{ role, patch, whole: solidPixels(patch) }];
  });
  return keepVisible(space, placed, coversFor(random, space));
}
