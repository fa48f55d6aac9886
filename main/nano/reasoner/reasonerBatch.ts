// Packs scenes as the feeds of one training step of the reasoner: patches, packed turns, drills, soft labels and dense targets.

import type { LanguageConfig } from '../../../models/qwen/config.ts';
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { patchesOf } from '../../../models/qwen/processor.ts';
import type { Random } from '../../contract/random.ts';
import { joined } from '../../learn/loop/joinFloats.ts';
import {
  attentionMask,
  type Head,
  hidden,
  packDrill,
  packedLength,
  packSequence,
  type Turn,
} from '../../learn/turns/sequence.ts';
import { labelFeeds, labelsOf, nextOf, type Row, rowFeeds, weightsOf } from '../../learn/turns/turnBatch.ts';
import type { Conversation } from '../../learn/turns/turnTokens.ts';
import { pluralKinds } from '../../scenes/prompts/plural.ts';
import type { Scene, ScenePrompt } from '../../scenes/scene.ts';
import { cells, imageConfig, type ReasonerBatch } from '../parameters/layout.ts';
import { linesOf } from '../parameters/numberLines.ts';
import { conversation } from './conversation.ts';
import { type DenseTargets, denseTargets } from './denseTargets.ts';
import { makeDrill } from './drill.ts';
import { nameDrill } from './nameDrill.ts';

/** In how many scenes the names of many things are called first. */
const called = 0.2;
/** What a word of a drill counts beside one of a list. */
const drillWeight = 2;

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

/** Turns of a scene: often a roll call first, then what fits beside it. */
export function turnsFor(
  tokenizer: NanoTokenizer,
  scene: Scene,
  { random, tokens }: { random: Random; tokens: number },
): { head: Head; turns: Turn[] } {
  const conversationOf = (prompt: ScenePrompt) => conversation(tokenizer, scene, prompt);
  const exercise = random.chance(called) ? nameDrill(scene, random) : null;
  const before = exercise ? [conversationOf(exercise)] : [];
  return turnsThatFit(scene.prompts.map(conversationOf), random, { tokens, before });
}

/** Feeds of the reasoner's training graph; shapes in `reasonerGraph.ts`. */
export interface ReasonerFeeds extends Record<string, Float32Array | BigInt64Array> {
  pixels: Float32Array;
  ids: BigInt64Array;
  /** Scenes first, then drills, in all that is said of words. [rows * tokens, head width] each */
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
  /** Whether drills ask for several things at once too, as prompts of scenes then do. */
  plural?: boolean;
}

export function buildReasonerBatch(writer: Writer, scenes: readonly Scene[], random: Random): ReasonerFeeds {
  const { tokenizer, config, batch } = writer;
  const shown = scenes.map((scene) => sceneRow(writer, scene, random));
  const drilled = Array.from({ length: batch.drills }, () => drillRow(writer, random));
  const rows = [...shown, ...drilled];
  const labels = [
    ...labelsOf(shown, { first: 0, tokens: batch.tokens, capacity: batch.predictors }),
    ...labelsOf(drilled, { first: scenes.length, tokens: batch.tokens, capacity: batch.decided }),
  ];
  return {
    pixels: joinPixels(scenes),
    ...rowFeeds(rows, config),
    ...labelFeeds(
      linesOf(tokenizer).map(({ ids }) => ids),
      labels,
    ),
    ...denseFeeds(scenes),
  };
}

function sceneRow({ tokenizer, batch: { tokens } }: Writer, scene: Scene, random: Random): Row {
  const { head, turns } = turnsFor(tokenizer, scene, { random, tokens });
  const packed = packSequence(head, turns, tokens);
  const seen = attentionMask(packed.turn);
  const weights = weightsOf(tokenizer, packed.predictors, nextOf(packed));
  const decides = packed.predictors.filter((_, i) => (weights[i] ?? 0) > 1);
  if (random.chance(blindfolded)) hidePicture(seen, decides, head);
  return { packed, seen, weights };
}

function drillRow({ tokenizer, batch: { tokens }, plural }: Writer, random: Random): Row {
  const packed = packDrill(makeDrill(tokenizer, random, tokens, plural ? pluralKinds : []), tokens);
  return { packed, seen: attentionMask(packed.turn), weights: packed.predictors.map(() => drillWeight) };
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
