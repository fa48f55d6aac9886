// The nano's tokenizer, both ways: a closed list of words, whole numbers of a box, fixed pieces, and bytes for the rest.
import { z } from 'zod';
import { anyOf, type Tokenizer } from './tokenizer.ts';

/**
 * What the ids follow from; saved as JSON beside the weights. Ids in order: 256 bytes, special tokens, coordinates
 * 0, step, 2 * step ..., pieces (sorted), words (sorted).
 */
export interface NanoVocabulary {
  /** Marks of one character, such as a full stop, may be listed too: they are bytes already and take no further id. */
  readonly words: readonly string[];
  /** Texts that are one token each, wherever they stand: the phrases of template and answer format. */
  readonly pieces: readonly string[];
  readonly coordinates: { readonly count: number; readonly step: number };
}

const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|vision_start|>', '<|image_pad|>', '<|vision_end|>'];

const wordPattern = /^(?:[\p{L}\p{N}][\p{L}\p{N}'-]{0,63}|\p{ASCII})$/u;
const mark = /^[^\p{L}\p{N}]$/u;

const Vocabulary = z.object({
  words: z.array(z.string().regex(wordPattern, 'must be a word without blanks')).max(2 ** 16),
  pieces: z.array(z.string().min(1).max(1024)).max(1024),
  coordinates: z.object({ count: z.int().min(1).max(4096), step: z.int().min(1).max(4096) }),
});

/** Checks a parsed description and builds the tokenizer. */
export function nanoTokenizerFrom(json: unknown): NanoTokenizer {
  const parsed = Vocabulary.safeParse(json);
  if (!parsed.success) throw new Error(`The nano's vocabulary cannot be used: ${z.prettifyError(parsed.error)}`);
  return new NanoTokenizer(parsed.data);
}

const boxPattern = /\[(0|[1-9]\d{0,6}), (0|[1-9]\d{0,6}), (0|[1-9]\d{0,6}), (0|[1-9]\d{0,6})\]/y;
const wordPart = /[\p{L}\p{N}]/u;
const byteCount = 256;

/** What a token stands for: `text` is written as it is; a word or box is set off by a blank where one is due. */
type Token =
  | { readonly kind: 'byte'; readonly value: number }
  | { readonly kind: 'special' | 'piece' | 'word'; readonly text: string }
  | { readonly kind: 'coordinate'; readonly value: number };

/**
 * Blanks before words and boxes are implied: one is due exactly when the byte before ends a word or a clause (see
 * `blankDue`). Text with other spacing goes byte by byte, so every well-formed string comes back unchanged.
 */
export class NanoTokenizer implements Tokenizer {
  readonly words: ReadonlySet<string>;
  readonly special: ReadonlyMap<string, number>;
  readonly size: number;
  readonly vocabulary: NanoVocabulary;
  readonly #tokens: readonly Token[];
  readonly #lastBytes: readonly (number | undefined)[];
  readonly #words: ReadonlyMap<string, number>;
  readonly #pieces: readonly (readonly [string, number])[];
  readonly #specialPattern = anyOf(specials);
  readonly #firstCoordinate = byteCount + specials.length;
  readonly #longestWord: number;

  constructor({ words, pieces, coordinates }: NanoVocabulary) {
    this.vocabulary = {
      words: sortedOnce(words.filter((word) => !mark.test(word))),
      pieces: sortedOnce(pieces),
      coordinates,
    };
    this.words = new Set(this.vocabulary.words);
    this.#tokens = tokensOf(this.vocabulary);
    this.#lastBytes = this.#tokens.map(lastByteOf);
    this.size = this.#tokens.length;
    this.special = this.#idsOf('special');
    this.#words = this.#idsOf('word');
    this.#pieces = [...this.#idsOf('piece')].toSorted(([a], [b]) => b.length - a.length);
    this.#longestWord = Math.max(0, ...this.vocabulary.words.map((word) => word.length));
  }

  encode(text: string, options: { plain?: boolean } = {}): number[] {
    const whole = text.toWellFormed();
    const ids: number[] = [];
    let start = 0;
    for (const match of options.plain ? [] : whole.matchAll(this.#specialPattern)) {
      this.#encodeStretch(whole.slice(start, match.index), ids);
      ids.push(this.#specialId(match[0]));
      start = match.index + match[0].length;
    }
    this.#encodeStretch(whole.slice(start), ids);
    return ids;
  }

  decode(ids: readonly number[], options: { skipSpecial?: boolean } = {}): string {
    const writer = new ByteWriter();
    for (const id of ids) {
      const token = this.#tokens[id];
      if (token) writer.token(token, options.skipSpecial ?? false);
    }
    return writer.text();
  }

  /** Undefined: no token stands for the number (odd, negative, too large). */
  coordinateId(value: number): number | undefined {
    const { count, step } = this.vocabulary.coordinates;
    const index = value / step;
    return Number.isInteger(index) && index >= 0 && index < count ? this.#firstCoordinate + index : undefined;
  }

  coordinateOf(id: number): number | undefined {
    const token = this.#tokens[id];
    return token?.kind === 'coordinate' ? token.value : undefined;
  }

  /** The number nearest to `value` that has a token. */
  snap(value: number): number {
    const { count, step } = this.vocabulary.coordinates;
    return Math.min(count - 1, Math.max(0, Math.round(value / step))) * step;
  }

  #specialId(name: string): number {
    const id = this.special.get(name);
    if (id === undefined) throw new Error(`The tokenizer has no ${name}.`);
    return id;
  }

  #idsOf(kind: 'special' | 'piece' | 'word'): Map<string, number> {
    return new Map(this.#tokens.flatMap((token, id) => (token.kind === kind ? [[token.text, id] as const] : [])));
  }

  #encodeStretch(text: string, ids: number[]): void {
    for (let at = 0; at < text.length; ) {
      at += this.#piece(text, at, ids) || this.#spaced(text, at, ids) || encodeBytes(text, at, ids);
    }
  }

  /** Each of these appends the ids of what stands at `at` and returns how many characters that was, 0 for nothing. */
  #piece(text: string, at: number, ids: number[]): number {
    const found = this.#pieces.find(([piece]) => text.startsWith(piece, at));
    if (!found) return 0;
    ids.push(found[1]);
    return found[0].length;
  }

  #spaced(text: string, at: number, ids: number[]): number {
    const blank = blankDue(this.#lastBytes[ids.at(-1) ?? -1]) ? 1 : 0;
    if (blank === 1 && text[at] !== ' ') return 0;
    const length = this.#box(text, at + blank, ids) || this.#word(text, at + blank, ids);
    return length === 0 ? 0 : blank + length;
  }

  #box(text: string, at: number, ids: number[]): number {
    boxPattern.lastIndex = at;
    const match = boxPattern.exec(text);
    const found = match?.slice(1).map((digits) => this.coordinateId(Number(digits))) ?? [];
    const known = found.filter((id) => id !== undefined);
    if (!match || known.length < 4) return 0;
    ids.push(...known);
    return match[0].length;
  }

  #word(text: string, at: number, ids: number[]): number {
    for (let length = Math.min(this.#longestWord, text.length - at); length > 0; length--) {
      const id = this.#words.get(text.slice(at, at + length));
      if (id === undefined || wordPart.test(characterAt(text, at + length))) continue;
      ids.push(id);
      return length;
    }
    return 0;
  }
}

