// The text of an answer to objects, by every reader: good texts, "nothing", damage, and texts that are still being written.
import { describe, expect, it } from 'vitest';
import { answerReaders } from '../../../main/flow/reasoner/answer.ts';
import { parsers } from '../../../main/weights/recipe.ts';

const box = { x1: 10, y1: 20, x2: 30, y2: 40 };
const think = '<think>A mug [1, 2, 3, 4].</think>';

const texts: Record<(typeof parsers)[number], string> = {
  'first box': '```json\n[\n\t{"bbox_2d": [10, 20, 30, 40], "label": "mug"}\n]\n```',
  loupe: `${think}<answer>\`\`\`json\n[{"bbox_2d": [10, 20, 30, 40], "label": "mug"}]\n\`\`\`</answer>`,
  'seg zero': `${think}<answer>{"bbox": [10, 20, 30, 40], "points_1": [12, 22], "points_2": [25, 35]}</answer>`,
  'vision reasoner': `${think}\n<answer>[{"bbox_2d": [10, 20, 30, 40], "point_2d": [12, 22]}, {"bbox_2d": [50, 50, 60, 60], "point_2d": [55, 55]}]</answer>`,
  grounding: 'Here it is:\n```json\n[{"bbox_2d": [10, 20, 30, 40], "label": "mug"}]\n```',
};

describe.each([...parsers])('reader %s', (parser) => {
  const reader = answerReaders[parser];

  it('reads the first object in the form that its model writes', () => {
    const { found, objects } = reader.read(texts[parser]);
    expect([found, objects[0]?.box]).toEqual(['objects', box]);
  });

  it('tells the box as soon as it is whole, and not before', () => {
    const text = texts[parser];
    const seen = Array.from(text, (_, i) => reader.boxesSoFar(text.slice(0, i + 1)));
    expect(seen.find((each) => each.length > 0)?.[0]).toEqual(box);
    expect(reader.boxesSoFar(text.slice(0, text.indexOf('30')))).toEqual([]);
    // Each one for good: later text takes none back.
    for (const [i, each] of seen.entries()) expect(each.slice(0, seen[i - 1]?.length ?? 0)).toEqual(seen[i - 1] ?? []);
  });

  it('throws at no text', () => {
    for (const text of [
      '',
      '[]',
      '{',
      '<answer>',
      '{"bbox": [1, 2, 3]}',
      '<answer>[{"bbox_2d": "no"}]</answer>',
      '[[[[',
    ])
      expect(reader.read(text).objects).toEqual([]);
  });
});

