// Makes the diff of what a person does to an answer (accept, correct, judge); verdicts follow by the contract's rule.

import { freeColour } from '../../main/contract/colours.ts';
import { correctionOf, unjudged } from '../../main/contract/correction.ts';
import { type Change, changed, created, type Diff, deleted } from '../../main/contract/diff.ts';
import type {
  CorrectedObject,
  Correction,
  FoundObject,
  Label,
  Shape,
  StoredPrompt,
  StoredProposal,
  Verdict,
} from '../../main/contract/project.ts';
import { inFrame } from '../../main/contract/reasoning.ts';
import type { Box } from '../../main/contract/records.ts';
import { cut } from '../../main/contract/text.ts';
import { digits, labelNamed, longestTyped, orderedLabels } from './labelEdits.ts';
import type { OpenImage } from './workbench.ts';

/** What is judged apart: `answer` is the list of objects as a whole. */
export type Part = 'reasoning' | 'answer' | 'box' | 'mask';

const settled = (verdict: Verdict): Verdict => verdict ?? 'right';

const isChange = (change: Change | null): change is Change => change !== null;

export const diffOf = (title: string, ...changes: (Change | null)[]): Diff => ({
  title,
  changes: changes.filter(isChange),
});

/** An answer in review. */
export interface InReview {
  readonly open: OpenImage;
  readonly prompt: StoredPrompt;
  readonly proposal: StoredProposal | null;
}

/** The review with ids that may be used up in making shapes and labels of it: two for each object, and two more. */
export interface ReviewWithIds extends InReview {
  readonly proposal: StoredProposal;
  readonly labels: ReadonlyMap<number, Label>;
  /** The label that is set for new shapes. */
  readonly labelId: number | null;
  readonly freeIds: readonly number[];
}

const standing = ({ prompt, proposal }: ReviewWithIds): Correction =>
  correctionOf(prompt, proposal) ?? unjudged(proposal);

/**
 * Every object becomes a shape, or with `only` that one; or it stays the word that there is nothing. What nobody touched is
 * right; what was judged wrong makes no shape. Null where all of it was judged wrong: then there is nothing to accept.
 */
export function acceptance(keeping: ReviewWithIds, only?: number): Diff | null {
  const before = standing(keeping);
  if (before.found.value === 'nothing') {
    return diffOf('Accept that nothing matches', ...correctedTo(keeping, wholeSettled(before)));
  }
  const maker = new ShapeMaker(keeping);
  const objects = before.objects.map((object, at) => {
    if (object.mask.verdict === 'wrong' || (only !== undefined && only !== at)) return object;
    const shapeId = object.mask.shapeId ?? maker.make(object, {}).id;
    const { box, mask } = object;
    return {
      ...object,
      box: { ...box, verdict: settled(box.verdict) },
      mask: { shapeId, verdict: settled(mask.verdict) },
    };
  });
  if (objects.every(({ mask }) => mask.shapeId === null)) return null;
  const next = only === undefined ? wholeSettled({ ...before, objects }) : listSettled({ ...before, objects });
  const title = only === undefined ? 'Accept the answer' : 'Accept the object';
  return diffOf(title, ...maker.changes, ...correctedTo(keeping, next));
}

const wholeSettled = (correction: Correction): Correction => ({
  ...correction,
  found: { ...correction.found, verdict: settled(correction.found.verdict) },
  reasoning: { ...correction.reasoning, verdict: settled(correction.reasoning.verdict) },
});

/** The list counts as judged once each of its objects was. */
function listSettled(correction: Correction): Correction {
  const { found, objects } = correction;
  const isJudged = objects.every(({ box, mask }) => mask.verdict === 'wrong' || (box.verdict && mask.verdict));
  if (found.verdict !== null || objects.length === 0 || !isJudged) return correction;
  return { ...correction, found: { ...found, verdict: 'right' } };
}

/** The mask of an object as a shape that tools can change, with nothing judged yet. */
export function maskToEdit(keeping: ReviewWithIds, at: number): { diff: Diff; shapeId: number } | null {
  const before = standing(keeping);
  const object = before.objects[at];
  if (!object) return null;
  if (object.mask.shapeId !== null) return { diff: diffOf('Edit the mask'), shapeId: object.mask.shapeId };
  const maker = new ShapeMaker(keeping);
  const { id } = maker.make(object, {});
  const next = withObject(before, at, { ...object, mask: { shapeId: id, verdict: null } });
  return { diff: diffOf('Edit the mask', ...maker.changes, ...correctedTo(keeping, next)), shapeId: id };
}

