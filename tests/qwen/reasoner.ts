// The whole reasoner as one graph for a golden case: pictures, tokens, queries and positions in, hidden states out.

import { input, size, type Tensor } from '../../models/graph/tensor.ts';
import type { Value } from '../../models/graph/value.ts';
import type { Params } from '../../models/nn/params.ts';
import {
  appendQueries,
  causalMask,
  type Decoded,
  decoder,
  embedTokens,
  featureIndex,
  insertFeatures,
} from '../../models/qwen/language.ts';
import { joinPositions, linePositions, mropePositions, type Positions, textTable } from '../../models/qwen/rope.ts';
import { patchWidth, visionTower } from '../../models/qwen/vision.ts';
import { type Checkpoint, gridsOf, type Pictures, pixelsOf } from './checkpoint.ts';

export interface Prompt extends Pictures {
  input_ids: number[][];
  /** Over tokens and queries; absent: all count. */
  attention_mask?: number[][];
}

export interface Reasoner {
  embeds: Tensor;
  decoded: Decoded;
  feeds: Record<string, Value>;
  positions: Positions;
  /** The input that the query vectors are fed to. */
  queries: Tensor | undefined;
}

export interface Call {
  prompt: Prompt;
  /** How many query vectors follow the tokens, fed as `queries`. */
  queries?: number;
  /** Default: plain with queries, M-RoPE without. */
  positions?: 'plain' | 'mrope';
  again?: boolean;
}

/** Parameters at the checkpoint's root. */
export async function reasoner(
  p: Params,
  { folder, config }: { folder: string; config: Checkpoint['config'] },
  { prompt, queries = 0, again = false, positions: kind = queries > 0 ? 'plain' : 'mrope' }: Call,
): Promise<Reasoner> {
  const [batch, tokens] = [prompt.input_ids.length, prompt.input_ids[0]?.length ?? 0];
  const seen = prompt.attention_mask ?? prompt.input_ids.map((row) => new Array<number>(row.length + queries).fill(1));
  const flat = prompt.input_ids.flat();
  const feeds: Record<string, Value> = { ids: Int32Array.from(flat) };
  const text = embedTokens(p, input('ids', [batch, tokens], 'int32'), config.language);
  const seeing = prompt.images.length > 0 ? await withPictures(p, text, { folder, config, prompt, feeds }) : text;
  const hidden = config.language.hidden;
  const vectors = queries > 0 ? input('queries', [queries, hidden]) : undefined;
  const embeds = vectors ? appendQueries(seeing, vectors) : seeing;
  const positions = kind === 'plain' ? linesOf(seen) : picturePositions(prompt, seen, config);
  const { cosine, sine } = textTable(positions, config.language);
  const total = tokens + queries;
  Object.assign(feeds, { cosine, sine, mask: causalMask(seen) });
  const table = (name: string) => input(name, [batch, 1, total, config.language.headWidth]);
  const places = { cosine: table('cosine'), sine: table('sine'), mask: input('mask', [batch, 1, total, total]) };
  const decoded = decoder(p, embeds, places, { config: config.language, again });
  return { embeds, decoded, feeds, positions, queries: vectors };
}

async function withPictures(
  p: Params,
  text: Tensor,
  call: { folder: string; config: Checkpoint['config']; prompt: Prompt; feeds: Record<string, Value> },
): Promise<Tensor> {
  const { folder, config, prompt, feeds } = call;
  const pixels = await pixelsOf(folder, prompt);
  const width = patchWidth(config.vision);
  Object.assign(feeds, { pixels, places: featureIndex(prompt.input_ids.flat(), config.imageToken) });
  const x = input('pixels', [pixels.length / width, width]);
  const { features } = visionTower(p.at('visual'), x, { grids: gridsOf(prompt), config: config.vision });
  return insertFeatures(text, features, input('places', [size(text.shape.slice(0, 2))], 'int32'));
}

const linesOf = (seen: readonly number[][]): Positions =>
  joinPositions(seen.map((row) => linePositions(row).positions));

/** Pictures are shared out to the rows in order. */
function picturePositions(prompt: Prompt, seen: readonly number[][], { imageToken, vision }: Checkpoint['config']) {
  const waiting = gridsOf(prompt);
  const { merge } = vision;
  const rows = prompt.input_ids.map((ids, b) => {
    let left = ids.filter((id) => id === imageToken).length;
    const own = [];
    while (left > 0) {
      const grid = waiting.shift();
      if (!grid) throw new Error('A row has more image tokens than pictures.');
      own.push(grid);
      left -= (grid.h * grid.w) / merge ** 2;
    }
    const text = new Array<number>((seen[b]?.length ?? ids.length) - ids.length).fill(0);
    return mropePositions([...ids, ...text], own, { imageToken, merge }, seen[b]);
  });
  return joinPositions(rows.map(({ positions }) => positions));
}
