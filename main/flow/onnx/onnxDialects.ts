// Holds one record for each way in which known tools export a segmenter as ONNX files, and says which one a set of files is.
import path from 'node:path';
import type { ForeignPort, OnnxHeader } from '../../../models/runtime/onnxHeader.ts';
import { BadInput } from '../../contract/badInput.ts';
import { findWordFiles, whyNoWordFiles } from './wordDialects.ts';

export interface OnnxDialect {
  readonly id: string;
  /** Who writes and reads such files. */
  readonly title: string;
  readonly encoder: {
    readonly input: string;
    /** Names of the outputs; null: three outputs in the order of `features`, whatever they are called. */
    readonly outputs: readonly string[] | null;
  };
  readonly decoder: {
    /** Inputs of the decoder, in the order of the encoder's outputs. */
    readonly features: readonly string[];
    readonly points: string;
    readonly labels: string;
    /** Corners of boxes, where boxes are no points; may be missing in a file. */
    readonly boxes?: string;
    readonly rough?: string;
    readonly hasRough?: string;
    /** What `hasRough` is where there is no rough mask. */
    readonly noRough?: number;
    /** Height and width of the picture. */
    readonly pictureSize?: string;
    /** Whether a point that is none belongs behind clicks without a box. Where not, the file adds it by itself. */
    readonly wantsPadding: boolean;
    readonly masks: string | null;
    readonly iou: string | null;
  };
  readonly picture: {
    /** `squash`: the picture fills the square; `keep`: its longest side does, and zeros the rest. */
    readonly aspect: 'squash' | 'keep';
    /** What a pixel becomes. More than one: what osam does by a slip is measured against what SAM 2 wants. */
    readonly scales: readonly PixelScale[];
  };
}

/** `imagenet`: by mean and deviation; `unit`: 0 to 1; `slip`: x / 255 - mean / deviation, a slip of precedence. */
export type PixelScale = 'imagenet' | 'unit' | 'slip';

const sam2Prompts = {
  ...{ points: 'point_coords', labels: 'point_labels', rough: 'mask_input', hasRough: 'has_mask_input', noRough: 0 },
  ...{ masks: 'masks', iou: 'iou_predictions' },
} as const;

/** The more particular dialects come first: the first that fits is taken. */
export const dialects: readonly OnnxDialect[] = [
  {
    id: 'a',
    title: 'SAM 2 of samexporter, AnyLabeling and darktable',
    encoder: { input: 'image', outputs: ['image_embed', 'high_res_feats_0', 'high_res_feats_1'] },
    decoder: {
      ...sam2Prompts,
      ...{ features: ['image_embed', 'high_res_feats_0', 'high_res_feats_1'], wantsPadding: false },
    },
    picture: { aspect: 'squash', scales: ['imagenet'] },
  },
  {
    id: 'a1',
    title: 'SAM, MobileSAM, NanoSAM and SAM-HQ of samexporter and AnyLabeling',
    encoder: { input: 'input_image', outputs: ['image_embeddings'] },
    decoder: {
      ...{ ...sam2Prompts, features: ['image_embeddings'], wantsPadding: true },
      ...{ pictureSize: 'orig_im_size' },
    },
    picture: { aspect: 'keep', scales: ['imagenet'] },
  },
  {
    id: 'b',
    title: 'SAM of osam and labelme',
    encoder: { input: 'x', outputs: ['image_embeddings'] },
    decoder: {
      ...{ ...sam2Prompts, features: ['image_embeddings'], noRough: -1, wantsPadding: true },
      ...{ pictureSize: 'orig_im_size' },
    },
    picture: { aspect: 'keep', scales: ['imagenet'] },
  },
  {
    id: 'b2',
    title: 'SAM 2.1 of osam and labelme',
    encoder: { input: 'input', outputs: null },
    decoder: {
      ...{ ...sam2Prompts, features: ['image_embeddings', 'high_res_features1', 'high_res_features2'] },
      ...{ wantsPadding: false, pictureSize: 'orig_im_size', masks: null, iou: null },
    },
    picture: { aspect: 'squash', scales: ['imagenet', 'slip'] },
  },
  {
    id: 'b3',
    title: 'EfficientSAM of osam and labelme',
    encoder: { input: 'batched_images', outputs: ['image_embeddings'] },
    decoder: {
      ...{ features: ['image_embeddings'], points: 'batched_point_coords', labels: 'batched_point_labels' },
      ...{ pictureSize: 'orig_im_size', wantsPadding: false, masks: null, iou: null },
    },
    picture: { aspect: 'squash', scales: ['unit'] },
  },
  {
    id: 'c',
    title: 'SAM 2, EdgeTAM and the SAM 3 tracker of transformers.js',
    encoder: { input: 'pixel_values', outputs: ['image_embeddings.0', 'image_embeddings.1', 'image_embeddings.2'] },
    decoder: {
      features: ['image_embeddings.0', 'image_embeddings.1', 'image_embeddings.2'],
      ...{ points: 'input_points', labels: 'input_labels', boxes: 'input_boxes', wantsPadding: false },
      ...{ masks: 'pred_masks', iou: 'iou_scores' },
    },
    picture: { aspect: 'squash', scales: ['imagenet'] },
  },
  {
    id: 'c1',
    title: 'SAM and SlimSAM of transformers.js',
    encoder: { input: 'pixel_values', outputs: ['image_embeddings', 'image_positional_embeddings'] },
    decoder: {
      features: ['image_embeddings', 'image_positional_embeddings'],
      ...{ points: 'input_points', labels: 'input_labels', wantsPadding: false },
      ...{ masks: 'pred_masks', iou: 'iou_scores' },
    },
    picture: { aspect: 'keep', scales: ['imagenet'] },
  },
];

