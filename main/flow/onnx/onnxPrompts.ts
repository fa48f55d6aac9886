// Feeds a foreign decoder with what a person points at: points, labels, boxes and a rough mask in its own words.

import { resizeFloat } from '../../../models/nn/resample.ts';
import type { ForeignPort } from '../../../models/runtime/onnxHeader.ts';
import type { ShapedValue } from '../../../models/runtime/session.ts';
import { BadInput } from '../../contract/badInput.ts';
import type { Box, DecodedImage, Mask, Point } from '../../contract/records.ts';
import { maskArea, maskBox, toBitmap } from '../../contract/rle.ts';
import { roughLogits } from '../segmenter/promptMap.ts';
import type { OnnxDialect } from './onnxDialects.ts';
import type { PlacedPicture } from './onnxPicture.ts';

/** What is asked in image pixels. */
export interface PointedAt {
  readonly box?: Box;
  readonly points?: readonly Point[];
  readonly rough?: Mask;
}

export interface PromptSetting {
  readonly dialect: OnnxDialect;
  /** Inputs of the decoder's file. */
  readonly inputs: readonly ForeignPort[];
  readonly placed: PlacedPicture;
  readonly image: DecodedImage;
  /** Prompts that the file does not take are given as clicks. */
  readonly heard: { readonly boxes: boolean; readonly rough: boolean };
}

type Feeds = Record<string, ShapedValue>;

const float32 = 1;
const int32 = 6;
const int64 = 7;

/** x, y in the encoder's square; labels as in SAM: 1 and 0, 2 and 3 for the corners of a box, -1 for none. */
interface Slot {
  readonly x: number;
  readonly y: number;
  readonly label: number;
}

export function promptFeeds(ask: PointedAt, setting: PromptSetting): Feeds {
  const { dialect, inputs } = setting;
  const { decoder } = dialect;
  const said = inWords(ask, setting);
  const boxes = inputs.find(({ name }) => name === decoder.boxes);
  const slots = slotsOf(said, setting, !boxes);
  const feeds: Feeds = pointFeeds(slots, setting);
  if (boxes) feeds[boxes.name] = boxFeed(said.box, boxes, setting);
  if (decoder.rough !== undefined) Object.assign(feeds, roughFeeds(said.rough, setting));
  if (decoder.pictureSize !== undefined) {
    const { width, height } = setting.placed;
    feeds[decoder.pictureSize] = numbers([height, width], [2], portOf(setting, decoder.pictureSize));
  }
  return feeds;
}

/** Replaces what the file does not take: a click in its middle stands for a box, its box and a click well inside for a rough mask. */
function inWords(ask: PointedAt, { dialect, heard }: PromptSetting): PointedAt {
  let { box, points = [], rough } = ask;
  if (rough && (!heard.rough || dialect.decoder.rough === undefined)) {
    if (maskArea(rough) > 0) {
      box ??= maskBox(rough);
      points = [...points, insideOf(rough)];
    }
    rough = undefined;
  }
  if (box && !heard.boxes) {
    points = [{ x: (box.x1 + box.x2) / 2, y: (box.y1 + box.y2) / 2, sign: '+' }, ...points];
    box = undefined;
  }
  return { ...(box && { box }), points, ...(rough && { rough }) };
}

/** The middle of the longest run, which is in no thin part of the mask. */
function insideOf({ size: [height], counts }: Mask): Point {
  let [start, longest, at] = [0, 0, 0];
  counts.forEach((run, i) => {
    if (i % 2 === 1 && run > longest) [longest, start] = [run, at];
    at += run;
  });
  const middle = start + Math.floor(longest / 2);
  return { x: Math.floor(middle / height) + 0.5, y: (middle % height) + 0.5, sign: '+' };
}

function slotsOf({ box, points = [] }: PointedAt, setting: PromptSetting, withCorners: boolean): Slot[] {
  const { placed, image, dialect } = setting;
  const [across, down] = [placed.width / image.width, placed.height / image.height];
  const at = (x: number, y: number, label: number): Slot => ({ x: x * across, y: y * down, label });
  const corners = box && withCorners ? [at(box.x1, box.y1, 2), at(box.x2, box.y2, 3)] : [];
  const slots = [...corners, ...points.map(({ x, y, sign }) => at(x, y, sign === '+' ? 1 : 0))];
  const none = { x: 0, y: 0, label: -1 };
  const isEmpty = slots.length === 0 && !box;
  return isEmpty || (dialect.decoder.wantsPadding && !box) ? [...slots, none] : slots;
}

