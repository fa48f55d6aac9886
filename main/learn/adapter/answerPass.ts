// Builds the graph that reads rows of requests with their answers, and a checkpoint's context queries behind them; makes its feeds.
import { gather } from '../../../models/graph/gather.ts';
import { reshape, slice } from '../../../models/graph/shape.ts';
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import type { NamedValues, Value } from '../../../models/graph/value.ts';
import { type Params, paramsFrom } from '../../../models/nn/params.ts';
import type { QwenConfig } from '../../../models/qwen/config.ts';
import { appendQueries, causalMask, decoder, embedTokens, insertFeatures } from '../../../models/qwen/language.ts';
import { joinPositions, linePositions, mropePositions, type Positions, textTable } from '../../../models/qwen/rope.ts';
import { joined } from '../loop/joinFloats.ts';
import { type AdapterPolicy, sourceOf } from './adapterPolicy.ts';
import type { AdapterSample } from './adapterSamples.ts';
import { type ReadTokens, readTokens } from './answerTokens.ts';

export interface AdapterBatch {
  readonly rows: number;
  /** The most tokens of a row (request and answer), of a picture, and of an answer. */
  readonly tokens: number;
  readonly features: number;
  readonly answer: number;
  /** Context queries behind each row, and how a recipe reads them. Null: nothing is drawn. */
  readonly queries: { readonly count: number; readonly how: 'continued' | 'reread' } | null;
}

interface AnswerPass extends ReadTokens {
  /** [rows, queries, hidden] behind the whole answers; null: there are no queries. */
  readonly states: Tensor | null;
  /** For what is built upon it. */
  readonly params: Params;
  /** Those in training that were asked for so far. */
  readonly parameters: ReadonlyMap<string, Tensor>;
}

/** Put before the names of the tables by which rows are read again, with positions in one line. */
const line = 'line.';

/** Each layer is computed again on the way back, so that memory holds one layer's values, not those of all. */
export function answerPass(policy: AdapterPolicy, batch: AdapterBatch): AnswerPass {
  const { rows, tokens, features, answer, queries } = batch;
  const { source, factors } = sourceOf(policy);
  const { language } = policy.weights.reasoner;
  const p = paramsFrom(source);
  const total = widthOf(batch);
  const words = embedTokens(p, input('ids', [rows, tokens], 'int32'), language);
  const seen = input('features', [rows * features, language.hidden]);
  const read = insertFeatures(words, seen, input('places', [rows * tokens], 'int32'));
  const x = queries ? appendQueries(read, p.get('learnable_query', 1, queries.count, language.hidden)) : read;
  const mask = input('mask', [rows, 1, total, total]);
  const hiddenBy = (prefix: string) => {
    const table = (name: string) => input(prefix + name, [rows, 1, total, language.headWidth]);
    const places = { cosine: table('cosine'), sine: table('sine'), mask };
    return decoder(p, x, places, { config: language, again: true }).hidden;
  };
  const hidden = hiddenBy('');
  const behind = queries && slice(queries.how === 'reread' ? hiddenBy(line) : hidden, [tokens], [total], [1]);
  const predictors = gather(
    reshape(hidden, [rows * total, language.hidden]),
    input('predictors', [rows * answer], 'int64'),
  );
  return {
    ...readTokens(p, predictors, input('labels', [rows * answer], 'int64'), { config: language }),
    states: behind,
    params: p,
    parameters: factors.tensors,
  };
}

const widthOf = ({ tokens, queries }: AdapterBatch): number => tokens + (queries?.count ?? 0);

