// The rule for verdicts: what stands wins over words, in one pass, whatever the words are.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agreeing, isAccepted, type Standing, unjudged, verdictChanges } from '../../main/contract/correction.ts';
import type { Correction, Shape, StoredProposal, Verdict } from '../../main/contract/project.ts';
import { columnsMask, promptOf, proposalOf, shapeOf } from '../store/records.ts';

const [first, second] = [
  { box: { x1: 0, y1: 0, x2: 4, y2: 10 }, mask: columnsMask(4), label: 'frog' },
  { box: { x1: 0, y1: 0, x2: 8, y2: 10 }, mask: columnsMask(8) },
];
const proposal: StoredProposal = { ...proposalOf('objects'), id: 40, promptId: 30, objects: [first, second] };
const nothing: StoredProposal = { ...proposalOf('nothing'), id: 41, promptId: 30 };

const standing = (...shapes: Shape[]): Standing => ({
  shape: (id) => shapes.find((one) => one.id === id) ?? null,
  proposal: (id) => [proposal, nothing].find((one) => one.id === id) ?? null,
});

/** Both objects as offered: the first stands as shape 20, the second as 21. */
const kept = (also: Partial<Correction> = {}): Correction => ({
  proposalId: 40,
  found: { value: 'objects', verdict: 'right' },
  reasoning: { text: proposal.answer.reasoning, verdict: 'right' },
  objects: [first, second].map(({ box }, index) => ({
    index,
    box: { value: box, verdict: 'right' },
    mask: { shapeId: 20 + index, verdict: 'right' },
  })),
  ...also,
});
const stands = [shapeOf(20, 1, 5, columnsMask(4)), shapeOf(21, 1, 5, columnsMask(8))] as const;
const judged = (correction: Correction, ...shapes: Shape[]) => agreeing(correction, 1, standing(...shapes));
const masks = ({ objects }: Correction) => objects.map(({ mask }) => [mask.shapeId, mask.verdict]);

describe('what stands as it was proposed', () => {
  test('is right, whole and in its parts', () => {
    expect(judged(kept(), ...stands)).toEqual(kept());
    expect(isAccepted(kept())).toBe(true);
  });

  test('cannot have been corrected; not looked at stays not looked at', () => {
    const [own, other] = kept().objects;
    if (!own || !other) throw new Error('there are two');
    const said = (verdict: Verdict) => ({
      ...kept(),
      reasoning: { ...kept().reasoning, verdict },
      objects: [{ ...own, box: { ...own.box, verdict }, mask: { ...own.mask, verdict } }, other],
    });
    expect(judged(said('corrected'), ...stands)).toEqual(kept());
    const open = judged(said(null), ...stands);
    expect([open.reasoning.verdict, open.objects[0]?.box.verdict, open.objects[0]?.mask.verdict]).toEqual([
      null,
      null,
      null,
    ]);
    expect(isAccepted(open)).toBe(false);
  });
});

describe('a shape that changed', () => {
  const painted = { ...stands[0], mask: columnsMask(5), box: { x1: 0, y1: 0, x2: 5, y2: 10 } };

  test('corrects its mask and, near its place, not the box', () => {
    const after = judged(kept(), painted, stands[1]);
    expect(masks(after)).toEqual([
      [20, 'corrected'],
      [21, 'right'],
    ]);
    expect(after.objects[0]?.box.verdict).toBe('right');
    expect(isAccepted(after)).toBe(true);
  });

  test('far away says that the box was not right either', () => {
    const away = { ...painted, box: { x1: 12, y1: 0, x2: 20, y2: 10 } };
    expect(judged(kept(), away, stands[1]).objects[0]?.box).toEqual({ value: away.box, verdict: 'corrected' });
  });

  test('back to what was proposed is right again', () => {
    expect(judged(judged(kept(), painted, stands[1]), ...stands)).toEqual(kept());
  });

  test('of hidden, locked or another label turns nothing', () => {
    const other = { ...stands[0], hidden: true, locked: true, labelId: 6, place: 99 };
    expect(judged(kept(), other, stands[1])).toEqual(kept());
  });
});

