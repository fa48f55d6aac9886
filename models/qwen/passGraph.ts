// One run of the language model as a graph: tokens after a cache, to their keys and values and logits, or query states.
import { slice } from '../graph/shape.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import type { KeysValues } from '../nn/cachedAttention.ts';
import type { Params } from '../nn/params.ts';
import { cacheNames } from './cache.ts';
import type { QwenConfig } from './config.ts';
import { appendQueries, decoder, embedTokens, insertFeatures, logitsAt } from './language.ts';

/** Which graph a run needs; all lengths are fixed. */
export interface Pass {
  rows: number;
  tokens: number;
  capacity: number;
  features: number;
  queries: number;
}

/** Tokens (and then queries) after `capacity` remembered ones -> their keys and values, and logits or query states. */
export function passGraph(params: Params, config: QwenConfig, pass: Pass): Record<string, Tensor> {
  const { language } = config;
  const { rows, tokens, capacity, features, queries } = pass;
  const total = tokens + queries;
  let x = embedTokens(params, input('ids', [rows, tokens], 'int32'), language);
  if (features > 0) {
    const found = input('features', [features, language.hidden]);
    x = insertFeatures(x, found, input('places', [rows * tokens], 'int32'));
  }
  if (queries > 0) x = appendQueries(x, input('queries', [queries, language.hidden]));
  const places = {
    cosine: input('cosine', [rows, 1, total, language.headWidth]),
    sine: input('sine', [rows, 1, total, language.headWidth]),
    mask: input('mask', [rows, 1, total, capacity + total]),
  };
  const past = capacity > 0 ? pastInputs(config, rows, capacity) : undefined;
  const { hidden, cache } = decoder(params, x, places, { config: language, past });
  if (queries > 0) return { hidden: slice(hidden, [tokens], [total], [1]) };
  const own = cache.flatMap(({ key, value }) => [key, value]);
  const names = cacheNames(language.layers, 'own');
  return {
    ...Object.fromEntries(own.map((tensor, k) => [names[k] ?? '', tensor])),
    logits: logitsAt(params, hidden, language, input('last', [rows], 'int32')),
  };
}

function pastInputs({ language }: QwenConfig, rows: number, capacity: number): KeysValues[] {
  const shape = [rows, language.kvHeads, capacity, language.headWidth];
  const names = cacheNames(language.layers, 'past');
  return Array.from({ length: language.layers }, (_, i) => ({
    key: input(names[2 * i] ?? '', shape),
    value: input(names[2 * i + 1] ?? '', shape),
  }));
}
