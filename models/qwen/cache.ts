// Keeps the keys and values of a batch of growing rows in JavaScript: prompts as one run gave them, answers one token a run.
import { floats, type NamedValues } from '../graph/value.ts';
import type { LanguageConfig } from './config.ts';

type Values = Float32Array<ArrayBuffer>;

/** Finite, as in `causalMask`. */
const hiddenScore = -1e9;

/** What a run gave for whole prompts, padded to `tokens`; only the first `lengths[row]` of a row count. */
export interface ReadPrompts {
  results: NamedValues;
  tokens: number;
  lengths: readonly number[];
}

/** A prompt is stored once, however many rows continue it; every row has a suffix of its own. */
export class KeyValueCache {
  /** Places of a suffix; grows by whole chunks, because every capacity is a graph of its own. */
  capacity = 0;
  private readonly config: LanguageConfig;
  private readonly chunk: number;
  private readonly prompts: ReadPrompts;
  /** Rows that continue each prompt. */
  private readonly each: number;
  /** Tokens in the suffix of each row. */
  private readonly written: number[];
  /** Buffers of a layer: keys, then values; [rows, kv heads, capacity, head width]. */
  private buffers: Values[];

  /** The results are kept as they are, not copied. */
  constructor(config: LanguageConfig, prompts: ReadPrompts, { chunk, each = 1 }: { chunk: number; each?: number }) {
    if (prompts.tokens > 0) for (const name of cacheNames(config.layers, 'own')) floats(prompts.results, name);
    this.config = config;
    this.chunk = chunk;
    this.prompts = prompts;
    this.each = each;
    this.written = new Array<number>(prompts.lengths.length * each).fill(0);
    this.buffers = Array.from({ length: 2 * config.layers }, () => new Float32Array());
  }

  /** Tokens that each row holds. */
  get used(): number[] {
    return this.written.map((count, row) => count + this.promptLength(row));
  }

  /** What a graph is built from: how many prompts of how many places, and places of a suffix. */
  get shape(): { prompts: number; promptTokens: number; capacity: number } {
    return { prompts: this.prompts.lengths.length, promptTokens: this.prompts.tokens, capacity: this.capacity };
  }

  private promptLength(row: number): number {
    return ofRow(this.prompts.lengths, Math.floor(row / this.each));
  }

  /** Every row `times` times, side by side: the prompt stays one, suffixes are copied. */
  shared(times: number): KeyValueCache {
    const copy = new KeyValueCache(this.config, this.prompts, { chunk: this.chunk, each: this.each * times });
    copy.capacity = this.capacity;
    copy.buffers = this.buffers.map((buffer) => repeatRows(buffer, this.written.length, times));
    copy.written.splice(0, copy.written.length, ...this.written.flatMap((n) => new Array<number>(times).fill(n)));
    return copy;
  }

  /** Rows that share no prompt, each with its own in its suffix: one stretch is read a tenth faster than two. */
  unshared(): KeyValueCache {
    const { results, tokens, lengths } = this.prompts;
    if (this.each > 1) throw new Error(`${this.each} rows share each prompt.`);
    const nothing = { results: {}, tokens: 0, lengths: lengths.map(() => 0) };
    const copy = new KeyValueCache(this.config, nothing, { chunk: this.chunk });
    copy.append(results, tokens, lengths);
    const names = cacheNames(this.config.layers, 'own');
    const suffix = Object.fromEntries(this.buffers.map((buffer, k) => [names[k], buffer] as const));
    if (this.capacity > 0) copy.append(suffix, this.capacity, this.written);
    return copy;
  }

  /** Room for `tokens` more in every suffix. */
  reserve(tokens: number): void {
    const needed = Math.max(...this.written) + tokens;
    if (needed <= this.capacity) return;
    const capacity = Math.ceil(needed / this.chunk) * this.chunk;
    this.buffers = this.buffers.map((buffer) => this.spread(buffer, { from: this.capacity, to: capacity }));
    this.capacity = capacity;
  }

