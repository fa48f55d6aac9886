import { describe, expect, it } from 'vitest';
import { freeColour } from '../../../main/contract/colours.ts';
import { correctionOf, isAccepted, withVerdicts } from '../../../main/contract/correction.ts';
import { changed, deleted } from '../../../main/contract/diff.ts';
import type { Label, Shape, StoredPrompt } from '../../../main/contract/project.ts';
import { packMask } from '../../../main/contract/project.ts';
import {
  acceptance,
  boxCorrected,
  diffOf,
  maskToEdit,
  nothingMatches,
  type ReviewWithIds,
  reasoningSet,
  shapeIsAnswer,
  verdictSet,
} from '../../../renderer/state/corrections.ts';
import { type OpenRecords, standingOn, withDiff } from '../../../renderer/state/records.ts';
import type { OpenImage } from '../../../renderer/state/workbench.ts';
import { block } from '../block.ts';
import { proposed } from '../proposed.ts';

const box = { x1: 2, y1: 3, x2: 12, y2: 13 };
const prompt: StoredPrompt = { id: 800, imageId: 1, text: 'the red car', points: [], box: null, correction: null };
const label: Label = { id: 5, name: 'Bus', colour: '#e69f00', digit: '1', attributes: [], place: 1 };
const image = { id: 1, path: 'a.png', hash: 'h', width: 40, height: 30, state: 'present', problem: null } as const;

function openWith(...shapes: Shape[]): OpenImage {
  return {
    image,
    review: { id: 1, status: 'unreviewed', note: '' },
    shapes: new Map(shapes.map((shape) => [shape.id, shape])),
    prompts: new Map([[prompt.id, prompt]]),
    proposals: new Map([[900, proposed(box)]]),
  };
}

const keeping = (also: Partial<ReviewWithIds> = {}): ReviewWithIds => {
  const { proposal = proposed(box) } = also;
  const open = { ...openWith(), proposals: new Map([[proposal.id, proposal]]) };
  return {
    ...{ open, prompt, proposal, labels: new Map([[label.id, label]]), labelId: null },
    ...{ freeIds: [1001, 1002], ...also },
  };
};

/** The records after a diff that was built on them, with the prompt as it is then. */
function made(from: ReviewWithIds, diff: ReturnType<typeof diffOf> | null) {
  if (diff === null) throw new Error('there is nothing to do');
  const first = withDiff({ labels: from.labels, open: from.open }, diff);
  const turned = first.open ? withVerdicts(diff, first.open.prompts.values(), standingOn(first.open)) : diff;
  const held: OpenRecords = withDiff({ labels: from.labels, open: from.open }, turned);
  const open = held.open;
  const now = open?.prompts.get(prompt.id);
  if (!open || !now) throw new Error('nothing is open');
  return { ...held, open, prompt: now, again: keeping({ open, prompt: now, labels: held.labels }) };
}

