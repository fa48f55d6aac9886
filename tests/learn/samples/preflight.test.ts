// What a project teaches, looked at before anything runs: each reason for which it cannot be learnt from, in one sentence.
import { describe, expect, it } from 'vitest';
import { fromPolygon } from '../../../main/contract/polygon.ts';
import { refusal, type TaughtImage } from '../../../main/learn/samples/preflight.ts';
import type { Sample } from '../../../main/learn/samples/sample.ts';
import { objectOf, sampleOf, side } from '../teaching.ts';

const square = (x: number) => fromPolygon([x, 8, x + 16, 8, x + 16, 24, x, 24], side, side);

interface Changes {
  readonly samples?: (i: number) => Sample[];
  readonly edgeRank?: (i: number) => number | null;
  readonly group?: (i: number) => number;
}

/** Images of cats and dogs in turn, their masks where they should be. */
const images = (count: number, { samples, edgeRank = () => 0.9, group = (i) => i }: Changes = {}): TaughtImage[] =>
  Array.from({ length: count }, (_, i) => {
    const own = samples?.(i) ?? [sampleOf(i + 1, i % 2 === 0 ? 'cat' : 'dog', [objectOf(square(8))])];
    const rank = edgeRank(i);
    const ranks = rank === null ? [] : [rank];
    return {
      imageId: i + 1,
      path: `${i + 1}.png`,
      group: group(i),
      samples: own,
      prompts: own.length,
      edgeRanks: ranks,
    };
  });

/** Every other image is measured on, from the third on two in a row, so that both labels are among them. */
const held = (count: number) => new Set(Array.from({ length: count }, (_, i) => i + 1).filter((id) => id % 4 < 2));
const said = (some: readonly TaughtImage[]) => refusal(some, held(some.length));
const isSentence = (text: string | null) => expect(text?.match(/\.(\s|$)/gu)).toHaveLength(1);

describe('nothing is refused', () => {
  it('of enough images with masks that lie where they should', () => {
    expect(said(images(16))).toBeNull();
  });

  it('of masks that nobody can rank, or too few that can be', () => {
    expect(said(images(16, { edgeRank: () => null }))).toBeNull();
    expect(said(images(16, { edgeRank: (i) => (i < 9 ? 0.1 : null) }))).toBeNull();
  });

  it('where one mask in twenty lies beside its box', () => {
    const samples = (i: number) =>
      Array.from({ length: 4 }, (_, k) => {
        const box = { x1: 40, y1: 40, x2: 60, y2: 60 };
        const object = i === 3 && k === 0 ? objectOf(square(8), box) : objectOf(square(8));
        return sampleOf(i + 1, k % 2 === 0 ? 'cat' : 'dog', [object]);
      });
    expect(said(images(16, { samples }))).toBeNull();
  });
});

describe('what is refused', () => {
  it('too few images, and says how many there are and are needed', () => {
    const why = said(images(3));
    expect(why).toBe(
      '3 different images with 3 prompts teach; 10 are needed, or 40 prompts: half to learn from and half to measure on; label or correct more images.',
    );
    isSentence(why);
  });

  it('many images that are one, and says so', () => {
    const why = said(images(16, { group: () => 0 }));
    expect(why).toMatch(
      /^1 different image with 16 prompts teach \(15 more are nearly the same as one of them, parts of it or frames of its film\)/u,
    );
    isSentence(why);
  });

  it('masks beside their boxes, with how many and which', () => {
    const box = { x1: 40, y1: 40, x2: 60, y2: 60 };
    const samples = (i: number) => [sampleOf(i + 1, i % 2 === 0 ? 'cat' : 'dog', [objectOf(square(8), box)])];
    const why = said(images(16, { samples }));
    expect(why).toMatch(/^16 of 16 masks do not lie in their own boxes \(1\.png and 15 more\); correct/u);
    isSentence(why);
  });

  it.each([0, 0.35, 0.5, 0.57])('masks that follow nothing: mean rank %d', (rank) => {
    const why = said(images(16, { edgeRank: () => rank }));
    expect(why).toMatch(
      /^The masks do not follow what the pictures show: laid elsewhere they would lie on edges just as/u,
    );
    isSentence(why);
  });

  it.each([0.59, 0.7, 1])('but not those that follow something: %d', (rank) => {
    expect(said(images(16, { edgeRank: () => rank }))).toBeNull();
  });

  it('objects of which none has a mask', () => {
    const samples = (i: number) => [sampleOf(i + 1, 'cat', [{ ...objectOf(square(8)), mask: null }])];
    const why = said(images(16, { samples }));
    expect(why).toBe('No object has a mask, and boxes alone teach no outline; draw or accept some masks.');
  });

  it('one label and nothing that is said to be absent', () => {
    const samples = (i: number) => [sampleOf(i + 1, 'cat', [objectOf(square(8))])];
    const why = said(images(16, { samples }));
    expect(why).toMatch(
      /^Everything that is measured on is “cat”, so nobody could say what else the model loses; label/u,
    );
    isSentence(why);
    const withAbsent = (i: number) => [...samples(i), sampleOf(i + 1, 'dog', [])];
    expect(said(images(16, { samples: withAbsent }))).toBeNull();
  });
});
