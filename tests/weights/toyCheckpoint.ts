// A checkpoint folder of the published layout at toy size that says one thing: its words are chosen, its masks are of random weights.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { input, size } from '../../models/graph/tensor.ts';
import { contextModule } from '../../models/lens/contextModule.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { type QwenConfig, qwenConfigFrom } from '../../models/qwen/config.ts';
import { passGraph } from '../../models/qwen/passGraph.ts';
import { patchWidth, visionTower } from '../../models/qwen/vision.ts';
import { type TensorToWrite, writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import type { Sam2Config } from '../../models/sam2/config.ts';
import { segmenter } from '../../models/sam2/segmenter.ts';
import { askedParams, madeFeeds } from '../parameters.ts';

export const toySam: Sam2Config = {
  ...{ imageSize: 128, embedDim: 8, heads: 1, stages: [1, 1, 1], windows: [8, 8, 8], globalBlocks: [2] },
  ...{ background: [8, 8], width: 16, decoderHeads: 2, decoderMlp: 16, iouHidden: 16, maskChannels: 16 },
};

const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|vision_start|>', '<|vision_end|>', '<|image_pad|>'];
/** One number a token, so that an embedding can be a row of an identity matrix; and a multiple of LENS's 16 heads. */
const width = 272;
const saying = 256 + specials.length;
/** The first of a few bytes that no text here has. */
const apart = 200;
const idOf = (special: string): number => 256 + specials.indexOf(special);

/** GPT-2's letters for bytes. */
function byteLetters(): string[] {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let spare = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : spare++));
}

/** Bytes, the special tokens, and a token for each of what this model says. */
function tokenizerJson(says: readonly string[]) {
  const vocab = Object.fromEntries(byteLetters().map((letter, byte) => [letter, byte]));
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const said = says.map((content) => ({ content, special: false }));
  const added = [...specials.map((content) => ({ content, special: true })), ...said];
  return {
    ...{ version: '1.0', truncation: null, padding: null, normalizer: { type: 'NFC' }, post_processor: null },
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    added_tokens: added.map((token, i) => ({ id: 256 + i, ...flags, ...token })),
    model: { type: 'BPE', dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false, vocab, merges: [] },
  };
}

/** The same in the words of SAM 2's configuration files, for a folder of its own. */
export const toySamJson = {
  ...{ image_size: 128, embed_dim: 8, num_heads: 1, stages: [1, 1, 1], window_spec: [8, 8, 8], global_att_blocks: [2] },
  ...{ bkg: [8, 8], d_model: 16, dec_heads: 2, dec_mlp: 16, iou_hidden: 16, mask_in_chans: 16 },
};

export const configJson = (kind: 'qwen2_5_vl' | 'qwen2_vl' = 'qwen2_5_vl', { layers = 1, inner = 32 } = {}) => ({
  ...{ model_type: kind, image_token_id: idOf('<|image_pad|>'), vocab_size: width, hidden_size: width },
  ...{
    num_hidden_layers: layers,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 16,
    intermediate_size: inner,
  },
  ...{ tie_word_embeddings: false, rope_scaling: { type: 'mrope', mrope_section: [2, 3, 3] } },
  vision_config:
    kind === 'qwen2_5_vl'
      ? { depth: 1, num_heads: 2, hidden_size: 32, intermediate_size: 48, fullatt_block_indexes: [0] }
      : { depth: 1, num_heads: 2, embed_dim: 32, mlp_ratio: 2, in_chans: 3 },
});

export interface Toy {
  /** All that it ever says; of several one as often as the others. */
  says: string | readonly string[];
  kind?: 'qwen2_5_vl' | 'qwen2_vl';
  /** With LENS's context module and a SAM 2 of toy size. */
  lens?: boolean;
  /** Default: one layer of little width; more make its steps long. */
  size?: { layers: number; inner: number };
}

const listOf = (says: Toy['says']): readonly string[] => (typeof says === 'string' ? [says] : says);

