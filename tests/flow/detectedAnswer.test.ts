// A list of what was found, read back by those who read a reasoner's answers.
import { describe, expect, it } from 'vitest';
import { listForm, toImage } from '../../main/contract/answer.ts';
import type { Box } from '../../main/contract/records.ts';
import { detectedAnswer } from '../../main/flow/detectedAnswer.ts';
import type { DetectedThing } from '../../main/flow/detector.ts';

const image = { width: 448, height: 112 };
const frame = { width: 224, height: 224 };
const detection = (
  name: string,
  score: number,
  [x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[],
): DetectedThing => ({
  ...{ name, score, index: ['dog', 'cat', 'person'].indexOf(name), box: { x1, y1, x2, y2 } },
});
const dog = detection('dog', 0.9, [20, 10, 100, 60]);
const puppy = detection('dog', 0.6, [200, 50, 240, 70]);
const person = detection('person', 0.8, [300, 0, 448, 112]);
const written = (asked: readonly string[], meant: readonly DetectedThing[], seen: readonly DetectedThing[]) =>
  detectedAnswer({ asked, meant, seen }, image, frame);

describe('a detected answer', () => {
  it('of one thing is a box of the frame with its label', () => {
    const { text, reasoning } = written(['dog'], [dog], [dog]);
    expect(reasoning).toBe('dog 1 [10, 20, 50, 120]. dog 1.');
    expect(text).toBe(`<think>${reasoning}</think><answer>[{"bbox_2d": [10, 20, 50, 120], "label": "dog"}]</answer>`);
    expect(listForm.read(text)).toEqual({
      ...{ reasoning, found: 'objects', objects: [{ box: { x1: 10, y1: 20, x2: 50, y2: 120 }, label: 'dog' }] },
    });
  });

  it('of several is read back to the same boxes, in the same order', () => {
    const meant = [dog, person, puppy];
    const { text, reasoning } = written(['dog', 'person'], meant, meant);
    const read = listForm.read(text);
    expect(read.found).toBe('objects');
    expect(read.objects.map(({ label }) => label)).toEqual(['dog', 'person', 'dog']);
    expect(read.objects.map(({ box }) => toImage(box, frame, image))).toEqual(meant.map(({ box }) => box));
    expect(reasoning).toMatch(/\. dog 1, 3\. person 2\.$/u);
    expect(text).toContain('"listed": "dog 3"');
    expect(listForm.boxesSoFar(text)).toEqual(read.objects.map(({ box }) => box));
  });

  it('of none says so of each name', () => {
    const { text, reasoning } = written(['dog', 'cat'], [], []);
    expect(reasoning).toBe('dog none. cat none.');
    expect(listForm.read(text)).toEqual({ reasoning, found: 'nothing', objects: [] });
  });

  it('says of one name that it is there and of another that it is not', () => {
    const { text, reasoning } = written(['cat', 'dog'], [dog], [dog]);
    expect(reasoning).toMatch(/ cat none\. dog 1\.$/u);
    expect(listForm.read(text).objects).toHaveLength(1);
  });

  it('lists other things behind those that are meant, and does not answer them', () => {
    const { text, reasoning } = written(['dog'], [dog], [person, dog]);
    expect(reasoning).toBe('dog 1 [10, 20, 50, 120], person 2 [150, 0, 224, 224]. dog 1.');
    expect(listForm.read(text).objects.map(({ label }) => label)).toEqual(['dog']);
    const absent = written(['cat'], [], [person, dog]);
    expect(absent.reasoning).toBe('person 1 [150, 0, 224, 224], dog 2 [10, 20, 50, 120]. cat none.');
    expect(listForm.read(absent.text).found).toBe('nothing');
  });

  it('does not tell a thing again by a less sure name', () => {
    const alike = { ...person, score: 0.4, box: { ...dog.box, x2: 104 } };
    expect(written(['dog'], [dog], [dog, alike]).reasoning).toBe('dog 1 [10, 20, 50, 120]. dog 1.');
    expect(written(['cat'], [], [dog, alike]).reasoning).toBe('dog 1 [10, 20, 50, 120]. cat none.');
  });

  it('of anything names what there is, and a thing where there is none', () => {
    expect(written([], [dog, person], [dog, person]).reasoning).toMatch(/\. dog 1\. person 2\.$/u);
    expect(written([], [], []).reasoning).toBe('thing none.');
  });

  it('lists at most six others, the surest', () => {
    const box = (i: number): Box => ({ x1: 40 * i, y1: 80, x2: 40 * i + 20, y2: 100 });
    const crowd = Array.from({ length: 9 }, (_, i) => ({ ...person, score: 0.9 - i / 20, box: box(i) }));
    const { reasoning } = written(['dog'], [dog], [...crowd, dog]);
    expect(reasoning.match(/person \d+ \[/gu)).toHaveLength(6);
    expect(reasoning).toContain('person 7 [100, 160, 110, 200]. dog 1.');
  });
});
