// Answer texts to boxes, in both dialects, and boxes into other frames.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnswerDialect,
  firstBox,
  firstBoxForm,
  listForm,
  objectInImage,
  readAnswer,
  saysNone,
  toFrame,
  toImage,
} from '../../main/contract/answer.ts';
import { goldenJson, haveGolden } from '../golden.ts';

const box = (x1: number, y1: number, x2: number, y2: number) => ({ x1, y1, x2, y2 });
const answered = (body: string, reasoning = 'a dog [1, 2, 3, 4] and a cat') =>
  `<think>${reasoning}</think><answer>${body}</answer>`;
const listed = (edges: readonly number[], label = 'cat') =>
  `\`\`\`json\n[{"bbox_2d": [${edges.join(', ')}], "label": "${label}"}]\n\`\`\``;

describe('dialect loupe', () => {
  test('reads the box of the answer, never one that the reasoning names', () => {
    expect(readAnswer(answered(listed([10, 20, 110, 220])), 'loupe')).toEqual({
      reasoning: 'a dog [1, 2, 3, 4] and a cat',
      found: 'objects',
      objects: [{ box: box(10, 20, 110, 220), label: 'cat' }],
    });
    expect(readAnswer(answered('there is none'), 'loupe')).toMatchObject({ found: 'unreadable', objects: [] });
  });

  test('an empty list says that nothing matches', () => {
    for (const body of ['```json\n[]\n```', '[]', ' [ ] ', '```\n[]```']) {
      expect(readAnswer(answered(body), 'loupe')).toMatchObject({ found: 'nothing', objects: [] });
    }
  });

  test.each([
    ['special tokens at the end', `${answered(listed([1, 2, 3, 4]))}<|im_end|><|endoftext|>`, box(1, 2, 3, 4)],
    ['a bare object', answered('{"bbox_2d": [1, 2, 3, 4]}'), box(1, 2, 3, 4)],
    ['a bare list', answered('[1.5, 2, 3, 4]'), box(1.5, 2, 3, 4)],
    ['damaged JSON', answered('```json\n[{"bbox_2d": [1, 2, 3, 4], "label": "a" "b"}]\n```'), box(1, 2, 3, 4)],
    ['no reasoning', `<answer>${listed([1, 2, 3, 4])}</answer>`, box(1, 2, 3, 4)],
    ['a label with a box in it', answered('[{"label": "[9, 9, 10, 10]", "bbox_2d": [1, 2, 3, 4]}]'), box(1, 2, 3, 4)],
    ['an answer inside the reasoning', answered('[5, 6, 7, 8]', '<answer>[1, 2, 3, 4]</answer>'), box(5, 6, 7, 8)],
    ['blanks between', '<think>x</think>\n \u00a0<answer>[1, 2, 3, 4]</answer>', box(1, 2, 3, 4)],
  ])('%s', (_, text, expected) => {
    expect(readAnswer(text, 'loupe')).toMatchObject({ found: 'objects', objects: [{ box: expected }] });
  });

  test('several things: every one, with its label and click', () => {
    const listedTwice = '[{"bbox_2d": [1, 2, 3, 4], "label": "frog"}, {"bbox_2d": [5, 6, 7, 8], "point_2d": [6, 7]}]';
    expect(readAnswer(answered(listedTwice), 'loupe').objects).toEqual([
      { box: box(1, 2, 3, 4), label: 'frog' },
      { box: box(5, 6, 7, 8), points: [{ x: 6, y: 7, sign: '+' }] },
    ]);
    const bare = readAnswer(answered('[[1, 2, 3, 4], [5, 6, 7, 8], [9, 9, 2, 2]]'), 'loupe');
    expect(bare.objects).toEqual([{ box: box(1, 2, 3, 4) }, { box: box(5, 6, 7, 8) }]);
    const damaged = readAnswer(answered('[{"bbox_2d": [1, 2, 3, 4]} {"bbox_2d": [5, 6, 7, 8]}]'), 'loupe');
    expect(damaged.objects).toEqual([{ box: box(1, 2, 3, 4) }, { box: box(5, 6, 7, 8) }]);
  });

  test.each([
    ['nothing at all', ''],
    ['a box without tags', '[1, 2, 3, 4]'],
    ['reasoning that was cut off', '<think>a dog [1, 2, 3, 4] and'],
    ['an answer that was cut off', '<think>a</think><answer>[{"bbox_2d": [1, 2, 3, 4]}]'],
    ['text between', '<think>a</think> so <answer>[1, 2, 3, 4]</answer>'],
    ['an answer only inside the reasoning', '<think><answer>[1, 2, 3, 4]</answer>'],
    ['reversed corners', answered(listed([110, 220, 10, 20]))],
    ['half reversed', answered(listed([110, 20, 10, 220]))],
    ['no area', answered(listed([10, 20, 10, 20]))],
    ['three numbers', answered('[{"bbox_2d": [1, 2, 3]}]')],
    ['numbers as text', answered('[{"bbox_2d": ["1", "2", "3", "4"]}]')],
    ['an empty object', answered('{}')],
    ['a word', answered('"none"')],
  ])('%s: unreadable', (_, text) => {
    expect(readAnswer(text, 'loupe')).toMatchObject({ found: 'unreadable', objects: [] });
  });

  test('reasoning is kept even when the answer is lost', () => {
    expect(readAnswer('<think> a dog </think> so <answer>x</answer>', 'loupe').reasoning).toBe('a dog');
    expect(readAnswer('<think>a dog and', 'loupe').reasoning).toBe('a dog and');
  });
});

