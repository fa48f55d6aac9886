// Takes the host's messages as calls: orders and cancels them, and gives each its picture and the weights.
import type { DecodedImage } from '../contract/records.ts';
import { loadPredictor } from '../flow/predict.ts';
import { FeatureFiles } from '../flow/sessions/featureFiles.ts';
import { decodeImage } from '../pictures/image.ts';
import { weightsVersion } from '../weights/version.ts';
import { type CallContext, type Model, perform } from './calls.ts';
import { Embeddings } from './embeddings.ts';
import { failureOf, NotOpened } from './failures.ts';
import { ComputeQueue } from './priority.ts';
import type { FromEngine, ToEngine } from './protocol.ts';

type CallMessage = Extract<ToEngine, { kind: 'call' }>;

export class CallServer {
  private readonly send: (message: FromEngine) => void;
  private readonly queue = new ComputeQueue();
  private readonly underWay = new Map<number, AbortController>();
  private readonly shown = new Embeddings(decodeImage);
  /** A batch goes through its pictures once: it must not push out those that a person works on, here or on disk. */
  private readonly passing = new Embeddings(decodePixels, { count: 2, bytes: 300e6 });
  private model: Promise<Model> = Promise.reject(new NotOpened('No weights were named.'));

  constructor(send: (message: FromEngine) => void) {
    this.send = send;
    this.model.catch(() => undefined);
  }

  receive(message: ToEngine): void {
    if (message.kind === 'open') this.open(message);
    else if (message.kind === 'cancel') this.underWay.get(message.id)?.abort();
    else void this.answer(message);
  }

  private open(wanted: Extract<ToEngine, { kind: 'open' }>): void {
    this.model = opened(wanted);
    this.model.then(
      ({ predictor: { device, warnings }, version }) =>
        this.send({ kind: 'opened', weights: version, device, warnings: [...warnings] }),
      (error: Error) => this.send({ kind: 'refused', problem: error.message }),
    );
  }

  private async answer(message: CallMessage): Promise<void> {
    const { id, urgency, request } = message;
    const abort = new AbortController();
    this.underWay.set(id, abort);
    try {
      const work = this.workFor(message, abort.signal);
      // Pictures of a batch are read while the one before is computed.
      if (urgency === 'batch' && request.name !== 'teach') work.image(request.arguments.picture).catch(() => undefined);
      const result = await this.queue[urgency](async () => {
        abort.signal.throwIfAborted();
        return perform(request, work);
      });
      this.send({ kind: 'done', id, result });
    } catch (error) {
      this.send({ kind: 'failed', id, failure: failureOf(error, abort.signal) });
    } finally {
      this.underWay.delete(id);
    }
  }

  private workFor({ id, urgency, request }: CallMessage, signal: AbortSignal): CallContext {
    const pictures = urgency === 'batch' && request.name !== 'prepare' ? this.passing : this.shown;
    return {
      signal,
      image: (picture) => pictures.of(picture),
      model: () => this.model,
      emit: (event) => this.send({ kind: 'event', id, event }),
      between: () => (urgency === 'batch' ? this.queue.quiet() : Promise.resolve()),
    };
  }
}

/** Nothing is kept on disk of a picture whose digest nobody knows. */
async function decodePixels(file: string): Promise<DecodedImage> {
  const { width, height, data } = await decodeImage(file);
  return { width, height, data };
}

async function opened({ weights, segmenter, provider, features }: Extract<ToEngine, { kind: 'open' }>): Promise<Model> {
  try {
    const predictor = await loadPredictor(weights, {
      ...{ provider, segmenter },
      ...(features !== null && { features: new FeatureFiles(features) }),
    });
    return { predictor, version: await weightsVersion(weights, predictor.name) };
  } catch (error) {
    throw new NotOpened(error instanceof Error ? error.message : String(error));
  }
}
