// Asks the model in words, and stores what the person makes of its answers.
import { type Change, changed, type Diff, deleted } from '../../main/contract/diff.ts';
import type { PackedMask, Shape, Verdict } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { acceptedSentence } from './accepted.ts';
import type { ActionContext } from './actionContext.ts';
import { candidatesOf, firstCandidate, inReview, reviewed } from './answers.ts';
import { AnswerRequests } from './asking.ts';
import { sentence } from './connection.ts';
import {
  acceptance,
  boxCorrected,
  diffOf,
  type InReview,
  maskToEdit,
  nothingMatches,
  type Part,
  type ReviewWithIds,
  reasoningSet,
  shapeIsAnswer,
  verdictSet,
} from './corrections.ts';
import type { ImageActions } from './images.ts';
import { standsTwice } from './standsTwice.ts';
import { say, type Workbench } from './workbench.ts';

export interface PromptActions {
  /** Resolves when all candidates are there, or the answer was stopped. */
  ask(text: string, samples: number): Promise<void>;
  cancel(): void;
  /** Texts asked before, the newest first. */
  history(): readonly string[];
  choosePrompt(id: number): void;
  chooseProposal(id: number): void;
  stepProposal(by: 1 | -1): void;
  removePrompt(id: number): Promise<boolean>;
  /** Judges the object in review, or the whole answer. */
  setVerdict(part: Part, verdict: Verdict): Promise<boolean>;
  /** Stores the text, whose coordinates are in picture pixels as it is shown. */
  setReasoning(text: string): Promise<boolean>;
  chooseObject(at: number): void;
  /** Changes the box of the object in review. The segmenter draws the mask for it where there is a model. */
  setBox(box: Box): Promise<boolean>;
  /** Makes a shape of the object's mask and takes up the brush to add to it. */
  editMask(): Promise<boolean>;
  /** The object in review as the shape that it would be, with the changes that make it one; null: there is none. */
  proposedShape(): Promise<{ shape: Shape; changes: readonly Change[] } | null>;
  /** Takes the shape in place of the object in review; with `also`, as one that the answer lacks. */
  shapeIsAnswer(shapeId: number, also?: boolean): Promise<boolean>;
  nothingMatches(): Promise<boolean>;
  /** All objects that were not judged wrong. */
  accept(): Promise<boolean>;
  /** The object in review alone. */
  acceptObject(): Promise<boolean>;
  /** Accepts answer and image, and opens the next unreviewed one. */
  acceptAndNext(): Promise<void>;
}

/** The history belongs to a project: what was asked of one folder of pictures says nothing about another. */
const historyKey = ({ project }: Workbench): string => `prompts asked of ${project?.file ?? ''}`;
const historyLength = 50;

export function createPrompts(context: ActionContext, images: ImageActions): PromptActions {
  const prompts = new Prompts(context, images);
  const { asking } = prompts;
  return {
    ask: (text, samples) => prompts.ask(text, samples),
    cancel: () => asking.cancel(),
    history: () => prompts.history(),
    choosePrompt: (id) => prompts.choosePrompt(id),
    chooseProposal: (id) => context.store.setState({ proposalId: id, objectAt: 0, lit: null }),
    chooseObject: (at) => prompts.chooseObject(at),
    stepProposal: (by) => prompts.stepProposal(by),
    removePrompt: (id) => prompts.removePrompt(id),
    setVerdict: (part, verdict) => prompts.judged((review, at) => verdictSet(review, part, at, verdict)),
    setReasoning: (text) => prompts.judged((review) => reasoningSet(review, text)),
    setBox: (box) => prompts.setBox(box),
    editMask: () => prompts.editMask(),
    proposedShape: () => prompts.proposedShape(),
    shapeIsAnswer: (shapeId, also) => prompts.shapeIsAnswer(shapeId, also),
    nothingMatches: () => prompts.nothingMatches(),
    accept: () => prompts.accept(),
    acceptObject: () => prompts.accept({ only: true }),
    acceptAndNext: () => prompts.acceptAndNext(),
  };
}

class Prompts {
  readonly asking: AnswerRequests;
  private readonly context: ActionContext;
  private readonly images: ImageActions;

  constructor(context: ActionContext, images: ImageActions) {
    this.context = context;
    this.images = images;
    this.asking = new AnswerRequests(context);
  }

  private get state() {
    return this.context.store.getState();
  }

  async ask(text: string, samples: number): Promise<void> {
    const trimmed = text.trim();
    if (trimmed === '') return;
    const lines = [trimmed.replaceAll('\n', ' '), ...this.history().filter((one) => one !== trimmed)];
    this.context.memory.write(historyKey(this.state), lines.slice(0, historyLength).join('\n'));
    await this.asking.ask(trimmed, samples);
  }

  history(): string[] {
    return (this.context.memory.read(historyKey(this.state)) ?? '').split('\n').filter(Boolean);
  }

  choosePrompt(id: number): void {
    const prompt = this.state.open?.prompts.get(id);
    this.context.store.setState({
      promptId: id,
      proposalId: firstCandidate(candidatesOf(this.state, id), prompt),
      objectAt: 0,
      lit: null,
    });
  }

  /** Goes round at the ends. */
  stepProposal(by: 1 | -1): void {
    const { promptId, proposalId } = this.state;
    const all = promptId === null ? [] : candidatesOf(this.state, promptId);
    const at = all.findIndex(({ id }) => id === proposalId);
    const next = all[(at + by + all.length) % all.length];
    if (next) this.context.store.setState({ proposalId: next.id, objectAt: 0, lit: null });
  }

