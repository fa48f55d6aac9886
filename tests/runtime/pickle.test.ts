// Plain pickles: texts as Python escaped them, and everything else refused by name.
import { describe, expect, it } from 'vitest';
import { PickleRefusal, parsePlainPickle } from '../../models/runtime/pickle.ts';
import { pickled } from '../evaluate/pickled.ts';

const parsed = (content: string | Uint8Array, seconds = 10) =>
  parsePlainPickle(typeof content === 'string' ? Buffer.from(content, 'latin1') : content, seconds);

const escaped = (byte: number): string => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`);

describe('a plain pickle', () => {
  it.each([0, 2] as const)('of protocol %i has lists, dictionaries, texts and numbers', (protocol) => {
    const value = parsed(pickled([{ a: 1, b: ["it's", 'a "b"\\c', 'two\nlines'], c: null }, -3], protocol));
    expect(value).toEqual([
      new Map<string, unknown>([
        ...([
          ['a', 1],
          ['b', ["it's", 'a "b"\\c', 'two\nlines']],
          ['c', null],
        ] as [string, unknown][]),
      ]),
      -3,
    ]);
  });

  it('has letters beyond ASCII as Python 2 escaped them', () => {
    expect(parsed("S'caf\\xe9'\n.")).toBe('café');
    expect(parsed('Vcaf\\u00e9 \\n\n.')).toBe('café \\n');
  });

  it.each([0, 2] as const)(
    'of protocol %i has the letters that the bytes of a text of Python 2 are in UTF-8',
    (protocol) => {
      const plain = pickled(['cafe', 'dog'], protocol);
      const bytes = (letters: string) =>
        protocol === 2 ? Buffer.from(letters) : Buffer.from([...Buffer.from(letters)].map(escaped).join(''));
      const [before, after] = [plain.subarray(0, plain.indexOf('cafe')), plain.subarray(plain.indexOf('cafe') + 4)];
      if (protocol === 2) before.writeInt32LE(bytes('café犬').length, before.length - 4);
      expect(parsed(Buffer.concat([before, bytes('café犬'), after]))).toEqual(['café犬', 'dog']);
    },
  );

  it('has a letter a byte where they are no UTF-8', () => {
    expect(parsed(Uint8Array.of(0x80, 2, 0x55, 4, 0x63, 0x61, 0x66, 0xe9, 0x2e))).toBe('café');
  });

  it.each([
    ['an object', "cos\nsystem\n(S'true'\ntR.", /wants the Python object "os\.system", which a list of plain values/],
    ['a persistent id', 'Pelsewhere\n.', /refers to something that lies elsewhere/],
    ['an extension', Uint8Array.of(0x80, 2, 0x82, 1, 0x2e), /uses pickle extension 1/],
    ['text', 'hello', /is damaged, or is no pickle/],
    ['nothing', '', /is damaged, or is no pickle/],
  ])('with %s is refused', (_, content, sentence) => {
    expect(() => parsed(content)).toThrow(PickleRefusal);
    expect(() => parsed(content)).toThrow(sentence);
  });

  it('that takes too long is given up', () => {
    expect(() => parsed(pickled(Array(1000).fill('text'), 2), 0)).toThrow(/took more than 0 s/);
  });
});