describe('dialect released', () => {
  test('takes the first box anywhere, as LENS does', () => {
    expect(readAnswer(answered(listed([10, 20, 110, 220])), 'released').objects).toEqual([{ box: box(1, 2, 3, 4) }]);
    expect(readAnswer('```json\n[{"bbox_2d": [10, 20, 110, 220]}]', 'released')).toMatchObject({
      found: 'objects',
      reasoning: '',
      objects: [{ box: box(10, 20, 110, 220) }],
    });
    expect(readAnswer('[10, 20, 1<|endoftext|>10, 220]', 'released').objects).toEqual([{ box: box(10, 20, 110, 220) }]);
    expect(readAnswer('[]', 'released').found).toBe('unreadable');
  });
});

test('any text is read, quickly, in both dialects', () => {
  const piece = fc.constantFrom(
    '<think>',
    '</think>',
    '<answer>',
    '</answer>',
    '[',
    ']',
    '{',
    '}',
    '1, ',
    '-2',
    ' ',
    '"',
  );
  const property = fc.property(
    fc.array(piece, { maxLength: 400 }),
    fc.constantFrom('released', 'loupe'),
    (parts, to) => {
      const { found, objects } = readAnswer(parts.join(''), to as AnswerDialect);
      expect(found === 'objects').toBe(objects.length > 0);
    },
  );
  fc.assert(property, { numRuns: 300 });
  const start = performance.now();
  readAnswer(`${'<think>'.repeat(4000)}${'[1, '.repeat(4000)}`, 'loupe');
  expect(performance.now() - start).toBeLessThan(1000);
});

describe('frames', () => {
  const frame = { width: 224, height: 224 };
  const image = { width: 640, height: 480 };

  test('the answer in image pixels', () => {
    expect(toImage(box(0, 0, 112, 56), frame, image)).toEqual(box(0, 0, 320, 120));
    expect(toImage(box(-10, 200, 300, 300), frame, image)?.x2).toBe(640);
    expect(toImage(box(230, 0, 250, 20), frame, image)).toBeNull();
  });

  test('an object with its clicks, and none that lies outside', () => {
    const cup = { box: box(0, 0, 112, 56), points: [{ x: 56, y: 28, sign: '+' }], label: 'cup' } as const;
    const moved = { box: box(0, 0, 320, 120), points: [{ x: 160, y: 60, sign: '+' }], label: 'cup' };
    expect(objectInImage(cup, frame, image)).toEqual(moved);
    expect(objectInImage({ box: box(230, 0, 250, 20) }, frame, image)).toBeNull();
  });

  test('a target in whole numbers, halves to the even side', () => {
    expect(toFrame(box(1, 3, 5, 7), { width: 8, height: 8 }, { width: 4, height: 4 })).toEqual(box(0, 2, 2, 4));
    expect(toFrame(box(320, 120, 640, 480), image, frame)).toEqual(box(112, 56, 224, 224));
  });
});

