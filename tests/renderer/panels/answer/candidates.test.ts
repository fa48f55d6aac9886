import { describe, expect, it } from 'vitest';
import { packMask } from '../../../../main/contract/project.ts';
import { Candidates } from '../../../../renderer/panels/answer/Candidates.tsx';
import { block } from '../../block.ts';
import { wordsOf } from '../../printed.ts';
import { proposed } from '../../proposed.ts';
import { picture } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { controlsIn, namesOf } from '../markup.ts';

const box = { x1: 2, y1: 3, x2: 12, y2: 13 };
const other = { x1: 22, y1: 3, x2: 32, y2: 13 };

const beside = (candidates: ReturnType<typeof proposed>[], current: number | null = null, image = picture()) =>
  laidOpen(Candidates, {}, { image, candidates, current });

describe('candidates', () => {
  it('are named by number, by what they found, and why one of them is the choice', () => {
    const markup = beside([
      proposed(box, { id: 1, chosen: false }),
      proposed(null, { id: 2, chosen: false }),
      proposed(box, { id: 3, chosen: true }),
      proposed(null, { id: 4, chosen: false, found: 'unreadable' }),
    ]);
    expect(namesOf(markup, 'button')).toEqual([
      'Candidate 1: Found',
      'Candidate 2: Nothing matches',
      'Candidate 3: Found, the choice, 1 of 3 others agree with it',
      'Candidate 4: The answer cannot be read',
    ]);
    expect(wordsOf(markup)).toContain('4 candidates');
  });

  it.each([
    [1, ['true', 'false']],
    [2, ['false', 'true']],
    [7, ['false', 'false']],
    [null, ['false', 'false']],
  ])('with %j in review are pressed %j', (current, expected) => {
    const markup = beside([proposed(box, { id: 1 }), proposed(box, { id: 2 })], current);
    expect(controlsIn(markup).map(({ attributes }) => attributes['aria-pressed'])).toEqual(expected);
  });

  it.each([
    ['are one', [box, box], '100 %'],
    ['have nothing in common', [box, other], '0 %'],
    // Two of the three pairs have nothing in common.
    ['are one but for a third', [box, box, other], '33 %'],
    // Half of one lies on half of the other: 50 of 150 pixels.
    ['share a half', [box, { ...box, x1: 7, x2: 17 }], '33 %'],
  ])('whose masks %s: agreement', (_title, boxes, share) => {
    expect(wordsOf(beside(boxes.map((one, i) => proposed(one, { id: i + 1 }))))).toContain(`agree to ${share}`);
  });

  it('without two masks do not agree to anything', () => {
    const words = wordsOf(beside([proposed(box, { id: 1 }), proposed(null, { id: 2 })]));
    expect(words).not.toContain('agree');
  });

  it('that found something show their part of the picture, the others a sign', () => {
    const markup = beside([proposed(box, { id: 1 }), proposed(null, { id: 2 })]);
    expect(markup.match(/<canvas/gu)).toHaveLength(1);
    expect(markup.match(/mask-thumb empty/gu)).toHaveLength(1);
  });
});

describe('the small picture of a candidate', () => {
  const styleOf = (markup: string) => /class="mask-thumb" style="([^"]*)"/u.exec(markup)?.[1] ?? '';
  const pixels = (style: string, what: string) =>
    new RegExp(`background-${what}:(-?[\\d.]+)px (-?[\\d.]+)px`, 'u').exec(style)?.slice(1).map(Number);

  it('has the box in its middle, where the image reaches far enough', () => {
    const image = picture({ width: 400, height: 300 });
    const middle = { x1: 180, y1: 120, x2: 220, y2: 180 };
    const mask = packMask(block(middle, 400, 300));
    const style = styleOf(beside([proposed(middle, { objects: [{ box: middle, mask }] })], null, image));
    const [width = 0, height = 0] = pixels(style, 'size') ?? [];
    const [left = 0, top = 0] = pixels(style, 'position') ?? [];
    const scale = width / 400;
    expect(height / 300).toBeCloseTo(scale, 9);
    // 64 x 48 screen pixels, the middle of the box at 200, 150.
    expect(left + 200 * scale).toBeCloseTo(32, 6);
    expect(top + 150 * scale).toBeCloseTo(24, 6);
  });

  it('never shows what is beyond the edge of the image', () => {
    const image = picture({ width: 400, height: 300 });
    const corner = { x1: 0, y1: 0, x2: 30, y2: 30 };
    const objects = [{ box: corner, mask: packMask(block(corner, 400, 300)) }];
    const style = styleOf(beside([proposed(corner, { objects })], null, image));
    expect(pixels(style, 'position')).toEqual([0, 0].map((value) => expect.closeTo(value, 9)));
  });

  it('has the picture behind the mask, which the host reads when it is asked for if nobody opened it before', () => {
    const address = (image: ReturnType<typeof picture>) =>
      /background-image:url\(&quot;(.*?)&quot;\)/u.exec(styleOf(beside([proposed(box)], null, image)))?.[1];
    expect(address(picture({ hash: null }))).toBe('/images/1/thumbnail?v=0');
    expect(address(picture())).toMatch(/^\/images\/1\/(?:thumbnail|picture)\?v=/u);
  });
});
