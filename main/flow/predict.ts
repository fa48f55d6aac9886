// A decoded picture and a prompt to a proposal: reasoning, box and mask, by the weights of one folder.
import type { Provider } from '../../models/runtime/session.ts';
import { toImage } from '../contract/answer.ts';
import { type Frame, rescale } from '../contract/geometry.ts';
import type { Answer, Box, DecodedImage, Mask, Point, Prompt } from '../contract/records.ts';
import { openWeights, type Weights } from '../weights/open.ts';
import { answerReaders, type NamedObject } from './answer.ts';
import { type Answers, type EngineOptions, Reasoner, type Written } from './reasoner.ts';
import { Segmenter } from './segmenter.ts';
import type { Ask } from './zoom.ts';

export interface PredictOptions {
  /** Answers to draw; the likeliest one counts. Default 1. */
  samples?: number;
  seed?: number;
  /** Default: the recipe's. */
  temperature?: number;
  signal?: AbortSignal;
  onText?(piece: string, candidate: number): void;
  /** A box in image pixels, as soon as an answer's text names it. */
  onBox?(box: Box, candidate: number): void;
  /** Awaited between tokens and masks. */
  between?(): Promise<void>;
}

export interface Proposal {
  answer: Answer;
  found: 'object' | 'nothing' | 'unreadable';
  /** The picture as the reasoner saw it: coordinates in the answer's text are pixels of it. */
  frame: Frame;
  /** In image pixels; null when nothing matches or no box could be read. */
  box: Box | null;
  mask: Mask | null;
  /** What can be known without truth. */
  rewards: { format: number };
  /** Milliseconds. */
  timings: Record<string, number>;
  /** All answers that were drawn, the chosen one among them; only when several were asked for. */
  candidates?: Proposal[];
}

export interface Predictor {
  /** The provider in use. */
  readonly device: string;
  readonly warnings: readonly string[];
  /** The name in the folder's configuration. */
  readonly name: string;
  predict(image: DecodedImage, prompt: Prompt, options?: PredictOptions): Promise<Proposal>;
  /** The segmenter alone. */
  segment(image: DecodedImage, ask: Ask): Promise<Mask>;
  /** Encodes the picture for the segmenter ahead of the first ask. */
  prepare(image: DecodedImage): Promise<void>;
  release(): Promise<void>;
}

/** Opens a weights folder; throws one sentence that names the file at fault. */
export async function loadPredictor(
  folder: string,
  options: { provider?: string; threads?: number } = {},
): Promise<Predictor> {
  const weights = await openWeights(folder);
  const engine = { provider: options.provider as Provider | undefined, threads: options.threads };
  return LoupePredictor.open(weights, engine);
}

class LoupePredictor implements Predictor {
  readonly device: string;
  readonly warnings: readonly string[];
  readonly name: string;
  private readonly weights: Weights;
  private readonly reasoner: Reasoner;
  private readonly segmenter: Segmenter;
  /** [queries, hidden]; null where the recipe has none. */
  private readonly queries: Float32Array | null;

  private constructor(
    weights: Weights,
    parts: { reasoner: Reasoner; segmenter: Segmenter; queries: Float32Array | null },
  ) {
    this.weights = weights;
    this.reasoner = parts.reasoner;
    this.segmenter = parts.segmenter;
    this.queries = parts.queries;
    this.device = parts.reasoner.provider;
    this.warnings = parts.reasoner.warnings;
    this.name = weights.name;
  }

  static async open(weights: Weights, options: EngineOptions): Promise<LoupePredictor> {
    const queries = weights.recipe.reasoner.queries === null ? null : await weights.read('learnable_query');
    const reasoner = await Reasoner.open(weights, options);
    const segmenter = await Segmenter.open(weights, options);
    return new LoupePredictor(weights, { reasoner, segmenter, queries });
  }

  segment(image: DecodedImage, ask: Ask): Promise<Mask> {
    return this.segmenter.segment(image, ask);
  }

  prepare(image: DecodedImage): Promise<void> {
    return this.segmenter.prepare(image);
  }

