import { describe, expect, test } from 'vitest';
import { Notes } from '../../../main/formats/reading/reading.ts';

describe('notes of an import', () => {
  test('keep what was left out in order, also twice', () => {
    const notes = new Notes();
    notes.leave('shape 1', 'it has no label');
    notes.leave('shape 2', 'it has no label');
    notes.leave('shape 1', 'it has no label');
    expect(notes.leftOut).toEqual([
      { what: 'shape 1', why: 'it has no label' },
      { what: 'shape 2', why: 'it has no label' },
      { what: 'shape 1', why: 'it has no label' },
    ]);
  });

  test('say a sentence once', () => {
    const notes = new Notes();
    for (const sentence of ['one', 'two', 'one']) notes.say(sentence);
    expect(notes.said).toEqual(['one', 'two']);
  });

  test('are empty before anything happens', () => {
    const { leftOut, said } = new Notes();
    expect([leftOut, said]).toEqual([[], []]);
  });

  test('of a hundred thousand are a thousand and a number', () => {
    const notes = new Notes();
    for (let i = 1; i <= 100_000; i++) {
      notes.leave(`shape ${i}`, 'it is empty');
      notes.say(`sentence ${i}`);
    }
    expect(notes.leftOut).toHaveLength(1001);
    expect(notes.leftOut.at(-2)).toEqual({ what: 'shape 1000', why: 'it is empty' });
    expect(notes.leftOut.at(-1)).toEqual({ what: '99000 more', why: 'for reasons like these' });
    expect([notes.said.length, notes.said.at(-1)]).toEqual([1000, 'sentence 1000']);
  });

  test('that were handed out do not change afterwards', () => {
    const notes = new Notes();
    notes.leave('a', 'why');
    const [before, said] = [notes.leftOut, notes.said];
    notes.leave('b', 'why');
    notes.say('more');
    expect([before.length, said.length]).toEqual([1, 0]);
  });
});