export interface RecognisedFiles {
  readonly dialect: OnnxDialect;
  /** Both are the same where one file holds all: pictures and prompts in, masks out. */
  readonly encoder: OnnxHeader;
  readonly decoder: OnnxHeader;
  /** Names of other files of the dialect, which are not used. */
  readonly others: readonly string[];
}

/**
 * The first pair of files, or the first single one, that is one dialect's; the shorter names first, because variants of
 * lower precision add to them. Of several decoders the one whose name begins most as the encoder's belongs to it.
 */
export function recognise(folder: string, headers: readonly OnnxHeader[]): RecognisedFiles {
  const found = filesOf(headers) ?? filesOf(headers.map(withoutPrefix));
  if (found) return found;
  throw new BadInput(`${folder}: ${whyNot(headers)}`);
}

/** Some exporters put the name of a scope ("model/", "sam2.") before the names of all inputs and outputs. */
function withoutPrefix(header: OnnxHeader): OnnxHeader {
  const [first, ...others] = [...header.inputs, ...header.outputs].map(({ name }) => name);
  if (first === undefined) return header;
  const shared = first.slice(0, Math.min(first.length, ...others.map((name) => sharedStart(first, name))));
  const prefix = /^.*[/.:]/u.exec(shared)?.[0] ?? '';
  const cut = (ports: readonly ForeignPort[]) =>
    ports.map((port) => ({ ...port, name: port.name.slice(prefix.length) }));
  return { ...header, prefix, inputs: cut(header.inputs), outputs: cut(header.outputs) };
}

function filesOf(headers: readonly OnnxHeader[]): RecognisedFiles | null {
  const sorted = headers.toSorted((a, b) => a.file.length - b.file.length);
  for (const dialect of dialects) {
    const encoders = sorted.filter((one) => isEncoder(dialect, one));
    const decoders = sorted.filter((one) => isDecoder(dialect, one));
    const [encoder] = encoders;
    if (!encoder) continue;
    const [decoder] = decoders.toSorted(
      (a, b) => sharedStart(b.file, encoder.file) - sharedStart(a.file, encoder.file),
    );
    if (!decoder) continue;
    const others = [...encoders, ...decoders].filter((one) => one !== encoder && one !== decoder);
    return { dialect, encoder, decoder, others: others.map(({ file }) => path.basename(file)) };
  }
  for (const dialect of dialects) {
    const whole = sorted.find((one) => isWhole(dialect, one));
    if (whole) return { dialect, encoder: whole, decoder: whole, others: [] };
  }
  return null;
}

/** How many letters two names have in common before they differ. */
function sharedStart(a: string, b: string): number {
  let at = 0;
  while (at < Math.min(a.length, b.length) && a[at] === b[at]) at++;
  return at;
}

const has = (ports: readonly ForeignPort[], ...names: readonly string[]): boolean =>
  names.every((name) => ports.some((port) => port.name === name));

function isEncoder({ encoder, decoder }: OnnxDialect, { inputs, outputs }: OnnxHeader): boolean {
  if (!has(inputs, encoder.input) || has(inputs, decoder.points)) return false;
  return encoder.outputs ? has(outputs, ...encoder.outputs) : outputs.length === decoder.features.length;
}

/** The encoder's input, the decoder's prompts and its masks, without anything in between. */
function isWhole({ encoder, decoder }: OnnxDialect, { inputs, outputs }: OnnxHeader): boolean {
  const named = [decoder.masks, decoder.iou].filter((name) => name !== null);
  return has(inputs, encoder.input, decoder.points, decoder.labels) && named.length > 0 && has(outputs, ...named);
}

function isDecoder({ decoder }: OnnxDialect, { inputs, outputs }: OnnxHeader): boolean {
  const named = [decoder.masks, decoder.iou].filter((name) => name !== null);
  return has(inputs, ...decoder.features, decoder.points, decoder.labels) && has(outputs, ...named);
}

function whyNot(headers: readonly OnnxHeader[]): string {
  if (headers.length === 0) return 'holds no .onnx file';
  if (findWordFiles(headers))
    return 'is SAM 3 for words, which takes no clicks and boxes; choose it as the model for words (--weights), and for clicks and boxes its tracker (onnx-community/sam3-tracker-ONNX) or SAM 2.1';
  const words = whyNoWordFiles(headers);
  if (words !== null) return words;
  const plain = [...headers, ...headers.map(withoutPrefix)];
  const encoder = plain.find((one) => dialects.some((dialect) => isEncoder(dialect, one)));
  const decoder = plain.find((one) => dialects.some((dialect) => isDecoder(dialect, one)));
  if (encoder && !decoder)
    return `${encoder.file} is the encoder of a segmenter; the decoder's file is missing beside it`;
  if (decoder && !encoder)
    return `${decoder.file} is the decoder of a segmenter; the encoder's file is missing beside it`;
  const [first] = headers;
  const inputs = first?.inputs.map(({ name }) => name).join(', ');
  return `no segmenter that Loupe knows takes inputs of these names (${first?.file}: ${inputs})`;
}