/** Rows of requests with answers behind them, each token of an answer with what it counts. */
export function answerFeeds(
  samples: readonly AdapterSample[],
  { weights }: AdapterPolicy,
  batch: AdapterBatch,
): NamedValues {
  const { reasoner } = weights;
  const { rows, tokens, features, answer, queries } = batch;
  const all = samples.map(({ prompt, answer: said }) => padded([...prompt.ids, ...said], tokens));
  const seen = samples.map((one) => seenIn(one, batch));
  const table = (positions: readonly Positions[]) => textTable(joinPositions(positions), reasoner.language);
  const again = queries?.how === 'reread' ? table(seen.map((row) => linePositions(row).positions)) : null;
  return {
    ids: Int32Array.from(all.flat()),
    features: joined(samples.map(({ prompt }) => filled(prompt.features, features * reasoner.language.hidden))),
    places: Int32Array.from(
      all.flatMap((ids, row) => placesOf(ids, { image: reasoner.imageToken, row, rows, features })),
    ),
    ...table(samples.map((one) => positionsOf(one, reasoner, batch))),
    ...(again && { [`${line}cosine`]: again.cosine, [`${line}sine`]: again.sine }),
    mask: causalMask(seen),
    predictors: BigInt64Array.from(
      samples.flatMap((one, row) => predictorsOf(one, row * widthOf(batch), answer)),
      BigInt,
    ),
    labels: BigInt64Array.from(
      samples.flatMap((one) => padded(one.answer, answer)),
      BigInt,
    ),
    counts: Float32Array.from(samples.flatMap((one) => padded(one.counts, answer))),
  };
}

const byRows = ['ids', 'features', 'cosine', 'sine', `${line}cosine`, `${line}sine`, 'mask', 'labels', 'counts'];

/** What a graph of one row is fed, made of what `answerFeeds` made for a batch. */
export function rowFeeds(feeds: NamedValues, batch: AdapterBatch, row: number): NamedValues {
  const { rows, tokens, features } = batch;
  const { places, predictors } = feeds;
  if (!(places instanceof Int32Array) || !(predictors instanceof BigInt64Array))
    throw new Error('The feeds of a batch have no places and predictors.');
  const cut = Object.entries(feeds).flatMap(([name, values]) =>
    byRows.includes(name) ? [[name, rowOf(values, batch, row)] as const] : [],
  );
  const feature = (at: number) => at - rows * tokens - row * features;
  const first = BigInt(row * widthOf(batch));
  return {
    ...Object.fromEntries(cut),
    places: rowOf(places, batch, row).map((at) => (at < rows * tokens ? at - row * tokens : tokens + feature(at))),
    // What fills an answer up points at the batch's first row.
    predictors: rowOf(predictors, batch, row).map((at) => (at < first ? 0n : at - first)),
  };
}

/** Of values that have a batch's rows behind one another. */
export function rowOf<V extends Value>(values: V, { rows }: Pick<AdapterBatch, 'rows'>, row: number): V {
  const each = values.length / rows;
  return values.slice(row * each, (row + 1) * each) as V;
}

const lengthOf = ({ prompt, answer }: AdapterSample): number => prompt.ids.length + answer.length;

/** 0 at what fills a row up: the queries behind it do not see it. */
function seenIn(sample: AdapterSample, batch: AdapterBatch): Uint8Array {
  return new Uint8Array(widthOf(batch)).fill(1).fill(0, lengthOf(sample), batch.tokens);
}

/** The queries go on where the answer ends. */
function positionsOf(
  { prompt, answer }: AdapterSample,
  { imageToken, vision: { merge } }: QwenConfig,
  batch: AdapterBatch,
): Positions {
  const { positions, next } = mropePositions([...prompt.ids, ...answer], prompt.grids, { imageToken, merge });
  const whole = (axis: Int32Array) => {
    const filledUp = new Int32Array(widthOf(batch));
    filledUp.set(axis);
    for (let i = batch.tokens; i < filledUp.length; i++) filledUp[i] = next + i - batch.tokens;
    return filledUp;
  };
  const [t, h, w] = positions;
  return [whole(t), whole(h), whole(w)];
}

const padded = (values: readonly number[], length: number): number[] => [
  ...values,
  ...new Array<number>(length - values.length).fill(0),
];

function filled(values: Float32Array, length: number): Float32Array {
  const out = new Float32Array(length);
  out.set(values);
  return out;
}

/** Order of `insertFeatures`: words of all rows stand first, then the features, each row's behind those of the row before. */
function placesOf(
  ids: readonly number[],
  { image, row, rows, features }: { image: number; row: number; rows: number; features: number },
): number[] {
  let next = rows * ids.length + row * features;
  return ids.map((id, i) => (id === image ? next++ : row * ids.length + i));
}

/** A token is predicted from the one before it. */
const predictorsOf = ({ prompt, answer }: AdapterSample, first: number, most: number): number[] =>
  padded(
    answer.map((_, i) => first + prompt.ids.length - 1 + i),
    most,
  );
