// The nano's tokenizer: any text comes back, and the text it was made for costs one token a word and four a box.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vocabulary as vocabularyOfScenes } from '../../main/scenes/vocabulary.ts';
import { nanoPieces } from '../../models/qwen/chat.ts';
import { NanoTokenizer, nanoTokenizerFrom } from '../../models/qwen/nanoTokenizer.ts';

const words = [
  'a',
  'red',
  'blue',
  'green',
  'circle',
  'square',
  'left',
  'left-most',
  'of',
  'the',
  'is',
  "it's",
  'matches',
];
const vocabulary = { words, pieces: nanoPieces, coordinates: { count: 113, step: 2 } };
const nano = new NanoTokenizer(vocabulary);
const firstWord = nano.size - words.length;
const isByte = (id: number) => id < 256;
const back = (text: string) => nano.decode(nano.encode(text));

const answer =
  '<think>a red circle [10, 20, 64, 80], blue square [100, 0, 224, 30]. the red circle matches.</think><answer>```json\n' +
  '[{"bbox_2d": [10, 20, 64, 80], "label": "red circle"}]\n```</answer>';

describe('text it was made for', () => {
  it('an answer takes one token per piece, word and punctuation mark, four per box', () => {
    const ids = nano.encode(answer);
    expect(nano.decode(ids)).toBe(answer);
    expect(ids.length).toBe(1 + 3 + 4 + 1 + 2 + 4 + 1 + 4 + 1 + 1 + 1 + 4 + 1 + 2 + 1 + 1);
    expect(ids.filter(isByte).map((id) => String.fromCharCode(id))).toEqual([',', '.', '.']);
  });

  it('an empty answer', () => {
    const text = '<think>the left is blue.</think><answer>```json\n[]\n```</answer>';
    expect(nano.encode(text).length).toBe(8);
    expect(back(text)).toBe(text);
  });

  it('every piece is one token, alone and in the answer', () => {
    for (const piece of nanoPieces) expect(nano.encode(piece), piece).toHaveLength(1);
  });

  it('a word is one token at the start, after a blank and after a quote', () => {
    const [red] = nano.encode('red');
    expect(nano.encode('red red "red" (red)').filter((id) => id === red).length).toBe(4);
    expect(red).toBeGreaterThanOrEqual(firstWord);
    expect(nano.encode("it's left-most").length).toBe(2);
  });

  it('a part of an unknown word is not a word', () => {
    expect(nano.encode('colored reddish ared').filter((id) => id >= firstWord)).toEqual([]);
    expect(nano.encode('redé red').filter((id) => id >= firstWord).length).toBe(1);
  });
});

describe('the words of the scene generator', () => {
  it('are one token each and fit the vocabulary', () => {
    const scenes = nanoTokenizerFrom({
      words: vocabularyOfScenes(),
      pieces: nanoPieces,
      coordinates: { count: 113, step: 2 },
    });
    for (const word of vocabularyOfScenes()) expect(scenes.encode(word), word).toHaveLength(1);
    expect(vocabularyOfScenes().length).toBeGreaterThan(100);
  });
});

describe('boxes', () => {
  const ids = (text: string) => nano.encode(text).map((id) => nano.coordinateOf(id) ?? -1);

  it('are four coordinate tokens with and without a blank before', () => {
    expect(ids('[0, 2, 222, 224]')).toEqual([0, 2, 222, 224]);
    expect(ids('red [0, 2, 222, 224] [4, 4, 4, 4]').slice(1)).toEqual([0, 2, 222, 224, 4, 4, 4, 4]);
  });

  it.each([
    '[1, 2, 4, 6]',
    '[2, 4, 6, 226]',
    '[2,4,6,8]',
    '[02, 4, 6, 8]',
    '[2, 4, 6]',
    '[-2, 4, 6, 8]',
    '[2.0, 4, 6, 8]',
    '[2, 4, 6, 8',
    '[2, 4, 6, 8, 10]',
  ])('%s is no box of the nano and goes by bytes', (text) => {
    expect(ids(text).every((value) => value === -1)).toBe(true);
    expect(back(text)).toBe(text);
  });

  it('coordinate ids and values are inverse', () => {
    for (let value = 0; value <= 224; value += 2) expect(nano.coordinateOf(nano.coordinateId(value) ?? -1)).toBe(value);
    for (const value of [-2, 1, 226, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(nano.coordinateId(value)).toBeUndefined();
    expect(nano.coordinateOf(nano.encode('red')[0] ?? -1)).toBeUndefined();
  });

  it('snap to the nearest token, inside the frame', () => {
    expect([-5, 0.9, 1, 99.2, 223.5, 400].map((v) => nano.snap(v))).toEqual([0, 0, 2, 100, 224, 224]);
  });

  it('an unfinished or overlong run is written as far as it goes', () => {
    const run = (...values: number[]) => nano.decode(values.map((v) => nano.coordinateId(v) ?? -1));
    expect(run(2)).toBe('[2');
    expect(run(2, 4, 6)).toBe('[2, 4, 6');
    expect(run(2, 4, 6, 8, 10)).toBe('[2, 4, 6, 8] [10');
  });
});

/** Pieces of text that look like what the tokenizer treats apart, in any order and broken anywhere. */
const tricky = fc.oneof(
  fc.constantFrom(...words, ...nanoPieces, ...nano.special.keys()),
  fc.constantFrom(
    ' ',
    '  ',
    '\n',
    '\t',
    ',',
    '.',
    '"',
    '[',
    ']',
    ', ',
    "'",
    '-',
    '>',
    'é',
    '\u0085',
    '\uFEFF',
    '\u0301',
    '🦙',
  ),
  fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: -3, max: 240 }))).map((box) => `[${box.join(', ')}]`),
  fc
    .tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 0, max: 112 })))
    .map((box) => ` [${box.map((v) => v * 2).join(', ')}]`),
  fc.integer({ min: -5, max: 300 }).map(String),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const mixture = fc.tuple(fc.array(tricky, { maxLength: 14 }), fc.nat(), fc.nat()).map(([parts, from, to]) =>
  parts
    .join('')
    .slice(from % 4, to % 2 === 0 ? undefined : -(to % 5) || undefined)
    .toWellFormed(),
);

