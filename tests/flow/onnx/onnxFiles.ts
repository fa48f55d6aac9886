// Loupe's own SAM 2 with toy weights, written as ONNX files under the tensor names of other tools.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Weights } from '../../../main/weights/open.ts';
import { add, cast, equal, mul } from '../../../models/graph/elementwise.ts';
import { lower, type OnnxGraph } from '../../../models/graph/lower.ts';
import { encodeModel } from '../../../models/graph/onnx.ts';
import { reduceSum } from '../../../models/graph/reduce.ts';
import { concat, reshape, slice } from '../../../models/graph/shape.ts';
import { constant, type DType, input, type Tensor } from '../../../models/graph/tensor.ts';
import { imageEncoder } from '../../../models/sam2/imageEncoder.ts';
import { maskDecoder } from '../../../models/sam2/maskDecoder.ts';
import { samMean, samStd } from '../../../models/sam2/processor.ts';
import { type Prompts, promptEncoder } from '../../../models/sam2/promptEncoder.ts';

type Outputs = Record<string, Tensor>;
type Graphs = Pick<Weights, 'params' | 'segmenter'>;

/** Points that the written files take: graphs of ours have fixed sizes. */
export const slots = 4;

export async function write(folder: string, name: string, outputs: Outputs, scope = ''): Promise<void> {
  await writeFile(path.join(folder, name), encodeModel(scoped(lower(outputs, 'cpu'), scope)));
}

/** The graph whose inputs and outputs have the name of a scope before theirs. */
function scoped(graph: OnnxGraph, scope: string): OnnxGraph {
  const ports = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const named = (name: string) => (ports.has(name) ? scope + name : name);
  const of = (some: OnnxGraph['inputs']) => some.map((port) => ({ ...port, name: named(port.name) }));
  const nodes = graph.nodes.map((node) => ({
    ...{ ...node, inputs: node.inputs.map(named), output: named(node.output) },
  }));
  return { ...graph, nodes, inputs: of(graph.inputs), outputs: of(graph.outputs) };
}

/** The files of one dialect beside the weights that they refer to. */
export async function writeDialect(
  weights: Weights,
  folder: string,
  files: { encoder: (weights: Weights) => Outputs; decoder: (weights: Weights) => Outputs; scope?: string },
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await copyFile(path.join(weights.folder, 'model.safetensors'), path.join(folder, 'model.safetensors'));
  await write(folder, 'encoder.onnx', files.encoder(weights), files.scope);
  await write(folder, 'decoder.onnx', files.decoder(weights), files.scope);
  return folder;
}

/** Encoder and decoder in one file: what the one gives is what the other reads, under whatever name. */
export async function writeOneFile(
  weights: Weights,
  folder: string,
  { picture, decoder }: { picture: string; decoder: (weights: Weights, maps?: readonly Tensor[]) => Outputs },
): Promise<string> {
  await mkdir(folder, { recursive: true });
  await copyFile(path.join(weights.folder, 'model.safetensors'), path.join(folder, 'model.safetensors'));
  const maps = Object.values(encoderOf(picture, ['embed', 's0', 's1'])(weights));
  await write(folder, 'segmenter.onnx', decoder(weights, maps));
  return folder;
}

/** Names of the input, and of the three outputs embed, s0, s1. */
export const encoderOf =
  (name: string, [embed, s0, s1]: readonly string[], order: readonly number[] = [0, 1, 2]) =>
  ({ params, segmenter }: Graphs): Outputs => {
    const side = segmenter.imageSize;
    const maps = imageEncoder(params.at('sam'), segmenter, input(name, [1, 3, side, side]));
    const named = [[embed, maps.embed] as const, [s0, maps.s0] as const, [s1, maps.s1] as const];
    return Object.fromEntries(order.flatMap((i) => (named[i]?.[0] ? [named[i]] : [])) as [string, Tensor][]);
  };

/** As `encoderOf` with one map, but pixels come from 0 to 1 and are normalised in the file. */
export const unitEncoderOf =
  (name: string, output: string) =>
  ({ params, segmenter }: Weights): Outputs => {
    const side = segmenter.imageSize;
    const perChannel = (values: readonly number[]) => constant(Float32Array.from(values), [1, 3, 1, 1]);
    const shifted = add(mul(input(name, [1, 3, side, side]), 255), perChannel(samMean.map((value) => -value)));
    const pixels = mul(shifted, perChannel(samStd.map((value) => 1 / value)));
    return { [output]: imageEncoder(params.at('sam'), segmenter, pixels).embed };
  };

/** SAM of transformers.js gives the positions of the map's cells beside it. */
export const positionedEncoderOf =
  (name: string, [embed, positions]: readonly [string, string]) =>
  (weights: Weights): Outputs => {
    const [only] = Object.values(encoderOf(name, [embed])(weights));
    if (!only) throw new Error('unreachable');
    return { [embed]: only, [positions]: mul(only, 0) };
  };

