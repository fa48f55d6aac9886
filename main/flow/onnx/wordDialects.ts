// Holds one record for each way in which known tools export SAM 3 for words as ONNX files, and says which one a set of files is.
import type { ForeignPort, OnnxHeader } from '../../../models/runtime/onnxHeader.ts';

export interface WordDialect {
  readonly id: string;
  /** Who writes and reads such files. */
  readonly title: string;
  readonly picture: { readonly input: string; readonly outputs: readonly string[] };
  readonly words: {
    readonly ids: string;
    /** 1 where a token is one of the words, 0 behind them. */
    readonly mask: string | null;
    readonly outputs: readonly string[];
    /** What stands behind the words: 0, or the token that ends them. */
    readonly padding: 'zero' | 'end';
  };
  readonly decoder: {
    /** Inputs in the order of the outputs above; a file that was simplified may lack some. */
    readonly maps: readonly string[];
    readonly texts: readonly string[];
    /** Height and width of the picture, where masks come at its size. */
    readonly size: readonly [height: string, width: string] | null;
    /** A box that shows what is meant; here there never is one, which its label or its flag says. */
    readonly boxes: {
      readonly at: string;
      readonly labels: string;
      readonly label: number;
      readonly none: string | null;
    };
    readonly masks: string;
    readonly found: string;
    /** Corners in pixels of the picture, corners in shares of it, or middle and size in shares. */
    readonly corners: 'pixels' | 'shares' | 'middles';
    /** Shares from 0 to 1, or logits that count as much as the logit that anything matches at all. */
    readonly scores: string;
    readonly presence: string | null;
  };
}

const maps = [
  ...['vision_pos_enc_0', 'vision_pos_enc_1', 'vision_pos_enc_2'],
  ...['backbone_fpn_0', 'backbone_fpn_1', 'backbone_fpn_2'],
];

const samexporter: Pick<WordDialect, 'title' | 'picture' | 'words'> = {
  title: 'SAM 3 for words of samexporter and X-AnyLabeling',
  picture: { input: 'image', outputs: maps },
  words: {
    ids: 'tokens',
    mask: null,
    padding: 'zero',
    outputs: ['text_attention_mask', 'text_memory', 'text_embeds'],
  },
};

const samexporterInputs = {
  ...{ maps, texts: ['language_mask', 'language_features', 'language_embeds'] },
  size: ['original_height', 'original_width'],
  boxes: { at: 'box_coords', labels: 'box_labels', label: 1, none: 'box_masks' },
} as const;

const fpn = ['fpn_feat_0', 'fpn_feat_1', 'fpn_feat_2', 'fpn_pos_2'];

const wordDialects: readonly WordDialect[] = [
  {
    ...{ id: 'd', ...samexporter },
    decoder: {
      ...samexporterInputs,
      ...{ masks: 'masks', found: 'boxes', corners: 'pixels', scores: 'scores', presence: null },
    },
  },
  {
    ...{ id: 'd1', ...samexporter },
    decoder: {
      ...{ ...samexporterInputs, masks: 'pred_masks', found: 'pred_boxes', corners: 'middles' },
      ...{ scores: 'pred_logits', presence: 'presence_logit_dec' },
    },
  },
  {
    ...{ id: 'e', title: 'SAM 3 for words of usls', picture: { input: 'images', outputs: fpn } },
    words: {
      ...{ ids: 'input_ids', mask: 'attention_mask', padding: 'end' },
      outputs: ['text_features', 'text_mask'],
    },
    decoder: {
      ...{ maps: fpn, texts: ['text_features', 'text_mask'], size: null },
      boxes: { at: 'input_boxes', labels: 'input_boxes_labels', label: -10, none: null },
      ...{ masks: 'pred_masks', found: 'pred_boxes', corners: 'shares' },
      ...{ scores: 'pred_logits', presence: 'presence_logits' },
    },
  },
];

export interface WordFiles {
  readonly dialect: WordDialect;
  readonly picture: OnnxHeader;
  readonly words: OnnxHeader;
  readonly decoder: OnnxHeader;
}

/** The first three files that are one dialect's, the shorter names first as among click segmenters; null: there are none. */
export function findWordFiles(headers: readonly OnnxHeader[]): WordFiles | null {
  for (const dialect of wordDialects) {
    const { picture, words, decoder } = partsOf(dialect, headers);
    if (picture && words && decoder) return { dialect, picture, words, decoder };
  }
  return null;
}

/** Why files that have to do with SAM 3 for words are not all that it takes; null: no file is any part of it. */
export function whyNoWordFiles(headers: readonly OnnxHeader[]): string | null {
  const apart = headers.find(({ inputs, outputs }) => has(inputs, 'prompt_features') && has(outputs, 'pred_masks'));
  if (apart)
    return `${apart.file} is the decoder of usls' first export of SAM 3, in four files, which Loupe does not run; take the second one, in three files`;
  const all = wordDialects.map((dialect) => ({ dialect, parts: Object.entries(partsOf(dialect, headers)) }));
  const [most] = all.toSorted((a, b) => there(b.parts) - there(a.parts));
  if (!most || there(most.parts) === 0) return null;
  const missing = most.parts.filter(([, part]) => !part).map(([name]) => partNames[name as keyof typeof partNames]);
  return `holds a part of ${most.dialect.title}; missing beside it: ${missing.join(' and ')}`;
}

const partNames = {
  picture: 'the file of its picture encoder',
  words: 'the file of its text encoder',
  decoder: 'the file of its decoder',
} as const;

const there = (parts: readonly (readonly [string, OnnxHeader | undefined])[]): number =>
  parts.filter(([, part]) => part).length;

function partsOf({ picture, words, decoder }: WordDialect, headers: readonly OnnxHeader[]) {
  const sorted = headers.toSorted((a, b) => a.file.length - b.file.length);
  const find = (inputs: readonly string[], outputs: readonly string[]): OnnxHeader | undefined =>
    sorted.find((one) => has(one.inputs, ...inputs) && has(one.outputs, ...outputs));
  const [, features = ''] = decoder.texts;
  const { masks, found, scores, presence } = decoder;
  return {
    picture: find([picture.input], picture.outputs),
    words: find([words.ids], words.outputs),
    decoder: find([features], [masks, found, scores, ...(presence === null ? [] : [presence])]),
  };
}

const has = (ports: readonly ForeignPort[], ...names: readonly string[]): boolean =>
  names.every((name) => ports.some((port) => port.name === name));
