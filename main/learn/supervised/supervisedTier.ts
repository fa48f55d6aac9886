// Defines the second tier: shapes on taught pictures teach the reasoner to name and box them, in the form of its own answers.
// Pictures of the domain that the weights came with are in every batch, so that what was known stays known.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { paramsFrom } from '../../../models/nn/params.ts';
import type { QwenConfig } from '../../../models/qwen/config.ts';
import { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { type Random, random } from '../../contract/random.ts';
import type { DecodedImage } from '../../contract/records.ts';
import { openWeights, type ReasonerWeights, type Weights } from '../../weights/open.ts';
import { joined } from '../loop/joinFloats.ts';
import type { LossGraph, Objective, Policy, Run } from '../loop/loop.ts';
import { Parameters } from '../loop/parameters.ts';
import type { Lesson, TaughtTurn } from '../samples/lesson.ts';
import { attentionMask, packSequence } from '../turns/sequence.ts';
import { frameOf, imageStartOf, type PolicyParts, patchValues, type SquareFrame } from '../turns/squarePolicy.ts';
import { type GrownWords, newRowsOnly, tables } from '../turns/tokenTables.ts';
import { labelFeeds, labelsOf, nextOf, type Row, rowFeeds, weightsOf } from '../turns/turnBatch.ts';
import { pictures, readTurns, tokenLoss } from '../turns/turnLoss.ts';
import { type LearntPicture, mixedPicture } from './mixedPictures.ts';
import { packedTurns, taughtTurns } from './taughtTurns.ts';
import { grownRows, grownTokenizer, nanoTokenizerOf, spoken, type TaughtWord } from './taughtWords.ts';

export interface SupervisedPolicy extends Policy {
  readonly weights: Weights;
  readonly tokenizer: NanoTokenizer;
  readonly config: QwenConfig;
}

/** What the tier learns from: pictures of the project, and lessons of the domain that the weights came with. */
export interface Taught {
  readonly pictures: readonly LearntPicture[];
  /** Whole pictures with what a person wrote or confirmed of them, and the share of rows that they are of. */
  readonly told: readonly Lesson[];
  readonly toldShare: number;
  /** Labels as they are said. */
  readonly names: readonly string[];
  readonly lesson: ((index: number) => Lesson) | null;
}

export interface SupervisedBatch {
  /** Pictures of the project, and of the weights' own domain. */
  readonly own: number;
  readonly again: number;
  readonly tokens: number;
}

/** Rows are as long as in nano's own training: two or three questions fit behind one picture. */
const supervisedBatch: SupervisedBatch = { own: 2, again: 3, tokens: 256 };
/** Labels that a row has at most. */
export const perRow = 220;
const attempts = 20;

const trained = /^(visual\.|model\.|lm_head\.)/u;

/** Says why this tier cannot write in the form in which the weights folder is asked and trained; null: it can. */
export function whyNotSupervised({ name, recipe: { reasoner }, tokenizer }: ReasonerWeights): string | null {
  const isOwn =
    reasoner.template === 'loupe' && reasoner.framing.kind === 'square' && tokenizer instanceof NanoTokenizer;
  return isOwn
    ? null
    : `${name} answers in another form than this tier teaches; loupe-nano can be taught, and tier "decoder" teaches its masks.`;
}

/** The reasoner of a folder in memory, with a row for each new word. */
export async function supervisedPolicy(
  folder: string,
  words: readonly TaughtWord[],
  seed: number,
): Promise<SupervisedPolicy> {
  const weights = await openWeights(folder);
  const old = nanoTokenizerOf(weights);
  const grown = grownTokenizer(
    old,
    words.filter(({ isNew }) => isNew).map(({ word }) => word),
  );
  const file = await openSafetensors(path.join(folder, 'model.safetensors'));
  const parameters = new Parameters((name) => {
    throw new Error(`${folder}: holds no tensor "${name}".`);
  });
  for (const [name, { shape }] of file.tensors) {
    if (!trained.test(name)) continue;
    const values = await file.read(name);
    const [, width = 1] = shape;
    const isTable = tables.test(name);
    const shapeNow = isTable ? [grown.tokenizer.size, width] : [...shape];
    const rows = { from: grown.from, width, words: old.vocabulary.words.length, seed };
    parameters.set(name, shapeNow, isTable ? grownRows(values, rows) : values);
  }
  const { language } = weights.reasoner;
  const config = { ...weights.reasoner, language: { ...language, vocabulary: grown.tokenizer.size } };
  return { parameters, weights, tokenizer: grown.tokenizer, config };
}

/** Labels of a project as this policy says them. */
export const namesOf = ({ tokenizer }: SupervisedPolicy, labels: readonly string[]): string[] => [
  ...new Set(labels.map((label) => spoken(label, tokenizer.words))),
];

export const grownWords = ({ tokenizer, weights }: SupervisedPolicy): GrownWords => ({
  tokenizer,
  known: new Set(weights.tokenizer.words),
});

/** The policy's parts as they are now: with a row for each new word. */
const partsOf = ({ weights, config, tokenizer }: SupervisedPolicy): PolicyParts => ({
  ...weights,
  reasoner: config,
  tokenizer,
});

const supervisedObjective = (taught: Taught, seed: number): Objective<SupervisedPolicy, number, SupervisedBatch> => ({
  graph: supervisedGraph,
  open: async (policy, shape) => {
    const maker: Maker = { policy, shape, taught, frame: frameOf(partsOf(policy)), again: new Map() };
    return { feed: async (_, step) => feedsOf(maker, random(seed, 60_000 + step)), release: async () => {} };
  },
});

function supervisedGraph(policy: SupervisedPolicy, { own, again, tokens }: SupervisedBatch): LossGraph {
  const { tokenizer, config, parameters } = policy;
  const source = parameters.source();
  const p = paramsFrom(newRowsOnly(source, grownWords(policy)));
  const count = own + again;
  const frame = frameOf(partsOf(policy));
  const features = pictures(p, config, { count, grid: frame.grid });
  const imageStart = imageStartOf(tokenizer, frame);
  const { hidden } = readTurns(p, config, features, { pictures: count, plain: 0, tokens, imageStart });
  const next = tokenLoss(p, config, { hidden, first: own * perRow, second: again * perRow });
  return {
    loss: next.loss,
    figures: { right: next.right, ...(next.behind && { ownDomain: next.behind }) },
    parameters: source.tensors,
    trains: () => true,
  };
}

interface Maker {
  readonly policy: SupervisedPolicy;
  readonly shape: SupervisedBatch;
  readonly taught: Taught;
  readonly frame: SquareFrame;
  /** Lessons that were drawn before. */
  readonly again: Map<number, Lesson>;
}

/** Different lessons of the weights' own domain. */
const lessons = 600;

function feedsOf(maker: Maker, draw: Random) {
  const { policy, shape } = maker;
  const own = Array.from({ length: shape.own }, () => taughtRow(maker, draw));
  const again = Array.from({ length: shape.again }, () => replayedRow(maker, draw));
  const parts = partsOf(policy);
  const all = [...own, ...again];
  const rows = all.map(({ row }) => row);
  const { tokens } = shape;
  const labels = [
    ...labelsOf(rows.slice(0, own.length), { first: 0, tokens, capacity: shape.own * perRow }),
    ...labelsOf(rows.slice(own.length), { first: own.length, tokens, capacity: shape.again * perRow }),
  ];
  return {
    pixels: joined(all.map(({ image }) => patchValues(parts, image))),
    ...rowFeeds(rows, policy.config.language),
    ...labelFeeds([coordinateIds(policy.tokenizer)], labels),
  };
}

function coordinateIds(tokenizer: NanoTokenizer): number[] {
  const { count, step } = tokenizer.vocabulary.coordinates;
  return Array.from({ length: count }, (_, i) => {
    const id = tokenizer.coordinateId(i * step);
    if (id === undefined) throw new Error(`The tokenizer has no coordinate ${i * step}.`);
    return id;
  });
}

interface ShownRow {
  readonly image: DecodedImage;
  readonly row: Row;
}

function taughtRow(maker: Maker, draw: Random): ShownRow {
  const { policy, shape, taught, frame } = maker;
  const told = taught.told.length > 0 && draw.chance(taught.toldShare) ? toldRow(maker, draw) : null;
  if (told) return told;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const first = draw.int(0, taught.pictures.length - 1);
    const { image, things } = mixedPicture(taught.pictures, { first, size: frame.pixels, draw });
    const asked = taughtTurns(things, taught.names, { tokenizer: policy.tokenizer, draw });
    const row = things.length > 0 ? rowOf(policy, asked, { side: frame.cells, tokens: shape.tokens }) : null;
    if (row) return { image, row };
  }
  throw new Error('No part of the taught pictures shows anything that has a name.');
}

