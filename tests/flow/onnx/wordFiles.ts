// A toy that finds coloured things by words, written as ONNX files under the tensor names, types and layouts of SAM 3's exports.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DecodedImage } from '../../../main/contract/records.ts';
import { conv, resizeBilinear } from '../../../models/graph/conv.ts';
import { add, cast, equal, greater, mul, not, sigmoid } from '../../../models/graph/elementwise.ts';
import { gather } from '../../../models/graph/gather.ts';
import { matmul } from '../../../models/graph/linear.ts';
import { reduceMax, reduceSum } from '../../../models/graph/reduce.ts';
import { concat, reshape, transpose } from '../../../models/graph/shape.ts';
import { constant, type DType, input, type Shape, type Tensor } from '../../../models/graph/tensor.ts';
import { write } from './onnxFiles.ts';

/** What the encoder sees, and the picture that decoders of dialect d are written for. */
const side = 40;
const [width, height] = [80, 40];
const grid = side / 2;
/** Channels: red, green, blue from -1 to 1, and one that is 1 everywhere. */
const channels = 4;
const embedded = 6;

/** Pairs in the order of their use, as in CLIP's file; each makes a token of its own behind those of the bytes. */
const merges = ['r e', 're d</w>', 'b l', 'u e</w>', 'bl ue</w>', 'g r', 'gr a', 'gra y</w>'];
const idOf = (pair: string): number => 512 + merges.indexOf(pair);
export const [startId, endId] = [512 + merges.length, 513 + merges.length];

/** What a token asks for in each channel. Behind the words nothing may be read: then everything would match. */
const meanings: Readonly<Record<number, readonly number[]>> = {
  0: [0, 0, 0, 9],
  [idOf('re d</w>')]: [1, -0.5, -0.5, 0],
  [idOf('bl ue</w>')]: [-0.5, -0.5, 1, 0],
  [startId]: [0, 0, 0, -1.2],
  [endId]: [0, 0, 0, 0.2],
};

/** Halves of the picture, left and right, and the whole of it: no such thing is one. */
const regions = 2;

export const words = (): Uint8Array => gzipSync(`#version\n${merges.join('\n')}\n`);

/** Two red discs and a blue one on grey. */
export function discs(): DecodedImage {
  const data = new Uint8Array(width * height * 3).fill(128);
  for (const { x, y, radius, colour } of things)
    for (let i = 0; i < width * height; i++)
      if (Math.hypot((i % width) + 0.5 - x, Math.floor(i / width) + 0.5 - y) < radius) data.set(colour, i * 3);
  return { width, height, data };
}

export const things = [
  { x: 20, y: 20, radius: 14, colour: [255, 0, 0] },
  { x: 58, y: 14, radius: 8, colour: [255, 0, 0] },
  { x: 64, y: 31, radius: 7, colour: [0, 0, 255] },
] as const;

const total = (x: Tensor): Tensor => reduceSum(cast(x, 'float32'), [...x.shape.keys()]);

/** [1, channels, grid, grid] of pixels from -1 to 1, each the mean of four. */
function colourMap(pixels: Tensor): Tensor {
  const means = Array.from({ length: 9 }, (_, i) => (i % 4 === 0 ? [0.25, 0.25, 0.25, 0.25] : [0, 0, 0, 0])).flat();
  const map = conv(pixels, constant(means, [3, 3, 2, 2]), null, { strides: [2, 2] });
  return concat([map, constant(new Array(grid * grid).fill(1), [1, 1, grid, grid])], 1);
}

const half = (map: Tensor): Tensor => {
  const sides = map.shape[1] ?? 0;
  const weight = Array.from({ length: sides * sides * 4 }, (_, i) =>
    Math.floor(i / 4) % (sides + 1) === 0 ? 0.25 : 0,
  );
  return conv(map, constant(weight, [sides, sides, 2, 2]), null, { strides: [2, 2] });
};

/** Rows of the table by token, over [1, 32] ids. */
function embeddings(ids: Tensor): Tensor {
  const rows = Array.from({ length: endId + 1 }, (_, id) => [...(meanings[id] ?? [0, 0, 0, 0]), id / 1000, 1]);
  return gather(constant(rows.flat(), [rows.length, embedded]), ids);
}

const projection = constant(
  Array.from({ length: embedded * channels }, (_, i) => (i % channels === Math.floor(i / channels) ? 1 : 0)),
  [embedded, channels],
);

/** [regions, grid, grid] logits, 1 or more in what the words ask for. */
function logits(map: Tensor, asked: Tensor): Tensor {
  const all = reduceSum(mul(map, reshape(asked, [1, channels, 1, 1])), [1]);
  const outside = Array.from({ length: regions * grid * grid }, (_, i) => {
    const isRight = i % grid >= grid / 2;
    return isRight === i >= grid * grid ? 0 : -50;
  });
  return add(all, constant(outside, [regions, grid, grid]));
}

const sure = (masks: Tensor): Tensor => mul(reduceMax(masks, [1, 2]), 4);

/** Middles and sizes of the halves, in shares. */
const middles = [0.25, 0.5, 0.5, 1, 0.75, 0.5, 0.5, 1];
const corners = [0, 0, 0.5, 1, 0.5, 0, 1, 1];

type Outputs = Record<string, Tensor>;

/** The same numbers, whatever stands in inputs that have no part in them. */
const besides = (x: Tensor, idle: readonly Tensor[]): Tensor =>
  idle.reduce((sum, one) => add(sum, mul(total(one), 0)), x);

const levels: readonly Shape[] = [grid, grid / 2, grid / 4].map((edge) => [1, channels, edge, edge]);
const three = (name: string) => levels.map((shape, i) => [`${name}_${i}`, shape] as const);

