// Answers in words: the list from left to right, the decision, the chosen box; and the vocabulary that holds all of it.
import { describe, expect, it } from 'vitest';
import { boxText } from '../../main/contract/answer.ts';
import { answerText, listText } from '../../main/scenes/answerText.ts';
import { fill, wordsOf } from '../../main/scenes/phrases.ts';
import { frameBox } from '../../main/scenes/scene.ts';
import { vocabulary } from '../../main/scenes/vocabulary.ts';
import { promptsIn, scenesOf } from './drawing.ts';
import { stage, thing } from './stage.ts';

const pair = stage(thing('car', [4, 11, 61, 50], 'red'), thing('dog', [100, 20, 131, 224]));

describe('answer text', () => {
  it('lists from left to right with even boxes', () => {
    expect(listText(pair)).toBe('red car 1 [4, 12, 62, 50], dog 2 [100, 20, 132, 224]');
    expect(boxText(frameBox({ x1: 223, y1: 0, x2: 224, y2: 1 }, pair))).toBe('[222, 0, 224, 2]');
  });

  it('repeats the chosen box in the format of the answer', () => {
    const prompt = { category: 'name', text: 'the dog', decision: 'dog 2.', target: 1 } as const;
    expect(answerText({ ...pair, prompts: [prompt] }, prompt)).toBe(
      '<think>red car 1 [4, 12, 62, 50], dog 2 [100, 20, 132, 224]. dog 2.</think>' +
        '<answer>```json\n[{"bbox_2d": [100, 20, 132, 224], "label": "dog"}]\n```</answer>',
    );
    const none = { category: 'nothing', text: 'the cat', decision: 'cat none.', target: null } as const;
    expect(answerText({ ...pair, prompts: [none] }, none)).toMatch(
      /cat none\.<\/think><answer>```json\n\[\]\n```<\/answer>$/,
    );
  });

  it('says of each of several which of the list it is', () => {
    const prompt = {
      category: 'plural',
      text: 'the car and the dog',
      decision: 'red car 1. dog 2.',
      target: 0,
    } as const;
    const both = { ...prompt, targets: [0, 1] };
    expect(answerText({ ...pair, prompts: [both] }, both)).toMatch(
      /\[\{"listed": "car 1", "bbox_2d": \[4, 12, 62, 50\], "label": "car"\}, \{"listed": "dog 2", "bbox_2d": \[100, 20, 132, 224\], "label": "dog"\}\]\n/,
    );
  });

  it('holds JSON whose box stands in the list at the decided place', () => {
    for (const { scene, prompt } of promptsIn(scenesOf('validation', 60))) {
      const text = answerText(scene, prompt);
      const json: unknown = JSON.parse(/```json\n(.*)\n```/.exec(text)?.[1] ?? '');
      if (prompt.target === null) expect(json).toEqual([]);
      else {
        const thing = scene.things[prompt.target];
        const listed = new RegExp(`[ >]${thing?.name} ${prompt.target + 1} \\[([\\d, ]+)\\]`).exec(text)?.[1];
        expect(json).toEqual([{ bbox_2d: listed?.split(', ').map(Number), label: thing?.name }]);
      }
    }
  });
});

describe('phrases', () => {
  it('fill their slots or say which one is empty', () => {
    expect(fill('the {a} and {b}', { a: 'dog', b: 2 })).toBe('the dog and 2');
    expect(() => fill('the {a}', {})).toThrow('{a}');
    expect(wordsOf("at 5 o'clock, is it?")).toEqual(['at', '5', "o'clock", ',', 'is', 'it', '?']);
  });
});

describe('vocabulary', () => {
  const words = vocabulary();

  it('is sorted, has no word twice and is small', () => {
    expect(words).toEqual([...new Set(words)].toSorted());
    expect(words.length).toBeLessThan(700);
  });

  it('holds every word of every text, and no box', () => {
    const known = new Set(words);
    const withoutBoxes = (text: string): string => text.replace(/\[[\d, ]*\]/g, ' ');
    const texts = promptsIn([...scenesOf('train', 400), ...scenesOf('test', 400)]).flatMap(({ scene, prompt }) => [
      prompt.text,
      `${listText(scene)}. ${prompt.decision}`,
    ]);
    const strangers = texts.flatMap((text) => wordsOf(withoutBoxes(text))).filter((word) => !known.has(word));
    expect([...new Set(strangers)]).toEqual([]);
  });
});
