// All that can be asked about places and sizes in a scene made by hand, and how each answer follows.
import { describe, expect, it } from 'vitest';
import { spatial } from '../../../main/scenes/prompts/spatial.ts';
import { around, decisionsOf, garden, stage, street, textsFor, thing } from '../stage.ts';

describe('spatial', () => {
  it('comes to every true decision and to no other', () => {
    expect(decisionsOf(spatial, street, 1500)).toEqual([
      "10 o'clock is above and left: 1.",
      "2 o'clock is above and right: 4.",
      "4 o'clock is below and right: 3.",
      'bottom right corner: 3.',
      'car 2 about 50, 4 about 30. largest size: 2.',
      'car 2 about 50, 4 about 30. smallest size: 4.',
      "car 2, 4. 2 o'clock is above and right: 4.",
      'car 2, 4. from the bottom: 2, 4. second: 4.',
      'car 2, 4. from the bottom: 2. first: 2.',
      'car 2, 4. from the left: 2, 4. second: 4.',
      'car 2, 4. from the left: 2. first: 2.',
      'car 2, 4. from the right: 4, 2. second: 2.',
      'car 2, 4. from the right: 4. first: 4.',
      'car 2, 4. from the top: 4, 2. second: 2.',
      'car 2, 4. from the top: 4. first: 4.',
      'car 2, 4. middle: 2.',
      'car 2, 4. top right corner: 4.',
      'dog 1 about 30, 3 about 20. largest size: 1.',
      'dog 1 about 30, 3 about 20. smallest size: 3.',
      "dog 1, 3. 10 o'clock is above and left: 1.",
      "dog 1, 3. 4 o'clock is below and right: 3.",
      'dog 1, 3. bottom right corner: 3.',
      'dog 1, 3. from the bottom: 3, 1. second: 1.',
      'dog 1, 3. from the bottom: 3. first: 3.',
      'dog 1, 3. from the left: 1, 3. second: 3.',
      'dog 1, 3. from the left: 1. first: 1.',
      'dog 1, 3. from the right: 3, 1. second: 1.',
      'dog 1, 3. from the right: 3. first: 3.',
      'dog 1, 3. from the top: 1, 3. second: 3.',
      'dog 1, 3. from the top: 1. first: 1.',
      'dog 1, 3. red car 2. above 2: 1.',
      'dog 1, 3. red car 2. below 2: 3.',
      'dog 1, 3. red car 2. left of 2: 1.',
      'dog 1, 3. red car 2. right of 2: 3.',
      'dog 1, 3. top left corner: 1.',
      'from the bottom: 3, 2. second: 2.',
      'from the bottom: 3. first: 3.',
      'from the left: 1, 2. second: 2.',
      'from the left: 1. first: 1.',
      'middle: 2.',
      'red car 2. below 2: 3.',
      'red car 2. left of 2: 1.',
      'thing 1 about 30, 2 about 50, 3 about 20, 4 about 30. largest size: 2.',
      'thing 1 about 30, 2 about 50, 3 about 20, 4 about 30. smallest size: 3.',
      'top left corner: 1.',
      'top right corner: 4.',
    ]);
  });

  it('says one thing in several ways', () => {
    const texts = textsFor(spatial, street, 'dog 1, 3. from the left: 1, 3. second: 3.');
    expect(texts).toContain('the second dog from the left');
    expect(texts).toContain('where is the dog that is second from the left?');
    expect(texts).toContain('segment the second dog, counted from the left');
    expect(textsFor(spatial, street, 'dog 1, 3. from the left: 1. first: 1.')).toContain('find the leftmost dog');
    expect(textsFor(spatial, street, 'red car 2. left of 2: 1.')).toContain('what is left of the red car?');
    expect(textsFor(spatial, street, "2 o'clock is above and right: 4.")).toContain("the thing at 2 o'clock");
  });

  it('does not count what is level, and does not compare what is equal', () => {
    const level = stage(thing('dog', around(60, 100)), thing('dog', around(66, 108)));
    expect(decisionsOf(spatial, level).filter((decision) => /from the|size/.test(decision))).toEqual([]);
  });

  it('tells the nearest of three by a clear difference', () => {
    const row = stage(
      thing('dog', around(30, 100, 10)),
      thing('cup', around(80, 100, 10)),
      thing('dog', around(190, 100, 10)),
    );
    expect(decisionsOf(spatial, row)).toContain('dog 1, 3. cup 2. closest to 2: 1.');
    expect(decisionsOf(spatial, row)).not.toContain('dog 1, 3. cup 2. closest to 2: 3.');
  });

  it('never groups things of different names except as "thing"', () => {
    const heads = decisionsOf(spatial, garden).map((decision) => decision.split(/ from| size/)[0] ?? '');
    expect(heads.filter((head) => ['fox', 'dog', 'umbrella', 'red umbrella'].includes(head))).toEqual([]);
  });
});
