// What nano is taught to answer: its own form, boxes on numbers that have a token, "none" for what is not there.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { answerReaders } from '../../../main/flow/reasoner/answer.ts';
import { packedTurns, taughtAnswer, taughtTurns } from '../../../main/learn/supervised/taughtTurns.ts';
import { tokenizer } from '../../nano/toy.ts';

type Corners = readonly [number, number, number, number];
const thing = (name: string, [x1, y1, x2, y2]: Corners) => ({ name, box: { x1, y1, x2, y2 } });
const things = [thing('cat', [9, 21, 61, 80]), thing('dog', [70, 5, 120, 66]), thing('cat', [140, 100, 200, 224])];
const side = 8;

describe('a taught answer', () => {
  it('lists everything, decides, and names each box that is meant', () => {
    expect(taughtAnswer(things, 'cat', tokenizer)).toBe(
      '<think>cat 1 [10, 22, 62, 80], dog 2 [70, 6, 120, 66], cat 3 [140, 100, 200, 224]. cat 1, 3.</think><answer>```json\n' +
        '[{"listed": "cat 1", "bbox_2d": [10, 22, 62, 80], "label": "cat"}, {"listed": "cat 3", "bbox_2d": [140, 100, 200, 224], "label": "cat"}]\n```</answer>',
    );
  });

  it('says that nothing matches', () => {
    const text = taughtAnswer(things, 'fox', tokenizer);
    expect(text).toContain('. fox none.</think><answer>```json\n[]\n```</answer>');
    expect(answerReaders.loupe.read(text)).toMatchObject({ found: 'nothing', objects: [] });
  });

  it('is read as the objects that it means, and is of the right format', () => {
    for (const name of ['cat', 'dog', 'fox']) {
      const text = taughtAnswer(things, name, tokenizer);
      expect(answerReaders.loupe.format(text)).toBe(1);
      expect(answerReaders.loupe.read(text).objects).toHaveLength(things.filter((each) => each.name === name).length);
    }
  });

  it('has no byte but marks in it: each number and each word is a token', () => {
    const ids = tokenizer.encode(taughtAnswer(things, 'cat', tokenizer));
    const letters = ids.filter((id) => id < 256 && /[a-z0-9]/iu.test(String.fromCharCode(id)));
    expect(letters).toEqual([]);
  });

  it('keeps a box at least a step wide at the edge of the picture', () => {
    expect(taughtAnswer([thing('cat', [223, 223, 224, 224])], 'cat', tokenizer)).toContain('[222, 222, 224, 224]');
  });
});

describe('taught questions', () => {
  const turns = (seed: number) =>
    taughtTurns(things, ['cat', 'dog', 'fox', 'owl'], { tokenizer, draw: random(seed, 1) });

  it('ask for each name that is there and for one or two that are not', () => {
    for (let seed = 0; seed < 20; seed++) {
      const asked = turns(seed).map(({ answer }) => /\. (\w+) (none|\d)/u.exec(answer)?.slice(1) ?? []);
      const there = asked.filter(([, n]) => n !== 'none').map(([name]) => name);
      expect(there).toHaveLength(2);
      expect(new Set(there)).toEqual(new Set(['cat', 'dog']));
      expect([1, 2]).toContain(asked.length - there.length);
    }
  });

  it('follow from the seed', () => {
    expect(turns(5)).toEqual(turns(5));
    expect(turns(5)).not.toEqual(turns(6));
  });

  it('are packed behind one picture as far as there is room', () => {
    const told = turns(1);
    const all = packedTurns(told, { tokenizer, side, tokens: 1000 });
    expect(all?.turns).toHaveLength(told.length);
    expect(all?.head.side).toBe(side);
    const few = packedTurns(told, { tokenizer, side, tokens: 160 });
    expect(few?.turns.length).toBeLessThan(told.length);
    expect(packedTurns(told, { tokenizer, side, tokens: 90 })).toBeNull();
    expect(packedTurns([], { tokenizer, side, tokens: 1000 })).toBeNull();
  });
});