/** The character at a place; empty behind the end. */
function characterAt(text: string, at: number): string {
  const point = text.codePointAt(at);
  return point === undefined ? '' : String.fromCodePoint(point);
}

const sortedOnce = (texts: readonly string[]): string[] => [...new Set(texts)].toSorted();

function tokensOf({ words, pieces, coordinates }: NanoVocabulary): Token[] {
  return [
    ...Array.from({ length: byteCount }, (_, value) => ({ kind: 'byte', value }) as const),
    ...specials.map((text) => ({ kind: 'special', text }) as const),
    ...Array.from(
      { length: coordinates.count },
      (_, i) => ({ kind: 'coordinate', value: i * coordinates.step }) as const,
    ),
    ...pieces.map((text) => ({ kind: 'piece', text }) as const),
    ...words.map((text) => ({ kind: 'word', text }) as const),
  ];
}

const utf8 = new TextEncoder();

function encodeBytes(text: string, at: number, ids: number[]): number {
  const character = characterAt(text, at);
  ids.push(...utf8.encode(character));
  return character.length;
}

/** The last byte that a token writes; a coordinate ends in a digit or in ']', between which `blankDue` does not tell. */
function lastByteOf(token: Token): number | undefined {
  if (token.kind === 'byte') return token.value;
  return token.kind === 'coordinate' ? closing : utf8.encode(token.text).at(-1);
}

const closing = ']'.charCodeAt(0);
const endings = new Set(utf8.encode('.,;:!?)]}'));

/** A blank is due after letters, digits, anything beyond ASCII, and what closes a clause; not after a quote, an opener or a blank. */
function blankDue(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const letter = (byte | 32) >= 97 && (byte | 32) <= 122;
  return letter || (byte >= 48 && byte <= 57) || byte >= 128 || endings.has(byte);
}

/** Writes tokens one after the other, each from what came before, so that more tokens only ever append text. */
class ByteWriter {
  readonly #bytes: number[] = [];
  #previous: Token | undefined;
  /** Numbers of the current box written so far. */
  #numbers = 0;

  token(token: Token, skipSpecial: boolean): void {
    if (token.kind === 'coordinate') this.#coordinate(token.value);
    else this.#numbers = 0;
    if (token.kind === 'byte') this.#bytes.push(token.value);
    if (token.kind === 'word') this.#append(this.#blank() + token.text);
    if (token.kind === 'piece' || (token.kind === 'special' && !skipSpecial)) this.#append(token.text);
    this.#previous = token;
  }

  text(): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(this.#bytes));
  }

  #coordinate(value: number): void {
    const before = this.#numbers === 0 ? `${this.#blank()}[` : ', ';
    this.#numbers = (this.#numbers + 1) % 4;
    this.#append(`${before}${value}${this.#numbers === 0 ? ']' : ''}`);
  }

  #blank(): string {
    return blankDue(this.#previous && lastByteOf(this.#previous)) ? ' ' : '';
  }

  #append(text: string): void {
    for (const byte of utf8.encode(text)) this.#bytes.push(byte);
  }
}