describe('any text', () => {
  it('comes back unchanged, with and without special tokens', () => {
    fc.assert(
      fc.property(mixture, fc.boolean(), (text, plain) => {
        expect(nano.decode(nano.encode(text, { plain }))).toBe(text);
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => back(text) === text.toWellFormed()));
  });

  it('plain text never holds a special token', () => {
    const special = new Set(nano.special.values());
    fc.assert(fc.property(mixture, (text) => nano.encode(text, { plain: true }).every((id) => !special.has(id))));
  });

  it('half a surrogate pair becomes U+FFFD', () => {
    expect(back('red \uD83E blue')).toBe('red \uFFFD blue');
  });
});

describe('any ids', () => {
  const ids = fc.array(fc.integer({ min: 0, max: nano.size + 2 }), { maxLength: 30 });

  it('decode by appending: what was written stays, but for a character not yet complete', () => {
    fc.assert(
      fc.property(ids, fc.integer({ min: 0, max: nano.size - 1 }), (list, next) => {
        const before = nano.decode(list).replace(/\uFFFD+$/u, '');
        expect(nano.decode([...list, next]).startsWith(before)).toBe(true);
      }),
    );
  });

  it('without special tokens decode to the same text less their names', () => {
    const special = new Set(nano.special.values());
    fc.assert(
      fc.property(ids, (list) => {
        const marked = list.filter((id) => !isByte(id));
        let text = nano.decode(marked);
        for (const name of nano.special.keys()) text = text.replaceAll(name, '');
        expect(nano.decode(marked, { skipSpecial: true })).toBe(text);
        expect(marked.every((id) => special.has(id)) ? text : '').toBe('');
      }),
    );
  });
});

describe('the vocabulary', () => {
  it('gives the same ids in whatever order it is written, and through JSON', () => {
    const shuffled = { ...vocabulary, words: [...words, 'red'].reverse(), pieces: nanoPieces.toReversed() };
    const other = nanoTokenizerFrom(JSON.parse(JSON.stringify(new NanoTokenizer(shuffled).vocabulary)));
    expect(other.encode(answer)).toEqual(nano.encode(answer));
    expect(other.size).toBe(256 + 6 + 113 + nanoPieces.length + words.length);
  });

  it("has Qwen's names for special tokens, one id each", () => {
    const names = [
      '<|im_start|>',
      '<|im_end|>',
      '<|vision_start|>',
      '<|image_pad|>',
      '<|vision_end|>',
      '<|endoftext|>',
    ];
    expect([...nano.special.keys()].toSorted()).toEqual(names.toSorted());
    for (const [name, id] of nano.special) expect(nano.encode(name)).toEqual([id]);
  });

  it('follows its own count and step', () => {
    const coarse = nanoTokenizerFrom({ words: [], pieces: [], coordinates: { count: 3, step: 10 } });
    expect(coarse.size).toBe(256 + 6 + 3);
    expect(coarse.encode('[0, 10, 20, 0]').length).toBe(4);
    expect(coarse.decode(coarse.encode('[0, 10, 20, 30]'))).toBe('[0, 10, 20, 30]');
  });

  it('takes marks among the words, which are bytes already', () => {
    const marked = nanoTokenizerFrom({ ...vocabulary, words: [...words, ',', '.', '?'] });
    expect(marked.vocabulary).toEqual(nano.vocabulary);
    expect(marked.encode(answer)).toEqual(nano.encode(answer));
  });

  it('refuses what cannot be a word or a vocabulary', () => {
    for (const word of ['two words', '', ', ', '\uD800', 'é\n'])
      expect(() => nanoTokenizerFrom({ ...vocabulary, words: [word] }), word).toThrow('must be a word without blanks');
    expect(() => nanoTokenizerFrom({ ...vocabulary, coordinates: { count: 0, step: 2 } })).toThrow('coordinates');
    expect(() => nanoTokenizerFrom(null)).toThrow("The nano's vocabulary cannot be used");
  });
});
