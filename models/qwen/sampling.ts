// Samples the next token from logits: repetition penalty, temperature, top-k, top-p and min-p, in transformers' order, and the draw.

export interface Sampling {
  /** 0: greedy, the likeliest token whatever the other filters say. Default 0. */
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  /** Least share of the likeliest token's probability. */
  readonly minP?: number;
  /** Divides positive and multiplies negative logits of every id in prompt or answer. Default 1. */
  readonly repetitionPenalty?: number;
}

/** Numbers in [0, 1) that depend on nothing but the seed (mulberry32). */
export function seededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The next token of one row; `seen` are the distinct ids of prompt and answer. */
export function chooseToken(
  logits: ArrayLike<number>,
  seen: ReadonlySet<number>,
  sampling: Sampling,
  uniform: () => number,
): number {
  const penalised = penalise(logits, seen, sampling.repetitionPenalty ?? 1);
  if ((sampling.temperature ?? 0) === 0) return likeliest(penalised);
  return draw(softmaxOf(filtered(penalised, sampling)), uniform());
}

/** Logits after every filter: -Infinity where a token is left out. */
export function processLogits(logits: ArrayLike<number>, seen: ReadonlySet<number>, sampling: Sampling): Float64Array {
  return filtered(penalise(logits, seen, sampling.repetitionPenalty ?? 1), sampling);
}

function penalise(logits: ArrayLike<number>, seen: ReadonlySet<number>, penalty: number): Float64Array {
  const scores = Float64Array.from(logits);
  if (penalty === 1) return scores;
  for (const id of seen) {
    const score = scores[id];
    if (score !== undefined) scores[id] = score > 0 ? score / penalty : score * penalty;
  }
  return scores;
}

/** Changes `scores`. A temperature of 0 counts as 1 here: the caller takes the likeliest token itself. */
function filtered(scores: Float64Array, { temperature = 1, topK, topP = 1, minP = 0 }: Sampling): Float64Array {
  if (temperature > 0) for (let i = 0; i < scores.length; i++) scores[i] = (scores[i] ?? 0) / temperature;
  if (topK !== undefined && topK < scores.length) dropBelow(scores, kthLargest(scores, topK));
  if (topP < 1) keepShare(scores, topP);
  if (minP > 0) dropBelow(scores, Math.log(minP) + (scores[likeliest(scores)] ?? 0));
  return scores;
}

function dropBelow(scores: Float64Array, least: number): void {
  for (let i = 0; i < scores.length; i++) if ((scores[i] ?? 0) < least) scores[i] = Number.NEGATIVE_INFINITY;
}

/** One pass that remembers the k largest in order: few of a vocabulary's scores ever enter. */
function kthLargest(scores: Float64Array, k: number): number {
  const best = new Float64Array(k).fill(Number.NEGATIVE_INFINITY);
  for (const score of scores) {
    if (score <= (best[k - 1] ?? 0)) continue;
    let at = k - 1;
    for (; at > 0 && (best[at - 1] ?? 0) < score; at--) best[at] = best[at - 1] ?? 0;
    best[at] = score;
  }
  return best[k - 1] ?? 0;
}

/** Drops the least likely tokens whose probabilities together do not exceed 1 - share; one always stays. */
function keepShare(scores: Float64Array, share: number): void {
  const probabilities = softmaxOf(scores);
  const live = Array.from(scores.keys()).filter((i) => (probabilities[i] ?? 0) > 0);
  live.sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  live.pop();
  let sum = 0;
  for (const i of live) {
    sum += probabilities[i] ?? 0;
    if (sum > 1 - share) return;
    scores[i] = Number.NEGATIVE_INFINITY;
  }
}

export function softmaxOf(scores: ArrayLike<number>): Float64Array {
  const shares = Float64Array.from(scores);
  const largest = shares[likeliest(shares)] ?? 0;
  let sum = 0;
  for (let i = 0; i < shares.length; i++) {
    const share = Math.exp((shares[i] ?? 0) - largest);
    shares[i] = share;
    sum += share;
  }
  return shares.map((share) => share / sum);
}

/** First index of the maximum. */
export function likeliest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if ((scores[i] ?? 0) > (scores[best] ?? 0)) best = i;
  return best;
}

/** The token in whose stretch of [0, 1) `uniform` falls. */
function draw(probabilities: Float64Array, uniform: number): number {
  let left = uniform;
  let last = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const share = probabilities[i] ?? 0;
    if (share === 0) continue;
    if (left < share) return i;
    left -= share;
    last = i;
  }
  return last;
}

/** log p(id) under the model's own distribution: no penalty, temperature 1. */
export function logProbability(logits: ArrayLike<number>, id: number): number {
  const largest = logits[likeliest(logits)] ?? 0;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] ?? 0) - largest);
  return (logits[id] ?? 0) - largest - Math.log(sum);
}
