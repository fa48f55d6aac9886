// Words of labels that a closed vocabulary lacks: which they are, the tokens they become, and the rows of the table.
import { describe, expect, it } from 'vitest';
import { understood } from '../../../main/flow/words/unknownWords.ts';
import { grownRows, grownTokenizer, spoken, taughtWords } from '../../../main/learn/supervised/taughtWords.ts';
import { tokenizer } from '../../nano/toy.ts';

const unfindable = new Set(['person']);
const vocabulary = { words: tokenizer.words, unfindable };
const on = (name: string, ...imageIds: number[]) => ({ name, imageIds });

describe('the words to teach', () => {
  it('are those that the weights do not know, with the pictures that they are on', () => {
    expect(taughtWords([on('dog', 1, 2), on('solder joint', 1, 3, 3), on('Skier', 2)], vocabulary)).toEqual([
      { word: 'solder', pictures: 2, isNew: true },
      { word: 'joint', pictures: 2, isNew: true },
      { word: 'skier', pictures: 1, isNew: true },
    ]);
  });

  it('are none where a label is another form of a known word', () => {
    expect(taughtWords([on('Dogs', 1), on('wolves', 1), on('the red car', 2)], vocabulary)).toEqual([]);
  });

  it('are those as well that are known and name nothing that can be found', () => {
    expect(taughtWords([on('person', 4)], vocabulary)).toEqual([{ word: 'person', pictures: 1, isNew: false }]);
  });

  it('count a picture once, whichever labels hold the word', () => {
    const [word] = taughtWords([on('steel bolt', 1), on('brass bolt', 1, 2)], vocabulary).filter(
      (each) => each.word === 'bolt',
    );
    expect(word?.pictures).toBe(2);
  });

  it('are said in lower case and in a known form', () => {
    expect(spoken(' Solder Joint ', tokenizer.words)).toBe('solder joint');
    expect(spoken('Dogs', tokenizer.words)).toBe('dog');
  });
});

describe('a grown tokenizer', () => {
  const { tokenizer: grown, from } = grownTokenizer(tokenizer, ['skier', 'aardvark']);

  it('has a token for each new word, and reads what it read before', () => {
    expect(grown.size).toBe(tokenizer.size + 2);
    expect(grown.encode('skier')).toHaveLength(1);
    expect(tokenizer.encode('skier')).toHaveLength(5);
    const text = '<think>dog 1 [10, 20, 30, 40], red car 2 [50, 60, 70, 80]. dog 1.</think><answer>';
    expect(grown.decode(grown.encode(text))).toBe(text);
    expect(grown.encode(text).map((id) => from[id])).toEqual(tokenizer.encode(text));
  });

  it('is told where every old id has gone, and that new ones were nowhere', () => {
    expect(from).toHaveLength(grown.size);
    expect([...from].filter((id) => id < 0)).toHaveLength(2);
    expect(new Set(from).size).toBe(tokenizer.size + 1);
    for (const word of ['skier', 'aardvark']) expect(from[grown.encode(word)[0] ?? -1]).toBe(-1);
  });

  it('understands the words that it was given, in their other number too', () => {
    const closed = { words: grown.words, unfindable };
    expect(understood('the skiers', closed)).toEqual({ text: 'the skier', unknown: [] });
    expect(understood('the skiers', vocabulary).unknown).toEqual(['skiers']);
  });

  it('is the same where nothing is new', () => {
    const same = grownTokenizer(tokenizer, ['dog']);
    expect(same.tokenizer.size).toBe(tokenizer.size);
    expect([...same.from]).toEqual(Array.from({ length: tokenizer.size }, (_, id) => id));
  });
});

describe('grown rows', () => {
  const width = 2;
  // Three ids that are no words, then two words.
  const rows = Float32Array.of(9, 9, 9, 9, 9, 9, 1, 0, 0, 1);

  it('move with their ids, and a new one begins near the middle of the words', () => {
    const grown = grownRows(rows, { from: Int32Array.of(0, 1, 2, 4, -1, 3), width, words: 2, seed: 1 });
    expect([...grown.subarray(0, 8)]).toEqual([9, 9, 9, 9, 9, 9, 0, 1]);
    expect([...grown.subarray(10)]).toEqual([1, 0]);
    for (const value of grown.subarray(8, 10)) expect(Math.abs(value - 0.5)).toBeLessThan(1.3);
  });

  it('differ between new words and are the same every time', () => {
    const from = Int32Array.of(0, 1, 2, 3, 4, -1, -1);
    const grown = grownRows(rows, { from, width, words: 2, seed: 1 });
    expect([...grown.subarray(10, 12)]).not.toEqual([...grown.subarray(12)]);
    expect(grownRows(rows, { from, width, words: 2, seed: 1 })).toEqual(grown);
    expect(grownRows(rows, { from, width, words: 2, seed: 2 })).not.toEqual(grown);
  });
});