describe('accepting an answer', () => {
  it('makes a shape of it that says where it came from, and counts untouched parts as right', () => {
    const done = made(keeping(), acceptance(keeping()));
    const shape = done.open.shapes.get(1001);
    expect(shape).toMatchObject({
      box,
      mask: packMask(block(box)),
      origin: { kind: 'proposal', proposalId: 900, weights: 'weights/loupe-nano' },
    });
    expect(done.prompt.correction).toEqual({
      proposalId: 900,
      found: { value: 'objects', verdict: 'right' },
      reasoning: { text: '1 red car [56, 56, 112, 112]. The car.', verdict: 'right' },
      objects: [{ index: 0, box: { value: box, verdict: 'right' }, mask: { shapeId: 1001, verdict: 'right' } }],
    });
  });

  it('gives the label that the answer names, made where there is none', () => {
    const first = made(keeping(), acceptance(keeping()));
    expect(first.labels.get(1002)).toMatchObject({ name: 'car', digit: '2', colour: freeColour([label.colour]) });
    expect(first.open.shapes.get(1001)?.labelId).toBe(1002);
    const known = keeping({ labels: new Map([[5, { ...label, name: 'CAR' }]]) });
    expect(made(known, acceptance(known)).open.shapes.get(1001)?.labelId).toBe(5);
    const silent = keeping({ labelId: 5, proposal: proposed(box, { objects: [{ box, mask: packMask(block(box)) }] }) });
    expect(made(silent, acceptance(silent)).open.shapes.get(1001)?.labelId).toBe(5);
  });

  it('does not take the label of shapes that nobody named for a choice', () => {
    const labels = new Map([[5, { ...label, name: 'object' }]]);
    const from = keeping({ labels, labelId: 5 });
    expect(made(from, acceptance(from)).labels.get(1002)?.name).toBe('car');
    const silent = keeping({
      labels,
      labelId: 5,
      proposal: proposed(box, { objects: [{ box, mask: packMask(block(box)) }] }),
    });
    expect(made(silent, acceptance(silent)).open.shapes.get(1001)?.labelId).toBe(5);
  });

  it('keeps what was said of a part before', () => {
    const judged = made(keeping(), verdictSet(keeping(), 'reasoning', 0, 'wrong')).again;
    const { correction } = made(judged, acceptance(judged)).prompt;
    expect(correction).toMatchObject({
      reasoning: { verdict: 'wrong' },
      objects: [{ box: { verdict: 'right' }, mask: { verdict: 'right' } }],
    });
  });

  it('a second time changes nothing', () => {
    const { again } = made(keeping(), acceptance(keeping()));
    expect(acceptance(again)?.changes).toEqual([]);
  });

  it('of another candidate takes the first one’s shape away', () => {
    const { again } = made(keeping(), acceptance(keeping()));
    const other = { ...again, proposal: proposed(box, { id: 901 }), freeIds: [1003, 1004] };
    const done = made(again, acceptance({ ...other, freeIds: [1003, 1004] }));
    expect([...done.open.shapes.keys()]).toEqual([1003]);
    expect(done.prompt.correction?.proposalId).toBe(901);
  });

  it('that found nothing keeps the word that there is nothing', () => {
    const none = keeping({ proposal: proposed(null) });
    const done = made(none, acceptance(none));
    expect(done.open.shapes.size).toBe(0);
    expect(done.prompt.correction).toMatchObject({ found: { value: 'nothing', verdict: 'right' }, objects: [] });
    expect(done.prompt.correction && isAccepted(done.prompt.correction)).toBe(true);
  });

  it('whose mask was judged wrong makes no shape of it', () => {
    const wrong = made(keeping(), verdictSet(keeping(), 'mask', 0, 'wrong')).again;
    expect(acceptance(wrong)).toBeNull();
    expect(wrong.prompt.correction && isAccepted(wrong.prompt.correction)).toBe(false);
  });

  it('is more than three words: they make no shape and do not count as accepted', () => {
    let now = keeping();
    for (const part of ['reasoning', 'box', 'mask'] as const) now = made(now, verdictSet(now, part, 0, 'right')).again;
    const { correction } = now.prompt;
    expect(correction).toMatchObject({ found: { verdict: 'right' }, objects: [{ mask: { shapeId: null } }] });
    expect(correction && isAccepted(correction)).toBe(false);
    const done = made(now, acceptance(now));
    expect(done.open.shapes.size).toBe(1);
    expect(done.prompt.correction && isAccepted(done.prompt.correction)).toBe(true);
  });
});

