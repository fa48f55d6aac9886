// A picture and a sentence to answers: the vision tower once, then tokens as they are sampled, and their query states.
import { input } from '../../models/graph/tensor.ts';
import { floats } from '../../models/graph/value.ts';
import { chatFor, encodeChat } from '../../models/qwen/chat.ts';
import { Decoder, type DecodeState } from '../../models/qwen/decode.ts';
import { prepareImage } from '../../models/qwen/processor.ts';
import { patchWidth, visionTower } from '../../models/qwen/vision.ts';
import { type Provider, Session } from '../../models/runtime/session.ts';
import type { DecodedImage } from '../contract/records.ts';
import type { Weights } from '../weights/open.ts';

export interface Written {
  text: string;
  logProbabilities: number[];
}

export interface Answers {
  written: Written[];
  /** What the context queries are run after. */
  state: DecodeState;
  firstTokenMs: number;
}

export interface AskOptions {
  samples: number;
  temperature: number;
  seed: number;
  signal?: AbortSignal;
  /** What each answer grows by; `candidate` counts from 0. */
  onText?(piece: string, candidate: number): void;
  /** Awaited after every token: where long work makes room for what is more urgent. */
  between?(): Promise<void>;
}

export interface EngineOptions {
  provider?: Provider;
  threads?: number;
}

/** An answer lists at most a dozen things; beyond this it has lost its way. */
const longestAnswer = 224;

export class Reasoner {
  readonly provider: Provider;
  readonly warnings: readonly string[];
  private readonly weights: Weights;
  private readonly vision: Session;
  private readonly decoder: Decoder;
  private readonly side: number;
  private readonly features = new WeakMap<DecodedImage, Promise<Float32Array>>();

  private constructor(weights: Weights, vision: Session, options: EngineOptions) {
    this.weights = weights;
    this.vision = vision;
    this.provider = vision.provider;
    this.warnings = vision.warnings;
    this.side = weights.frame / weights.reasoner.vision.patch;
    const open = (outputs: Parameters<typeof Session.create>[0]) =>
      Session.create(outputs, { ...options, folder: weights.folder });
    this.decoder = new Decoder({ config: weights.reasoner, params: weights.params, open });
  }

  static async open(weights: Weights, options: EngineOptions): Promise<Reasoner> {
    const { vision } = weights.reasoner;
    const side = weights.frame / vision.patch;
    const pixels = input('pixels', [side * side, patchWidth(vision)]);
    const grids = [{ t: 1, h: side, w: side }];
    const { features } = visionTower(weights.params.at('visual'), pixels, { grids, config: vision });
    return new Reasoner(weights, await Session.create({ features }, { ...options, folder: weights.folder }), options);
  }

  async ask(image: DecodedImage, question: string, options: AskOptions): Promise<Answers> {
    const started = performance.now();
    const { tokenizer, reasoner } = this.weights;
    const count = (this.side / reasoner.vision.merge) ** 2;
    const ids = encodeChat(tokenizer, chatFor('loupe', question), { reply: true, imageTokens: [count] });
    const prompt = { ids, grids: [{ t: 1, h: this.side, w: this.side }], features: await this.see(image) };
    const generation = this.decoder.generate([prompt], {
      sampling: options.temperature > 0 ? { temperature: options.temperature, topK: 50, topP: 0.9 } : {},
      samples: options.samples,
      seed: options.seed,
      maxTokens: longestAnswer,
      stop: [this.special('<|im_end|>')],
      signal: options.signal,
    });
    const decode = (row: readonly number[]) => tokenizer.decode(row, { skipSpecial: true });
    const streams = Array.from({ length: options.samples }, (_, i) => {
      return new TextStream(decode, options.onText && ((piece) => options.onText?.(piece, i)));
    });
    let firstTokenMs = 0;
    for (;;) {
      const next = await generation.next();
      if (next.done) {
        options.signal?.throwIfAborted();
        const written = next.value.rows.map((row) => ({
          text: decode(row.ids),
          logProbabilities: row.logProbs,
        }));
        return { written, state: next.value.state, firstTokenMs };
      }
      if (firstTokenMs === 0) firstTokenMs = performance.now() - started;
      streams[next.value.row]?.push(next.value.id);
      await options.between?.();
    }
  }

  /** [samples, queries, hidden] of the query vectors [queries, hidden]. */
  queryStates(state: DecodeState, queries: Float32Array): Promise<Float32Array> {
    return this.decoder.queryStates(state, queries);
  }

  async release(): Promise<void> {
    await this.vision.release();
    await this.decoder.release();
  }

  /** The picture's features, computed once for each picture. */
  private see(image: DecodedImage): Promise<Float32Array> {
    const known = this.features.get(image);
    if (known) return known;
    const square = { kind: 'square', side: this.weights.frame, filter: 'bilinear' } as const;
    const { pixelValues } = prepareImage(image, square);
    const features = this.vision.run({ pixels: pixelValues }).then((results) => floats(results, 'features'));
    this.features.set(image, features);
    // A failure is not kept: the next call tries again.
    features.catch(() => this.features.delete(image));
    return features;
  }

  private special(name: string): number {
    const id = this.weights.tokenizer.special.get(name);
    if (id === undefined) throw new Error(`The tokenizer has no ${name}.`);
    return id;
  }
}

/** Hands on what each token adds to the text. */
class TextStream {
  private readonly ids: number[] = [];
  private written = 0;
  private readonly decode: (ids: readonly number[]) => string;
  private readonly onText: ((piece: string) => void) | undefined;

  constructor(decode: (ids: readonly number[]) => string, onText?: (piece: string) => void) {
    this.decode = decode;
    this.onText = onText;
  }

  push(id: number): void {
    if (!this.onText) return;
    this.ids.push(id);
    const text = this.decode(this.ids);
    if (text.length > this.written && !text.endsWith('\uFFFD')) {
      this.onText(text.slice(this.written));
      this.written = text.length;
    }
  }
}
