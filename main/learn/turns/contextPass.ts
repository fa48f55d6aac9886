// Builds the graph that reads packed turns with context queries: hidden states, and a prompt token for each turn.
import { gather } from '../../../models/graph/gather.ts';
import { reshape } from '../../../models/graph/shape.ts';
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import type { LensConfig } from '../../../models/lens/config.ts';
import { contextModule, contextQueries } from '../../../models/lens/contextModule.ts';
import type { Params } from '../../../models/nn/params.ts';
import type { QwenConfig } from '../../../models/qwen/config.ts';
import { decoder, embedTokens, insertFeatures, insertSpan } from '../../../models/qwen/language.ts';
import { joinPositions, textTable } from '../../../models/qwen/rope.ts';
import { joined } from '../loop/joinFloats.ts';
import { attentionMask, type Head, type PackedSequence, packSequence, type Turn } from './sequence.ts';
import { pictures } from './turnLoss.ts';

export interface ContextModels {
  readonly reasoner: QwenConfig;
  readonly context: LensConfig;
}

export interface ContextRows {
  /** Rows, each of one picture with its turns. */
  readonly pictures: number;
  /** Turns of each. */
  readonly turns: number;
  readonly tokens: number;
  /** Patches a side of the square pictures, and where their tokens begin in each row. */
  readonly grid: number;
  readonly imageStart: number;
}

export interface ContextPass {
  /** [pictures, tokens, hidden] */
  readonly hidden: Tensor;
  /** What the context module says of each turn, [pictures * turns, 1, width]. */
  readonly token: Tensor;
}

/** Inputs as `contextFeeds` and the pictures' patches give them. */
export function contextPass(p: Params, { reasoner, context }: ContextModels, rows: ContextRows): ContextPass {
  const { pictures: count, turns, tokens, grid, imageStart } = rows;
  const { language } = reasoner;
  const words = embedTokens(p, input('ids', [count, tokens], 'int64'), language);
  const seen = insertSpan(words, pictures(p, reasoner, { count, grid }), imageStart);
  const queries = reshape(contextQueries(p, context), [context.numOfQuery, language.hidden]);
  const x = insertFeatures(seen, queries, input('queryIndex', [count * tokens], 'int32'));
  const table = (name: string) => input(name, [count, 1, tokens, language.headWidth]);
  const places = { cosine: table('cosine'), sine: table('sine'), mask: input('mask', [count, 1, tokens, tokens]) };
  const { hidden } = decoder(p, x, places, { config: language });
  const queryRows = input('queryRows', [count * turns * context.numOfQuery], 'int64');
  const states = gather(reshape(hidden, [count * tokens, language.hidden]), queryRows);
  const shaped = reshape(states, [count * turns, context.numOfQuery, language.hidden]);
  return { hidden, token: contextModule(p, context, shaped) };
}

export interface PictureTurns {
  readonly head: Head;
  readonly turns: readonly Turn[];
}

/** All that the pass is fed but pixels; `queryRows` are rows of pictures * tokens, per turn. */
export function contextFeeds(
  { reasoner, context: { numOfQuery } }: ContextModels,
  shown: readonly PictureTurns[],
  tokens: number,
) {
  const packed: PackedSequence[] = shown.map(({ head, turns }) => packSequence(head, turns, tokens, numOfQuery));
  const queryRows = packed.flatMap(({ queries }, b) => queries.map((at) => b * tokens + at));
  const queryIndex = Int32Array.from({ length: packed.length * tokens }, (_, i) => i);
  queryRows.forEach((row, k) => {
    queryIndex[row] = packed.length * tokens + (k % numOfQuery);
  });
  return {
    ids: BigInt64Array.from(
      packed.flatMap(({ ids }) => [...ids]),
      BigInt,
    ),
    ...textTable(joinPositions(packed.map(({ positions }) => positions)), reasoner.language),
    mask: joined(packed.map(({ turn }) => attentionMask(turn))),
    queryIndex,
    queryRows: BigInt64Array.from(queryRows, BigInt),
  };
}
