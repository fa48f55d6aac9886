// What a person keeps of an answer: a proposal becomes a shape and three verdicts, and later changes turn the verdicts.

import { freeColour } from '../../main/contract/colours.ts';
import { type Change, changed, created, type Diff, deleted } from '../../main/contract/diff.ts';
import type { Correction, Label, Shape, StoredPrompt, StoredProposal, Verdict } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { cut } from '../../main/contract/text.ts';
import { digits, labelNamed, orderedLabels } from './labelEdits.ts';
import type { OpenImage } from './workbench.ts';

export type Part = 'reasoning' | 'box' | 'mask';

/** Before anybody looked at it. */
const untouched = ({ id, answer, box, mask }: StoredProposal): Correction => ({
  proposalId: id,
  found: box || mask ? 'object' : 'nothing',
  reasoning: { text: answer.reasoning, verdict: null },
  box: { value: box, verdict: null },
  mask: { shapeId: null, verdict: null },
});

/** What stands for the candidate in review: what was kept of it so far, or the candidate as it is. */
export function keptOf(prompt: StoredPrompt, proposal: StoredProposal | null): Correction | null {
  const { kept } = prompt;
  if (proposal === null || (kept && kept.proposalId === proposal.id)) return kept;
  return untouched(proposal);
}

const settled = (verdict: Verdict): Verdict => verdict ?? 'right';

/** Accepting the whole means that what nobody touched is right. */
const accepted = (kept: Correction): Correction => ({
  ...kept,
  reasoning: { ...kept.reasoning, verdict: settled(kept.reasoning.verdict) },
  box: { ...kept.box, verdict: settled(kept.box.verdict) },
  mask: { ...kept.mask, verdict: settled(kept.mask.verdict) },
});

const isChange = (change: Change | null): change is Change => change !== null;

export const diffOf = (title: string, ...changes: (Change | null)[]): Diff => ({
  title,
  changes: changes.filter(isChange),
});

/** An answer in review, and the ids that may be used up in keeping it. */
export interface Keeping {
  readonly open: OpenImage;
  readonly prompt: StoredPrompt;
  readonly proposal: StoredProposal;
  readonly labels: ReadonlyMap<number, Label>;
  /** The label that is set for new shapes. */
  readonly labelId: number | null;
  readonly freeIds: readonly [number, number];
}

/** The answer becomes a shape, or stays the word that there is nothing; untouched parts count as right. */
export function acceptance(keeping: Keeping): Diff {
  const { prompt, proposal } = keeping;
  const kept = keptOf(prompt, proposal) ?? untouched(proposal);
  if (kept.found === 'nothing') return diffOf('Accept that nothing matches', ...keptAs(keeping, accepted(kept), null));
  const made = kept.mask.shapeId === null ? shapeOf(keeping, {}) : null;
  const shapeId = made ? made.shape.id : kept.mask.shapeId;
  const next = accepted({ ...kept, mask: { ...kept.mask, shapeId } });
  return diffOf('Accept the answer', ...(made?.changes ?? []), ...keptAs(keeping, next, shapeId));
}

/** The mask as a shape that tools can change, with nothing judged yet. */
export function maskToEdit(keeping: Keeping): { diff: Diff; shapeId: number } | null {
  const { prompt, proposal } = keeping;
  const kept = keptOf(prompt, proposal) ?? untouched(proposal);
  if (kept.mask.shapeId !== null) return { diff: diffOf('Edit the mask'), shapeId: kept.mask.shapeId };
  if (!proposal.mask && !proposal.box) return null;
  const { shape, changes } = shapeOf(keeping, {});
  const next = { ...kept, found: 'object' as const, mask: { ...kept.mask, shapeId: shape.id } };
  return { diff: diffOf('Edit the mask', ...changes, ...keptAs(keeping, next, shape.id)), shapeId: shape.id };
}

/** Another box is the answer; `mask` is the segmenter's for it, null where there is none to be had. */
export function boxCorrected(keeping: Keeping, box: Box, mask: Shape['mask']): Diff {
  const { open, prompt, proposal } = keeping;
  const kept = keptOf(prompt, proposal) ?? untouched(proposal);
  const old = kept.mask.shapeId === null ? undefined : open.shapes.get(kept.mask.shapeId);
  const made = old ? null : shapeOf(keeping, { box, mask });
  const shapeId = old?.id ?? made?.shape.id ?? null;
  const next: Correction = {
    ...kept,
    found: 'object',
    box: { value: box, verdict: 'corrected' },
    mask: { shapeId, verdict: 'corrected' },
  };
  const moved = old ? changed('shape', old, { box, mask: mask ?? old.mask }) : null;
  return diffOf('Correct the box', moved, ...(made?.changes ?? []), ...keptAs(keeping, next, shapeId));
}

/** A shape that a person drew is what should have been found. */
export function shapeIsAnswer(prompt: StoredPrompt, proposal: StoredProposal | null, shape: Shape): Diff {
  const kept = keptOf(prompt, proposal);
  const next: Correction = {
    proposalId: proposal?.id ?? null,
    found: 'object',
    reasoning: kept?.reasoning ?? { text: '', verdict: null },
    box: { value: shape.box, verdict: 'corrected' },
    mask: { shapeId: shape.id, verdict: 'corrected' },
  };
  return diffOf('Make the shape the answer', changed('prompt', prompt, { kept: next }));
}

