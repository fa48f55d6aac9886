// Asking the model in words, and what the person makes of its answers.
import type { AnswerEvent } from '../../main/contract/api.ts';
import { created, deleted } from '../../main/contract/diff.ts';
import type { Asked, PackedMask, StoredProposal, Verdict } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import type { Bench } from './bench.ts';
import { isRefusal, sentence } from './connection.ts';
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

/** What is in review: a prompt, and of its candidates the chosen one. */
export function inReview({ open, promptId, proposalId }: Workbench) {
  const prompt = promptId === null ? undefined : open?.prompts.get(promptId);
  const proposal = proposalId === null ? undefined : open?.proposals.get(proposalId);
  return { prompt: prompt ?? null, proposal: prompt && proposal?.promptId === prompt.id ? proposal : null };
}

export const candidatesOf = ({ open }: Workbench, promptId: number): StoredProposal[] =>
  [...(open?.proposals.values() ?? [])].filter((one) => one.promptId === promptId);

const historyKey = 'prompts asked';
const historyLength = 50;

export function createPrompts(bench: Bench, images: ImageActions): PromptActions {
  const { store, host, edits, memory } = bench;
  const asking = new Asking(bench);

  const keeping = async (): Promise<Keeping | null> => {
    const freeIds: [number, number] = [await edits.id(), await edits.id()];
    const { open, labels, labelId, ...rest } = store.getState();
    const { prompt, proposal } = inReview({ open, labels, labelId, ...rest });
    return open && prompt && proposal ? { open, prompt, proposal, labels, labelId, freeIds } : null;
  };

  const refined = async (box: Box): Promise<PackedMask | null> => {
    const { open, engine } = store.getState();
    if (!open || engine?.state !== 'ready') return null;
    try {
      return (await host.model.refine({ imageId: open.image.id, points: [], box, rough: null })).mask;
    } catch (error) {
      say(store, 'bad', `The box is kept, but there is no mask for it: ${sentence(error)}`);
      return null;
    }
  };

  const history = (): string[] => {
    const read = memory.read(historyKey);
    return read === null ? [] : read.split('\n').filter(Boolean);
  };

  const remember = (text: string) => {
    const lines = [text.replaceAll('\n', ' '), ...history().filter((one) => one !== text)];
    memory.write(historyKey, lines.slice(0, historyLength).join('\n'));
  };

  const accept = async (): Promise<boolean> => {
    const ready = await keeping();
    if (!ready || ready.proposal.found === 'unreadable') return false;
    const stored = edits.commit(acceptance(ready));
    const { prompt } = inReview(store.getState());
    const shapeId = prompt?.kept?.mask.shapeId ?? null;
    if (shapeId !== null) store.setState({ selected: new Set([shapeId]) });
    return stored;
  };

  return {
    ask: async (text, samples) => {
      const trimmed = text.trim();
      if (trimmed === '') return;
      remember(trimmed);
      await asking.ask(trimmed, samples);
    },
    cancel: () => asking.cancel(),
    history,
    choosePrompt: (id) => {
      const { open } = store.getState();
      const prompt = open?.prompts.get(id);
      store.setState({
        promptId: id,
        proposalId: firstCandidate(candidatesOf(store.getState(), id), prompt),
        lit: null,
      });
    },
    chooseProposal: (id) => store.setState({ proposalId: id, lit: null }),
    stepProposal: (by) => {
      const { promptId, proposalId } = store.getState();
      const all = promptId === null ? [] : candidatesOf(store.getState(), promptId);
      const at = all.findIndex(({ id }) => id === proposalId);
      const next = all[(at + by + all.length) % all.length];
      if (next) store.setState({ proposalId: next.id, lit: null });
    },
    removePrompt: (id) => {
      const prompt = store.getState().open?.prompts.get(id);
      if (store.getState().promptId === id) store.setState({ promptId: null, proposalId: null });
      return prompt ? edits.commit(diffOf('Delete the prompt', deleted('prompt', prompt))) : Promise.resolve(false);
    },
    setVerdict: (part, verdict) => {
      const { prompt, proposal } = inReview(store.getState());
      return prompt ? edits.commit(verdictSet(prompt, proposal, part, verdict)) : Promise.resolve(false);
    },
    setReasoning: (text) => {
      const { prompt, proposal } = inReview(store.getState());
      return prompt ? edits.commit(reasoningSet(prompt, proposal, text)) : Promise.resolve(false);
    },
    setBox: async (box) => {
      const mask = await refined(box);
      const ready = await keeping();
      return ready ? edits.commit(boxCorrected(ready, box, mask)) : false;
    },
    editMask: async () => {
      const ready = await keeping();
      const start = ready && maskToEdit(ready);
      if (!start) return false;
      const stored = edits.commit(start.diff);
      store.setState({ selected: new Set([start.shapeId]), tool: 'brush' });
      return stored;
    },
    shapeIsAnswer: (shapeId) => {
      const { prompt, proposal } = inReview(store.getState());
      const shape = store.getState().open?.shapes.get(shapeId);
      return prompt && shape ? edits.commit(shapeIsAnswer(prompt, proposal, shape)) : Promise.resolve(false);
    },
    nothingMatches: () => {
      const { prompt, proposal } = inReview(store.getState());
      const { open } = store.getState();
      return open && prompt ? edits.commit(nothingMatches(open, prompt, proposal)) : Promise.resolve(false);
    },
    accept,
    acceptAndNext: async () => {
      if (store.getState().writing) return;
      await accept();
      void images.setReview('accepted');
      if (!(await images.step('next unreviewed'))) say(store, 'good', 'Every image of the list is reviewed.');
    },
  };
}