/** Unmixed: what a person said of a picture is not true of a part of it, or with other things on top. */
function toldRow({ policy, shape, taught, frame }: Maker, draw: Random): ShownRow | null {
  const { image, asked } = draw.pick(taught.told);
  const row = rowOf(policy, draw.shuffle(asked), { side: frame.cells, tokens: shape.tokens });
  return row && { image, row };
}

function replayedRow({ policy, shape, taught, frame, again }: Maker, draw: Random): ShownRow {
  const { lesson } = taught;
  if (!lesson) throw new Error('There is nothing to replay.');
  for (let attempt = 0; attempt < attempts; attempt++) {
    const index = draw.int(0, lessons - 1);
    const { image, asked } = again.get(index) ?? lesson(index);
    again.set(index, { image, asked });
    const row = rowOf(policy, draw.shuffle(asked), { side: frame.cells, tokens: shape.tokens });
    if (row) return { image, row };
  }
  throw new Error('No lesson of the weights’ own domain fits into a row.');
}

export function rowOf(
  { tokenizer }: Pick<SupervisedPolicy, 'tokenizer'>,
  asked: readonly TaughtTurn[],
  room: { side: number; tokens: number },
): Row | null {
  const fitting = packedTurns(asked, { tokenizer, ...room });
  if (!fitting) return null;
  const packed = packSequence(fitting.head, fitting.turns, room.tokens);
  const weights = weightsOf(tokenizer, packed.predictors, nextOf(packed));
  // Labels beyond a row's share would push out those of the rows behind it.
  const predictors = packed.predictors.slice(0, perRow);
  return { packed: { ...packed, predictors }, seen: attentionMask(packed.turn), weights };
}

