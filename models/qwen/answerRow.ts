// Samples one answer, token by token from the logits, until a stop token, the limit or an abort.
import { chooseToken, logProbability, type Sampling, seededUniform } from './sampling.ts';

export interface GenerateOptions {
  sampling?: Sampling;
  /** Answers per prompt, side by side. The prompt is read once. Default 1. */
  samples?: number;
  maxTokens: number;
  /** Ids that end an answer; they are its last token. */
  stop: readonly number[];
  seed?: number;
  /** Further ids under the repetition penalty, such as the padding that a padded batch would have held. */
  alsoPenalised?: readonly number[];
  signal?: AbortSignal;
}

export interface Sampled {
  row: number;
  id: number;
  /** Under the model's own distribution, whatever the sampling. */
  logProb: number;
}

export interface TokenRow {
  ids: number[];
  logProbs: number[];
  ended: 'stop' | 'length' | 'aborted';
}

/** One answer in the making. */
export class AnswerRow {
  readonly answer: TokenRow = { ids: [], logProbs: [], ended: 'length' };
  live = true;
  private readonly options: GenerateOptions;
  private readonly seen: Set<number>;
  private readonly uniform: () => number;

  constructor(prompt: readonly number[], options: GenerateOptions, seed: number) {
    this.options = options;
    this.uniform = seededUniform(seed);
    this.seen = new Set([...prompt, ...(options.alsoPenalised ?? [])]);
  }

  sample(logits: Float32Array): { id: number; logProb: number } {
    const id = chooseToken(logits, this.seen, this.options.sampling ?? {}, this.uniform);
    const logProb = logProbability(logits, id);
    this.seen.add(id);
    this.answer.ids.push(id);
    this.answer.logProbs.push(logProb);
    if (this.options.stop.includes(id)) this.end('stop');
    return { id, logProb };
  }

  abort(): void {
    if (this.live) this.end('aborted');
  }

  private end(how: TokenRow['ended']): void {
    this.answer.ended = how;
    this.live = false;
  }
}
