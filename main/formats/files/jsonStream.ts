// Reads a JSON file of any size piece by piece: entries of its lists, and other values whole.
import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import { byteOrderMark, decoderOf } from './textFile.ts';

const CHUNK = 2 ** 20;
/** A single entry that is larger is no annotation. */
const MAX_PIECE = 2 ** 27;
const MAX_DEPTH = 100;
/** Each of them may cost a look through all that follows. */
const MOST_FAULTS = 1000;

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
const LINE_END = 0x0a;

const PACKED = [
  { name: 'gzip', magic: '\x1f\x8b' },
  { name: 'zip', magic: 'PK\x03\x04' },
];

/** `key` is null in a file that is one list; `listed` is false where the value of a key is no list. */
export interface JsonPiece {
  readonly key: string | null;
  readonly listed: boolean;
  /** Undefined where only the text was wanted. */
  readonly value: unknown;
  /** The value as it stands in the file. */
  readonly text: string;
  /** NaN or Infinity stood in it, and null stands there now. */
  readonly mended?: boolean;
}

/** What becomes of NaN and Infinity, which other tools write and JSON does not have. */
export type NotNumbers = 'refused' | 'null';

/** Whether the values of a key are parsed, handed on as text alone, or passed over. */
export type Wanted = boolean | 'text';

/** A file that is one object, as that; `unwanted` keys are passed over. */
export function jsonFields(file: string, unwanted: (key: string) => boolean = () => false): Record<string, unknown> {
  const fields = new Map<string, unknown>();
  const lists = new Map<string, unknown[]>();
  const wanted = (key: string) => {
    lists.set(key, []);
    if (!unwanted(key)) fields.set(key, lists.get(key));
    return !unwanted(key);
  };
  for (const { key, listed, value } of jsonPieces(file, wanted)) {
    if (key === null) throw new BadInput(`${path.basename(file)}: is a list where an object was expected`);
    if (listed) lists.get(key)?.push(value);
    else fields.set(key, value);
  }
  return Object.fromEntries(fields);
}

/** A file of JSON values one after the other, as a rule one a line. */
export function* jsonLines(file: string): Generator<unknown> {
  for (const { value, fault } of jsonRows(file)) {
    if (fault !== null) throw new BadInput(fault);
    yield value;
  }
}

/** A value, or the sentence on one that cannot be read. */
export interface JsonRow {
  readonly value: unknown;
  readonly fault: string | null;
}

/** As `jsonLines`; behind a value that cannot be read, reading goes on at the next line that opens an object. */
export function* jsonRows(file: string): Generator<JsonRow> {
  const source = new Source(file);
  let faults = 0;
  try {
    source.start();
    while (source.here() !== undefined) {
      const row = source.row();
      if (row.fault !== null && ++faults > MOST_FAULTS)
        throw new BadInput(`${row.fault}; more than ${MOST_FAULTS} entries are like that`);
      yield row;
    }
  } finally {
    source.close();
  }
}

/**
 * Reads synchronously, as it feeds transactions. The values of keys that are not `wanted` are passed over unparsed.
 * Refuses what is no JSON in one sentence with the place.
 */
export function* jsonPieces(
  file: string,
  wanted: (key: string) => Wanted = () => true,
  notNumbers: NotNumbers = 'refused',
): Generator<JsonPiece> {
  const source = new Source(file, notNumbers);
  try {
    source.start();
    yield* source.here() === LIST ? entries(source, null, true) : members(source, wanted);
    if (source.here() !== undefined) source.refuse('goes on after its end');
  } finally {
    source.close();
  }
}

function* members(source: Source, wanted: (key: string) => Wanted): Generator<JsonPiece> {
  if (source.here() !== OBJECT) source.refuse('is not JSON: it starts with neither { nor [');
  source.step();
  for (let first = true; source.here() !== OBJECT_END; first = false) {
    if (!first) source.expect(COMMA);
    if (source.here() !== QUOTE) source.refuse('is not JSON: a key in quotes should stand here');
    const key = String(source.value());
    source.expect(COLON);
    const how = wanted(key);
    if (how === false) source.skip();
    else if (source.here() === LIST) yield* entries(source, key, how);
    else yield { key, listed: false, ...source.piece(how) };
  }
  source.step();
}

function* entries(source: Source, key: string | null, how: true | 'text'): Generator<JsonPiece> {
  source.step();
  for (let first = true; source.here() !== LIST_END; first = false) {
    if (!first) source.expect(COMMA);
    yield { key, listed: true, ...source.piece(how) };
  }
  source.step();
}

