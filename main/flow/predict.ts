// A decoded picture and a prompt to a proposal: reasoning, box and mask, by the weights of one folder.
import type { Provider } from '../../models/runtime/session.ts';
import { boxSoFar, readAnswer, toImage } from '../contract/answer.ts';
import type { Answer, Box, DecodedImage, Mask, Prompt } from '../contract/records.ts';
import { formatReward } from '../reward/lens.ts';
import { openWeights, type Weights } from '../weights/open.ts';
import { type Answers, type EngineOptions, Reasoner, type Written } from './reasoner.ts';
import { type Ask, Segmenter } from './segmenter.ts';

export interface PredictOptions {
  /** Answers to draw; the likeliest one counts. Default 1. */
  samples?: number;
  seed?: number;
  /** Default 0 for one answer, 0.9 for more. */
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
  /** Side of the square that boxes in an answer's text are written in. */
  readonly frame: number;
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
  readonly frame: number;
  private readonly weights: Weights;
  private readonly reasoner: Reasoner;
  private readonly segmenter: Segmenter;
  private readonly queries: Float32Array;

  private constructor(weights: Weights, parts: { reasoner: Reasoner; segmenter: Segmenter; queries: Float32Array }) {
    this.weights = weights;
    this.reasoner = parts.reasoner;
    this.segmenter = parts.segmenter;
    this.queries = parts.queries;
    this.device = parts.reasoner.provider;
    this.warnings = parts.reasoner.warnings;
    this.name = weights.name;
    this.frame = weights.frame;
  }

  static async open(weights: Weights, options: EngineOptions): Promise<LoupePredictor> {
    const queries = await weights.read('learnable_query');
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
    const temperature = options.temperature ?? (samples > 1 ? 0.9 : 0);
    const onText = this.watching(image, options);
    const asked = { ...options, samples, temperature, seed: options.seed ?? 0, onText };
    const answers = await this.reasoner.ask(image, prompt.text, asked);
    const answerMs = performance.now() - started;
    const states = await this.reasoner.queryStates(answers.state, this.queries);
    const proposals: Proposal[] = [];
    for (const [i, written] of answers.written.entries()) {
      const own = states.subarray((i * states.length) / samples, ((i + 1) * states.length) / samples);
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
    const { frame, dialect } = this.weights;
    return (piece, candidate) => {
      onText?.(piece, candidate);
      texts[candidate] = (texts[candidate] ?? '') + piece;
      const named = told.has(candidate) ? null : boxSoFar(texts[candidate], dialect);
      if (!named) return;
      told.add(candidate);
      const box = toImage(named, { width: frame, height: frame }, image);
      if (box) onBox(box, candidate);
    };
  }

  private async propose({ image, prompt, written, states }: Draft): Promise<Proposal> {
    const { frame, dialect } = this.weights;
    const read = readAnswer(written.text, dialect);
    const box = read.box && toImage(read.box, { width: frame, height: frame }, image);
    const { text, logProbabilities } = written;
    const answer: Answer = { text, reasoning: read.reasoning, box, logProbabilities };
    const found = read.found === 'box' ? (box ? 'object' : 'unreadable') : read.found;
    const proposal = { answer, found, box, rewards: { format: formatReward(text, dialect) }, timings: {} } as const;
    const ask = { box: prompt.box ?? box ?? undefined, points: prompt.points, rough: prompt.mask };
    const isPointed = ask.box !== undefined || (prompt.points ?? []).length > 0;
    if (!isPointed) return { ...proposal, mask: null };
    const token = read.found === 'box' ? await this.segmenter.token(Float32Array.from(states)) : undefined;
    return { ...proposal, mask: await this.segmenter.segment(image, { ...ask, token }) };
  }
}

interface Draft {
  image: DecodedImage;
  prompt: Prompt;
  written: Written;
  /** [queries, hidden] */
  states: Float32Array;
}

/** Index of the answer with the highest mean log-probability per token. */
function likeliest({ written }: Answers): number {
  const mean = ({ logProbabilities: p }: Written) => p.reduce((a, b) => a + b, 0) / Math.max(1, p.length);
  return written.reduce((best, one, i) => (mean(one) > mean(written[best] ?? one) ? i : best), 0);
}