  /** Copies the stretches of `buffer`, one per row and head, into longer ones. */
  private spread(buffer: Values, { from, to }: { from: number; to: number }): Values {
    const { kvHeads, headWidth } = this.config;
    const stretches = this.written.length * kvHeads;
    const longer = new Float32Array(stretches * to * headWidth);
    for (let i = 0; i < stretches && from > 0; i++)
      longer.set(buffer.subarray(i * from * headWidth, (i + 1) * from * headWidth), i * to * headWidth);
    return longer;
  }

  /** Takes the first `lengths[row]` of `tokens` new tokens from a run's results (see `cacheNames`). */
  append(results: NamedValues, tokens: number, lengths: readonly number[]): void {
    const { kvHeads, headWidth } = this.config;
    this.reserve(Math.max(...lengths));
    cacheNames(this.config.layers, 'own').forEach((name, k) => {
      const [from, to] = [floats(results, name), this.buffers[k]];
      if (!to) throw new Error(`The cache has no room for "${name}".`);
      lengths.forEach((length, row) => {
        for (let i = row * kvHeads; i < (row + 1) * kvHeads; i++) {
          const start = i * tokens * headWidth;
          const own = from.subarray(start, start + length * headWidth);
          to.set(own, (i * this.capacity + ofRow(this.written, row)) * headWidth);
        }
      });
    });
    lengths.forEach((length, row) => {
      this.written[row] = ofRow(this.written, row) + length;
    });
  }

  /** Buffers by input name, borrowed: a run must be over before the next `append`. */
  feeds(): Record<string, Float32Array> {
    const { layers } = this.config;
    const { results, tokens } = this.prompts;
    const read = tokens > 0 ? cacheNames(layers, 'own').map((name) => floats(results, name)) : [];
    const entries = (names: string[], arrays: readonly Float32Array[]) =>
      names.flatMap((name, k) => (arrays[k] ? [[name, arrays[k]] as const] : []));
    const suffix = this.capacity > 0 ? entries(cacheNames(layers, 'past'), this.buffers) : [];
    return Object.fromEntries([...entries(cacheNames(layers, 'prompt'), read), ...suffix]);
  }

  /** [rows, 1, tokens, prompt + capacity + tokens]: new tokens see what their row holds, and each other causally. */
  mask(tokens: number): Values {
    const before = this.prompts.tokens;
    const width = before + this.capacity + tokens;
    const mask = new Float32Array(this.written.length * tokens * width).fill(hiddenScore);
    this.written.forEach((written, row) => {
      for (let i = 0; i < tokens; i++) {
        const start = (row * tokens + i) * width;
        mask.fill(0, start, start + this.promptLength(row));
        mask.fill(0, start + before, start + before + written);
        mask.fill(0, start + before + this.capacity, start + before + this.capacity + i + 1);
      }
    });
    return mask;
  }
}

function repeatRows(buffer: Values, rows: number, times: number): Values {
  const length = buffer.length / rows;
  const out = new Float32Array(buffer.length * times);
  for (let i = 0; i < rows * times; i++) {
    const row = Math.floor(i / times);
    out.set(buffer.subarray(row * length, (row + 1) * length), i * length);
  }
  return out;
}

/** What every row has one of. */
export function ofRow<T>(values: readonly T[], row: number): T {
  const value = values[row];
  if (value === undefined) throw new Error(`There is no row ${row} among ${values.length}.`);
  return value;
}

/** A graph's inputs (`prompt`, `past`: the suffix) or outputs (`own`): key and value of layer 0, of layer 1 .. */
export const cacheNames = (layers: number, side: 'prompt' | 'past' | 'own'): string[] =>
  Array.from({ length: layers }, (_, i) => [`${side}.key.${i}`, `${side}.value.${i}`]).flat();