const firstCandidate = (all: readonly StoredProposal[], prompt?: Asked): number | null =>
  (all.find(({ id }) => id === prompt?.kept?.proposalId) ?? all.find(({ chosen }) => chosen) ?? all[0])?.id ?? null;

/** One answer at a time: asking again, or leaving the image, stops the one before. */
class Asking {
  private readonly bench: Bench;
  private stop: AbortController | null = null;

  constructor(bench: Bench) {
    this.bench = bench;
  }

  cancel(): void {
    this.stop?.abort();
    this.stop = null;
    this.bench.store.setState({ writing: null });
  }

  async ask(text: string, samples: number): Promise<void> {
    this.cancel();
    const stop = new AbortController();
    this.stop = stop;
    try {
      const promptId = await this.promptFor(text);
      if (promptId === null || stop.signal.aborted) return;
      this.begin(promptId, samples);
      await this.listen(promptId, samples, stop.signal);
    } catch (error) {
      if (!stop.signal.aborted) this.failed(error);
    } finally {
      if (this.stop === stop) this.cancel();
    }
  }

  /** The prompt as a record that the host has; a text that was asked of this image before is asked again. */
  private async promptFor(text: string): Promise<number | null> {
    const { store, edits } = this.bench;
    const { open } = store.getState();
    if (!open) return null;
    const before = [...open.prompts.values()].find((one) => one.text === text);
    if (before) {
      await edits.settled();
      return before.id;
    }
    const id = await edits.id();
    const prompt: Asked = { id, imageId: open.image.id, text, points: [], box: null, kept: null };
    return (await edits.commit(diffOf('Ask a prompt', created('prompt', prompt)))) ? id : null;
  }

  private begin(promptId: number, samples: number): void {
    const texts = Array<string>(samples).fill('');
    const boxes = Array<Box | null>(samples).fill(null);
    this.bench.store.setState({ promptId, proposalId: null, lit: null, writing: { promptId, texts, boxes } });
  }

  private async listen(promptId: number, samples: number, signal: AbortSignal): Promise<void> {
    const { store, host } = this.bench;
    const asked = candidatesOf(store.getState(), promptId).length;
    const answers = await host.model.ask({ promptId, samples, seed: asked }, { signal });
    for await (const event of answers) {
      if (signal.aborted || store.getState().open?.prompts.get(promptId) === undefined) return;
      store.setState(heard(store.getState(), event));
    }
  }

  private failed(error: unknown): void {
    const why = isRefusal(error) ? error.message : 'The connection broke. What was answered so far is stored.';
    say(this.bench.store, 'bad', why);
  }
}

/** The window after one event of an answer; text comes in pieces. */
export function heard(state: Workbench, event: AnswerEvent): Partial<Workbench> {
  const { writing, open } = state;
  if (event.kind === 'text') {
    const texts = writing?.texts.map((text, i) => (i === event.candidate ? text + event.text : text));
    return writing && texts ? { writing: { ...writing, texts } } : {};
  }
  if (event.kind === 'box') {
    const boxes = writing?.boxes.map((box, i) => (i === event.candidate ? event.box : box));
    return writing && boxes ? { writing: { ...writing, boxes } } : {};
  }
  if (event.kind === 'done') return { engine: state.engine && { ...state.engine, lastCallMs: event.ms } };
  return open === null ? {} : { open: withProposal(open, event.proposal), ...chosenAmong(state, event.proposal) };
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
  proposal.promptId === promptId && (proposal.chosen || proposalId === null) ? { proposalId: proposal.id } : {};
