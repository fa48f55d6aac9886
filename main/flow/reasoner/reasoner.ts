// Answers sentences about a picture: runs the vision tower once, then samples tokens, and gives the query states of the answers.
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import { type DeviceTensor, floats, type Results } from '../../../models/graph/value.ts';
import { chatFor, encodeChat } from '../../../models/qwen/chat.ts';
import { Decoder, type DecoderSetup, type DecodeState, type PromptTokens } from '../../../models/qwen/decode.ts';
import { headIsQuantised } from '../../../models/qwen/language.ts';
import { framedSize, type ImageConfig, lensImageConfig, prepareImage } from '../../../models/qwen/processor.ts';
import { mergedCells, type PatchGrid } from '../../../models/qwen/rope.ts';
import type { Sampling } from '../../../models/qwen/sampling.ts';
import { patchWidth, visionTower } from '../../../models/qwen/vision.ts';
import { type Provider, Session } from '../../../models/runtime/session.ts';
import { BadInput } from '../../contract/badInput.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { DecodedImage } from '../../contract/records.ts';
import type { ReasonerWeights } from '../../weights/open.ts';
import type { EngineOptions } from '../sessions/engineOptions.ts';
import { pictureSigns } from './unlikePicture.ts';

export interface WrittenAnswer {
  text: string;
  logProbabilities: number[];
}

export interface Answers {
  written: WrittenAnswer[];
  /** What the context queries are run after: where the answers end, and all that was read and written. */
  state: DecodeState;
  rows: PromptTokens[];
  firstTokenMs: number;
}

export interface AskOptions {
  samples: number;
  /** Default: the recipe's. */
  temperature?: number;
  seed: number;
  signal?: AbortSignal;
  /** Receives what each answer grows by; `candidate` counts from 0. */
  onText?(piece: string, candidate: number): void;
  /** Awaited after every token: where long work makes room for what is more urgent. */
  between?(): Promise<void>;
}

/** Sessions are kept for so many picture sizes; the one that was used longest ago is closed. */
const mostSizes = 4;

interface Seen {
  readonly grid: PatchGrid;
  /** [image tokens, hidden] */
  readonly features: Float32Array;
}

export class Reasoner {
  readonly provider: Provider;
  readonly warnings: readonly string[];
  private readonly weights: ReasonerWeights;
  private readonly options: EngineOptions;
  private readonly images: ImageConfig;
  /** A session for each height and width of a picture in patches. */
  private readonly towers = new Map<string, Promise<Session>>();
  private readonly decoder: Decoder;
  private readonly seen = new WeakMap<DecodedImage, Promise<Seen>>();

  private constructor(weights: ReasonerWeights, options: EngineOptions, probe: Pick<Session, 'provider' | 'warnings'>) {
    this.weights = weights;
    this.options = options;
    this.provider = probe.provider;
    this.warnings = probe.warnings;
    this.images = imageConfig(weights);
    const { params, folder, reasoner: config } = weights;
    this.decoder = new Decoder({ ...{ config, params }, ...decoderGraphs({ ...options, folder }, weights) });
  }

  static async open(weights: ReasonerWeights, options: EngineOptions): Promise<Reasoner> {
    // The first session has a photograph's usual size; it tells whether the provider can be had.
    const grid = usualGrid(weights);
    const first = await openTower(weights, grid, options);
    const reasoner = new Reasoner(weights, options, first);
    reasoner.towers.set(keyOf(grid), Promise.resolve(first));
    return reasoner;
  }

  /** What coordinates of an answer about this picture are counted in. */
  frame(image: DecodedImage): Frame {
    const { coordinates, framing } = this.weights.recipe.reasoner;
    return coordinates === 'thousandths' ? { width: 1000, height: 1000 } : framedSize(image, framing, this.images);
  }

  async ask(image: DecodedImage, question: string, options: AskOptions): Promise<Answers> {
    const started = performance.now();
    const { tokenizer } = this.weights;
    const prompt = await this.prompt(image, question);
    const generation = this.decoder.generate([prompt], {
      ...{ sampling: this.sampling(options), maxTokens: this.room(prompt.ids.length) },
      ...{ samples: options.samples, seed: options.seed, signal: options.signal },
      stop: this.stops(),
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
        const { rows, state } = next.value;
        const written = rows.map((row) => ({ text: decode(row.ids), logProbabilities: row.logProbs }));
        return { written, state, rows: rows.map(({ ids }) => joinedTo(prompt, ids)), firstTokenMs };
      }
      if (firstTokenMs === 0) firstTokenMs = performance.now() - started;
      streams[next.value.row]?.push(next.value.id);
      await options.between?.();
    }
  }

  /** What `pictures.json` is about. The picture is encoded once, whatever is asked of it. */
  async signs(image: DecodedImage): Promise<Float64Array> {
    const { grid, features } = await this.see(image);
    return pictureSigns(features, features.length / mergedCells(grid, this.weights.reasoner.vision.merge));
  }

  /**
   * Hidden states of the query vectors [queries, hidden] behind each answer as the recipe says, [1, queries, hidden] an answer.
   * The caller disposes of them.
   */
  queryStates({ state, rows }: Answers, queries: Float32Array): Promise<DeviceTensor[]> {
    if (this.weights.recipe.reasoner.queries === 'reread') return this.decoder.plainQueryStates(rows, queries);
    return this.decoder.queryStates(state, queries);
  }

  async release(): Promise<void> {
    for (const tower of this.towers.values()) await (await tower).release();
    await this.decoder.release();
  }