/** Nothing on the image matches, whatever the model says; the shape that was made of it goes. */
export function nothingMatches(open: OpenImage, prompt: StoredPrompt, proposal: StoredProposal | null): Diff {
  const kept = keptOf(prompt, proposal);
  const gone = kept?.mask.shapeId ? open.shapes.get(kept.mask.shapeId) : undefined;
  const verdict: Verdict = kept?.found === 'nothing' ? 'right' : 'corrected';
  const next: Correction = {
    proposalId: proposal?.id ?? null,
    found: 'nothing',
    reasoning: kept?.reasoning ?? { text: '', verdict: null },
    box: { value: null, verdict },
    mask: { shapeId: null, verdict },
  };
  return diffOf('Nothing matches', gone ? deleted('shape', gone) : null, changed('prompt', prompt, { kept: next }));
}

export function verdictSet(prompt: StoredPrompt, proposal: StoredProposal | null, part: Part, verdict: Verdict): Diff {
  const kept = keptOf(prompt, proposal);
  const next = kept && { ...kept, [part]: { ...kept[part], verdict } };
  return diffOf(`Judge the ${part}`, next && changed('prompt', prompt, { kept: next }));
}

/** The model's own words again are no correction. */
export function reasoningSet(prompt: StoredPrompt, proposal: StoredProposal | null, text: string): Diff {
  const kept = keptOf(prompt, proposal);
  const verdict: Verdict = text === proposal?.answer.reasoning ? null : 'corrected';
  const next = kept && { ...kept, reasoning: { text, verdict } };
  return diffOf('Correct the reasoning', next && changed('prompt', prompt, { kept: next }));
}

/** The record of what was kept, with a shape that an earlier candidate left behind taken away. */
function keptAs({ open, prompt }: Keeping, kept: Correction, shapeId: number | null): (Change | null)[] {
  const before = prompt.kept?.mask.shapeId ?? null;
  const left = before !== null && before !== shapeId ? open.shapes.get(before) : undefined;
  return [left ? deleted('shape', left) : null, changed('prompt', prompt, { kept })];
}

/** A new shape from the proposal, with `instead` over what it says; and its label where there was none. */
function shapeOf(keeping: Keeping, instead: Partial<Pick<Shape, 'box' | 'mask'>>): { shape: Shape; changes: Change[] } {
  const { open, proposal, freeIds } = keeping;
  const { labelId, changes } = labelFor(keeping);
  const box = instead.box ?? proposal.box ?? { x1: 0, y1: 0, x2: open.image.width ?? 1, y2: open.image.height ?? 1 };
  const shape: Shape = {
    id: freeIds[0],
    imageId: open.image.id,
    labelId,
    mask: proposal.mask,
    attributes: {},
    crowd: false,
    hidden: false,
    locked: false,
    place: above(open.shapes.values()),
    origin: { kind: 'proposal', proposalId: proposal.id, weights: proposal.weights },
    ...instead,
    box,
  };
  return { shape, changes: [...changes, created('shape', shape)] };
}

/** The place above all of them. */
const above = (records: Iterable<{ place: number }>): number =>
  Math.max(0, ...Array.from(records, ({ place }) => place)) + 1;

/** What tools call the first label when nobody has named one: it is no choice of the person's. */
const unnamed = 'object';

/** The label that the answer names where there is one of that name, else the one that is set, else a new one. */
function labelFor({ labels, labelId, proposal, prompt, freeIds }: Keeping): { labelId: number; changes: Change[] } {
  const named = /"label"\s*:\s*"([^"]{1,200})"/u.exec(proposal.answer.text)?.[1]?.trim() ?? '';
  const set = labelId === null ? undefined : labels.get(labelId);
  const chosen = set?.name === unnamed && named !== '' ? undefined : set;
  const name = named || cut(prompt.text, 40).trim();
  const known = (named && labelNamed(labels, named)) || chosen || labelNamed(labels, name);
  if (known) return { labelId: known.id, changes: [] };
  return { labelId: freeIds[1], changes: [created('label', newLabel(freeIds[1], name, labels))] };
}

/** With the first colour and digit that are free, at the end of the list. */
export function newLabel(id: number, name: string, labels: ReadonlyMap<number, Label>): Label {
  const all = orderedLabels(labels);
  const used = new Set(all.map(({ digit }) => digit));
  const digit = digits.find((one) => !used.has(one)) ?? null;
  return { id, name, colour: freeColour(all.map(({ colour }) => colour)), digit, attributes: [], place: above(all) };
}

/** A tool that changes the mask of a kept shape corrects the answer; one that deletes it says that it was wrong. */
export function withVerdicts(diff: Diff, open: OpenImage | null): Diff {
  if (open === null) return diff;
  const judged = new Set(diff.changes.filter(({ kind }) => kind === 'prompt').map(({ id }) => id));
  const turned = [...open.prompts.values()].map((prompt) => (judged.has(prompt.id) ? null : turnedBy(prompt, diff)));
  const more = turned.filter(isChange);
  return more.length === 0 ? diff : { ...diff, changes: [...diff.changes, ...more] };
}

function turnedBy(prompt: StoredPrompt, { changes }: Diff): Change | null {
  const { kept } = prompt;
  const hit = kept && changes.find(({ kind, id, before }) => kind === 'shape' && before && id === kept.mask.shapeId);
  if (!kept || hit?.kind !== 'shape') return null;
  if (hit.after === null)
    return changed('prompt', prompt, { kept: { ...kept, mask: { shapeId: null, verdict: 'wrong' } } });
  if (!('mask' in hit.after)) return null;
  return changed('prompt', prompt, { kept: { ...kept, mask: { ...kept.mask, verdict: 'corrected' } } });
}
