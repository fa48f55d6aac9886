// All that can be asked about places and sizes in a scene made by hand, and how each answer follows.
import { describe, expect, it } from 'vitest';
import { spatial } from '../../../main/scenes/prompts/spatial.ts';
import { around, decisionsOf, garden, stage, street, textsFor, thing } from '../stage.ts';

describe('spatial', () => {
  it('comes to every true decision and to no other', () => {
    expect(decisionsOf(spatial, street, 3000)).toEqual([
      'bottom right corner: 1 225, 2 160, 3 70, 4 175. closest: 3.',
      "car 2, 4. clock: 2 8, 4 2. 2 o'clock: 4.",
      'car 2, 4. from the left: 2, 4. second: 4.',
      'car 2, 4. from the left: 2. first: 2.',
      'car 2, 4. from the right: 4, 2. second: 2.',
      'car 2, 4. from the right: 4. first: 4.',
      'car 2, 4. middle: 2 15, 4 100. closest: 2.',
      'car 2, 4. size: 2 50, 4 30. largest: 2.',
      'car 2, 4. size: 2 50, 4 30. smallest: 4.',
      'car 2, 4. top right corner: 2 175, 4 60. closest: 4.',
      'car 2, 4. top: 2 120, 4 50. from the bottom: 2, 4. second: 4.',
      'car 2, 4. top: 2 120, 4 50. from the bottom: 2. first: 2.',
      'car 2, 4. top: 2 120, 4 50. from the top: 4, 2. second: 2.',
      'car 2, 4. top: 2 120, 4 50. from the top: 4. first: 4.',
      "clock: 1 10, 2 8, 3 4, 4 2. 10 o'clock: 1.",
      "clock: 1 10, 2 8, 3 4, 4 2. 2 o'clock: 4.",
      "clock: 1 10, 2 8, 3 4, 4 2. 4 o'clock: 3.",
      'dog 1, 3. bottom right corner: 1 225, 3 70. closest: 3.',
      "dog 1, 3. clock: 1 10, 3 4. 10 o'clock: 1.",
      "dog 1, 3. clock: 1 10, 3 4. 4 o'clock: 3.",
      'dog 1, 3. from the left: 1, 3. second: 3.',
      'dog 1, 3. from the left: 1. first: 1.',
      'dog 1, 3. from the right: 3, 1. second: 1.',
      'dog 1, 3. from the right: 3. first: 3.',
      'dog 1, 3. red car 2. left of 2: 1.',
      'dog 1, 3. red car 2. right of 2: 3.',
      'dog 1, 3. red car 2. top: 1 60, 2 120, 3 170. above 2: 1.',
      'dog 1, 3. red car 2. top: 1 60, 2 120, 3 170. below 2: 3.',
      'dog 1, 3. size: 1 30, 3 20. largest: 1.',
      'dog 1, 3. size: 1 30, 3 20. smallest: 3.',
      'dog 1, 3. top left corner: 1 75, 3 225. closest: 1.',
      'dog 1, 3. top: 1 60, 3 170. from the bottom: 3, 1. second: 1.',
      'dog 1, 3. top: 1 60, 3 170. from the bottom: 3. first: 3.',
      'dog 1, 3. top: 1 60, 3 170. from the top: 1, 3. second: 3.',
      'dog 1, 3. top: 1 60, 3 170. from the top: 1. first: 1.',
      'from the left: 1, 2. second: 2.',
      'from the left: 1. first: 1.',
      'middle: 1 85, 2 15, 3 90, 4 100. closest: 2.',
      'red car 2. left of 2: 1.',
      'red car 2. top: 1 60, 2 120, 3 170, 4 50. below 2: 3.',
      'size: 1 30, 2 50, 3 20, 4 30. largest: 2.',
      'size: 1 30, 2 50, 3 20, 4 30. smallest: 3.',
      'top left corner: 1 75, 2 160, 3 225, 4 200. closest: 1.',
      'top right corner: 1 195, 2 175, 3 175, 4 60. closest: 4.',
      'top: 1 60, 2 120, 3 170, 4 50. from the bottom: 3, 2. second: 2.',
      'top: 1 60, 2 120, 3 170, 4 50. from the bottom: 3. first: 3.',
    ]);
  });

  it('says one thing in several ways', () => {
    const texts = textsFor(spatial, street, 'dog 1, 3. from the left: 1, 3. second: 3.');
    expect(texts).toContain('the second dog from the left');
    expect(texts).toContain('where is the dog that is second from the left?');
    expect(texts).toContain('segment the second dog, counted from the left');
    expect(textsFor(spatial, street, 'dog 1, 3. from the left: 1. first: 1.')).toContain('find the leftmost dog');
    expect(textsFor(spatial, street, 'red car 2. left of 2: 1.')).toContain('what is left of the red car?');
    expect(textsFor(spatial, street, "clock: 1 10, 2 8, 3 4, 4 2. 2 o'clock: 4.")).toContain("the thing at 2 o'clock");
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
    expect(decisionsOf(spatial, row)).toContain('dog 1, 3. cup 2. away: 1 50, 3 110. closest to 2: 1.');
    expect(decisionsOf(spatial, row).filter((decision) => decision.endsWith('closest to 2: 3.'))).toEqual([]);
  });

  it('never groups things of different names except as "thing"', () => {
    const heads = decisionsOf(spatial, garden).map((decision) => decision.split(/ from| size/)[0] ?? '');
    expect(heads.filter((head) => ['fox', 'dog', 'umbrella', 'red umbrella'].includes(head))).toEqual([]);
  });
});
