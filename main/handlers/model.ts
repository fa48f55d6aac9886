// The model group: prompts to streams of answers, clicks and boxes to masks, by the engine.

import type { AnswerEvent } from '../contract/api.ts';
import { BadInput, NoModel, noProject } from '../contract/badInput.ts';
import type { StoredPrompt } from '../contract/project.ts';
import type { AskResult } from '../engine/protocol.ts';
import type { Host } from '../host.ts';
import type { Project } from '../store/project.ts';
import { contract } from './contract.ts';

export const modelHandlers = (host: Host) => ({
  status: contract.model.status.handler(() => {
    host.engine.start();
    return host.engine.status;
  }),
  ask: contract.model.ask.handler(({ input, signal }) => ask(host, input, signal)),
  refine: contract.model.refine.handler(async ({ input: { imageId, points, box, rough }, signal }) => {
    if (points.length === 0 && !box && !rough) throw new BadInput('click on the object or draw a box first');
    const picture = pictureOf(host, imageId);
    const { mask, ms } = await host.engine.call('refine', { picture, points, box, rough }, { signal });
    return { mask, ms };
  }),
  prepare: contract.model.prepare.handler(async ({ input, signal }) => {
    await prepare(host, input, signal);
    return {};
  }),
  cutOut: contract.model.cutOut.handler(async ({ input: { imageId, box }, signal }) => {
    const { mask, ms } = await host.engine.call('cutOut', { picture: pictureOf(host, imageId), box }, { signal });
    return { mask, ms };
  }),
  wand: contract.model.wand.handler(async ({ input: { imageId, ...touch }, signal }) => {
    const { mask } = await host.engine.call('wand', { picture: pictureOf(host, imageId), ...touch }, { signal });
    return { mask };
  }),
  wire: contract.model.wire.handler(async ({ input: { imageId, ...ask }, signal }) => {
    const { wire } = await host.engine.call('wire', { picture: pictureOf(host, imageId), ...ask }, { signal });
    return { wire };
  }),
});

/** The path of the image's file. */
function pictureOf(host: Host, imageId: number): string {
  const image = host.project().image(imageId);
  if (!image) throw new BadInput(`there is no image ${imageId} in the project`);
  return host.fileOf(image);
}

interface ToPrepare {
  readonly imageId: number;
  readonly ahead: boolean;
}

/** `ahead`: runs once nobody waits for anything else. Without a model there is nothing to prepare. */
async function prepare(host: Host, { imageId, ahead }: ToPrepare, signal?: AbortSignal): Promise<void> {
  const picture = pictureOf(host, imageId);
  try {
    await host.engine.call('prepare', { picture }, { signal, ...(ahead && { urgency: 'batch' }) });
  } catch (error) {
    // A picture that cannot be read is reported where it is shown.
    if (!(error instanceof NoModel) && !(error instanceof BadInput)) throw error;
  }
}

interface Question {
  readonly promptId: number;
  readonly samples: number;
  readonly seed: number;
}

/** Events as they come, then the stored proposals; ends early, and the engine with it, when nobody reads any more. */
async function* ask(
  host: Host,
  { promptId, samples, seed }: Question,
  signal?: AbortSignal,
): AsyncGenerator<AnswerEvent, void, void> {
  const project = host.project();
  const prompt = project.record('prompt', promptId);
  if (!prompt) throw new BadInput(`there is no prompt ${promptId} in the project`);
  const { text, points, box, imageId } = prompt;
  const started = performance.now();
  const abort = new AbortController();
  const signals = AbortSignal.any([abort.signal, ...(signal ? [signal] : [])]);
  const events = new Waiting<AnswerEvent>();
  const asked = { picture: pictureOf(host, imageId), text, points, box, samples, seed };
  const onEvent = (event: AnswerEvent) => events.push(event);
  const answered = host.engine.call('ask', asked, { signal: signals, onEvent });
  answered.then(
    () => events.end(),
    () => events.end(),
  );
  try {
    yield* events.read();
    const result = await answered;
    yield* stored(host, { project, prompt, result });
    yield { kind: 'done', ms: performance.now() - started, firstTokenMs: result.firstTokenMs };
  } catch (error) {
    if (!signals.aborted) throw error;
  } finally {
    abort.abort();
    answered.catch(() => {});
  }
}

interface Group {
  readonly project: Project;
  readonly prompt: StoredPrompt;
  readonly result: AskResult;
}

function stored(host: Host, { project, prompt, result }: Group): AnswerEvent[] {
  // Another project may have been opened meanwhile; this one is closed then.
  if (host.project() !== project) throw noProject();
  const proposals = project.addProposals(prompt.id, result.proposals, result.spread);
  host.events.emit({ kind: 'images', ids: [prompt.imageId] });
  return proposals.map((proposal) => ({ kind: 'proposal', proposal }));
}

/** Events that were not read yet. */
class Waiting<T> {
  private readonly items: T[] = [];
  private ended = false;
  private wake: () => void = () => {};

  push(item: T): void {
    this.items.push(item);
    this.wake();
  }

  end(): void {
    this.ended = true;
    this.wake();
  }

  async *read(): AsyncGenerator<T, void, void> {
    for (;;) {
      for (let item = this.items.shift(); item !== undefined; item = this.items.shift()) yield item;
      if (this.ended) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
