// Builds one run of the language model: tokens after a cache, to their keys and values and logits, or query states.
import { slice } from '../graph/shape.ts';
import { dim, input, type Tensor } from '../graph/tensor.ts';
import type { KeysValues } from '../nn/cachedAttention.ts';
import type { Params } from '../nn/params.ts';
import { cacheNames } from './cache.ts';
import type { LanguageConfig, QwenConfig } from './config.ts';
import { appendQueries, decoder, embedTokens, insertFeatures, logitsAt } from './language.ts';

/** Which graph a run needs; all lengths are fixed. */
export interface Pass {
  rows: number;
  tokens: number;
  /** Remembered prompts, the places of each, and the places of each row's suffix; 0 where there is none. */
  prompts: number;
  promptTokens: number;
  capacity: number;
  features: number;
  queries: number;
  /** Whether the logits that follow each row are wanted. */
  logits: boolean;
}

/** Tokens (and then queries) after remembered ones -> their keys and values, and logits or query states. */
export function passGraph(params: Params, config: QwenConfig, pass: Pass): Record<string, Tensor> {
  const { language } = config;
  const { rows, tokens, features, queries } = pass;
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
    mask: input('mask', [rows, 1, total, pass.promptTokens + pass.capacity + total]),
  };
  const pasts = pastInputs(language, pass);
  const { hidden, cache } = decoder(params, x, places, { config: language, pasts });
  if (queries > 0) return eachRow(slice(hidden, [tokens], [total], [1]));
  const own = cache.flatMap(({ key, value }) => [key, value]);
  const remembered = Object.fromEntries(
    cacheNames(language.layers, 'own').map((name, k) => {
      const tensor = own[k];
      if (!tensor) throw new Error(`The decoder made nothing for ${name}.`);
      return [name, tensor];
    }),
  );
  if (!pass.logits) return remembered;
  return { ...remembered, logits: logitsAt(params, hidden, language, input('last', [rows], 'int32')) };
}

/** The name of the query states of a row, [1, queries, hidden]. */
export const statesName = (row: number): string => `states.${row}`;

/** Taken apart in the graph, so that each row can stay on the device and go its own way there. */
function eachRow(states: Tensor): Record<string, Tensor> {
  const rows = dim(states, 0);
  if (rows === 1) return { [statesName(0)]: states };
  return Object.fromEntries(
    Array.from({ length: rows }, (_, row) => [statesName(row), slice(states, [row], [row + 1], [0])]),
  );
}

/** The remembered keys and values by layer; none where nothing is remembered. */
function pastInputs({ layers, kvHeads, headWidth }: LanguageConfig, pass: Pass): KeysValues[][] | undefined {
  const stretches = [
    { side: 'prompt', shape: [pass.prompts, kvHeads, pass.promptTokens, headWidth] },
    { side: 'past', shape: [pass.rows, kvHeads, pass.capacity, headWidth] },
  ] as const;
  const present = stretches.filter(({ shape }) => shape[2] > 0);
  if (present.length === 0) return undefined;
  return Array.from({ length: layers }, (_, i) =>
    present.map(({ side, shape }) => ({
      key: input(`${side}.key.${i}`, shape),
      value: input(`${side}.value.${i}`, shape),
    })),
  );
}
