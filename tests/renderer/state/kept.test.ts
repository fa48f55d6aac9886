import { describe, expect, it } from 'vitest';
import { freeColour } from '../../../main/contract/colours.ts';
import { changed, deleted } from '../../../main/contract/diff.ts';
import type { Label, Shape, StoredPrompt } from '../../../main/contract/project.ts';
import { packMask } from '../../../main/contract/project.ts';
import {
  acceptance,
  boxCorrected,
  diffOf,
  type Keeping,
  keptOf,
  maskToEdit,
  nothingMatches,
  reasoningSet,
  shapeIsAnswer,
  verdictSet,
  withVerdicts,
} from '../../../renderer/state/kept.ts';
import { type Held, withDiff } from '../../../renderer/state/records.ts';
import type { OpenImage } from '../../../renderer/state/workbench.ts';
import { block } from '../block.ts';
import { proposed } from '../proposed.ts';

const box = { x1: 2, y1: 3, x2: 12, y2: 13 };
const prompt: StoredPrompt = { id: 800, imageId: 1, text: 'the red car', points: [], box: null, kept: null };
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

const keeping = (also: Partial<Keeping> = {}): Keeping => ({
  ...{ open: openWith(), prompt, proposal: proposed(box), labels: new Map([[label.id, label]]), labelId: null },
  ...{ freeIds: [1001, 1002], ...also },
});

/** The records after a diff that was built on them, with the prompt as it is then. */
function made(from: Keeping, diff: ReturnType<typeof diffOf>) {
  const held: Held = withDiff({ labels: from.labels, open: from.open }, withVerdicts(diff, from.open));
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
    expect(done.prompt.kept).toEqual({
      proposalId: 900,
      found: 'object',
      reasoning: { text: '1 red car [56, 56, 112, 112]. The car.', verdict: 'right' },
      box: { value: box, verdict: 'right' },
      mask: { shapeId: 1001, verdict: 'right' },
    });
  });

  it('gives the label that the answer names, made where there is none', () => {
    const first = made(keeping(), acceptance(keeping()));
    expect(first.labels.get(1002)).toMatchObject({ name: 'car', digit: '2', colour: freeColour([label.colour]) });
    expect(first.open.shapes.get(1001)?.labelId).toBe(1002);
    const known = keeping({ labels: new Map([[5, { ...label, name: 'CAR' }]]) });
    expect(made(known, acceptance(known)).open.shapes.get(1001)?.labelId).toBe(5);
    const silent = keeping({ labelId: 5, proposal: proposed(box, { answer: { text: '', reasoning: '', box } }) });
    expect(made(silent, acceptance(silent)).open.shapes.get(1001)?.labelId).toBe(5);
  });

  it('does not take the label of shapes that nobody named for a choice', () => {
    const labels = new Map([[5, { ...label, name: 'object' }]]);
    const from = keeping({ labels, labelId: 5 });
    expect(made(from, acceptance(from)).labels.get(1002)?.name).toBe('car');
    const silent = keeping({
      labels,
      labelId: 5,
      proposal: proposed(box, { answer: { text: '', reasoning: '', box } }),
    });
    expect(made(silent, acceptance(silent)).open.shapes.get(1001)?.labelId).toBe(5);
  });

  it('keeps what was said of a part before', () => {
    const judged = made(keeping(), verdictSet(prompt, proposed(box), 'reasoning', 'wrong')).again;
    const { kept } = made(judged, acceptance(judged)).prompt;
    expect([kept?.reasoning.verdict, kept?.box.verdict, kept?.mask.verdict]).toEqual(['wrong', 'right', 'right']);
  });

  it('a second time changes nothing', () => {
    const { again } = made(keeping(), acceptance(keeping()));
    expect(acceptance(again).changes).toEqual([]);
  });

  it('of another candidate takes the first one’s shape away', () => {
    const { again } = made(keeping(), acceptance(keeping()));
    const other = { ...again, proposal: proposed(box, { id: 901 }), freeIds: [1003, 1004] as const };
    const done = made(again, acceptance({ ...other, freeIds: [1003, 1004] }));
    expect([...done.open.shapes.keys()]).toEqual([1003]);
    expect(done.prompt.kept?.proposalId).toBe(901);
  });

  it('that found nothing keeps the word that there is nothing', () => {
    const none = keeping({ proposal: proposed(null) });
    const done = made(none, acceptance(none));
    expect(done.open.shapes.size).toBe(0);
    expect(done.prompt.kept).toMatchObject({ found: 'nothing', box: { value: null, verdict: 'right' } });
  });
});

