// Decodes answers to prompts token by token: one run over the prompts, then one a token over the remembered keys and values.

import { setImmediate } from 'node:timers/promises';
import { type DeviceTensor, floats, type NamedValues } from '../graph/value.ts';
import type { Params } from '../nn/params.ts';
import { AnswerRow, type GenerateOptions, type Sampled, type TokenRow } from './answerRow.ts';
import { KeyValueCache, ofRow } from './cache.ts';
import type { QwenConfig } from './config.ts';
import { causalMask, featureIndex } from './language.ts';
import { type KeyedGraph, OpenGraphs, type OpenGraphsSetup } from './openGraphs.ts';
import { type Pass, passGraph, statesName } from './passGraph.ts';
import {
  joinPositions,
  linePositions,
  mergedCells,
  mropePositions,
  type PatchGrid,
  type Positions,
  textTable,
} from './rope.ts';

export interface DecoderSetup extends OpenGraphsSetup {
  config: QwenConfig;
  /** At the checkpoint's root. */
  params: Params;
  /** Fed at every run: parameters that are graph inputs. */
  weights?: NamedValues;
  /** Prompt lengths and cache capacities are rounded up to multiples of these; each multiple is one graph. */
  chunk?: { prompt: number; cache: number };
}

/** A row of tokens and its pictures: a prompt, or a prompt with its answer. */
export interface PromptTokens {
  ids: readonly number[];
  grids: readonly PatchGrid[];
  /** [image tokens, hidden], in the order of `grids`. */
  features: Float32Array;
}

/** Where a batch of rows stands: what is remembered, the next position id and the logits that follow. */
export interface DecodeState {
  cache: KeyValueCache;
  next: number[];
  /** [rows, vocabulary] */
  logits: Float32Array;
  /** The last sampled token of each row, which is not in the cache yet. */
  pending: number[];
}

export interface Generated {
  rows: TokenRow[];
  state: DecodeState;
}

export class Decoder {
  private readonly setup: DecoderSetup;
  private readonly graphs: OpenGraphs;

  constructor(setup: DecoderSetup) {
    this.setup = setup;
    this.graphs = new OpenGraphs(setup);
  }

  /** Reads the prompts; shorter ones are padded on the right, where causality hides the padding. */
  async prefill(prompts: readonly PromptTokens[]): Promise<DecodeState> {
    const { config, chunk = defaultChunk } = this.setup;
    const { pass, tokens, feeds } = this.rowFeeds(prompts);
    const placed = prompts.map(({ ids, grids }) =>
      mropePositions(padded(ids, tokens), grids, { imageToken: config.imageToken, merge: config.vision.merge }),
    );
    const lengths = prompts.map(({ ids }) => ids.length);
    const last = Int32Array.from(lengths, (n, row) => row * tokens + n - 1);
    const turns = this.turns(joinPositions(placed.map(({ positions }) => positions)));
    const mask = causalMask(prompts.map(() => new Array<number>(tokens).fill(1)));
    const results = await this.run({ ...pass, logits: true }, { ...feeds, ...turns, last, mask });
    const cache = new KeyValueCache(config.language, { results, tokens, lengths }, { chunk: chunk.cache });
    const next = placed.map((row, b) => row.next - (tokens - ofRow(lengths, b)));
    return { cache, next, logits: floats(results, 'logits'), pending: [] };
  }

  /** Feeds one token to each row; rows that are not live stay as they are. */
  async step(
    state: DecodeState,
    ids: readonly number[],
    live: readonly boolean[] = ids.map(() => true),
  ): Promise<void> {
    const { cache, next } = state;
    // A graph without a suffix would serve for this one token.
    cache.reserve(1);
    const feeds = { ids: Int32Array.from(ids), last: Int32Array.from(ids.keys()), mask: cache.mask(1) };
    const turns = this.turns(joinPositions(next.map((id) => straight(id, 1))));
    const shape = { rows: ids.length, tokens: 1, ...cache.shape, features: 0, queries: 0, logits: true };
    const results = await this.run(shape, { ...feeds, ...turns, ...cache.feeds() });
    const lengths = live.map(Number);
    cache.append(results, 1, lengths);
    state.next = next.map((id, row) => id + ofRow(lengths, row));
    state.logits = floats(results, 'logits');
  }

  /**
   * Hidden states of query vectors [Q, hidden] that follow each row's answer, [1, Q, hidden] a row: a second pass over prompt
   * and answer, at the price of Q tokens. Positions go on as M-RoPE has them. The caller disposes of the states.
   */
  async queryStates({ cache, next, pending }: DecodeState, queries: Float32Array): Promise<DeviceTensor[]> {
    const count = queries.length / this.setup.config.language.hidden;
    const tokens = 1 + count;
    const shape = { rows: pending.length, tokens: 1, ...cache.shape, features: 0, queries: count, logits: false };
    const turns = this.turns(joinPositions(next.map((id) => straight(id, tokens))));
    const feeds = { ids: Int32Array.from(pending), queries, mask: cache.mask(tokens), ...turns, ...cache.feeds() };
    return this.states(shape, feeds);
  }

  /**
   * The same as LENS was released: whole rows (prompt and answer) are read again with plain positions, picture tokens
   * included, and the queries stand behind the padding, which they do not see.
   */
  async plainQueryStates(rows: readonly PromptTokens[], queries: Float32Array): Promise<DeviceTensor[]> {
    const { pass, tokens, feeds } = this.rowFeeds(rows);
    const count = queries.length / this.setup.config.language.hidden;
    const seen = rows.map(({ ids }) =>
      Array.from({ length: tokens + count }, (_, i) => (i < ids.length || i >= tokens ? 1 : 0)),
    );
    const turns = this.turns(joinPositions(seen.map((row) => linePositions(row).positions)));
    return this.states({ ...pass, queries: count }, { ...feeds, ...turns, queries, mask: causalMask(seen) });
  }