/** At 4e-4 with fewer replayed rows answers gained 0.65 gIoU, and nano's own scenes lost 0.18. */
const rate = { base: 2.5e-4, warmup: 10, visual: 0.5, words: 2 } as const;

export function supervisedRun(
  policy: SupervisedPolicy,
  taught: Taught,
  { steps, seed }: { steps: number; seed: number },
): Run<SupervisedPolicy, number, SupervisedBatch> {
  const shape = taught.lesson
    ? supervisedBatch
    : { ...supervisedBatch, own: supervisedBatch.own + supervisedBatch.again, again: 0 };
  return {
    ...{ name: 'reasoner', steps, policy, objective: supervisedObjective(taught, seed), shape, samples: () => [] },
    perStep: shape.own + shape.again,
    settings: {
      schedule: { kind: 'cosine', base: rate.base, warmup: rate.warmup, total: steps, floor: 0.02 },
      optimiser: { weightDecay: 0.01, betas: [0.9, 0.98] },
      rateOf: (name) => (name.startsWith('visual.') ? rate.visual : tables.test(name) ? rate.words : 1),
      decays: (name) => name.endsWith('weight') && !/norm/u.test(name) && !tables.test(name),
    },
  };
}

/** The texts of a version that a policy is written to, by file name. */
export async function grownTexts(
  folder: string,
  policy: SupervisedPolicy,
  words: readonly TaughtWord[],
): Promise<Record<string, string>> {
  return {
    'config.json': await grownConfig(folder, policy, words),
    'tokenizer.json': `${JSON.stringify(policy.tokenizer.vocabulary)}\n`,
  };
}

/** A weights folder's configuration with the sizes and words of a policy. */
async function grownConfig(folder: string, policy: SupervisedPolicy, words: readonly TaughtWord[]): Promise<string> {
  const json = JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8'));
  const { vocabulary } = policy.weights.recipe.reasoner;
  const learnt = new Set(words.map(({ word }) => word));
  const unfindable = vocabulary?.unfindable.filter((word) => !learnt.has(word));
  const recipe = typeof json.recipe === 'string' ? { base: json.recipe } : json.recipe;
  const reasoner = { ...recipe.reasoner, ...(unfindable && { vocabulary: { unfindable } }) };
  return `${JSON.stringify(
    {
      ...json,
      recipe: { ...recipe, reasoner },
      reasoner: { ...json.reasoner, vocab_size: policy.tokenizer.size },
    },
    null,
    2,
  )}\n`;
}
