// The keys and values of a batch of growing rows, kept in JavaScript: fed to a run without a copy, written between runs.
import { floats, type NamedValues } from '../graph/value.ts';
import type { LanguageConfig } from './config.ts';

type Values = Float32Array<ArrayBuffer>;

/** Finite, as in `causalMask`. */
const hiddenScore = -1e9;

export class KeyValueCache {
  /** Tokens that fit into a row; grows by whole chunks, because every capacity is a graph of its own. */
  capacity = 0;
  /** Tokens each row holds. */
  readonly used: number[];
  private readonly config: LanguageConfig;
  private readonly chunk: number;
  /** By layer: keys, then values; [rows, kv heads, capacity, head width]. */
  private buffers: Values[];

  constructor(config: LanguageConfig, { rows, chunk }: { rows: number; chunk: number }) {
    this.config = config;
    this.chunk = chunk;
    this.used = new Array<number>(rows).fill(0);
    this.buffers = Array.from({ length: 2 * config.layers }, () => new Float32Array());
  }

  /** Room for `tokens` more in every row. */
  reserve(tokens: number): void {
    const needed = Math.max(...this.used) + tokens;
    if (needed <= this.capacity) return;
    const capacity = Math.ceil(needed / this.chunk) * this.chunk;
    this.buffers = this.buffers.map((buffer) => this.spread(buffer, { from: this.capacity, to: capacity }));
    this.capacity = capacity;
  }

  /** Copies the stretches of `buffer`, one per row and head, into longer ones. */
  private spread(buffer: Values, { from, to }: { from: number; to: number }): Values {
    const { kvHeads, headWidth } = this.config;
    const stretches = this.used.length * kvHeads;
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
          to.set(own, (i * this.capacity + (this.used[row] ?? 0)) * headWidth);
        }
      });
    });
    lengths.forEach((length, row) => {
      this.used[row] = (this.used[row] ?? 0) + length;
    });
  }

  /** Every row `times` times, copies side by side. */
  repeated(times: number): KeyValueCache {
    const copy = new KeyValueCache(this.config, { rows: this.used.length * times, chunk: this.chunk });
    copy.capacity = this.capacity;
    copy.buffers = this.buffers.map((buffer) => repeatRows(buffer, this.used.length, times));
    copy.used.splice(0, copy.used.length, ...this.used.flatMap((n) => new Array<number>(times).fill(n)));
    return copy;
  }

  /** The buffers by input name; borrowed, so a run must be over before the next `append`. */
  feeds(): Record<string, Values> {
    const names = cacheNames(this.config.layers, 'past');
    return Object.fromEntries(this.buffers.map((buffer, k) => [names[k] ?? '', buffer]));
  }

  /** [rows, 1, tokens, capacity + tokens]: new tokens see what their row holds, and each other causally. */
  mask(tokens: number): Values {
    const width = this.capacity + tokens;
    const mask = new Float32Array(this.used.length * tokens * width).fill(hiddenScore);
    this.used.forEach((used, row) => {
      for (let i = 0; i < tokens; i++) {
        const start = (row * tokens + i) * width;
        mask.fill(0, start, start + used);
        mask.fill(0, start + this.capacity, start + this.capacity + i + 1);
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

/** Names of a graph's inputs (`past`) and outputs (`own`): key and value of layer 0, of layer 1 .. */
export const cacheNames = (layers: number, side: 'past' | 'own'): string[] =>
  Array.from({ length: layers }, (_, i) => [`${side}.key.${i}`, `${side}.value.${i}`]).flat();
