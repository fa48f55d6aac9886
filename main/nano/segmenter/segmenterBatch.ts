// Packs clicks, boxes, rough masks and true masks as the feeds of a training step of the segmenter.

import { prepareSamImage } from '../../../models/sam2/processor.ts';
import type { Random } from '../../contract/random.ts';
import type { Box, DecodedImage } from '../../contract/records.ts';
import { type Pointed, promptMap } from '../../flow/segmenter/promptMap.ts';
import { joined } from '../../learn/loop/joinFloats.ts';
import { promptSlots, samSide, targetSide } from '../parameters/layout.ts';

/** A click or a corner of a box, in pixels of the segmenter's square frame; labels as in SAM 2, -1 for an empty slot. */
export interface Slot {
  x: number;
  y: number;
  label: -1 | 0 | 1 | 2 | 3;
}

export interface PromptExample {
  slots: readonly Slot[];
  /** 0 or 1 per pixel of a square copy of what is looked at, of any size. */
  rough: Uint8Array | null;
}

export interface SegmenterFeeds extends Record<string, Float32Array | BigInt64Array> {
  /** [scenes, 3, side, side] */
  samImage: Float32Array;
  /** [asks, slots, 2] */
  at: Float32Array;
  /** [asks, slots] */
  labels: BigInt64Array;
  /** [asks, 1, side / 4, side / 4] */
  roughMask: Float32Array;
  /** [asks, 1, 1, 1]: 1 where the map is given, 0 where nothing is pointed at. */
  hasRough: Float32Array;
  /** [asks, target side, target side]: share of the pixel that the thing covers. */
  target: Float32Array;
}

/** [pictures, 3, side, side] */
export const samImages = (pictures: readonly DecodedImage[]): Float32Array =>
  joined(pictures.map((picture) => prepareSamImage(picture, samSide)));

export function askFeeds(asks: readonly PromptExample[]) {
  const n = asks.length;
  const side = samSide / 4;
  const feeds = {
    at: new Float32Array(n * promptSlots * 2),
    labels: new BigInt64Array(n * promptSlots).fill(-1n),
    roughMask: new Float32Array(n * side * side),
    hasRough: new Float32Array(n),
  };
  asks.forEach(({ slots, rough }, i) => {
    slots.forEach(({ x, y, label }, k) => {
      feeds.at.set([x, y], (i * promptSlots + k) * 2);
      feeds.labels[i * promptSlots + k] = BigInt(label);
    });
    const map = promptMap(pointed(slots, rough && shrink(rough, Math.sqrt(rough.length), side)), side);
    if (!map) return;
    feeds.hasRough[i] = 1;
    feeds.roughMask.set(map, i * side * side);
  });
  return feeds;
}

/** Gives the same points and mask in fractions of the picture. */
function pointed(slots: readonly Slot[], rough: Float32Array | null): Pointed {
  const [from, to] = [slots.find(({ label }) => label === 2), slots.find(({ label }) => label === 3)];
  const clicks = slots.filter(({ label }) => label === 0 || label === 1);
  return {
    ...(from && to
      ? { box: { x1: from.x / samSide, y1: from.y / samSide, x2: to.x / samSide, y2: to.y / samSide } }
      : {}),
    ...(rough ? { rough } : {}),
    clicks: clicks.map(({ x, y, label }) => ({ x: x / samSide, y: y / samSide, inside: label === 1 })),
  };
}

/** [asks, target side, target side] */
export const targetFeed = (masks: readonly { mask: Uint8Array; width: number }[]): Float32Array =>
  joined(masks.map(({ mask, width }) => shrink(mask, width, targetSide)));

/** A square bitmap to a smaller one by averaging areas. */
export function shrink(mask: Uint8Array, width: number, side: number): Float32Array<ArrayBuffer> {
  if (width === 2 * side) return halved(mask, side);
  const rows = areaShares(width, side);
  const out = new Float32Array(side * side);
  rows.forEach((row, i) => {
    for (const [y, wy] of row)
      rows.forEach((column, j) => {
        let sum = 0;
        for (const [x, wx] of column) sum += wx * (mask[y * width + x] ?? 0);
        out[i * side + j] = (out[i * side + j] ?? 0) + wy * sum;
      });
  });
  return out;
}

function halved(mask: Uint8Array, side: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(side * side);
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    const to = (Math.floor(i / (2 * side)) >> 1) * side + ((i % (2 * side)) >> 1);
    out[to] = (out[to] ?? 0) + 0.25;
  }
  return out;
}

const shareTables = new Map<string, [number, number][][]>();

/** Says for each of `to` cells which of `from` pixels lie in it and with what share. */
function areaShares(from: number, to: number): [number, number][][] {
  const key = `${from}>${to}`;
  const known = shareTables.get(key);
  if (known) return known;
  const scale = from / to;
  const table = Array.from({ length: to }, (_, i) => {
    const cell: [number, number][] = [];
    for (let x = Math.floor(i * scale); x < Math.min(from, (i + 1) * scale); x++) {
      const share = (Math.min(x + 1, (i + 1) * scale) - Math.max(x, i * scale)) / scale;
      if (share > 1e-9) cell.push([x, share]);
    }
    return cell;
  });
  shareTables.set(key, table);
  return table;
}

/** Corners as a person or the reasoner would place them: off by up to a tenth of the side. */
export function jitter({ x1, y1, x2, y2 }: Box, random: Random): Box {
  const [w, h] = [x2 - x1, y2 - y1];
  const off = (side: number) => random.between(-0.1, 0.1) * side * (random.chance(0.5) ? 1 : 0.2);
  return { x1: x1 + off(w), y1: y1 + off(h), x2: x2 + off(w), y2: y2 + off(h) };
}

/** Two slots, scaled from a picture `width` wide. */
export function boxSlots({ x1, y1, x2, y2 }: Box, width: number): Slot[] {
  const scale = samSide / width;
  return [
    { x: x1 * scale, y: y1 * scale, label: 2 },
    { x: x2 * scale, y: y2 * scale, label: 3 },
  ];
}
