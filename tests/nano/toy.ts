// A nano of toy widths, whose steps take a fraction of a second, and one that says what a test wants it to say.

import { Parameters } from '../../main/learn/loop/parameters.ts';
import { specialId } from '../../main/learn/turns/turnTokens.ts';
import { alignmentGraph } from '../../main/nano/context/contextGraph.ts';
import { nanoInitialiser, seeded } from '../../main/nano/parameters/initialValues.ts';
import { coordinates } from '../../main/nano/parameters/layout.ts';
import { imageStart, type Nano } from '../../main/nano/parameters/nano.ts';
import { linesOf } from '../../main/nano/parameters/numberLines.ts';
import type { Atlas } from '../../main/scenes/atlas.ts';
import { vocabulary } from '../../main/scenes/vocabulary.ts';
import type { LensConfig } from '../../models/lens/config.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { nanoPieces } from '../../models/qwen/chat.ts';
import type { QwenConfig } from '../../models/qwen/config.ts';
import { NanoTokenizer } from '../../models/qwen/nanoTokenizer.ts';
import type { Sam2Config } from '../../models/sam2/config.ts';

export const tokenizer = new NanoTokenizer({ words: vocabulary(), pieces: nanoPieces, coordinates });
const imageToken = tokenizer.special.get('<|image_pad|>') ?? 0;
export const rows = { name: 'model.embed_tokens.weight', lines: linesOf(tokenizer) };

export const reasoner: QwenConfig = {
  language: {
    ...{ vocabulary: tokenizer.size, hidden: 32, layers: 2, heads: 2, kvHeads: 1, headWidth: 16, inner: 48 },
    ...{ epsilon: 1e-6, theta: 10, sections: [2, 3, 3], tied: true },
  },
  vision: {
    ...{ style: 'qwen2.5', hidden: 16, depth: 2, heads: 2, inner: 24, out: 32, channels: 3, patch: 14 },
    ...{ temporal: 2, merge: 2, window: 4, fullBlocks: [1] },
  },
  imageToken,
};

export const segmenter: Sam2Config = {
  ...{ imageSize: 192, embedDim: 8, heads: 1, stages: [1, 1, 1], windows: [8, 8, 12], globalBlocks: [2] },
  ...{ background: [8, 8], width: 16, decoderHeads: 2, decoderMlp: 16, iouHidden: 8, maskChannels: 16 },
  refine: [1, 1],
};

export const context: LensConfig = { hidden: 32, numOfQuery: 4, blocks: 1, heads: 2, mlpRatio: 2, samWidth: 16 };

const noAtlas: Atlas = {
  sprite: () => {
    throw new Error('This nano draws no scenes.');
  },
};

export const toyNano = ({ seed = 1, atlas = noAtlas }: { seed?: number; atlas?: Atlas } = {}): Nano => ({
  ...{ tokenizer, reasoner, segmenter, context, atlas, seed },
  parameters: new Parameters(seeded(seed, nanoInitialiser(rows))),
});

/** Every parameter of a nano, made now. */
export function allParameters(nano: Nano): Parameters {
  alignmentGraph(paramsFrom(nano.parameters.source()), nano, { scenes: 1, turns: 1, tokens: 96 }, imageStart(nano));
  return nano.parameters;
}

/**
 * Makes the nano write one of `answers`, drawn at each fork, whatever it is asked. Every token of theirs is a unit vector,
 * and the first block's feed-forward sends a vector to those that may follow; attention is silenced.
 */
export function speak(nano: Nano, answers: readonly string[]): void {
  const parameters = allParameters(nano);
  const { hidden, inner } = reasoner.language;
  const start = nano.tokenizer.encode('assistant\n');
  const end = specialId(nano.tokenizer, '<|im_end|>');
  const rows = answers.map((text) => [...start, ...nano.tokenizer.encode(text), end]);
  for (const row of rows)
    if (new Set(row).size < row.length) throw new Error('An answer to speak may hold each token once.');
  const places = new Map([...new Set(rows.flat())].map((id, place) => [id, place]));
  if (places.size > Math.min(hidden, inner)) throw new Error(`${places.size} different tokens are too many to speak.`);
  const clear = (name: string) => parameters.values(name).fill(0);
  for (const layer of [0, 1]) for (const name of branchEnds) clear(`model.layers.${layer}.${name}.weight`);
  const words = clear('model.embed_tokens.weight');
  const [up, down] = ['up', 'down'].map((name) => clear(`model.layers.0.mlp.${name}_proj.weight`));
  if (!up || !down) throw new Error('unreachable');
  for (const [id, place] of places) {
    words[id * hidden + place] = 1;
    down[place * inner + place] = 1;
  }
  for (const row of rows)
    for (const [i, id] of row.slice(0, -1).entries())
      up[(places.get(row[i + 1] ?? 0) ?? 0) * hidden + (places.get(id) ?? 0)] = 1;
  parameters.values('model.layers.0.mlp.gate_proj.weight').fill(4);
  parameters.values('model.norm.weight').fill(4);
}

const branchEnds = ['self_attn.o_proj', 'mlp.down_proj'];
