// Asking the model in words, and what the person makes of its answers.
import { type Diff, deleted } from '../../main/contract/diff.ts';
import type { PackedMask, StoredPrompt, StoredProposal, Verdict } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import type { ActionContext } from './actionContext.ts';
import { candidatesOf, firstCandidate, inReview } from './answers.ts';
import { Asking } from './asking.ts';
import { sentence } from './connection.ts';
import type { ImageActions } from './images.ts';
import {
  acceptance,
  boxCorrected,
  diffOf,
  type Keeping,
  maskToEdit,
  nothingMatches,
  type Part,
  reasoningSet,
  shapeIsAnswer,
  verdictSet,
} from './kept.ts';
import { say } from './workbench.ts';

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
  setVerdict(part: Part, verdict: Verdict): Promise<boolean>;
  setReasoning(text: string): Promise<boolean>;
  /** The segmenter draws the mask for it where there is a model. */
  setBox(box: Box): Promise<boolean>;
  /** Makes a shape of the proposal's mask and takes up the brush. */
  editMask(): Promise<boolean>;
  shapeIsAnswer(shapeId: number): Promise<boolean>;
  nothingMatches(): Promise<boolean>;
  accept(): Promise<boolean>;
  /** Accepts answer and image, and opens the next unreviewed one. */
  acceptAndNext(): Promise<void>;
}

const historyKey = 'prompts asked';
const historyLength = 50;

export function createPrompts(context: ActionContext, images: ImageActions): PromptActions {
  const prompts = new Prompts(context, images);
  const { asking } = prompts;
  return {
    ask: (text, samples) => prompts.ask(text, samples),
    cancel: () => asking.cancel(),
    history: () => prompts.history(),
    choosePrompt: (id) => prompts.choosePrompt(id),
    chooseProposal: (id) => context.store.setState({ proposalId: id, lit: null }),
    stepProposal: (by) => prompts.stepProposal(by),
    removePrompt: (id) => prompts.removePrompt(id),
    setVerdict: (part, verdict) => prompts.judged((prompt, proposal) => verdictSet(prompt, proposal, part, verdict)),
    setReasoning: (text) => prompts.judged((prompt, proposal) => reasoningSet(prompt, proposal, text)),
    setBox: (box) => prompts.setBox(box),
    editMask: () => prompts.editMask(),
    shapeIsAnswer: (shapeId) => prompts.shapeIsAnswer(shapeId),
    nothingMatches: () => prompts.nothingMatches(),
    accept: () => prompts.accept(),
    acceptAndNext: () => prompts.acceptAndNext(),
  };
}

class Prompts {
  readonly asking: Asking;
  private readonly context: ActionContext;
  private readonly images: ImageActions;

  constructor(context: ActionContext, images: ImageActions) {
    this.context = context;
    this.images = images;
    this.asking = new Asking(context);
  }

  private get state() {
    return this.context.store.getState();
  }

  async ask(text: string, samples: number): Promise<void> {
    const trimmed = text.trim();
    if (trimmed === '') return;
    const lines = [trimmed.replaceAll('\n', ' '), ...this.history().filter((one) => one !== trimmed)];
    this.context.memory.write(historyKey, lines.slice(0, historyLength).join('\n'));
    await this.asking.ask(trimmed, samples);
  }

  history(): string[] {
    return (this.context.memory.read(historyKey) ?? '').split('\n').filter(Boolean);
  }

  choosePrompt(id: number): void {
    const prompt = this.state.open?.prompts.get(id);
    this.context.store.setState({
      promptId: id,
      proposalId: firstCandidate(candidatesOf(this.state, id), prompt),
      lit: null,
    });
  }

  /** Round at the ends. */
  stepProposal(by: 1 | -1): void {
    const { promptId, proposalId } = this.state;
    const all = promptId === null ? [] : candidatesOf(this.state, promptId);
    const at = all.findIndex(({ id }) => id === proposalId);
    const next = all[(at + by + all.length) % all.length];
    if (next) this.context.store.setState({ proposalId: next.id, lit: null });
  }

  async removePrompt(id: number): Promise<boolean> {
    const prompt = this.state.open?.prompts.get(id);
    if (this.state.promptId === id) this.context.store.setState({ promptId: null, proposalId: null });
    return prompt ? this.context.edits.commit(diffOf('Delete the prompt', deleted('prompt', prompt))) : false;
  }

  async judged(diff: (prompt: StoredPrompt, proposal: StoredProposal | null) => Diff): Promise<boolean> {
    const { prompt, proposal } = inReview(this.state);
    return prompt ? this.context.edits.commit(diff(prompt, proposal)) : false;
  }

  private async keeping(): Promise<Keeping | null> {
    const { edits } = this.context;
    const freeIds: [number, number] = [await edits.id(), await edits.id()];
    const { open, labels, labelId } = this.state;
    const { prompt, proposal } = inReview(this.state);
    return open && prompt && proposal ? { open, prompt, proposal, labels, labelId, freeIds } : null;
  }

  async setBox(box: Box): Promise<boolean> {
    const mask = await this.segmented(box);
    const ready = await this.keeping();
    return ready ? this.context.edits.commit(boxCorrected(ready, box, mask)) : false;
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
    const ready = await this.keeping();
    const start = ready && maskToEdit(ready);
    if (!start) return false;
    const stored = this.context.edits.commit(start.diff);
    this.context.store.setState({ selected: new Set([start.shapeId]), tool: 'brush' });
    return stored;
  }

  async shapeIsAnswer(shapeId: number): Promise<boolean> {
    const shape = this.state.open?.shapes.get(shapeId);
    return shape ? this.judged((prompt, proposal) => shapeIsAnswer(prompt, proposal, shape)) : false;
  }

  async nothingMatches(): Promise<boolean> {
    const { open } = this.state;
    return open ? this.judged((prompt, proposal) => nothingMatches(open, prompt, proposal)) : false;
  }

  async accept(): Promise<boolean> {
    const ready = await this.keeping();
    if (!ready || (ready.proposal.found === 'unreadable' && !ready.prompt.kept)) return false;
    const stored = this.context.edits.commit(acceptance(ready));
    const shapeId = inReview(this.state).prompt?.kept?.mask.shapeId ?? null;
    if (shapeId !== null) this.context.store.setState({ selected: new Set([shapeId]) });
    return stored;
  }

  async acceptAndNext(): Promise<void> {
    if (this.state.writing) return;
    await this.accept();
    void this.images.setReview('accepted');
    const went = await this.images.step('next unreviewed');
    if (!went) say(this.context.store, 'good', 'Every image of the list is reviewed.');
  }
}