/** Gives the object another box; `mask` is the segmenter's for it, null where there is none. */
export function boxCorrected(keeping: ReviewWithIds, at: number, { box, mask }: Pick<Shape, 'box' | 'mask'>): Diff {
  const before = standing(keeping);
  const object = before.objects[at] ?? newObject(box);
  const old = object.mask.shapeId === null ? undefined : keeping.open.shapes.get(object.mask.shapeId);
  const maker = new ShapeMaker(keeping);
  const shapeId = old?.id ?? maker.make(object, { box, mask }).id;
  const next = withObject(before, at, {
    ...object,
    box: { value: box, verdict: 'corrected' },
    mask: { shapeId, verdict: 'corrected' },
  });
  const moved = old ? changed('shape', old, { box, mask: mask ?? old.mask }) : null;
  return diffOf('Correct the box', moved, ...maker.changes, ...correctedTo(keeping, next));
}

const newObject = (value: Box): CorrectedObject => ({
  index: null,
  box: { value, verdict: 'corrected' },
  mask: { shapeId: null, verdict: null },
});

/** Puts the object in its place, or adds it where there is none. */
const withObject = (correction: Correction, at: number, object: CorrectedObject): Correction => ({
  ...correction,
  found: { ...correction.found, value: 'objects' },
  objects: at < correction.objects.length ? correction.objects.with(at, object) : [...correction.objects, object],
});

/** A shape that a person drew is what should have been found: in place of the object, or `also`, as one that was missed. */
export function shapeIsAnswer(
  { prompt, proposal }: Omit<InReview, 'open'>,
  at: number,
  shape: Shape,
  also = false,
): Diff {
  const before = correctionOf(prompt, proposal) ?? nobodys;
  const place = also ? before.objects.length : at;
  const index = before.objects[place]?.index ?? null;
  const box = { value: shape.box, verdict: 'corrected' } as const;
  const next = withObject(before, place, { index, box, mask: { shapeId: shape.id, verdict: 'corrected' } });
  const title = also ? 'Add the shape to the answer' : 'Make the shape the answer';
  return diffOf(title, changed('prompt', prompt, { correction: next }));
}

/** What a person does without any answer. */
const nobodys: Correction = {
  proposalId: null,
  found: { value: 'nothing', verdict: null },
  reasoning: { text: '', verdict: null },
  objects: [],
};

/** Nothing on the image matches, whatever the model says; shapes that were made of it go, those that were drawn stay. */
export function nothingMatches({ open, prompt, proposal }: InReview): Diff {
  const before = correctionOf(prompt, proposal) ?? nobodys;
  const verdict = before.found.value === 'nothing' && proposal?.found !== 'unreadable' ? 'right' : 'corrected';
  const next: Correction = { ...before, found: { value: 'nothing', verdict }, objects: [] };
  const gone = before.objects.map((object) => takenAway(open, object));
  return diffOf('Nothing matches', ...gone, changed('prompt', prompt, { correction: next }));
}

/** A shape that was made of a proposal goes with it; what a person drew or imported is theirs. */
function takenAway(open: OpenImage, { mask }: CorrectedObject): Change | null {
  const shape = mask.shapeId === null ? undefined : open.shapes.get(mask.shapeId);
  return shape?.origin.kind === 'proposal' ? deleted('shape', shape) : null;
}

/** Sets a verdict on a part of the object at that place, or of the whole. A mask that is judged wrong is taken off the image. */
export function verdictSet({ open, prompt, proposal }: InReview, part: Part, at: number, verdict: Verdict): Diff {
  const before = correctionOf(prompt, proposal);
  const next = before && judged(before, part, at, verdict);
  const object = before?.objects[at];
  const isRefused = part === 'mask' && verdict === 'wrong' && object;
  return diffOf(
    `Judge the ${part}`,
    isRefused ? takenAway(open, object) : null,
    next && changed('prompt', prompt, { correction: listSettled(next) }),
  );
}

function judged(correction: Correction, part: Part, at: number, verdict: Verdict): Correction {
  if (part === 'answer') return { ...correction, found: { ...correction.found, verdict } };
  if (part === 'reasoning') return { ...correction, reasoning: { ...correction.reasoning, verdict } };
  const object = correction.objects[at];
  if (!object) return correction;
  if (part === 'box') return withObject(correction, at, { ...object, box: { ...object.box, verdict } });
  const shapeId = verdict === 'wrong' ? null : object.mask.shapeId;
  return withObject(correction, at, { ...object, mask: { shapeId, verdict } });
}