/** Every tensor that the model has. */
export function toyTensors({ kind, lens = false, says = '', size: how }: Partial<Toy>): Record<string, TensorToWrite> {
  const source = askedParams();
  const params = paramsFrom(source);
  const config: QwenConfig = qwenConfigFrom(configJson(kind, how));
  const { merge } = config.vision;
  const pixels = input('pixels', [merge * merge, patchWidth(config.vision)]);
  visionTower(params.at('visual'), pixels, { grids: [{ t: 1, h: merge, w: merge }], config: config.vision });
  const pass = { rows: 1, tokens: 2, prompts: 0, promptTokens: 0, capacity: 0, features: 0, queries: 0, logits: true };
  passGraph(params, config, pass);
  if (lens) askLens(params);
  const values = madeFeeds(source);
  return Object.fromEntries(
    [...source.asked].map(([name, { shape }]) => [
      name,
      {
        shape: [...shape],
        data: chosen(name, listOf(says).length, how) ?? values[name] ?? new Float32Array(size(shape)),
      },
    ]),
  );
}

function askLens(params: ReturnType<typeof paramsFrom>): void {
  const context = { hidden: width, numOfQuery: 3, blocks: 1, heads: 16, mlpRatio: 4, samWidth: toySam.width };
  params.get('learnable_query', 1, 3, width);
  contextModule(params, context, input('states', [1, 3, width]));
  const points = { at: input('at', [1, 1, 2]), labels: input('labels', [1, 1], 'int64') };
  const picture = input('image', [1, 3, toySam.imageSize, toySam.imageSize]);
  segmenter(params.at('sam'), toySam, picture, { points });
  segmenter(params.at('sam'), toySam, picture, { points, mask: input('rough', [1, 1, 32, 32]) });
}

/** The layer passes on what it is given; a token's row is its own number, and the head says what follows which. */
function chosen(name: string, sayings: number, { inner = 32 } = {}): Float32Array | null {
  const all = Array.from({ length: sayings }, (_, i) => saying + i);
  // Of several each has a direction of its own, in which its choice can be learnt; a row for all other tokens would sum up
  // every small change.
  const others = (token: number) => (sayings === 1 ? [0] : all.slice(token - apart, token - apart + 1));
  const follows = (token: number): readonly number[] => {
    if (token === '\n'.charCodeAt(0)) return all;
    if (all.includes(token)) return [idOf('<|im_end|>')];
    return token < apart && sayings > 1 ? [] : others(token);
  };
  const square = (rows: (token: number) => readonly number[]) => {
    const data = new Float32Array(width * width);
    for (let token = 0; token < width; token++) for (const row of rows(token)) data[row * width + token] = 1;
    return data;
  };
  if (name === 'model.embed_tokens.weight') return square((token) => [token]);
  if (name === 'lm_head.weight') return square(follows);
  if (/^model\.layers\.\d+\.(self_attn\.o_proj|mlp\.down_proj)/.test(name))
    return new Float32Array(name.includes('down') ? width * inner : width * 64);
  return null;
}

/** A SAM 2 of toy size alone, in its authors' layout, with its sizes beside it; of a square of so many pixels. */
export async function writeToySam(folder: string, imageSize = toySam.imageSize): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const all = Object.entries(toyTensors({ lens: true })).filter(([name]) => name.startsWith('sam.'));
  const tensors = Object.fromEntries(all.map(([name, tensor]) => [name.replace(/^sam\./u, ''), tensor]));
  writeFileSync(path.join(folder, 'segmenter.json'), JSON.stringify({ ...toySamJson, image_size: imageSize }));
  await writeSafetensors(path.join(folder, 'sam2_toy.safetensors'), tensors);
  return folder;
}

/** Writes the folder; the files are those that transformers writes. */
export async function writeToy(folder: string, toy: Toy, tensors = toyTensors(toy)): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(configJson(toy.kind, toy.size)));
  writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(tokenizerJson(listOf(toy.says))));
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensors);
  return folder;
}