interface DecoderNames {
  /** embed, s0, s1; with one name the finer maps are zeros, as in SAM 1. */
  readonly features: readonly string[];
  readonly points: string;
  readonly labels: string;
  readonly labelType: DType;
  /** Axes before those of a point. */
  readonly lead: readonly number[];
  readonly rough?: boolean;
  readonly size?: DType;
  /** An input of positions, which have no part in the masks here. */
  readonly positions?: string;
  /** Whether points are followed by one of the caller's that is none. */
  readonly padded?: boolean;
  readonly boxes?: 'heard' | 'ignored';
  readonly outputs: readonly [string, string];
  /** Of the grid, the part that lies over the picture. */
  readonly crop?: { readonly height: number; readonly width: number };
}

export const decoderOf =
  (names: DecoderNames) =>
  ({ params, segmenter }: Graphs, maps: readonly Tensor[] = []): Outputs => {
    const p = params.at('sam');
    const { imageSize: side, width } = segmenter;
    const shapes = [
      [1, width, side / 16, side / 16],
      [1, width / 8, side / 4, side / 4],
      [1, width / 4, side / 8, side / 8],
    ];
    const [embed, s0, s1] = shapes.map((shape, i) => {
      const name = names.features[i];
      return maps[i] ?? (name ? input(name, shape) : constant(new Float32Array(shape.reduce((a, b) => a * b)), shape));
    });
    if (!embed || !s0 || !s1) throw new Error('unreachable');
    const { points, unused } = pointsOf(names);
    const mask = names.rough ? input('mask_input', [1, 1, side / 4, side / 4]) : undefined;
    const prompts: Prompts = { points };
    const encoded = promptEncoder(p, segmenter, prompts);
    const dense = mask
      ? blended(encoded.dense, promptEncoder(p, segmenter, { ...prompts, mask }).dense)
      : encoded.dense;
    const decoded = maskDecoder(p, segmenter, { embed, s0, s1 }, { sparse: encoded.sparse, dense });
    const size = names.size && cast(input('orig_im_size', [2], names.size), 'float32');
    const grid = names.crop ?? { height: side / 4, width: side / 4 };
    const masks = slice(decoded.masks, [0, 1, 0, 0], [1, 4, grid.height, grid.width], [0, 1, 2, 3]);
    const places = names.positions && input(names.positions, [1, width, side / 16, side / 16]);
    const idle = [...unused, ...(size ? [size] : []), ...(places ? [places] : [])].map((t) => mul(total(t), 0));
    const shown = idle.reduce<Tensor>((sum, nothing) => add(sum, nothing), masks);
    return { [names.outputs[0]]: shown, [names.outputs[1]]: slice(decoded.iou, [1], [4], [1]) };
  };

const total = (x: Tensor): Tensor => reduceSum(x, [...x.shape.keys()]);

/** The dense map with the rough mask where the flag is 1. */
function blended(without: Tensor, within: Tensor): Tensor {
  const has = reshape(input('has_mask_input', [1]), [1, 1, 1, 1]);
  const isHere = cast(equal(has, 1), 'float32');
  return add(mul(within, isHere), mul(without, add(mul(isHere, -1), 1)));
}

/** The points that the prompt encoder reads, and inputs that have no part in the masks. */
function pointsOf({ points, labels, labelType, lead, padded, boxes }: DecoderNames) {
  const count = slots + (padded ? 1 : 0);
  const at = reshape(input(points, [...lead, count, 2]), [1, count, 2]);
  const kinds = reshape(input(labels, [...lead, count], labelType), [1, count]);
  // The prompt encoder adds the point that is none by itself.
  const own = { at: slice(at, [0], [slots], [1]), labels: slice(kinds, [0], [slots], [1]) };
  if (!boxes) return { points: own, unused: padded ? [slice(at, [slots], [count], [1])] : [] };
  const corners = input('input_boxes', [1, 1, 4]);
  if (boxes === 'ignored') return { points: own, unused: [corners] };
  return { points: withCorners(own, corners), unused: [] };
}

/** A box without size is none: its corners take the place of the last two points. */
function withCorners({ at, labels }: { at: Tensor; labels: Tensor }, corners: Tensor) {
  const isNone = cast(equal(total(corners), 0), 'float32');
  const kind = (label: number) => reshape(add(mul(isNone, -1 - label), label), [1, 1]);
  const firstAt = slice(at, [0], [slots - 2], [1]);
  const firstKinds = cast(slice(labels, [0], [slots - 2], [1]), 'float32');
  return {
    at: concat([reshape(corners, [1, 2, 2]), firstAt], 1),
    labels: concat([kind(2), kind(3), firstKinds], 1),
  };
}