  /** Yields every token as it is sampled and returns the answers; `signal` is looked at between tokens. */
  async *generate(prompts: readonly PromptTokens[], options: GenerateOptions): AsyncGenerator<Sampled, Generated> {
    const samples = options.samples ?? 1;
    const state = repeated(await this.prefill(prompts), samples);
    const prompted = prompts.flatMap(({ ids }) => new Array<readonly number[]>(samples).fill(ids));
    const rows = prompted.map((ids, i) => new AnswerRow(ids, options, (options.seed ?? 0) + i));
    for (let length = 1; length <= options.maxTokens; length++) {
      const logits = state.logits;
      for (const [i, row] of rows.entries())
        if (row.live) yield { row: i, ...row.sample(rowOf(logits, i, rows.length)) };
      state.pending = rows.map((row) => lastOf(row.answer.ids));
      // The run blocks the event loop: this is where messages, such as an abort, arrive.
      await setImmediate();
      if (options.signal?.aborted) for (const row of rows) row.abort();
      if (length === options.maxTokens || !rows.some((row) => row.live)) break;
      await this.step(
        state,
        state.pending,
        rows.map((row) => row.live),
      );
    }
    return { rows: rows.map((row) => row.answer), state };
  }

  /** `generate` to its end. */
  async answer(prompts: readonly PromptTokens[], options: GenerateOptions): Promise<Generated> {
    const tokens = this.generate(prompts, options);
    for (let each = await tokens.next(); ; each = await tokens.next()) if (each.done) return each.value;
  }

  release(): Promise<void> {
    return this.graphs.release();
  }

  /** What whole rows of one padded length are fed, places aside. */
  private rowFeeds(rows: readonly PromptTokens[]) {
    const { config, chunk = defaultChunk } = this.setup;
    for (const row of rows) checkRow(row, config);
    const tokens = Math.ceil(Math.max(...rows.map(({ ids }) => ids.length)) / chunk.prompt) * chunk.prompt;
    const ids = rows.flatMap((row) => padded(row.ids, tokens));
    const features = joined(rows.map((row) => row.features));
    const count = features.length / config.language.hidden;
    return {
      tokens,
      pass: { rows: rows.length, tokens, ...nothingRead, features: count, queries: 0, logits: false },
      feeds: { ids: Int32Array.from(ids), features, places: featureIndex(ids, config.imageToken) },
    };
  }

  private turns(positions: Positions): { cosine: Float32Array; sine: Float32Array } {
    return textTable(positions, this.setup.config.language);
  }

  /** The query states of each row. */
  private async states(pass: Pass, feeds: NamedValues): Promise<DeviceTensor[]> {
    const states = await this.graphs.runOnDevice(this.graph(pass), () => this.fed(feeds));
    return Array.from({ length: pass.rows }, (_, row) => {
      const own = states[statesName(row)];
      if (!own) throw new Error(`There are no query states of row ${row}.`);
      return own;
    });
  }

  private run(pass: Pass, feeds: NamedValues) {
    return this.graphs.run(this.graph(pass), () => this.fed(feeds));
  }

  private graph(pass: Pass): KeyedGraph {
    const { params, config } = this.setup;
    return { key: JSON.stringify(pass), outputs: () => passGraph(params, config, pass) };
  }

  /** The weights are looked up after the graph was built: it asks for them, and the setup may fill them in by that. */
  private fed(feeds: NamedValues): NamedValues {
    return { ...this.setup.weights, ...feeds };
  }
}

function checkRow({ ids, grids, features }: PromptTokens, { language, vision }: QwenConfig): void {
  if (ids.length === 0) throw new Error('A prompt needs at least one token.');
  const cells = grids.reduce((n, grid) => n + mergedCells(grid, vision.merge), 0);
  if (features.length !== cells * language.hidden)
    throw new Error(`${features.length} feature values do not fill ${cells} image places of ${language.hidden}.`);
}

function lastOf(ids: readonly number[]): number {
  const last = ids.at(-1);
  if (last === undefined) throw new Error('A row has no token yet.');
  return last;
}

const nothingRead = { prompts: 0, promptTokens: 0, capacity: 0 };
const defaultChunk = { prompt: 32, cache: 128 };

const padded = (ids: readonly number[], length: number): number[] => [
  ...ids,
  ...new Array<number>(length - ids.length).fill(0),
];

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `count` ids from `first`, alike on all axes. */
function straight(first: number, count: number): Positions {
  const ids = Int32Array.from({ length: count }, (_, i) => first + i);
  return [ids, ids, ids];
}

function repeated(state: DecodeState, times: number): DecodeState {
  if (times === 1) return { ...state, cache: state.cache.unshared() };
  const rows = state.next.length;
  const each = <T>(list: readonly T[]) => list.flatMap((one) => new Array<T>(times).fill(one));
  const logits = joined(each(Array.from({ length: rows }, (_, i) => rowOf(state.logits, i, rows))));
  return { cache: state.cache.shared(times), next: each(state.next), logits, pending: [] };
}

function rowOf(logits: Float32Array, row: number, rows: number): Float32Array {
  const width = logits.length / rows;
  return logits.subarray(row * width, (row + 1) * width);
}
