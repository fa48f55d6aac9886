// Reads a Python pickle as plain values: what an allow-list names is made by our rules, all else is refused, nothing is executed.
import { isUtf8 } from 'node:buffer';
import { BufferReader, Parser } from 'pickleparser';

/** The end of a sentence about the pickle. */
export class PickleRefusal extends Error {}

export type PickleRule = (...args: unknown[]) => unknown;

export interface PickleRules {
  /** Makes a Python object that the pickle names by its module; throws where it must not be there. */
  global(name: string): PickleRule;
  /** Finds something that the pickle says lies elsewhere. */
  persistent(id: unknown): unknown;
  readonly secondsAllowed: number;
  /** The end of a sentence on bytes that make no sense. */
  readonly damaged: string;
}

const BYTES_A_LOOK = 64;

/** Letters that stand before texts which end with their line. */
const [STRING, UNICODE] = [0x53, 0x56];

function unescaped(_: string, code: string): string {
  if (/^[xu]./i.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
  return { n: '\n', t: '\t', r: '\r' }[code] ?? code;
}

/** A text of Python 2 is bytes: UTF-8 where they are, else a letter a byte. */
const textOf = (bytes: Buffer): string => bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');

/** A hostile pickle can make the parser copy one long list again and again; the clock ends that. */
class TimedReader extends BufferReader {
  private readonly whole: Buffer;
  private readonly seconds: number;
  private readonly deadline: number;
  private count = 0;
  /** The byte that was read last: before a line, what the line is. */
  private last = 0;

  constructor(bytes: Uint8Array, seconds: number) {
    super(bytes);
    this.whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.seconds = seconds;
    this.deadline = performance.now() + seconds * 1000;
  }

  override byte(): number {
    if (this.count++ % BYTES_A_LOOK === 0 && performance.now() >= this.deadline)
      throw new PickleRefusal(`took more than ${this.seconds} s`);
    const at = this.position;
    this.skip(1);
    this.last = this.whole[at] ?? 0;
    return this.last;
  }

  /** The original leaves what Python escaped as it stands in the line. */
  override line(): string {
    const end = this.whole.indexOf(0x0a, this.position);
    if (end < 0) throw new Error('A line does not end.');
    const text = this.whole.toString('latin1', this.position, end);
    this.skip(end + 1 - this.position);
    if (this.last === STRING) return textOf(Buffer.from(text.replace(/\\(x[0-9a-f]{2}|.)/gi, unescaped), 'latin1'));
    return this.last === UNICODE ? text.replace(/\\(u[0-9a-f]{4}|U[0-9a-f]{8})/gi, unescaped) : text;
  }

  /** The original takes the bytes of Python 2's texts for Windows' Latin letters. */
  override string(size: number, encoding: 'ascii' | 'utf-8'): string {
    return encoding === 'utf-8' ? super.string(size, encoding) : textOf(Buffer.from(this.bytes(size)));
  }

  /** The original parser warns on the console beyond 2^53; no honest length is that long. */
  override uint64(): number {
    const [low, high] = [this.uint32(), this.uint32()];
    if (high >= 2 ** 21) throw new PickleRefusal('holds an absurd length');
    return low + high * 2 ** 32;
  }
}

/** Nested Maps, arrays, numbers, texts, booleans, nulls, and what the rules make. */
const parsePickle = (bytes: Uint8Array, rules: PickleRules): unknown => parseLeadingPickle(bytes, rules).value;

/** The pickle that the bytes begin with, and how many of them it takes. */
export function parseLeadingPickle(bytes: Uint8Array, rules: PickleRules): { value: unknown; length: number } {
  const parser = new Parser({
    unpicklingTypeOfDictionary: 'Map',
    nameResolver: { resolve: (module, name) => rules.global(`${module}.${name}`) },
    persistentResolver: { resolve: (id: unknown) => rules.persistent(id) },
    extensionResolver: {
      resolve: (code) => {
        throw new PickleRefusal(`uses pickle extension ${code}`);
      },
    },
  });
  const reader = new TimedReader(bytes, rules.secondsAllowed);
  try {
    const value = parser.read<unknown>(reader);
    return { value, length: reader.position };
  } catch (error) {
    if (error instanceof PickleRefusal) throw error;
    // The parser's own messages are about its insides.
    throw new PickleRefusal(rules.damaged, { cause: error });
  }
}

export function refuseObject(name: string, holder: string): never {
  throw new PickleRefusal(
    `wants the Python object ${JSON.stringify(name.slice(0, 100))}, which ${holder} has no business with`,
  );
}

/** Reads a pickle of lists, dictionaries, texts and numbers alone. */
export const parsePlainPickle = (bytes: Uint8Array, secondsAllowed: number): unknown =>
  parsePickle(bytes, {
    global: (name) => refuseObject(name, 'a list of plain values'),
    persistent: () => {
      throw new PickleRefusal('refers to something that lies elsewhere');
    },
    ...{ secondsAllowed, damaged: 'is damaged, or is no pickle' },
  });
