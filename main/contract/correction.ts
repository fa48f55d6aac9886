// Compares a prompt, its proposal and the shapes that stand now: what was right, corrected or wrong. The one rule for verdicts.
import { type Change, changed, type Diff } from './diff.ts';
import { same } from './equal.ts';
import { boxIou } from './geometry.ts';
import type {
  CorrectedObject,
  Correction,
  FoundObject,
  Shape,
  StoredPrompt,
  StoredProposal,
  Verdict,
} from './project.ts';

/** The records that verdicts are about, as they stand; null where there is none of the number. */
export interface Standing {
  shape(id: number): Shape | null;
  proposal(id: number): StoredProposal | null;
}

/** A mask that a person moved so far away from the box says that the box was not right either (COCO's bar for a hit). */
const SAME_PLACE = 0.5;

/** The proposal before anybody judged it. */
export const unjudged = ({ id, answer, objects }: StoredProposal): Correction => ({
  proposalId: id,
  found: { value: objects.length > 0 ? 'objects' : 'nothing', verdict: null },
  reasoning: { text: answer.reasoning, verdict: null },
  objects: objects.map(({ box }, index) => ({
    index,
    box: { value: box, verdict: null },
    mask: { shapeId: null, verdict: null },
  })),
});

/** What stands for the candidate in review: its correction so far, or the candidate as it is. */
export function correctionOf({ correction }: StoredPrompt, proposal: StoredProposal | null): Correction | null {
  if (proposal === null || (correction && correction.proposalId === proposal.id)) return correction;
  return unjudged(proposal);
}

/**
 * The correction with every verdict in agreement with what stands. What stands wins over words: a shape that is gone cannot
 * be right, what differs from the proposal is corrected, and what does not differ is not.
 */
export function agreeing(correction: Correction, imageId: number, standing: Standing): Correction {
  const { proposalId, found, reasoning } = correction;
  const proposal = proposalId === null ? null : standing.proposal(proposalId);
  const objects = correction.objects.flatMap((object) => {
    const shape = object.mask.shapeId === null ? null : standing.shape(object.mask.shapeId);
    const offered = object.index === null ? null : (proposal?.objects[object.index] ?? null);
    return agreeingObject(object, offered, shape?.imageId === imageId ? shape : null) ?? [];
  });
  const value = objects.length > 0 ? 'objects' : 'nothing';
  const isOwn = proposal !== null && reasoning.text === proposal.answer.reasoning;
  return {
    ...correction,
    found: { value, verdict: listVerdict(found.verdict, objects, proposal) },
    reasoning: proposal ? { ...reasoning, verdict: compared(reasoning.verdict, isOwn) } : reasoning,
    objects,
  };
}

/** A verdict on a part that is as proposed, or is not; `wrong` is said of the proposal, whatever stands in its place. */
function compared(verdict: Verdict, isAsProposed: boolean): Verdict {
  if (verdict === 'wrong') return verdict;
  if (!isAsProposed) return 'corrected';
  return verdict === null ? null : 'right';
}

/** Null: an object that only the person had found is gone with its shape. */
function agreeingObject(
  { index, box, mask }: CorrectedObject,
  offered: FoundObject | null,
  shape: Shape | null,
): CorrectedObject | null {
  if (shape === null && index === null) return null;
  const place = placed(box, offered);
  if (shape === null) {
    const isLost = mask.shapeId !== null || mask.verdict === 'corrected';
    return { index, box: place, mask: { shapeId: null, verdict: isLost ? 'wrong' : mask.verdict } };
  }
  if (offered !== null && isAsOffered(shape, offered)) {
    return { index, box: place, mask: { shapeId: shape.id, verdict: mask.verdict === null ? null : 'right' } };
  }
  const isElsewhere = boxIou(box.value, shape.box) < SAME_PLACE;
  return {
    index,
    box: isElsewhere ? placed({ ...box, value: shape.box }, offered) : place,
    mask: { shapeId: shape.id, verdict: 'corrected' },
  };
}

const placed = ({ value, verdict }: CorrectedObject['box'], offered: FoundObject | null): CorrectedObject['box'] => ({
  value,
  verdict: compared(verdict, offered !== null && same(value, offered.box)),
});

/** Where there is no mask, the box alone is compared: it is all that the shape has. */
const isAsOffered = (shape: Shape, offered: FoundObject): boolean =>
  same(shape.mask, offered.mask) && (shape.mask !== null || same(shape.box, offered.box));

/** Once a person has judged the list, whether it is right follows from its objects; `wrong`: something else is missing. */
function listVerdict(verdict: Verdict, objects: readonly CorrectedObject[], proposal: StoredProposal | null): Verdict {
  if (verdict === null || verdict === 'wrong') return verdict;
  const isSameList =
    proposal !== null &&
    proposal.found !== 'unreadable' &&
    proposal.objects.length === objects.length &&
    objects.every(({ index, mask }) => index !== null && mask.verdict !== 'wrong');
  return isSameList ? 'right' : 'corrected';
}

/** The verdicts of these prompts that must turn so that they agree with what stands. */
export const verdictChanges = (prompts: Iterable<StoredPrompt>, standing: Standing): Change[] =>
  [...prompts].flatMap((prompt) => {
    const { correction, imageId } = prompt;
    if (correction === null) return [];
    return changed('prompt', prompt, { correction: agreeing(correction, imageId, standing) }) ?? [];
  });

/** The diff with the verdicts that turn by it; `prompts` and `standing` are what is there once it is made. */
export function withVerdicts(diff: Diff, prompts: Iterable<StoredPrompt>, standing: Standing): Diff {
  const turned = verdictChanges(prompts, standing);
  return turned.length === 0 ? diff : { ...diff, changes: [...diff.changes, ...turned] };
}

/** Whether the object stands on the image as the person wants it. */
export const isKept = ({ mask }: CorrectedObject): boolean =>
  mask.shapeId !== null && (mask.verdict === 'right' || mask.verdict === 'corrected');

/** Whether everything was judged, and something stands or is said not to be there; a mask judged wrong is not accepted. */
export function isAccepted({ found, reasoning, objects }: Correction): boolean {
  if (reasoning.verdict === null || found.verdict === null || found.verdict === 'wrong') return false;
  if (found.value === 'nothing') return true;
  const isSettled = (one: CorrectedObject) => one.mask.verdict === 'wrong' || (isKept(one) && one.box.verdict !== null);
  return objects.every(isSettled) && objects.some(isKept);
}