describe('an answer of several objects', () => {
  const second = { x1: 22, y1: 3, x2: 32, y2: 13 };
  const third = { x1: 2, y1: 20, x2: 12, y2: 29 };
  const objects = [
    { box, label: 'car', mask: packMask(block(box)) },
    { box: second, label: 'car', mask: packMask(block(second)) },
    { box: third, label: 'van', mask: packMask(block(third)) },
  ];
  const three = (also: Partial<ReviewWithIds> = {}) => {
    const proposal = proposed(box, { objects });
    const open = { ...openWith(), proposals: new Map([[900, proposal]]) };
    return keeping({ open, proposal, freeIds: [1001, 1002, 1003, 1004, 1005, 1006], ...also });
  };
  const remade = (from: ReviewWithIds, { open, prompt: now, labels }: ReturnType<typeof made>) =>
    ({ ...from, open, prompt: now, labels, freeIds: [2001, 2002, 2003, 2004] }) satisfies ReviewWithIds;

  it('is accepted whole: a shape for each, and a label for each name', () => {
    const done = made(three(), acceptance(three()));
    expect([...done.open.shapes.values()].map((shape) => [shape.box, done.labels.get(shape.labelId)?.name])).toEqual([
      [box, 'car'],
      [second, 'car'],
      [third, 'van'],
    ]);
    expect(new Set([...done.open.shapes.values()].map(({ place }) => place)).size).toBe(3);
    expect(done.prompt.correction && isAccepted(done.prompt.correction)).toBe(true);
  });

  it('is accepted one by one; with the last the list is judged', () => {
    const first = made(three(), acceptance(three(), 1));
    expect(first.open.shapes.size).toBe(1);
    expect(first.prompt.correction).toMatchObject({
      found: { verdict: null },
      reasoning: { verdict: null },
      objects: [{ mask: { shapeId: null } }, { mask: { verdict: 'right' } }, { mask: { shapeId: null } }],
    });
    let now = remade(three(), first);
    for (const at of [0, 2])
      now = { ...remade(three(), made(now, acceptance(now, at))), freeIds: [3001 + at, 3002 + at] };
    expect(now.prompt.correction?.found.verdict).toBe('right');
    expect(now.open.shapes.size).toBe(3);
  });

  it('leaves out what was judged wrong, and takes back a shape that is judged wrong later', () => {
    const wrong = remade(three(), made(three(), verdictSet(three(), 'mask', 1, 'wrong')));
    const done = made(wrong, acceptance(wrong));
    expect([...done.open.shapes.values()].map((shape) => shape.box)).toEqual([box, third]);
    expect(done.prompt.correction?.found.verdict).toBe('corrected');
    const later = remade(three(), done);
    const gone = made(later, verdictSet(later, 'mask', 0, 'wrong'));
    expect([...gone.open.shapes.values()].map((shape) => shape.box)).toEqual([third]);
    expect(gone.prompt.correction?.objects[0]?.mask).toEqual({ shapeId: null, verdict: 'wrong' });
  });

  it('is corrected where one was missed, by a shape that a person drew', () => {
    const shape: Shape = {
      ...{ id: 7, imageId: 1, labelId: 5, mask: null, box: { ...second, y1: 20, y2: 28 }, attributes: {} },
      ...{ crowd: false, hidden: false, locked: false, place: 1, origin: { kind: 'drawn' } },
    };
    const open = { ...three().open, shapes: new Map([[7, shape]]) };
    const more = made(three({ open }), shapeIsAnswer(three({ open }), 0, shape, true));
    expect(more.prompt.correction?.objects.map(({ index }) => index)).toEqual([0, 1, 2, null]);
    const now = { ...remade(three(), more), freeIds: [1001, 1002, 1003, 1004, 1005, 1006] };
    const done = made(now, acceptance(now));
    expect([done.open.shapes.size, done.prompt.correction?.found.verdict]).toEqual([4, 'corrected']);
    const none = remade(three(), done);
    // What a person drew is theirs, whatever becomes of the answer.
    expect([...made(none, nothingMatches(none)).open.shapes.keys()]).toEqual([7]);
  });
});