  async predict(image: DecodedImage, prompt: Prompt, options: PredictOptions = {}): Promise<Proposal> {
    const started = performance.now();
    const samples = options.samples ?? 1;
    const onText = this.watching(image, options);
    const asked = { ...options, samples, seed: options.seed ?? 0, onText };
    const answers = await this.reasoner.ask(image, prompt.text, asked);
    const answerMs = performance.now() - started;
    const states = this.queries && (await this.reasoner.queryStates(answers, this.queries));
    const proposals: Proposal[] = [];
    for (const [i, written] of answers.written.entries()) {
      const own = states?.subarray((i * states.length) / samples, ((i + 1) * states.length) / samples);
      await options.between?.();
      options.signal?.throwIfAborted();
      proposals.push(await this.propose({ image, prompt, written, states: own }));
    }
    const chosen = proposals[likeliest(answers)];
    if (!chosen) throw new Error('The reasoner wrote no answer.');
    const totalMs = performance.now() - started;
    const timings = { firstTokenMs: answers.firstTokenMs, answerMs, maskMs: totalMs - answerMs, totalMs };
    return { ...chosen, timings, ...(samples > 1 ? { candidates: proposals } : {}) };
  }

  async release(): Promise<void> {
    await this.reasoner.release();
    await this.segmenter.release();
  }

  /** Hands text on and calls `onBox` once for each candidate. */
  private watching(image: DecodedImage, { onText, onBox }: PredictOptions): PredictOptions['onText'] {
    if (!onBox) return onText;
    const texts: string[] = [];
    const told = new Set<number>();
    const reader = answerReaders[this.weights.recipe.reasoner.parser];
    const frame = this.reasoner.frame(image);
    return (piece, candidate) => {
      onText?.(piece, candidate);
      texts[candidate] = (texts[candidate] ?? '') + piece;
      const named = told.has(candidate) ? null : reader.boxSoFar(texts[candidate]);
      if (!named) return;
      told.add(candidate);
      const box = toImage(named, frame, image);
      if (box) onBox(box, candidate);
    };
  }

  private async propose({ image, prompt, written, states }: Draft): Promise<Proposal> {
    const { text, logProbabilities } = written;
    const reader = answerReaders[this.weights.recipe.reasoner.parser];
    const frame = this.reasoner.frame(image);
    const read = reader.read(text);
    const [named] = read.objects;
    const box = named ? toImage(named.box, frame, image) : null;
    const answer: Answer = { text, reasoning: read.reasoning, box, logProbabilities };
    const found = named ? (box ? 'object' : 'unreadable') : read.found === 'nothing' ? 'nothing' : 'unreadable';
    const proposal = { answer, found, frame, box, rewards: { format: reader.format(text) }, timings: {} } as const;
    const given = this.recipe.prompts.includes('box') ? box : null;
    const own = named && this.recipe.prompts.includes('points') ? pointsOf(named, frame, image) : [];
    const points = [...own, ...(prompt.points ?? [])];
    const isPointed = prompt.box !== undefined || box !== null || points.length > 0;
    if (!isPointed) return { ...proposal, mask: null };
    const token = named && states ? await this.segmenter.token(Float32Array.from(states)) : undefined;
    const ask = { box: prompt.box ?? given ?? undefined, points, rough: prompt.mask, token };
    return { ...proposal, mask: await this.segmenter.segment(image, ask) };
  }

  private get recipe() {
    return this.weights.recipe.segmenter;
  }
}

/** The clicks that an answer gives beside a box. */
function pointsOf({ points }: NamedObject, frame: Frame, image: Frame): Point[] {
  return points.map(({ x, y }) => {
    const { x1, y1 } = rescale({ x1: x, y1: y, x2: x, y2: y }, frame, image);
    return { x: x1, y: y1, sign: '+' };
  });
}

interface Draft {
  image: DecodedImage;
  prompt: Prompt;
  written: Written;
  /** [queries, hidden] */
  states: Float32Array | undefined;
}

/** Index of the answer with the highest mean log-probability per token. */
function likeliest({ written }: Answers): number {
  const mean = ({ logProbabilities: p }: Written) => p.reduce((a, b) => a + b, 0) / Math.max(1, p.length);
  return written.reduce((best, one, i) => (mean(one) > mean(written[best] ?? one) ? i : best), 0);
}