function pointFeeds(slots: readonly Slot[], setting: PromptSetting): Feeds {
  const { points, labels } = setting.dialect.decoder;
  const [at, kinds] = [portOf(setting, points), portOf(setting, labels)];
  const count = at.shape.at(-2) ?? slots.length;
  if (slots.length > count)
    throw new BadInput(`this segmenter takes ${count} points at a time, and ${slots.length} are needed`);
  const full = [...slots, ...new Array<Slot>(count - slots.length).fill({ x: 0, y: 0, label: -1 })];
  const leading = new Array<number>(Math.max(1, at.shape.length - 2)).fill(1);
  return {
    [points]: numbers(
      full.flatMap(({ x, y }) => [x, y]),
      [...leading, count, 2],
      at,
    ),
    [labels]: numbers(
      full.map(({ label }) => label),
      [...leading, count],
      kinds,
    ),
  };
}

function boxFeed(
  box: Box | undefined,
  port: PromptSetting['inputs'][number],
  { placed, image }: PromptSetting,
): ShapedValue {
  const [across, down] = [placed.width / image.width, placed.height / image.height];
  // Where the file wants a box whatever is asked, one without size says that there is none.
  const none = port.shape.at(-2) ? [0, 0, 0, 0] : [];
  const corners = box ? [box.x1 * across, box.y1 * down, box.x2 * across, box.y2 * down] : none;
  return numbers(corners, [1, corners.length / 4, 4], port);
}

/** Logits on the decoder's grid; zeros, and a flag that says so, where there is no rough mask. */
function roughFeeds(rough: Mask | undefined, setting: PromptSetting): Feeds {
  const { rough: name = '', hasRough, noRough = 0 } = setting.dialect.decoder;
  const { square } = setting.placed;
  const shape = portOf(setting, name).shape;
  const grid = { height: shape.at(-2) ?? square.height / 4, width: shape.at(-1) ?? square.width / 4 };
  const data = rough ? roughOn(rough, grid, setting.placed) : new Float32Array(grid.height * grid.width);
  const feeds: Feeds = { [name]: { data, shape: [1, 1, grid.height, grid.width] } };
  if (hasRough !== undefined) feeds[hasRough] = numbers([rough ? 1 : noRough], [1], portOf(setting, hasRough));
  return feeds;
}

function roughOn(rough: Mask, grid: { height: number; width: number }, { width, height, square }: PlacedPicture) {
  const [rows, columns] = rough.size;
  const size = {
    height: Math.max(1, Math.round((grid.height * height) / square.height)),
    width: Math.max(1, Math.round((grid.width * width) / square.width)),
  };
  const bitmap = { channels: 1, height: rows, width: columns, data: Float32Array.from(toBitmap(rough)) };
  const shares = resizeFloat(bitmap, size, { antialias: true }).data;
  const full = new Float32Array(grid.height * grid.width);
  for (let row = 0; row < size.height; row++)
    full.set(shares.subarray(row * size.width, (row + 1) * size.width), row * grid.width);
  return roughLogits(full);
}

function portOf({ inputs }: PromptSetting, name: string): ForeignPort {
  return inputs.find((port) => port.name === name) ?? { name, type: float32, shape: [] };
}

/** Puts the numbers into the element type that the file declares. */
function numbers(values: readonly number[], shape: readonly number[], { name, type }: ForeignPort): ShapedValue {
  if (type === int64) return { data: BigInt64Array.from(values, (value) => BigInt(Math.round(value))), shape };
  if (type === int32) return { data: Int32Array.from(values, Math.round), shape };
  if (type === float32) return { data: Float32Array.from(values), shape };
  throw new BadInput(
    `input ${name} is of an element type (ONNX number ${type}) that cannot be fed; take the float32 files`,
  );
}
