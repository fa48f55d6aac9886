// Holds the answers of the open image: says which is in review, and applies events of an answer that is being written.
import type { AnswerEvent } from '../../main/contract/api.ts';
import { correctionOf } from '../../main/contract/correction.ts';
import type { StoredPrompt, StoredProposal } from '../../main/contract/project.ts';
import type { Workbench } from './workbench.ts';

/** What is in review: a prompt, and of its candidates the chosen one. */
export function inReview({ open, promptId, proposalId }: Workbench) {
  const prompt = promptId === null ? undefined : open?.prompts.get(promptId);
  const proposal = proposalId === null ? undefined : open?.proposals.get(proposalId);
  return { prompt: prompt ?? null, proposal: prompt && proposal?.promptId === prompt.id ? proposal : null };
}

/** What stands for the answer in review, and which of its objects a person looks at; -1: it has none. */
export function reviewed(state: Workbench) {
  const { prompt, proposal } = inReview(state);
  const correction = prompt && correctionOf(prompt, proposal);
  return { correction, at: Math.min(state.objectAt, (correction?.objects.length ?? 0) - 1) };
}

export const candidatesOf = ({ open }: Workbench, promptId: number): StoredProposal[] =>
  [...(open?.proposals.values() ?? [])].filter((one) => one.promptId === promptId);

/** Which of a prompt's candidates is looked at first: the one that was kept, else the likeliest. */
export const firstCandidate = (all: readonly StoredProposal[], prompt?: StoredPrompt): number | null =>
  (all.find(({ id }) => id === prompt?.correction?.proposalId) ?? all.find(({ chosen }) => chosen) ?? all[0])?.id ??
  null;

/** The window after one event of an answer; text comes in pieces. */
export function withAnswerEvent(state: Workbench, event: AnswerEvent): Partial<Workbench> {
  const { writing, open } = state;
  if (event.kind === 'text') {
    const texts = writing?.texts.map((text, i) => (i === event.candidate ? text + event.text : text));
    return writing && texts ? { writing: { ...writing, texts } } : {};
  }
  if (event.kind === 'box') {
    const boxes = writing?.boxes.map((some, i) => (i === event.candidate ? [...some, event.box] : some));
    return writing && boxes ? { writing: { ...writing, boxes } } : {};
  }
  if (event.kind === 'frame') return writing ? { writing: begun(writing, event.frame) } : {};
  if (event.kind === 'done') return { engine: state.engine && { ...state.engine, lastCallMs: event.ms } };
  return open === null ? {} : { open: withProposal(open, event.proposal), ...chosenAmong(state, event.proposal) };
}

/** An answer begins with its frame; where the model was changed meanwhile it begins again. */
function begun<T extends NonNullable<Workbench['writing']>>(writing: T, frame: StoredProposal['frame']): T {
  return { ...writing, frame, texts: writing.texts.map(() => ''), boxes: writing.boxes.map(() => []) };
}

/** One of a group is chosen; the others of its prompt are not, whatever they said before. */
function withProposal(open: NonNullable<Workbench['open']>, proposal: StoredProposal): Workbench['open'] {
  const proposals = new Map(open.proposals);
  for (const [id, one] of proposals) {
    if (proposal.chosen && one.promptId === proposal.promptId && one.chosen)
      proposals.set(id, { ...one, chosen: false });
  }
  return { ...open, proposals: proposals.set(proposal.id, proposal) };
}

const chosenAmong = ({ proposalId, promptId }: Workbench, proposal: StoredProposal): Partial<Workbench> =>
  proposal.promptId === promptId && (proposal.chosen || proposalId === null)
    ? { proposalId: proposal.id, objectAt: 0 }
    : {};

/** Objects of the answer in review; what a person accepted stands as a shape, and what is wrong is not offered any more. */
export function offeredObjects(state: Workbench) {
  const { correction, at } = reviewed(state);
  const { proposal } = inReview(state);
  return (correction?.objects ?? []).flatMap(({ index, box, mask }, place) => {
    const offered = index === null ? undefined : proposal?.objects[index];
    if (!offered || mask.shapeId !== null || mask.verdict === 'wrong') return [];
    const isCurrent = place === at && (correction?.objects.length ?? 0) > 1;
    return [{ place, box: box.value, mask: offered.mask, isCurrent }];
  });
}
