// Scenes -> what one training step of the reasoner is fed: patches, packed turns, soft labels and dense targets.
import type { LanguageConfig } from '../../models/qwen/config.ts';
import type { NanoTokenizer } from '../../models/qwen/nanoTokenizer.ts';
import { patchesOf } from '../../models/qwen/processor.ts';
import { joinPositions, type Positions, textTable } from '../../models/qwen/rope.ts';
import { gaussianLabels } from '../../models/train/losses.ts';
import type { Random } from '../scenes/random.ts';
import type { Scene, ScenePrompt } from '../scenes/scene.ts';
import { type Conversation, conversation } from './conversation.ts';
import { type DenseTargets, denseTargets } from './denseTargets.ts';
import { drill } from './drill.ts';
import { cells, imageConfig, type ReasonerBatch, softness } from './layout.ts';
import { rollCall } from './rollCall.ts';
import { joined } from './segmenterBatch.ts';
import { attentionMask, type Head, hidden, packedLength, packSequence, type Turn } from './sequence.ts';

/** Shares of scenes that begin with an exercise. */
const exercises = { rollCall: 0.2, drill: 0.4 };

/** In how many scenes a decision must be read from the list alone. */
const blindfolded = 0.7;

/**
 * Rows of the attention mask [length, length] no longer see the picture. A decision that can see it guesses the number of
 * a thing from where the thing lies, half of the time rightly, and never learns to look it up in the list.
 */
function hidePicture(mask: Float32Array, rows: readonly number[], { imageStart, side }: Head): void {
  const length = Math.sqrt(mask.length);
  for (const row of rows) {
    const first = row * length + imageStart;
    mask.fill(hidden, first, first + side * side);
  }
}

/** As many of the scene's prompts, in random order, as fit into `tokens`; `before` them what is taken first. */
export function turnsThatFit(
  conversations: readonly Conversation[],
  random: Random,
  { tokens, before = [] }: { tokens: number; before?: readonly Conversation[] },
): { head: Head; turns: Turn[] } {
  const ordered = [...before, ...random.shuffle(conversations)];
  const first = ordered[0];
  if (!first) throw new Error('A scene has no prompts.');
  const turns: Turn[] = [];
  for (const { turn } of ordered) if (packedLength(first.head, [...turns, turn]) <= tokens) turns.push(turn);
  return { head: first.head, turns };
}

/** Turns of a scene: often an exercise first, then what fits beside it. */
export function turnsFor(
  tokenizer: NanoTokenizer,
  scene: Scene,
  { random, tokens }: { random: Random; tokens: number },
): { head: Head; turns: Turn[] } {
  const conversationOf = (prompt: ScenePrompt) => conversation(tokenizer, scene, prompt);
  const exercise = exerciseFor(scene, random);
  const before = exercise ? [conversationOf(exercise)] : [];
  return turnsThatFit(scene.prompts.map(conversationOf), random, { tokens, before });
}

function exerciseFor(scene: Scene, random: Random): ScenePrompt | null {
  const roll = random.next();
  if (roll < exercises.rollCall) return rollCall(scene, random);
  return roll < exercises.rollCall + exercises.drill ? drill(scene, random) : null;
}

/** Feeds of the reasoner's training graph; shapes in `reasonerGraph.ts`. */
export interface ReasonerFeeds extends Record<string, Float32Array | BigInt64Array> {
  pixels: Float32Array;
  ids: BigInt64Array;
  /** [scenes * tokens, head width] each */
  cosine: Float32Array;
  sine: Float32Array;
  mask: Float32Array;
  predictors: BigInt64Array;
  labelIds: BigInt64Array;
  labelShares: Float32Array;
  labelWeights: Float32Array;
}

/** What a batch is written with, and how large it is. */
export interface Writer {
  tokenizer: NanoTokenizer;
  config: LanguageConfig;
  batch: ReasonerBatch;
}