function picturePart(pixels: Tensor): Outputs {
  const map = colourMap(pixels);
  const maps = [map, half(map), half(half(map))];
  return {
    ...Object.fromEntries(maps.map((one, i) => [`vision_pos_enc_${i}`, mul(one, 0)])),
    ...Object.fromEntries(maps.map((one, i) => [`backbone_fpn_${i}`, one])),
  };
}

const scaled = (bytes: Tensor): Tensor => add(mul(cast(bytes, 'float32'), 1 / 127.5), -1);

function samexporterDecoder(isRaw: boolean): Outputs {
  const sizes = ['original_height', 'original_width'].map((name) => input(name, [], 'int64'));
  const inputs = [...three('vision_pos_enc'), ...three('backbone_fpn')].map(([name, shape]) => input(name, shape));
  const [mask, features] = [input('language_mask', [1, 32], 'bool'), input('language_features', [32, 1, channels])];
  const embeds = input('language_embeds', [32, 1, embedded]);
  const [box, labels] = [input('box_coords', [1, 1, 4]), input('box_labels', [1, 1], 'int64')];
  const isNone = cast(input('box_masks', [1, 1], 'bool'), 'float32');
  // A box that is one, or a label other than 1, would take every score away.
  const heard = mul(total(isNone), total(cast(equal(labels, 1), 'float32')));
  const kept = reshape(cast(not(mask), 'float32'), [32, 1, 1]);
  const asked = reduceSum(mul(features, kept), [0, 1]);
  const masks = logits(inputs[3] ?? mask, asked);
  const idle = besides(sure(masks), [...inputs, embeds, box]);
  if (isRaw)
    return {
      pred_masks: reshape(masks, [1, regions, grid, grid]),
      pred_boxes: besides(constant(middles, [1, regions, 4]), [box, ...sizes]),
      pred_logits: reshape(add(idle, mul(add(heard, -1), 99)), [1, regions, 1]),
      presence_logit_dec: besides(constant([9], [1, 1]), [box]),
    };
  const [high, wide] = sizes.map((one) => reshape(cast(one, 'float32'), [1]));
  if (!high || !wide) throw new Error('unreachable');
  return {
    boxes: mul(constant(corners, [regions, 4]), reshape(concat([wide, high, wide, high], 0), [1, 4])),
    scores: mul(sigmoid(idle), heard),
    masks: greater(resizeBilinear(reshape(masks, [regions, 1, grid, grid]), height, width), 0),
  };
}

function uslsDecoder(): Outputs {
  const feats = three('fpn_feat').map(([name, shape]) => input(name, shape));
  const inputs = [...feats, input('fpn_pos_2', levels[2] ?? [])];
  const [features, mask] = [input('text_features', [1, 32, channels]), input('text_mask', [1, 32], 'bool')];
  const [box, labels] = [input('input_boxes', [1, 1, 4]), input('input_boxes_labels', [1, 1], 'int64')];
  const heard = total(cast(equal(labels, -10), 'float32'));
  const asked = reduceSum(mul(features, reshape(cast(mask, 'float32'), [1, 32, 1])), [0, 1]);
  const masks = logits(inputs[0] ?? mask, asked);
  return {
    pred_masks: reshape(masks, [1, regions, grid, grid]),
    pred_boxes: besides(constant(corners, [1, regions, 4]), [box]),
    pred_logits: reshape(add(besides(sure(masks), inputs), mul(add(heard, -1), 99)), [1, regions]),
    presence_logits: besides(constant([9], [1, 1]), [box]),
  };
}

function samexporterWords(): Outputs {
  const ids = input('tokens', [1, 32], 'int64');
  const rows = transpose(embeddings(ids), [1, 0, 2]);
  return {
    text_attention_mask: equal(cast(ids, 'float32'), 0),
    text_memory: matmul(rows, projection),
    text_embeds: rows,
  };
}

function uslsWords(): Outputs {
  const [ids, mask] = [input('input_ids', [1, 32], 'int64'), input('attention_mask', [1, 32], 'int64')];
  const features = matmul(embeddings(ids), projection);
  return { text_features: features, text_mask: greater(cast(mask, 'float32'), 0) };
}

const bytes = (dtype: DType, shape: Shape) => input('image', shape, dtype);

/** Picture encoder, text encoder and decoder of each way of writing them. */
export const kinds = {
  d: () => [
    picturePart(reshape(scaled(bytes('uint8', [3, side, side])), [1, 3, side, side])),
    samexporterWords(),
    samexporterDecoder(false),
  ],
  'd with floats': () => [
    picturePart(bytes('float32', [1, 3, side, side])),
    samexporterWords(),
    samexporterDecoder(false),
  ],
  d1: () => [
    picturePart(reshape(scaled(bytes('uint8', [3, side, side])), [1, 3, side, side])),
    samexporterWords(),
    samexporterDecoder(true),
  ],
  e: () => {
    const map = colourMap(input('images', [1, 3, side, side]));
    const small = half(half(map));
    return [
      { fpn_feat_0: map, fpn_feat_1: half(map), fpn_feat_2: small, fpn_pos_2: mul(small, 0) },
      uslsWords(),
      uslsDecoder(),
    ];
  },
} as const satisfies Record<string, () => Outputs[]>;

export type Kind = keyof typeof kinds;

/** The three files and the vocabulary. */
export async function writeWordFiles(folder: string, kind: Kind): Promise<string> {
  await mkdir(folder, { recursive: true });
  const [picture = {}, text = {}, decoder = {}] = kinds[kind]();
  await write(folder, 'picture.onnx', picture);
  await write(folder, 'text.onnx', text);
  await write(folder, 'decoder.onnx', decoder);
  await writeFile(path.join(folder, 'bpe_simple_vocab_16e6.txt.gz'), words());
  return folder;
}