describe('what the readers tell apart', () => {
  it('points of Seg-Zero and VisionReasoner, and every object of a list', () => {
    expect(answerReaders['seg zero'].read(texts['seg zero']).objects[0]?.points).toEqual([
      { x: 12, y: 22, sign: '+' },
      { x: 25, y: 35, sign: '+' },
    ]);
    const { objects, reasoning } = answerReaders['vision reasoner'].read(texts['vision reasoner']);
    expect(objects.map(({ points }) => points)).toEqual([[{ x: 12, y: 22, sign: '+' }], [{ x: 55, y: 55, sign: '+' }]]);
    expect(reasoning).toBe('A mug [1, 2, 3, 4].');
  });

  it('an empty list said on purpose from a text without any', () => {
    expect(answerReaders.grounding.read('```json\n[]\n```').found).toBe('nothing');
    expect(answerReaders['vision reasoner'].read('<answer>[]</answer>').found).toBe('nothing');
    expect(answerReaders.loupe.read(`${think}<answer>[]</answer>`).found).toBe('nothing');
    expect(answerReaders.grounding.read('I see no mug.').found).toBe('unreadable');
    expect(answerReaders['seg zero'].read(`${think}<answer>none</answer>`).found).toBe('unreadable');
  });

  it('a box in the reasoning, which only released LENS takes for the answer', () => {
    const text = `${think}<answer>{"bbox_2d": [10, 20, 30, 40]}</answer>`;
    expect(answerReaders['first box'].read(text).objects[0]?.box).toEqual({ x1: 1, y1: 2, x2: 3, y2: 4 });
    expect(answerReaders.loupe.read(text).objects[0]?.box).toEqual(box);
  });

  it('the boxes of an answer that is no JSON any more', () => {
    const item = '{"bbox_2d": [10, 20, 30, 40], "label": "mug"}';
    const readers = [answerReaders.grounding, answerReaders['vision reasoner']];
    const damaged = [
      `[${item}, ]`,
      `[${item}, {"bbox_2d": [50, 50, 60, 60], "lab`.replace('60, 60', '60'),
      `[{'bbox_2d': [10, 20, 30, 40], 'label': 'mug'}]`,
      `[{“bbox_2d”：[10，20，30，40]， "label"："mug"}]`,
      `[${item}, {"point_2d": [5, 6], "label": "cup"}]`,
      `See [above]: ${item}`,
      `\`\`\`json\n[${item}`,
      `<answer>[${item}]`,
      `[{"bbox_2d": ["10", "20", "30", "40"], "label": "mug"}]`,
      `[${item},\n${item},\n${item}]`,
    ];
    for (const reader of readers)
      for (const body of damaged) {
        const { found, objects } = reader.read(`<think>A cup {"bbox_2d": [1, 2, 3, 4]}.</think><answer>${body}`);
        expect([body, found, objects], body).toEqual([body, 'objects', [{ box, label: 'mug' }]]);
      }
  });

  it('the points of a damaged answer, and what is written before its tags are closed', () => {
    const damaged = `${think}<answer>{'bbox': [10,20,30,40], 'points_1': [12,22], 'points_2': [25,35]}`;
    const points = [
      { x: 12, y: 22, sign: '+' },
      { x: 25, y: 35, sign: '+' },
    ];
    expect(answerReaders['seg zero'].read(damaged).objects).toEqual([{ box, points }]);
    expect(answerReaders['seg zero'].read(`<think>The {mug}.</think>${damaged}`).objects[0]?.box).toEqual(box);
    // A box that the reasoning alone speaks of, cut off before the answer.
    const cut = '<think>A mug {"bbox_2d": [10, 20, 30, 40]} and';
    expect(answerReaders['vision reasoner'].read(cut)).toMatchObject({ found: 'unreadable', objects: [] });
    expect(answerReaders['first box'].read('<think>Left of [10, 20, 30, 40] is').reasoning).toBe(
      'Left of [10, 20, 30, 40] is',
    );
  });

  it('all of several blocks, and the pairs in brackets that Qwen2-VL writes', () => {
    const block = (x: number) => `\`\`\`json\n[{"bbox_2d": [${x}, 20, 30, 40], "label": "mug"}]\n\`\`\`\n`;
    expect(
      answerReaders.grounding.read(`One:\n${block(10)}Two:\n${block(12)}`).objects.map(({ box: { x1 } }) => x1),
    ).toEqual([10, 12]);
    expect(answerReaders.grounding.read('The mug (10,20),(30,40)').objects).toEqual([{ box }]);
  });

  it('one object from the same one again and again', () => {
    const item = '{"bbox_2d": [10, 20, 30, 40], "point_2d": [12, 22]}';
    const text = `${think}<answer>[${Array(40).fill(item).join(', ')}]</answer>`;
    expect(answerReaders['vision reasoner'].read(text).objects).toHaveLength(1);
  });

  it('corners in order from reversed ones', () => {
    expect(answerReaders.grounding.read('[{"bbox_2d": [30, 20, 10, 40]}]').found).toBe('unreadable');
  });

  it('the form that was asked for', () => {
    for (const parser of ['loupe', 'seg zero', 'vision reasoner', 'grounding'] as const)
      expect(answerReaders[parser].format(texts[parser])).toBe(1);
    expect(answerReaders['seg zero'].format(`so: ${texts['seg zero']}`)).toBe(0);
    expect(answerReaders.grounding.format('I see no mug.')).toBe(0);
  });
});