export function buildReasonerBatch(
  { tokenizer, config, batch: { tokens, predictors: capacity } }: Writer,
  scenes: readonly Scene[],
  random: Random,
): ReasonerFeeds {
  const count = scenes.length;
  const ids = new BigInt64Array(count * tokens);
  const positions: Positions[] = [];
  const mask = new Float32Array(count * tokens * tokens);
  const predictors: number[] = [];
  const labels: number[] = [];
  const weights: number[] = [];
  scenes.forEach((scene, b) => {
    const { head, turns } = turnsFor(tokenizer, scene, { random, tokens });
    const packed = packSequence(head, turns, tokens);
    ids.set(BigInt64Array.from(packed.ids, BigInt), b * tokens);
    positions.push(packed.positions);
    const seen = attentionMask(packed.turn);
    const some = packed.predictors.slice(0, capacity - predictors.length);
    const next = some.map((at) => packed.ids[at + 1] ?? 0);
    predictors.push(...some.map((at) => b * tokens + at));
    labels.push(...next);
    const counts = weightsOf(tokenizer, some, next);
    weights.push(...counts);
    if (random.chance(blindfolded))
      hidePicture(
        seen,
        some.filter((_, i) => (counts[i] ?? 0) > 1),
        head,
      );
    mask.set(seen, b * tokens * tokens);
  });
  const table = textTable(joinPositions(positions), config);
  const labelled = labelFeeds(tokenizer, { predictors, labels, weights, capacity });
  return { pixels: joinPixels(scenes), ids, ...table, mask, ...labelled, ...denseFeeds(scenes) };
}

/**
 * What each label of a scene's turns counts. The list is most of an answer; the few words that decide on a number of it
 * and the box that is copied from it are lost among them.
 */
export function weightsOf(
  tokenizer: NanoTokenizer,
  predictors: readonly number[],
  labels: readonly number[],
): number[] {
  const [stop] = tokenizer.encode('.');
  const [thought] = tokenizer.encode('</think><answer>```json\n[');
  let weight = 1;
  return labels.map((label, i) => {
    const begins = i > 0 && predictors[i] !== (predictors[i - 1] ?? 0) + 1;
    if (i === 0 || begins) weight = 1;
    const own = weight;
    if (label === thought) weight = 2;
    else if (label === stop && weight === 1) weight = 3;
    return own;
  });
}

interface Labels {
  readonly predictors: readonly number[];
  readonly labels: readonly number[];
  readonly weights: readonly number[];
  readonly capacity: number;
}

/** Rows beyond the last predictor point at token 0 and weigh nothing. */
function labelFeeds(tokenizer: NanoTokenizer, { predictors, labels, weights, capacity }: Labels) {
  const padded = Int32Array.from({ length: capacity }, (_, i) => labels[i] ?? 0);
  const first = tokenizer.coordinateId(0) ?? 0;
  const range = { first, count: tokenizer.vocabulary.coordinates.count };
  const soft = gaussianLabels(padded, range, softness);
  return {
    predictors: BigInt64Array.from({ length: capacity }, (_, i) => BigInt(predictors[i] ?? 0)),
    labelIds: soft.ids,
    labelShares: soft.shares,
    labelWeights: Float32Array.from({ length: capacity }, (_, i) => weights[i] ?? 0),
  };
}

/** [scenes * patches, patch values] */
export const joinPixels = (scenes: readonly Scene[]): Float32Array =>
  joined(scenes.map((scene) => patchesOf(scene.image, imageConfig).pixelValues));

/** Dense targets of all scenes, one after the other. */
export function denseFeeds(scenes: readonly Scene[]): DenseTargets {
  const each = scenes.map((scene) => denseTargets(scene, cells));
  const n = cells * cells;
  const all: DenseTargets = {
    classes: new BigInt64Array(n * each.length),
    colours: new BigInt64Array(n * each.length),
    ranks: new BigInt64Array(n * each.length),
    boxes: new Float32Array(4 * n * each.length),
    present: new Float32Array(n * each.length),
  };
  each.forEach((one, i) => {
    all.classes.set(one.classes, i * n);
    all.colours.set(one.colours, i * n);
    all.ranks.set(one.ranks, i * n);
    all.boxes.set(one.boxes, i * n * 4);
    all.present.set(one.present, i * n);
  });
  return all;
}