/** The file's bytes with a place in them; what lies before that place is forgotten. Positions count from its start. */
class Source {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #notNumbers: NotNumbers;
  #bytes: Buffer = Buffer.alloc(0);
  /** Position of the first of `#bytes`. */
  #base = 0;
  #at = 0;
  /** Turns UTF-16 into text, piece by piece; null for UTF-8. */
  #decoder: ReturnType<typeof decoderOf> | null = null;

  constructor(file: string, notNumbers: NotNumbers = 'refused') {
    this.#file = file;
    this.#notNumbers = notNumbers;
    try {
      this.#descriptor = openSync(file, 'r');
    } catch (error) {
      throw new BadInput(`${file}: cannot be read (${error instanceof Error && 'code' in error ? error.code : error})`);
    }
    if (!fstatSync(this.#descriptor).isDirectory()) return;
    this.close();
    throw new BadInput(`${file}: is a folder; name the file in it`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Passes over a byte order mark. UTF-16 is turned into UTF-8 as it is read. */
  start(): void {
    if (this.#byte(0) === undefined) throw new BadInput(`${path.basename(this.#file)}: is empty`);
    this.#byte(3);
    const packed = PACKED.find(({ magic }) => this.#bytes.toString('latin1', 0, magic.length) === magic);
    if (packed) throw new BadInput(`${path.basename(this.#file)}: is a ${packed.name} file; unpack it first`);
    const mark = byteOrderMark(this.#bytes.subarray(0, 4));
    if (mark === null) return;
    if (mark.encoding === 'utf8') this.#at = mark.length;
    else {
      this.#decoder = decoderOf(mark.encoding);
      this.#bytes = Buffer.from(this.#decoder.write(this.#bytes.subarray(mark.length)));
    }
  }

  /** The next byte that is no white space; undefined at the end. */
  here(): number | undefined {
    let byte = this.#byte(this.#at);
    while (byte !== undefined && isSpace(byte)) byte = this.#byte(++this.#at);
    return byte;
  }

  step(): void {
    this.#at++;
  }

  expect(byte: number): void {
    const found = this.here();
    if (found === undefined) this.refuse('is cut short; get the whole file again');
    if (found !== byte) this.refuse(`is not JSON: "${String.fromCharCode(byte)}" should stand here`);
    this.#at++;
  }

  /** Passes over the value that starts here. */
  skip(): void {
    if (this.here() === undefined) this.refuse('is cut short; get the whole file again');
    this.#at = this.#endOfValue();
  }

  value(): unknown {
    return this.piece(true).value;
  }

  /** The value that starts here; behind one that is refused, the place is the next line that opens an object. */
  row(): JsonRow {
    const start = this.#at;
    try {
      return { value: this.#lineValue(), fault: null };
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      this.#at = start;
      this.#toNextObject();
      return { value: null, fault: error.message };
    }
  }

  #toNextObject(): void {
    for (let byte = this.#byte(this.#at); byte !== undefined; byte = this.#byte(this.#at)) {
      this.#at++;
      if (byte === LINE_END && this.#byte(this.#at) === OBJECT) return;
    }
  }

  /** As `value`; where one that lacks its end runs on into the next lines, the place is that of its start. */
  #lineValue(): unknown {
    const start = this.#at;
    try {
      return this.value();
    } catch (error) {
      if (this.#decoder !== null || placeOf(this.#file, start).line === placeOf(this.#file, this.#at).line) throw error;
      this.#at = start;
      return this.refuse('has an entry that is cut short, or is no JSON');
    }
  }

  /** The value that starts here. */
  piece(how: true | 'text'): Pick<JsonPiece, 'value' | 'text' | 'mended'> {
    if (this.here() === undefined) this.refuse('is cut short; get the whole file again');
    const [start, end] = [this.#at, this.#endOfValue()];
    const bytes = this.#bytes.subarray(start - this.#base, end - this.#base);
    if (!isUtf8(bytes)) this.refuse('holds bytes that are not UTF-8 text; save it as UTF-8');
    const text = bytes.toString('utf8');
    try {
      this.#at = end;
      return { text, value: how === 'text' ? undefined : JSON.parse(text) };
    } catch {
      const mended = this.#notNumbers === 'null' ? mendedPiece(text) : null;
      if (mended !== null) return mended;
      const fault = firstFault(text);
      this.#at = start + Buffer.byteLength(text.slice(0, fault));
      const word = /^[\w.+-]+|^./su.exec(text.slice(fault, fault + 24))?.[0] ?? '';
      return this.refuse(
        `is not JSON: ${word === '' ? 'something is missing' : `${JSON.stringify(word)} cannot stand`} here`,
      );
    }
  }

  /** Throws, naming the place. */
  refuse(why: string): never {
    // Places count bytes of the file, and those of UTF-16 were turned into others.
    const { line, column } = this.#decoder === null ? placeOf(this.#file, this.#at) : { line: 0, column: 0 };
    const where = line > 0 ? ` (line ${line}, column ${column})` : '';
    throw new BadInput(`${path.basename(this.#file)}: ${why}${where}`);
  }

  /** Brackets and texts are followed; whether the rest is JSON is not looked at. */
  #endOfValue(): number {
    let [at, depth] = [this.#at, 0];
    for (;;) {
      const byte = this.#byte(at);
      if (byte === undefined) return this.#cutShort(at, depth);
      if (byte === QUOTE) at = this.#endOfText(at + 1);
      else if (depth === 0 && endsScalar(byte)) return at;
      else at++;
      if (byte === LIST || byte === OBJECT) depth++;
      else if (byte === LIST_END || byte === OBJECT_END) depth--;
      else if (byte !== QUOTE) continue;
      if (depth === 0) return at;
      if (depth > MAX_DEPTH) this.refuse(`is nested deeper than ${MAX_DEPTH} levels`);
    }
  }

  /** Only a bare number or word may be the last thing in a file. */
  #cutShort(at: number, depth: number): number {
    if (depth === 0 && at > this.#at) return at;
    this.#at = at;
    return this.refuse('is cut short; get the whole file again');
  }

  #endOfText(from: number): number {
    for (let at = from; ; at++) {
      const byte = this.#byte(at);
      if (byte === QUOTE) return at + 1;
      if (byte === BACKSLASH) at++;
      else if (byte === undefined) {
        this.#at = at;
        this.refuse('is cut short inside a text; get the whole file again');
      }
    }
  }

  #byte(at: number): number | undefined {
    const byte = this.#bytes[at - this.#base];
    if (byte !== undefined) return byte;
    return this.#more() ? this.#byte(at) : undefined;
  }

  #more(): boolean {
    const rest = this.#bytes.subarray(this.#at - this.#base);
    if (rest.length > MAX_PIECE) this.refuse(`holds a single entry of more than ${MAX_PIECE / 2 ** 20} MB`);
    const chunk = Buffer.allocUnsafe(Math.max(CHUNK, rest.length));
    const read = readSync(this.#descriptor, chunk, 0, chunk.length, null);
    this.#base = this.#at;
    const given = chunk.subarray(0, read);
    const bytes = this.#decoder === null ? given : Buffer.from(this.#decoder.write(given));
    this.#bytes = Buffer.concat([rest, bytes]);
    return read > 0;
  }
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const endsScalar = (byte: number): boolean =>
  byte === COMMA || byte === LIST_END || byte === OBJECT_END || byte === COLON || isSpace(byte);

/** Reads the piece with null for each number that is none; null where that does not make it JSON. */
function mendedPiece(given: string): Pick<JsonPiece, 'value' | 'text' | 'mended'> | null {
  const word = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/gsu;
  const text = given.replace(word, (found) => (found.startsWith('"') ? found : 'null'));
  try {
    return { text, value: JSON.parse(text), mended: true };
  } catch {
    return null;
  }
}

const TOKEN =
  /\s*(?:"(?:[^"\\\p{Cc}]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|true|false|null|[[\]{},:])\s*/uy;

/** Finds the first thing that is no word of JSON; the end where all are words and only their order is wrong. */
function firstFault(text: string): number {
  TOKEN.lastIndex = 0;
  let at = 0;
  while (at < text.length && TOKEN.test(text)) at = TOKEN.lastIndex;
  return at + text.slice(at).search(/\S|$/u);
}

/** Line and column (in bytes) of a position, both from 1; the file is read again for it. */
function placeOf(file: string, position: number): { line: number; column: number } {
  const descriptor = openSync(file, 'r');
  let [line, lineStart, at] = [1, 0, 0];
  const chunk = Buffer.alloc(CHUNK);
  try {
    while (at < position) {
      const read = readSync(descriptor, chunk, 0, Math.min(CHUNK, position - at), null);
      if (read === 0) break;
      for (let i = chunk.indexOf(0x0a); i >= 0 && i < read; i = chunk.indexOf(0x0a, i + 1)) {
        line++;
        lineStart = at + i + 1;
      }
      at += read;
    }
  } finally {
    closeSync(descriptor);
  }
  return { line, column: position - lineStart + 1 };
}