describe('correcting an answer', () => {
  it('in its words counts as corrected, until the model’s own words stand there again', () => {
    const other = made(keeping(), reasoningSet(keeping(), 'It is left of the bus [10, 8, 20, 15].'));
    // Words are in picture pixels on screen, and in the model's frame in the record.
    const text = 'It is left of the bus [56, 56, 112, 112].';
    expect(other.prompt.correction?.reasoning).toEqual({ text, verdict: 'corrected' });
    const back = made(other.again, reasoningSet(other.again, '1 red car [10, 8, 20, 15]. The car.'));
    expect(back.prompt.correction?.reasoning).toEqual({ text: proposed(box).answer.reasoning, verdict: null });
  });

  it('by another box moves the shape and its mask with it', () => {
    const next = { x1: 20, y1: 5, x2: 30, y2: 15 };
    const mask = packMask(block(next));
    const fresh = made(keeping(), boxCorrected(keeping(), 0, { box: next, mask }));
    expect(fresh.open.shapes.get(1001)).toMatchObject({ box: next, mask });
    expect(fresh.prompt.correction).toMatchObject({
      objects: [{ box: { value: next, verdict: 'corrected' }, mask: { shapeId: 1001, verdict: 'corrected' } }],
      reasoning: { verdict: null },
    });
    const again = made(fresh.again, boxCorrected(fresh.again, 0, { box, mask: packMask(block(box)) }));
    expect([...again.open.shapes.values()]).toMatchObject([{ id: 1001, box }]);
    // What stands is what was proposed again: nothing is corrected about it.
    expect(again.prompt.correction?.objects).toMatchObject([{ box: { verdict: 'right' }, mask: { verdict: 'right' } }]);
  });

  it('of nothing by a box makes an object of it', () => {
    const none = keeping({ proposal: proposed(null) });
    expect(made(none, boxCorrected(none, 0, { box, mask: null })).prompt.correction).toMatchObject({
      found: { value: 'objects' },
      objects: [{ index: null }],
    });
  });

  it('by a tool turns the verdict on the mask, and no other', () => {
    const start = maskToEdit(keeping(), 0);
    if (!start) throw new Error('there is a mask');
    const opened = made(keeping(), start.diff);
    expect(opened.prompt.correction?.objects[0]?.mask).toEqual({ shapeId: 1001, verdict: null });
    const shape = opened.open.shapes.get(1001);
    if (!shape) throw new Error('there is a shape');
    const painted = changed('shape', shape, { mask: packMask(block({ ...box, x2: 14 })) });
    const done = made(opened.again, diffOf('Paint', painted));
    expect(done.prompt.correction?.objects[0]?.mask.verdict).toBe('corrected');
    expect(done.prompt.correction?.objects[0]?.box.verdict).toBeNull();
    const hidden = made(opened.again, diffOf('Hide', changed('shape', shape, { hidden: true })));
    expect(hidden.prompt.correction?.objects[0]?.mask.verdict).toBeNull();
    const gone = made(opened.again, diffOf('Delete', deleted('shape', shape)));
    expect(gone.prompt.correction?.objects[0]?.mask).toEqual({ shapeId: null, verdict: 'wrong' });
  });

  it('to nothing takes the shape away', () => {
    const { again } = made(keeping(), acceptance(keeping()));
    const done = made(again, nothingMatches(again));
    expect(done.open.shapes.size).toBe(0);
    expect(done.prompt.correction).toMatchObject({ found: { value: 'nothing', verdict: 'corrected' }, objects: [] });
  });

  it('by a shape that was drawn needs no answer at all', () => {
    const shape: Shape = {
      ...{ id: 7, imageId: 1, labelId: 5, mask: null, box, attributes: {}, crowd: false, hidden: false, locked: false },
      ...{ place: 1, origin: { kind: 'drawn' } },
    };
    const from = keeping({ open: openWith(shape) });
    const done = made(from, shapeIsAnswer({ prompt, proposal: null }, 0, shape));
    expect(done.prompt.correction).toMatchObject({
      proposalId: null,
      found: { value: 'objects' },
      objects: [{ index: null, mask: { shapeId: 7, verdict: 'corrected' } }],
    });
    expect(correctionOf(done.prompt, null)).toBe(done.prompt.correction);
  });
});
