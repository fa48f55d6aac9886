// Scores before and after to evidence: what each tier is judged by, and when words are what is missing.
import { describe, expect, it } from 'vitest';
import { fromPolygon } from '../../../main/contract/polygon.ts';
import { packMask } from '../../../main/contract/project.ts';
import type { BeforeAfter } from '../../../main/learn/gate/gate.ts';
import { changesOf, drawnChanges, evidenceOf, missesWords, type Scores } from '../../../main/learn/gate/judging.ts';
import type { Score } from '../../../main/learn/gate/measure.ts';
import { teachingImages } from '../teaching.ts';

/** IoU as overlap of 100 pixels. */
const overlap = (iou: number) => ({ intersection: 100 * iou, union: 100 });

interface Of {
  readonly text: string;
  readonly pointed: number;
  readonly said: number | null;
}

const score = ({ text, pointed, said }: Of, group = 1): Score => ({
  ...{ imageId: group, group, text, pointed: [overlap(pointed)], nothing: false, clicked: [] },
  worded: said === null ? null : { overlap: overlap(said), boxHit: said > 0.5, saidNothing: false },
});

const nothing = (saidNothing: boolean): Score => ({
  ...{ imageId: 9, group: 9, text: 'owl', pointed: [], nothing: true, clicked: [] },
  worded: { overlap: { intersection: 0, union: saidNothing ? 0 : 50 }, boxHit: saidNothing, saidNothing },
});

const scores = (project: Score[], worded: Score[] = []): Scores => ({
  secondsOfAnswer: null,
  project,
  base: [score({ text: 'scene', pointed: 0.8, said: null }, 20)],
  worded,
});

const before = scores(
  [score({ text: 'cat', pointed: 0.9, said: 0 }), score({ text: 'dog', pointed: 0.9, said: 0.2 }, 2), nothing(true)],
  [score({ text: 'the fox', pointed: 0.8, said: 0.7 }, 30)],
);
const after = scores(
  [score({ text: 'cat', pointed: 0.8, said: 0.6 }), score({ text: 'dog', pointed: 0.9, said: 0.1 }, 2), nothing(false)],
  [score({ text: 'the fox', pointed: 0.8, said: 0.6 }, 30)],
);
/** An IoU has a thousandth of a pixel added to its union. */
const near = (pairs: readonly BeforeAfter[]) =>
  pairs.map(({ group, before: was, after: is }) => [group, Number(was.toFixed(3)), Number(is.toFixed(3))]);
const learnt = teachingImages(3, undefined, () => 'cat');

describe('the evidence', () => {
  it('of the decoder tier is masks under true boxes', () => {
    const { taught, base, masks } = evidenceOf({ before, after, tier: 'decoder' }, learnt);
    expect(near(taught)).toEqual([
      [1, 0.9, 0.8],
      [2, 0.9, 0.9],
    ]);
    expect(near(base)).toEqual([[20, 0.8, 0.8]]);
    expect(masks).toEqual([]);
  });

  it('of the supervised tier is whole answers, with masks and the weights’ own prompts beside them', () => {
    const { taught, otherLabels, base, masks } = evidenceOf({ before, after, tier: 'supervised' }, learnt);
    expect(near(taught)).toEqual([
      [1, 0, 0.6],
      [2, 0.2, 0.1],
    ]);
    expect(near(otherLabels)).toEqual([[2, 0.2, 0.1]]);
    expect(near(base)).toEqual([[30, 0.7, 0.6]]);
    expect(masks).toHaveLength(3);
  });

  it('of the rl tier is that of the supervised one', () => {
    const of = (tier: 'supervised' | 'rl') => evidenceOf({ before, after, tier }, learnt);
    expect(of('rl')).toEqual(of('supervised'));
    expect(changesOf({ before, after, tier: 'rl' })).toEqual(changesOf({ before, after, tier: 'supervised' }));
  });

  it('has prompts that nothing matches apart, for each tier', () => {
    for (const tier of ['decoder', 'supervised', 'rl'] as const)
      expect(evidenceOf({ before, after, tier }, learnt).nothing).toEqual([{ group: 9, before: 1, after: 0 }]);
  });

  it('is told prompt by prompt, worst change first', () => {
    expect(changesOf({ before, after, tier: 'supervised' }).map(({ text }) => text)).toEqual(['dog', 'cat']);
    expect(changesOf({ before, after, tier: 'decoder' }).map(({ text }) => text)).toEqual(['cat', 'dog']);
  });
});

describe('words are what is missing', () => {
  it('where answers lie well below masks under true boxes', () => {
    expect(missesWords(before.project)).toBe(true);
    expect(missesWords([score({ text: 'cat', pointed: 0.8, said: 0.75 })])).toBe(false);
  });

  it('and not where no word was asked or no mask is known', () => {
    expect(missesWords([score({ text: 'cat', pointed: 0.8, said: null })])).toBe(false);
    expect(missesWords([nothing(false)])).toBe(false);
    expect(missesWords([])).toBe(false);
  });
});

describe('what was drawn', () => {
  const square = (side: number) => fromPolygon([0, 0, side, 0, side, side, 0, side], 40, 30);
  const drawing = (one: Score, pointed: number, worded: number): Score => ({
    ...one,
    drawn: { truth: square(9), pointed: square(pointed), worded: square(worded) },
  });
  const drawn = (all: Scores, sides: readonly [number, number]): Scores => ({
    ...all,
    project: all.project.map((one) => (one.nothing ? one : drawing(one, ...sides))),
  });
  const both = { before: drawn(before, [5, 6]), after: drawn(after, [7, 8]) };

  it('by the decoder tier is masks under boxes, by the supervised one answers, the worst change first', () => {
    for (const [tier, was, is] of [
      ['decoder', 5, 7],
      ['supervised', 6, 8],
    ] as const) {
      const changes = drawnChanges({ ...both, tier });
      const told = changes.map(({ truth: _, was: __, is: ___, ...change }) => change);
      expect(told).toEqual(changesOf({ ...both, tier }));
      const masks = { truth: packMask(square(9)), was: packMask(square(was)), is: packMask(square(is)) };
      expect(changes[0]).toMatchObject(masks);
    }
  });

  it('is unknown where nobody kept it', () => {
    const [change] = drawnChanges({ before, after, tier: 'decoder' });
    expect(change).toMatchObject({ truth: null, was: null, is: null });
  });
});
