// Qwen's tokenizer, both ways: byte-level BPE out of a checkpoint's tokenizer.json.
import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Tokenizer as Bpe } from '@huggingface/tokenizers';
import { z } from 'zod';

export interface Tokenizer {
  /** `plain`: names of special tokens in the text are ordinary characters (text from a person). */
  encode(text: string, options?: { plain?: boolean }): number[];
  /** Bytes that are no UTF-8 become U+FFFD; ids beyond the table (unused rows of the embedding) are left out. */
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string;
  /** All words that it has, where it has words and other text is spelled in bytes that were never trained. */
  readonly words?: ReadonlySet<string>;
  readonly special: ReadonlyMap<string, number>;
  /** Number of ids in the table. */
  readonly size: number;
}

/** A real table takes 7 to 12 MB. */
const byteLimit = 64 * 2 ** 20;

const id = z
  .int()
  .min(0)
  .max(2 ** 24);
const TokenizerFile = z.looseObject({
  model: z.looseObject({
    type: z.literal('BPE'),
    // The two big ones are only looked at from outside: checking 300 000 entries one by one takes as long as using them.
    vocab: z.custom<Record<string, number>>((value) => typeof value === 'object' && value !== null),
    merges: z.custom<unknown[]>((value) => Array.isArray(value)),
  }),
  added_tokens: z.array(z.looseObject({ id, content: z.string().min(1), special: z.boolean().default(false) })),
});
type TokenizerFile = z.infer<typeof TokenizerFile>;

/** Opens `tokenizer.json`, gzipped or not. */
export function openTokenizer(file: string): Tokenizer {
  if (statSync(file).size > byteLimit) throw new Error(`${file}: is larger than any tokenizer.json (64 MB); not read.`);
  const bytes = readFileSync(file);
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  try {
    return tokenizerFrom(JSON.parse((zipped ? gunzipSync(bytes, { maxOutputLength: byteLimit }) : bytes).toString()));
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function tokenizerFrom(json: unknown): Tokenizer {
  const parsed = TokenizerFile.safeParse(json);
  if (!parsed.success) throw new Error(`is no byte-level BPE tokenizer.json: ${z.prettifyError(parsed.error)}`);
  return new QwenTokenizer(parsed.data);
}

const largest = (a: number, b: number) => Math.max(a, b);

class QwenTokenizer implements Tokenizer {
  readonly special: ReadonlyMap<string, number>;
  readonly size: number;
  readonly #bpe: Bpe;
  readonly #added: RegExp;

  constructor(file: TokenizerFile) {
    this.#bpe = new Bpe(file, { clean_up_tokenization_spaces: false });
    this.special = new Map(file.added_tokens.filter((t) => t.special).map((t) => [t.content, t.id]));
    this.size = [...Object.values(file.model.vocab), ...file.added_tokens.map((t) => t.id)].reduce(largest, -1) + 1;
    if (!(this.size > 0))
      throw new Error('is no byte-level BPE tokenizer.json: a token has no whole number as its id.');
    this.#added = anyOf(file.added_tokens.map((t) => t.content));
  }

  encode(text: string, options: { plain?: boolean } = {}): number[] {
    const parts = options.plain ? broken(text, this.#added) : [text];
    return parts.flatMap((part) => this.#bpe.encode(part, { add_special_tokens: false }).ids);
  }

  decode(ids: readonly number[], options: { skipSpecial?: boolean } = {}): string {
    const known = ids.filter((one) => this.#bpe.id_to_token(one) !== undefined);
    return known.length === 0 ? '' : this.#bpe.decode(known, { skip_special_tokens: options.skipSpecial ?? false });
  }
}

/** Matches any of the texts, the longest first; nothing when there is none. */
export function anyOf(texts: readonly string[]): RegExp {
  const escaped = texts
    .toSorted((a, b) => b.length - a.length)
    .map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(escaped.length === 0 ? '(?!)' : escaped.join('|'), 'gu');
}

/** The text cut inside every match, after its first character, so that no part holds a match. */
function broken(text: string, pattern: RegExp): string[] {
  const cuts = Array.from(text.matchAll(pattern), (match) => match.index + 1);
  return [0, ...cuts].map((start, i) => text.slice(start, cuts[i]));
}