interface AnswerCase {
  name: string;
  text: string;
  exotic?: boolean;
  expect: { lens_box: number[] };
}

describe.skipIf(!haveGolden)('golden rewards: the released parser', () => {
  const { cases } = haveGolden ? goldenJson<{ cases: AnswerCase[] }>('rewards', 'answers.json') : { cases: [] };

  test.each(cases.filter((each) => !each.exotic))('$name', ({ text, expect: expected }) => {
    const [x1 = Number.NaN, y1 = 0, x2 = 0, y2 = 0] = expected.lens_box;
    expect(firstBox(text)).toEqual(box(x1, y1, x2, y2));
  });
});

interface FrameCase {
  box: number[];
  original_hw: [number, number];
  resized_hw: [number, number];
  solution: number[];
  solution_0_1000: number[];
}

describe.skipIf(!haveGolden)('golden rewards: targets in the reasoner frame', () => {
  const { boxes } = haveGolden ? goldenJson<{ boxes: FrameCase[] }>('rewards', 'ground-truth.json') : { boxes: [] };

  test.each(boxes)('$box', ({ box: [x1 = 0, y1 = 0, x2 = 0, y2 = 0], original_hw, resized_hw, ...expected }) => {
    const frameOf = ([height, width]: [number, number]) => ({ width, height });
    const target = (to: { width: number; height: number }) =>
      Object.values(toFrame(box(x1, y1, x2, y2), frameOf(original_hw), to));
    expect(target(frameOf(resized_hw))).toEqual(expected.solution);
    expect(target({ width: 1000, height: 1000 })).toEqual(expected.solution_0_1000);
  });
});

describe('boxesSoFar', () => {
  const [one, two] = [box(10, 20, 30, 40), box(50, 60, 70, 80)];
  const items = '[{"bbox_2d": [10, 20, 30, 40], "label": "dog"}, {"bbox_2d": [50, 60, 70, 80]}]';
  const whole = `<think>1 dog [1, 2, 3, 4]</think><answer>${items}</answer>`;
  const ends = ['40]', '80]'].map((last) => whole.indexOf(last) + 3);

  test('each is there as soon as its bracket closes, and the reasoning’s own boxes are none', () => {
    for (let length = 0; length <= whole.length; length++) {
      const expected = [one, two].slice(0, ends.filter((end) => length >= end).length);
      expect(listForm.boxesSoFar(whole.slice(0, length)), `after ${length} characters`).toEqual(expected);
    }
  });

  test('are none for reversed corners and for an answer that nothing matches', () => {
    expect(listForm.boxesSoFar('<answer>[30, 20, 10, 40]')).toEqual([]);
    expect(listForm.boxesSoFar('<think>[1, 2, 3, 4]</think><answer>[]</answer>')).toEqual([]);
  });

  test('of the released dialect is the first one anywhere', () => {
    expect(firstBoxForm.boxesSoFar('<think>1 dog [1, 2, 3, 4]')).toEqual([box(1, 2, 3, 4)]);
  });
});

describe('a reasoning that found nothing', () => {
  test.each([
    ['There is a cat. There is no dog in the image.', true],
    ['1 cat [1, 2, 3, 4], dog none.', true],
    ['The dog is not visible here.', true],
    ['图中没有狗。', true],
    ['No such object can be seen', true],
    ['There is no cat. The dog is on the left.', false],
    ['None of the others is as red as this one.', false],
    ['There is nothing else like it.', false],
    ['', false],
  ])('%s', (reasoning, says) => {
    expect(saysNone(reasoning)).toBe(says);
  });
});
