// Which answer is in review, and what events make of a window, in whatever order they come.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerEvent } from '../../../main/contract/api.ts';
import type { StoredPrompt } from '../../../main/contract/project.ts';
import { candidatesOf, inReview, withAnswerEvent } from '../../../renderer/state/answers.ts';
import { openedImage } from '../../../renderer/state/records.ts';
import { emptyWorkbench, type Workbench } from '../../../renderer/state/workbench.ts';
import { candidate, detail } from '../scripted.ts';

const asked = (id: number): StoredPrompt => ({
  id,
  imageId: 1,
  text: `prompt ${id}`,
  points: [],
  box: null,
  correction: null,
});
const prompts = [asked(50), asked(51)];

const windowOn = (proposals: ReturnType<typeof candidate>[], more: Partial<Workbench> = {}): Workbench => ({
  ...emptyWorkbench,
  open: openedImage(detail(1, { prompts, proposals })),
  ...more,
});

/** The window after all of them. */
function having(state: Workbench, events: readonly AnswerEvent[]): Workbench {
  let now = state;
  for (const event of events) now = { ...now, ...withAnswerEvent(now, event) };
  return now;
}

describe('in review', () => {
  it('is nothing without an image, a prompt, or where they are gone', () => {
    expect(inReview(emptyWorkbench)).toEqual({ prompt: null, proposal: null });
    expect(inReview({ ...emptyWorkbench, promptId: 50, proposalId: 60 })).toEqual({ prompt: null, proposal: null });
    expect(inReview(windowOn([], { promptId: 99, proposalId: 98 }))).toEqual({ prompt: null, proposal: null });
  });

  it('is a prompt alone until a candidate of it came', () => {
    const state = windowOn([], { promptId: 50 });
    expect(inReview(state)).toEqual({ prompt: prompts[0], proposal: null });
  });

  it('is no candidate of another prompt', () => {
    const state = windowOn([candidate(60, 50), candidate(61, 51)], { promptId: 50, proposalId: 61 });
    expect(inReview(state)).toEqual({ prompt: prompts[0], proposal: null });
    expect(inReview({ ...state, proposalId: 60 }).proposal?.id).toBe(60);
  });

  it('knows the candidates of each prompt, in the order in which they came', () => {
    const state = windowOn([candidate(62, 50), candidate(60, 51), candidate(61, 50)]);
    expect(candidatesOf(state, 50).map(({ id }) => id)).toEqual([62, 61]);
    expect(candidatesOf(state, 52)).toEqual([]);
    expect(candidatesOf(emptyWorkbench, 50)).toEqual([]);
  });
});

describe('pieces of text', () => {
  const writing = { promptId: 50, texts: ['', '', ''], boxes: [[], [], []], frame: null };

  it('become the same texts whatever comes between them', () => {
    const piece = fc.record({ candidate: fc.nat(2), text: fc.string({ maxLength: 5 }) });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const events = pieces.map((one) => ({ kind: 'text', ...one }) as const);
        const { writing: written } = having(windowOn([], { writing }), events);
        const whole = [0, 1, 2].map((one) =>
          pieces
            .filter((part) => part.candidate === one)
            .map(({ text }) => text)
            .join(''),
        );
        expect(written?.texts).toEqual(whole);
        expect(written?.boxes).toEqual(writing.boxes);
      }),
    );
  });

  it('of a candidate that was not asked for change nothing', () => {
    const state = windowOn([], { writing });
    expect(having(state, [{ kind: 'text', candidate: 7, text: 'x' }]).writing).toEqual(writing);
    const box = { x1: 0, y1: 0, x2: 1, y2: 1 };
    expect(having(state, [{ kind: 'box', candidate: -1, box }]).writing).toEqual(writing);
  });

  it('after the answer was stopped change nothing', () => {
    const state = windowOn([]);
    const box = { x1: 0, y1: 0, x2: 1, y2: 1 };
    const events = [
      { kind: 'text', candidate: 0, text: 'late' },
      { kind: 'box', candidate: 0, box },
      { kind: 'done', ms: 5, firstTokenMs: 1 },
    ] as const;
    expect(having(state, events)).toEqual(state);
  });
});

describe('candidates', () => {
  it('that are chosen make the others of their prompt not chosen, and leave those of other prompts', () => {
    const state = windowOn([candidate(60, 50), candidate(70, 51)], { promptId: 50, proposalId: 60 });
    const next = having(state, [{ kind: 'proposal', proposal: candidate(61, 50) }]);
    expect([...(next.open?.proposals.values() ?? [])].map(({ id, chosen }) => [id, chosen])).toEqual([
      [60, false],
      [70, true],
      [61, true],
    ]);
    expect(next.proposalId).toBe(61);
    expect(state.open?.proposals.get(60)?.chosen).toBe(true);
  });

  it('that are not chosen do not take the place of what is reviewed', () => {
    const state = windowOn([candidate(60, 50)], { promptId: 50, proposalId: 60 });
    const next = having(state, [{ kind: 'proposal', proposal: candidate(61, 50, { chosen: false }) }]);
    expect(next.proposalId).toBe(60);
    expect(next.open?.proposals.get(60)?.chosen).toBe(true);
  });

  it('of a prompt that is not in review are there, and nothing else changes', () => {
    const state = windowOn([], { promptId: 50, proposalId: null });
    const next = having(state, [{ kind: 'proposal', proposal: candidate(61, 51) }]);
    expect(next.proposalId).toBeNull();
    expect(candidatesOf(next, 51).map(({ id }) => id)).toEqual([61]);
  });

  it('leave at most one chosen in each group, whatever comes in whatever order', () => {
    const some = fc.record({
      id: fc.integer({ min: 60, max: 66 }),
      group: fc.constantFrom(50, 51),
      chosen: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 20 }), (all) => {
        const groupOf = new Map(all.map(({ id, group }) => [id, group]));
        const events = all.map(
          ({ id, chosen }) =>
            ({ kind: 'proposal', proposal: candidate(id, groupOf.get(id) ?? 50, { chosen }) }) as const,
        );
        const state = having(windowOn([], { promptId: 50 }), events);
        for (const { id } of prompts) {
          expect(candidatesOf(state, id).filter(({ chosen }) => chosen).length).toBeLessThanOrEqual(1);
        }
        const { proposal } = inReview(state);
        expect(proposal === null).toBe(candidatesOf(state, 50).length === 0);
      }),
    );
  });

  it('for an image that is not open any more are not kept', () => {
    const state = { ...emptyWorkbench, promptId: 50 };
    expect(having(state, [{ kind: 'proposal', proposal: candidate(61, 50) }])).toEqual(state);
  });
});
