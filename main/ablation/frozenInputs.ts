// Computes what training between reasoner and segmenter reads of scenes with answers: the keys and values that context queries
// read, and the segmenter's features. Both are frozen there, so they are computed once, for any number of queries.

import { floats } from '../../models/graph/value.ts';
import { cacheNames } from '../../models/qwen/cache.ts';
import { Session } from '../../models/runtime/session.ts';
import type { DecodedImage } from '../contract/records.ts';
import type { DecoderInputs } from '../flow/segmenter/segmenter.ts';
import { Segmenter } from '../flow/segmenter/segmenter.ts';
import { targetOf } from '../learn/decoder/decoderFeeds.ts';
import { targetSide } from '../learn/rl/policyGraph.ts';
import { attentionMask, type PackedSequence, packedLength, packSequence } from '../learn/turns/sequence.ts';
import { frameOf, imageStartOf, type PolicyParts, patchValues } from '../learn/turns/squarePolicy.ts';
import { rowFeeds } from '../learn/turns/turnBatch.ts';
import { pictures, readTurns } from '../learn/turns/turnLoss.ts';
import { answeredTurn } from '../learn/turns/turnTokens.ts';
import type { Weights } from '../weights/open.ts';
import type { AnsweredPrompt } from './answeredPrompts.ts';

/** Places of a whole scene with its answers, and of one answer with all that it sees. */
const places = { scene: 640, answer: 288 } as const;

export interface FrozenInputs {
  readonly told: AnsweredPrompt;
  /** Key and value of each layer, one after the other: [heads, length, head width]. */
  readonly memory: readonly Float32Array[];
  readonly length: number;
  /** The position of what comes next. */
  readonly next: number;
  /** What the decoder is fed: features of the whole picture, and the answer's box. */
  readonly inputs: DecoderInputs;
  /** [side, side] */
  readonly target: Float32Array;
}

export interface FrozenInputReader {
  readonly parts: PolicyParts;
  /** Looks at whole pictures, as the published segmenter does. */
  readonly segmenter: Segmenter;
  /** What is told of one picture; what does not fit is left out. */
  remember(image: DecodedImage, told: readonly AnsweredPrompt[]): Promise<FrozenInputs[]>;
  release(): Promise<void>;
}

export async function openFrozenInputReader(weights: Weights, parts: PolicyParts): Promise<FrozenInputReader> {
  const { params, reasoner, folder } = weights;
  const frame = frameOf(parts);
  const names = cacheNames(reasoner.language.layers, 'own');
  const shape = { pictures: 1, plain: 0, tokens: places.scene, imageStart: imageStartOf(parts.tokenizer, frame) };
  const { cache } = readTurns(params, reasoner, pictures(params, reasoner, { count: 1, grid: frame.grid }), shape);
  const flat = cache.flatMap(({ key, value }) => [key, value]);
  const outputs = Object.fromEntries(names.flatMap((name, k) => (flat[k] ? [[name, flat[k]]] : [])));
  const session = await Session.create(outputs, { folder });
  const segmenter = await Segmenter.open(uncropped(weights), {});
  return {
    ...{ parts, segmenter },
    remember: async (image, told) => {
      const { packed, fitting } = packedTurns(parts, told);
      if (fitting.length === 0) return [];
      const row = { packed, seen: attentionMask(packed.turn), weights: [] };
      const feeds = { pixels: patchValues(parts, image), ...rowFeeds([row], reasoner.language) };
      const read = await session.run(feeds);
      const values = names.map((name) => floats(read, name));
      const sizes = { values, heads: reasoner.language.kvHeads, width: reasoner.language.headWidth };
      const frozen: FrozenInputs[] = [];
      for (const [k, one] of fitting.entries()) {
        const inputs = await segmenter.inputs(image, { box: one.box });
        const target = targetOf(one.truth, inputs.place, targetSide(weights));
        frozen.push({ told: one, inputs, target, ...ofTurn(packed, k + 1, sizes) });
      }
      return frozen;
    },
    release: async () => {
      await session.release();
      await segmenter.release();
    },
  };
}

const uncropped = (weights: Weights): Weights => ({
  ...weights,
  recipe: { ...weights.recipe, segmenter: { ...weights.recipe.segmenter, crop: null } },
});

function packedTurns({ tokenizer, ...parts }: PolicyParts, told: readonly AnsweredPrompt[]) {
  const side = frameOf(parts).cells;
  const all = told.map((one) => ({ one, ...answeredTurn(tokenizer, one.text, { text: one.answer, side }) }));
  const fitting: typeof all = [];
  for (const each of all) {
    const turns = [...fitting, each].map(({ turn }) => turn);
    if (packedLength(each.head, turns) <= places.scene && packedLength(each.head, [each.turn]) <= places.answer)
      fitting.push(each);
  }
  const [first] = fitting;
  const head = first?.head ?? { ids: [], imageStart: 0, side };
  const packed = packSequence(
    head,
    fitting.map(({ turn }) => turn),
    places.scene,
  );
  return { packed, fitting: fitting.map(({ one }) => one) };
}

interface Read {
  readonly values: readonly Float32Array[];
  readonly heads: number;
  readonly width: number;
}

/** Takes from a packed scene what a query behind one turn sees: the head and that turn. */
function ofTurn({ turn, positions: [t] }: PackedSequence, own: number, { values, heads, width }: Read) {
  const seen = [...turn.keys()].filter((i) => turn[i] === 0 || turn[i] === own);
  const memory = values.map((all) => {
    const out = new Float32Array(heads * seen.length * width);
    for (let head = 0; head < heads; head++)
      seen.forEach((at, i) => {
        const from = (head * turn.length + at) * width;
        out.set(all.subarray(from, from + width), (head * seen.length + i) * width);
      });
    return out;
  });
  const last = t[seen.at(-1) ?? -1];
  if (last === undefined) throw new Error(`Turn ${own} sees no token.`);
  return { memory, length: seen.length, next: last + 1 };
}

/** What several queries are fed of several answers: memories padded to one length, places and who sees what. */
export function frozenInputFeeds(some: readonly FrozenInputs[], { layers, heads, width, queries }: QuerySizes) {
  const tokens = places.answer;
  const feeds: Record<string, Float32Array> = {};
  cacheNames(layers, 'past').forEach((name, k) => {
    const all = new Float32Array(some.length * heads * tokens * width);
    some.forEach(({ memory, length }, row) => {
      for (let head = 0; head < heads; head++) {
        const own = memory[k]?.subarray(head * length * width, (head + 1) * length * width);
        all.set(own ?? [], (row * heads + head) * tokens * width);
      }
    });
    feeds[name] = all;
  });
  return { ...feeds, mask: queryMask(some, queries) };
}

export interface QuerySizes {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly queries: number;
}

export const frozenTokens = places.answer;

/** Queries see the answer and the queries before them. [answers, 1, queries, places + queries] */
function queryMask(some: readonly FrozenInputs[], queries: number): Float32Array {
  const width = places.answer + queries;
  const mask = new Float32Array(some.length * queries * width).fill(-1e9);
  some.forEach(({ length }, row) => {
    for (let i = 0; i < queries; i++) {
      const start = (row * queries + i) * width;
      mask.fill(0, start, start + length);
      mask.fill(0, start + places.answer, start + places.answer + i + 1);
    }
  });
  return mask;
}