describe('a shape that is gone, or on another image', () => {
  test('leaves no verdict that points nowhere: its mask was wrong, and the list too long', () => {
    const after = judged(kept(), stands[1]);
    expect(masks(after)).toEqual([
      [null, 'wrong'],
      [21, 'right'],
    ]);
    expect(after.found.verdict).toBe('corrected');
    expect(masks(judged(kept(), { ...stands[0], imageId: 2 }, stands[1]))[0]).toEqual([null, 'wrong']);
  });

  test('takes an object with it that only the person had found', () => {
    const box = { value: first.box, verdict: 'corrected' } as const;
    const own = { index: null, box, mask: { shapeId: 22, verdict: 'corrected' } } as const;
    const more = kept({ objects: [...kept().objects, own] });
    const found = judged(more, ...stands, shapeOf(22, 1, 5));
    expect([found.objects.length, found.found.verdict]).toEqual([3, 'corrected']);
    expect(judged(found, ...stands)).toEqual(kept());
  });

  test('of the only object that a person found leaves that there is nothing', () => {
    const box = { value: first.box, verdict: 'corrected' } as const;
    const alone = { index: null, box, mask: { shapeId: 22, verdict: 'corrected' } } as const;
    const correction = kept({ proposalId: 41, objects: [alone] });
    expect(judged(correction, shapeOf(22, 1, 5)).found).toEqual({ value: 'objects', verdict: 'corrected' });
    expect(judged(correction).found).toEqual({ value: 'nothing', verdict: 'right' });
  });
});

describe('accepted', () => {
  const verdicts = (...all: Verdict[]) =>
    kept({
      objects: kept().objects.map((object, i) => ({
        ...object,
        mask: { shapeId: all[i] === 'wrong' ? null : object.mask.shapeId, verdict: all[i] ?? null },
      })),
    });

  test('is not what only words call right: three of them make no shape', () => {
    const words = kept().objects.map((object) => ({ ...object, mask: { shapeId: null, verdict: 'right' as const } }));
    expect(judged(kept({ objects: words })).objects).toEqual(words);
    expect(isAccepted(kept({ objects: words }))).toBe(false);
  });

  test('is no mask that is judged wrong, though the others of its answer are', () => {
    expect(isAccepted(verdicts('wrong', 'wrong'))).toBe(false);
    expect(isAccepted(verdicts('right', 'wrong'))).toBe(true);
    expect(isAccepted(verdicts('right', null))).toBe(false);
  });

  test('is that there is nothing, once a person says so', () => {
    expect(isAccepted(unjudged(nothing))).toBe(false);
    const said = { ...unjudged(nothing), found: { value: 'nothing', verdict: 'right' } } as const;
    expect(isAccepted({ ...said, reasoning: { ...said.reasoning, verdict: 'right' } })).toBe(true);
    expect(isAccepted(said)).toBe(false);
  });
});

describe('whatever was said', () => {
  const verdict = fc.constantFrom<Verdict>(null, 'right', 'corrected', 'wrong');
  const box = fc.constantFrom(first.box, second.box, { x1: 15, y1: 0, x2: 20, y2: 5 });
  const object = fc.record({
    index: fc.constantFrom(0, 1, null),
    box: fc.record({ value: box, verdict }),
    mask: fc.record({ shapeId: fc.constantFrom(20, 21, 22, null), verdict }),
  });
  const correction: fc.Arbitrary<Correction> = fc.record({
    proposalId: fc.constantFrom(40, 41, 99, null),
    found: fc.record({ value: fc.constantFrom('objects' as const, 'nothing' as const), verdict }),
    reasoning: fc.record({ text: fc.constantFrom(proposal.answer.reasoning, 'else'), verdict }),
    objects: fc.array(object, { maxLength: 4 }),
  });
  const shapes = fc
    .subarray([20, 21, 22])
    .chain((ids) =>
      fc.tuple(
        ...ids.map((id) =>
          fc.tuple(fc.integer({ min: 1, max: 9 }), box).map(([columns, where]) => ({ id, columns, where })),
        ),
      ),
    );

  test('the rule settles in one pass and never points nowhere', () => {
    fc.assert(
      fc.property(correction, shapes, (said, some) => {
        const all = some.map(({ id, columns, where }) => ({ ...shapeOf(id, 1, 5, columnsMask(columns)), box: where }));
        const once = judged(said, ...all);
        expect(judged(once, ...all)).toEqual(once);
        for (const { mask } of once.objects) {
          if (mask.shapeId !== null) expect(all.some(({ id }) => id === mask.shapeId)).toBe(true);
          expect(mask.verdict === 'wrong' || mask.verdict === 'corrected').toBe(
            mask.verdict === 'wrong' ? mask.shapeId === null : mask.verdict === 'corrected',
          );
        }
      }),
    );
  });
});

test('changes name only prompts whose verdicts turn', () => {
  const [one, two] = [promptOf(30, 1, 'a'), promptOf(31, 1, 'b')].map((prompt) => ({ ...prompt, correction: kept() }));
  if (!one || !two) throw new Error('there are two');
  const moved = { ...two, imageId: 2 };
  const changes = verdictChanges([one, moved, promptOf(32, 1, 'c')], standing(...stands));
  expect(changes.map(({ id }) => id)).toEqual([31]);
  expect(changes[0]?.before).toEqual({ correction: kept() });
});