/** `text` as the person wrote it, in picture pixels. The model's own words again are no correction. */
export function reasoningSet({ open, prompt, proposal }: InReview, text: string): Diff {
  const before = correctionOf(prompt, proposal) ?? nobodys;
  const { width, height } = open.image;
  const size = width && height ? { width, height } : null;
  const original = proposal?.answer.reasoning ?? '';
  const words = proposal && size ? inFrame(text, before.reasoning.text, { frame: proposal.frame, image: size }) : text;
  const verdict: Verdict = words === original ? null : 'corrected';
  const next = { ...before, reasoning: { text: words, verdict } };
  return diffOf('Correct the reasoning', changed('prompt', prompt, { correction: next }));
}

/** The correction as it is now, with shapes that an earlier candidate left behind taken away. */
function correctedTo({ open, prompt }: ReviewWithIds, correction: Correction): (Change | null)[] {
  const used = new Set(correction.objects.map(({ mask }) => mask.shapeId));
  const left = (prompt.correction?.objects ?? []).filter(({ mask }) => !used.has(mask.shapeId));
  return [...left.map((object) => takenAway(open, object)), changed('prompt', prompt, { correction })];
}

/** Makes shapes of the objects of one answer, and the labels that they need, each name once. */
class ShapeMaker {
  readonly changes: Change[] = [];
  private readonly keeping: ReviewWithIds;
  private readonly ids: number[];
  private labels: ReadonlyMap<number, Label>;
  private place: number;

  constructor(keeping: ReviewWithIds) {
    this.keeping = keeping;
    this.ids = [...keeping.freeIds];
    this.labels = keeping.labels;
    this.place = above(keeping.open.shapes.values());
  }

  /** Makes the shape from what the proposal says of the object, with `instead` over that. */
  make(object: CorrectedObject, instead: Partial<Pick<Shape, 'box' | 'mask'>>): Shape {
    const { open, proposal } = this.keeping;
    const offered = object.index === null ? null : (proposal.objects[object.index] ?? null);
    const id = this.nextId();
    const shape: Shape = {
      id,
      imageId: open.image.id,
      labelId: this.labelId(offered),
      mask: offered?.mask ?? null,
      box: object.box.value,
      attributes: {},
      crowd: false,
      hidden: false,
      locked: false,
      place: this.place++,
      origin: { kind: 'proposal', proposalId: proposal.id, weights: proposal.weights },
      ...instead,
    };
    this.changes.push(created('shape', shape));
    return shape;
  }

  private labelId(offered: FoundObject | null): number {
    const label = labelFor({ ...this.keeping, labels: this.labels }, offered);
    if (typeof label !== 'string') return label.id;
    const made = newLabel(this.nextId(), label, this.labels);
    this.labels = new Map(this.labels).set(made.id, made);
    this.changes.push(created('label', made));
    return made.id;
  }

  private nextId(): number {
    const id = this.ids.shift();
    if (id === undefined) throw new Error('more objects were made than ids were fetched');
    return id;
  }
}

/** The place above all of them. */
const above = (records: Iterable<{ place: number }>): number =>
  Math.max(0, ...Array.from(records, ({ place }) => place)) + 1;

/** What tools call the first label when nobody has named one: it is no choice of the person's. */
const unnamed = 'object';

/** The label that the answer names where there is one of that name, else the one that is set, else a new one. */
function labelFor({ labels, labelId, prompt }: ReviewWithIds, object: FoundObject | null): Label | string {
  const named = cut(object?.label ?? '', longestTyped).trim();
  const set = labelId === null ? undefined : labels.get(labelId);
  const chosen = set?.name === unnamed && named !== '' ? undefined : set;
  const name = named || cut(prompt.text, 40).trim();
  return (named && labelNamed(labels, named)) || chosen || labelNamed(labels, name) || name;
}

/** Makes a label with the first colour and digit that are free, at the end of the list. */
export function newLabel(id: number, name: string, labels: ReadonlyMap<number, Label>): Label {
  const all = orderedLabels(labels);
  const used = new Set(all.map(({ digit }) => digit));
  const digit = digits.find((one) => !used.has(one)) ?? null;
  return { id, name, colour: freeColour(all.map(({ colour }) => colour)), digit, attributes: [], place: above(all) };
}