  /** The request, picture and all, up to where the answer begins. */
  async prompt(image: DecodedImage, question: string): Promise<PromptTokens> {
    const { grid, features } = await this.see(image);
    return { ids: requestIds(this.weights, grid, question), grids: [grid], features };
  }

  private sampling({ samples, temperature }: AskOptions): Sampling {
    const { one, several } = this.weights.recipe.reasoner.sampling;
    if (temperature === undefined) return samples > 1 ? several : one;
    return temperature > 0 ? { ...several, temperature } : { ...one, temperature };
  }

  /** Tokens that an answer may have. */
  private room(prompt: number): number {
    const { answerTokens, totalTokens, crowded } = this.weights.recipe.reasoner;
    const left = totalTokens === null ? answerTokens : Math.min(answerTokens, totalTokens - prompt);
    if (crowded && left < crowded.below) return crowded.tokens;
    if (left > 0) return left;
    throw new BadInput(`the question and the picture take ${prompt} tokens, and the model reads ${totalTokens} in all`);
  }

  /** The picture's features, computed once for each picture. */
  private see(image: DecodedImage): Promise<Seen> {
    const known = this.seen.get(image);
    if (known) return known;
    const { pixelValues, grid } = prepareImage(image, this.weights.recipe.reasoner.framing, this.images);
    const seen = this.tower(grid).then(async (tower) => {
      return { grid, features: floats(await tower.run({ pixels: pixelValues }), 'features') };
    });
    this.seen.set(image, seen);
    // A failure is not kept: the next call tries again.
    seen.catch(() => this.seen.delete(image));
    return seen;
  }

  private async tower(grid: PatchGrid): Promise<Session> {
    const key = keyOf(grid);
    const tower = this.towers.get(key) ?? openTower(this.weights, grid, this.options);
    this.towers.delete(key);
    this.towers.set(key, tower);
    const [oldest, old] = this.towers.entries().next().value ?? [];
    if (this.towers.size > mostSizes && oldest !== undefined && old) {
      this.towers.delete(oldest);
      await (await old).release();
    }
    return tower;
  }

  private stops(): number[] {
    const ids = ['<|im_end|>', '<|endoftext|>'].map((name) => this.weights.tokenizer.special.get(name));
    if (ids[0] === undefined) throw new Error('The tokenizer has no <|im_end|>.');
    return ids.filter((id) => id !== undefined);
  }
}

const keyOf = ({ h, w }: PatchGrid): string => `${h} ${w}`;

/** Patches of a photograph's usual size, as the recipe frames it. */
export const usualGrid = (weights: ReasonerWeights): PatchGrid => gridOf(weights, { height: 480, width: 640 });

function gridOf(weights: ReasonerWeights, size: Frame): PatchGrid {
  const { height, width } = framedSize(size, weights.recipe.reasoner.framing, imageConfig(weights));
  const { patch } = weights.reasoner.vision;
  return { t: 1, h: height / patch, w: width / patch };
}

function requestIds({ tokenizer, reasoner, recipe }: ReasonerWeights, grid: PatchGrid, question: string): number[] {
  const chat = chatFor(recipe.reasoner.template, question);
  return encodeChat(tokenizer, chat, { reply: true, imageTokens: [mergedCells(grid, reasoner.vision.merge)] });
}

/** Tokens of a request, and those of its picture among them. */
export interface RequestSize {
  readonly tokens: number;
  readonly features: number;
}

/** How long a request about a picture of this size is, before anything is computed of it. */
export function requestSize(weights: ReasonerWeights, size: Frame, question: string): RequestSize {
  const grid = gridOf(weights, size);
  const features = mergedCells(grid, weights.reasoner.vision.merge);
  return { tokens: requestIds(weights, grid, question).length, features };
}

/** The vision tower is a graph of one size. */
export function towerOutputs(
  { params, reasoner: { vision } }: ReasonerWeights,
  grid: PatchGrid,
): Record<string, Tensor> {
  const pixels = input('pixels', [grid.h * grid.w, patchWidth(vision)]);
  const { features } = visionTower(params.at('visual'), pixels, { grids: [grid], config: vision });
  return { features };
}

/**
 * How a decoder opens its graphs. Those of a quantised checkpoint pack all of it each, so they stay open as far as memory
 * allows, and a suffix has room for most answers: another length would be another graph.
 */
export function decoderGraphs(
  options: EngineOptions & { folder?: string },
  { params, reasoner }: Pick<ReasonerWeights, 'params' | 'reasoner'>,
): Omit<DecoderSetup, 'config' | 'params'> {
  const { provider, threads, folder } = options;
  const isQuantised = headIsQuantised(params, reasoner.language);
  const weights = isQuantised ? 'quantised packed' : undefined;
  const open = (outputs: Readonly<Record<string, Tensor>>, results?: Results) =>
    Session.create(outputs, { provider, threads, folder, weights, results });
  return isQuantised ? { open, room: process.availableMemory() / 4, chunk: { prompt: 32, cache: 512 } } : { open };
}

const openTower = (weights: ReasonerWeights, grid: PatchGrid, options: EngineOptions): Promise<Session> =>
  Session.create(towerOutputs(weights, grid), { ...options, folder: weights.folder });

function imageConfig({ reasoner: { vision }, recipe }: ReasonerWeights): ImageConfig {
  const { least, most } = recipe.reasoner.pixels;
  const { patch, merge, temporal } = vision;
  return { ...lensImageConfig, patch, merge, temporal, minPixels: least, maxPixels: most };
}

/** Prompt and answer as one row. */
const joinedTo = (prompt: PromptTokens, answer: readonly number[]): PromptTokens => ({
  ...prompt,
  ids: [...prompt.ids, ...answer],
});

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