describe('correcting an answer', () => {
  it('in its words counts as corrected, until the model’s own words stand there again', () => {
    const other = made(keeping(), reasoningSet(prompt, proposed(box), 'It is left of the bus.'));
    expect(other.prompt.kept?.reasoning).toEqual({ text: 'It is left of the bus.', verdict: 'corrected' });
    const own = proposed(box).answer.reasoning;
    const back = made(other.again, reasoningSet(other.prompt, proposed(box), own));
    expect(back.prompt.kept?.reasoning.verdict).toBeNull();
  });

  it('by another box moves the shape and its mask with it', () => {
    const next = { x1: 20, y1: 5, x2: 30, y2: 15 };
    const mask = packMask(block(next));
    const fresh = made(keeping(), boxCorrected(keeping(), next, mask));
    expect(fresh.open.shapes.get(1001)).toMatchObject({ box: next, mask });
    expect(fresh.prompt.kept).toMatchObject({
      box: { value: next, verdict: 'corrected' },
      mask: { shapeId: 1001, verdict: 'corrected' },
      reasoning: { verdict: null },
    });
    const again = made(fresh.again, boxCorrected(fresh.again, box, packMask(block(box))));
    expect([...again.open.shapes.values()]).toMatchObject([{ id: 1001, box }]);
  });

  it('of nothing by a box makes an object of it', () => {
    const none = keeping({ proposal: proposed(null) });
    expect(made(none, boxCorrected(none, box, null)).prompt.kept).toMatchObject({ found: 'object' });
  });

  it('by a tool turns the verdict on the mask, and no other', () => {
    const start = maskToEdit(keeping());
    if (!start) throw new Error('there is a mask');
    const opened = made(keeping(), start.diff);
    expect(opened.prompt.kept?.mask).toEqual({ shapeId: 1001, verdict: null });
    const shape = opened.open.shapes.get(1001);
    if (!shape) throw new Error('there is a shape');
    const painted = changed('shape', shape, { mask: packMask(block({ ...box, x2: 14 })) });
    const done = made(opened.again, diffOf('Paint', painted));
    expect(done.prompt.kept?.mask.verdict).toBe('corrected');
    expect(done.prompt.kept?.box.verdict).toBeNull();
    const hidden = made(opened.again, diffOf('Hide', changed('shape', shape, { hidden: true })));
    expect(hidden.prompt.kept?.mask.verdict).toBeNull();
    const gone = made(opened.again, diffOf('Delete', deleted('shape', shape)));
    expect(gone.prompt.kept?.mask).toEqual({ shapeId: null, verdict: 'wrong' });
  });

  it('to nothing takes the shape away', () => {
    const { again, open, prompt: now } = made(keeping(), acceptance(keeping()));
    const done = made(again, nothingMatches(open, now, proposed(box)));
    expect(done.open.shapes.size).toBe(0);
    expect(done.prompt.kept).toMatchObject({
      found: 'nothing',
      box: { value: null, verdict: 'corrected' },
      mask: { shapeId: null, verdict: 'corrected' },
    });
  });

  it('by a shape that was drawn needs no answer at all', () => {
    const shape: Shape = {
      ...{ id: 7, imageId: 1, labelId: 5, mask: null, box, attributes: {}, crowd: false, hidden: false, locked: false },
      ...{ place: 1, origin: { kind: 'drawn' } },
    };
    const from = keeping({ open: openWith(shape) });
    const done = made(from, shapeIsAnswer(prompt, null, shape));
    expect(done.prompt.kept).toMatchObject({
      proposalId: null,
      found: 'object',
      mask: { shapeId: 7, verdict: 'corrected' },
    });
    expect(keptOf(done.prompt, null)).toBe(done.prompt.kept);
  });
});
