// Labels of sets as classes: one name for one kind of thing, and none for what says nothing.
import { describe, expect, it, test } from 'vitest';
import type { LabelledImage } from '../../../main/evaluate/cocoPhotos.ts';
import { namedClasses } from '../../../main/flow/words/classWords.ts';
import { classOf, photoClasses } from '../../../main/nano/detector/photoClasses.ts';

const image = { width: 4, height: 4, data: new Uint8Array(48) };
const thing = { mask: { size: [4, 4] as [number, number], counts: [0, 16] }, box: { x1: 0, y1: 0, x2: 4, y2: 4 } };
const photo = (set: string, ...labels: string[]): LabelledImage => ({
  ...{ set, image, things: labels.map((label) => ({ label, ...thing })) },
});

describe('classOf', () => {
  test.each([
    ['a', 'dog', 'dog'],
    ['a', 'Dog', 'dog'],
    ['a', 'cell_phone', 'cell phone'],
    ['a', 'Phone', 'cell phone'],
    ['a', 'sofa', 'couch'],
    ['a', 'human', 'person'],
    ['food', 'tahu_goreng', 'tofu'],
    ['feralcat', 'object', 'cat'],
    ['treepheno', 'Trunk', 'tree trunk'],
    ['medwaste', 'Mask', 'face mask'],
    ['a', 'Mask', 'mask'],
  ])('of %s calls %s %s', (set, label, name) => expect(classOf(set, label)).toBe(name));

  test.each([
    ['a', 'object'],
    ['a', 'Thing'],
    ['a', 'sports_ball'],
    ['a', ' '],
  ])('of %s takes %s for no kind of thing', (set, label) => expect(classOf(set, label)).toBeNull());
});

describe('photoClasses', () => {
  const photos = [
    photo('a', 'dog', 'dog', 'sofa'),
    photo('b', 'couch', 'cat', 'object'),
    photo('feralcat', 'object', 'object'),
  ];

  it('are those of which enough is shown over all sets, by name', () => {
    expect(photoClasses(photos, 3)).toEqual([{ name: 'cat', also: [] }]);
    expect(photoClasses(photos, 2).map(({ name }) => name)).toEqual(['cat', 'couch', 'dog']);
    expect(photoClasses(photos, 4)).toEqual([]);
  });

  it('have their other names, by which prompts find them', () => {
    const classes = photoClasses(photos, 1);
    expect(classes.find(({ name }) => name === 'couch')?.also).toEqual(['sofa']);
    const places = namedClasses('the sofas', classes).classes;
    expect(places.map((index) => classes[index]?.name)).toEqual(['couch']);
  });

  it('share no word', () => {
    const every = ['person', 'cat', 'fire_truck', 'cell_phone', 'couch', 'bike', 'mug', 'trunk', 'monkey', 'table'];
    const classes = photoClasses([photo('a', ...every)], 1);
    const words = classes.flatMap(({ name, also }) => [name, ...also]);
    expect(classes).toHaveLength(every.length);
    expect(new Set(words).size).toBe(words.length);
  });
});
