// Asks the model one prompt: stores it first, then shows the answer word by word until all candidates are there.
import { onceWords } from '../../main/contract/answer.ts';
import { created } from '../../main/contract/diff.ts';
import type { StoredPrompt, StoredProposal } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import type { ActionContext } from './actionContext.ts';
import { candidatesOf, withAnswerEvent } from './answers.ts';
import { isRefusal } from './connection.ts';
import { diffOf } from './corrections.ts';
import { savedNow, say } from './workbench.ts';

/** One answer at a time: asking again, or leaving the image, stops the one before. */
export class AnswerRequests {
  private readonly context: ActionContext;
  private stop: AbortController | null = null;

  constructor(context: ActionContext) {
    this.context = context;
  }

  cancel(): void {
    this.stop?.abort();
    this.stop = null;
    this.context.store.setState({ asking: false, writing: null });
  }

  async ask(text: string, samples: number): Promise<void> {
    this.cancel();
    const stop = new AbortController();
    this.stop = stop;
    this.context.store.setState({ asking: true });
    try {
      const promptId = await this.promptFor(text);
      if (promptId === null || stop.signal.aborted || !this.isOpen(promptId)) return;
      this.begin(promptId, samples);
      await this.listen(promptId, samples, stop.signal);
      this.answered(promptId, stop.signal);
    } catch (error) {
      if (!stop.signal.aborted) this.failed(error);
    } finally {
      if (this.stop === stop) this.cancel();
    }
  }

  /** The prompt as a record that the host has; a text that was asked of this image before is asked again. */
  private async promptFor(text: string): Promise<number | null> {
    const { store, edits } = this.context;
    const { open } = store.getState();
    if (!open) return null;
    const before = [...open.prompts.values()].find((one) => one.text === text);
    if (before) {
      await edits.settled();
      return before.id;
    }
    const id = await edits.id();
    const prompt: StoredPrompt = { id, imageId: open.image.id, text, points: [], box: null, correction: null };
    return (await edits.commit(diffOf('Ask a prompt', created('prompt', prompt)))) ? id : null;
  }

  private begin(promptId: number, samples: number): void {
    const texts = Array<string>(samples).fill('');
    const boxes = Array<readonly Box[]>(samples).fill([]);
    const writing = { promptId, texts, boxes, frame: null };
    this.context.store.setState({ promptId, proposalId: null, objectAt: 0, lit: null, writing });
  }

  private async listen(promptId: number, samples: number, signal: AbortSignal): Promise<void> {
    const { store, host } = this.context;
    const asked = candidatesOf(store.getState(), promptId).length;
    const answers = await host.model.ask({ promptId, samples, seed: asked }, { signal });
    const drawn: StoredProposal[] = [];
    for await (const event of answers) {
      if (signal.aborted || !this.isOpen(promptId)) return;
      store.setState(withAnswerEvent(store.getState(), event));
      if (event.kind !== 'proposal') continue;
      savedNow(store);
      drawn.push(event.proposal);
    }
    const [only, ...more] = drawn;
    if (samples > 1 && only && more.length === 0 && !only.answer.unknownWords) say(store, 'plain', onceWords(samples));
  }

  /** Its image may have been left while the host had not answered. */
  private isOpen(promptId: number): boolean {
    return this.context.store.getState().open?.prompts.has(promptId) ?? false;
  }

  private answered(promptId: number, signal: AbortSignal): void {
    const { store } = this.context;
    if (!signal.aborted) store.setState(({ selected }) => ({ answered: { promptId, selected }, combine: 'new' }));
  }

  private failed(error: unknown): void {
    const why = isRefusal(error) ? error.message : 'The connection broke. What was answered so far is stored.';
    say(this.context.store, 'bad', why);
  }
}