  async removePrompt(id: number): Promise<boolean> {
    const prompt = this.state.open?.prompts.get(id);
    if (this.state.promptId === id) this.context.store.setState({ promptId: null, proposalId: null });
    return prompt ? this.context.edits.commit(diffOf('Delete the prompt', deleted('prompt', prompt))) : false;
  }

  /** The shape that stands for it, where one does, is selected with it. */
  chooseObject(objectAt: number): void {
    const { correction } = reviewed(this.state);
    const shapeId = correction?.objects[objectAt]?.mask.shapeId ?? null;
    this.context.store.setState({ objectAt, lit: null, ...(shapeId !== null && { selected: new Set([shapeId]) }) });
  }

  async judged(diff: (review: InReview, at: number) => Diff): Promise<boolean> {
    const { open } = this.state;
    const { prompt, proposal } = inReview(this.state);
    const { at } = reviewed(this.state);
    return open && prompt ? this.context.edits.commit(diff({ open, prompt, proposal }, Math.max(0, at))) : false;
  }

  private async keeping(): Promise<ReviewWithIds | null> {
    const { edits } = this.context;
    const freeIds: number[] = [];
    const objects = inReview(this.state).proposal?.objects.length ?? 0;
    for (let i = 0; i < 2 * objects + 2; i++) freeIds.push(await edits.id());
    const { open, labels, labelId } = this.state;
    const { prompt, proposal } = inReview(this.state);
    return open && prompt && proposal ? { open, prompt, proposal, labels, labelId, freeIds } : null;
  }

  async setBox(box: Box): Promise<boolean> {
    const mask = await this.segmented(box);
    const ready = await this.keeping();
    const at = Math.max(0, reviewed(this.state).at);
    return ready ? this.context.edits.commit(boxCorrected(ready, at, { box, mask })) : false;
  }

  private async segmented(box: Box): Promise<PackedMask | null> {
    const { open, engine } = this.state;
    if (!open || engine?.state !== 'ready') return null;
    try {
      const asked = { imageId: open.image.id, points: [], box, rough: null };
      return (await this.context.host.model.refine(asked)).mask;
    } catch (error) {
      say(this.context.store, 'bad', `The box is kept, but there is no mask for it: ${sentence(error)}`);
      return null;
    }
  }

  async editMask(): Promise<boolean> {
    const start = await this.toEdit();
    if (start === null) return false;
    const stored = this.context.edits.commit(start.diff);
    this.context.store.setState({ selected: new Set([start.shapeId]), combine: 'add', tool: 'brush' });
    return stored;
  }

  async proposedShape(): Promise<{ shape: Shape; changes: readonly Change[] } | null> {
    const start = await this.toEdit();
    if (start === null) return null;
    const { changes } = start.diff;
    const made = changes.find(({ kind, id }) => kind === 'shape' && id === start.shapeId);
    const shape = made ? (made.after as Shape) : this.state.open?.shapes.get(start.shapeId);
    return shape ? { shape, changes } : null;
  }

  private async toEdit() {
    const ready = await this.keeping();
    return ready && maskToEdit(ready, reviewed(this.state).at);
  }

  async shapeIsAnswer(shapeId: number, also = false): Promise<boolean> {
    const shape = this.state.open?.shapes.get(shapeId);
    return shape ? this.judged((review, at) => shapeIsAnswer(review, at, shape, also)) : false;
  }

  nothingMatches(): Promise<boolean> {
    return this.judged(nothingMatches);
  }

  /** `only`: the object in review. Null where there is nothing to accept; the person is told where a verdict is why. */
  private async acceptable({ only }: { only: boolean }): Promise<Diff | null> {
    const ready = await this.keeping();
    if (!ready || (ready.proposal.found === 'unreadable' && !ready.prompt.correction)) return null;
    const { at } = reviewed(this.state);
    const diff = acceptance(ready, only ? at : undefined);
    if (diff === null)
      say(this.context.store, 'plain', 'The mask is judged wrong: edit it, or take the verdict back, to accept it.');
    return diff;
  }

  async accept({ only = false } = {}): Promise<boolean> {
    const diff = await this.acceptable({ only });
    if (diff === null) return false;
    const { at } = reviewed(this.state);
    const twice = this.standsTwice(diff);
    const stored = this.context.edits.commit(diff);
    if (twice !== null) say(this.context.store, 'plain', twice);
    const objects = inReview(this.state).prompt?.correction?.objects ?? [];
    const chosen = only ? objects.slice(at, at + 1) : objects;
    const selected = new Set(chosen.flatMap(({ mask }) => mask.shapeId ?? []));
    if (selected.size > 0) this.context.store.setState({ selected });
    return stored;
  }

  /** What the person is told where something of the diff stands already; null: nothing. */
  private standsTwice(diff: Diff): string | null {
    const { open, labels } = this.state;
    return open && standsTwice(diff, open, labels);
  }

  async acceptAndNext(): Promise<void> {
    if (this.state.asking) return;
    const { correction } = reviewed(this.state);
    // What a person has called wrong and not mended must not pass with the image.
    const isRefused = correction?.objects.length && correction.objects.every(({ mask }) => mask.verdict === 'wrong');
    const diff = await this.acceptable({ only: false });
    const { open } = this.state;
    if (open === null || (diff === null && isRefused)) return;
    const title = diff ? 'Accept the answer and the image' : 'Accept the image';
    const review = changed('review', open.review, { status: 'accepted' });
    const twice = diff && this.standsTwice(diff);
    void this.context.edits.commit(diffOf(title, ...(diff?.changes ?? []), review));
    const said = [acceptedSentence(this.state), ...(twice === null ? [] : [twice])].join(' ');
    say(this.context.store, 'good', said, { imageId: open.image.id, shapeIds: [] });
    await this.images.stepUnreviewed(said);
  }
}
