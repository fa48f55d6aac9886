// Foretells the memory of a checkpoint's run by rewards from the graphs that it will open, and says which tier fits where it does not.
import { totalmem } from 'node:os';
import { bytesOf, lower, type OnnxGraph } from '../../../models/graph/lower.ts';
import { forecastBytes, inputBytes, memoryOfRuns } from '../../../models/graph/memory.ts';
import { type NodeOrder, orderNodes } from '../../../models/graph/schedule.ts';
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { passGraph } from '../../../models/qwen/passGraph.ts';
import { anyImageEncoder } from '../../../models/sam/imageEncoder.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { Tier } from '../../contract/learning.ts';
import { type RequestSize, requestSize } from '../../flow/reasoner/reasoner.ts';
import type { CheckpointWeights } from '../../weights/openCheckpoint.ts';
import { decoderObjective, decoderPolicy, pointSlots } from '../decoder/decoderTier.ts';
import { mostAsks } from '../decoder/learnDecoder.ts';
import { type LossGraph, type Policy, stepOutputs } from '../loop/loop.ts';
import type { Sample } from '../samples/sample.ts';
import type { TeachTask, Watching } from '../samples/task.ts';
import { adapterPolicy, sourceOf } from './adapterPolicy.ts';
import { adapterObjective } from './adapterTier.ts';
import { drawingWeights, masksOf } from './answerMasks.ts';
import { isRewarded } from './answerRewards.ts';
import { batchOfSizes, writtenGraph } from './answerRl.ts';
import { oneRow, type StepGraphs, stepGraphs } from './answerStep.ts';
import { type AnswerBatch, type AnswerPolicy, answerPolicy } from './answerTask.ts';

/** Bytes: what the process grows by, what it reads of weights that stay in their files, and the most of both at one time. */
export interface RunMemory {
  readonly own: number;
  readonly read: number;
  readonly needed: number;
}

interface SizedImage {
  readonly size: Frame;
  readonly samples: readonly Sample[];
}

interface Needs {
  readonly weights: CheckpointWeights;
  readonly images: readonly SizedImage[];
}

/** What the system, the host and the window leave of a machine's memory. */
const shareForRuns = 0.9;
/** Tokens of an answer that is taught, where nobody has written it yet. */
const taughtAnswer = 128;
const rowsOfStep = 2;
/** What opening graphs in every step leaves to the garbage collector (measured). */
const openings = 15e6;

/** Null: it fits, or the tier is not rl of a checkpoint. What it needs is reported before anything is measured. */
export async function withoutRoom(
  { tier, memory = machineMemory() }: Pick<TeachTask, 'tier' | 'memory'>,
  needs: Needs,
  { report }: Watching,
): Promise<string | null> {
  const { weights } = needs;
  if (tier !== 'rl' || weights.base === undefined) return null;
  const sizes = requestSizes(needs);
  if (sizes.length === 0) return null;
  const { needed } = await rewardsMemory(weights, sizes);
  const figures = { 'memory GB': needed / 1e9 };
  report({ kind: 'teaching', phase: 'preparing', done: 0, total: null, secondsLeft: null, figures });
  if (needed <= shareForRuns * memory) return null;
  const others: OtherTier[] = [{ tier: 'supervised', bytes: (await answersMemory(weights, sizes)).needed }];
  if (weights.segmenter && weights.context)
    others.push({ tier: 'decoder', bytes: (await masksMemory(weights, sizes.length)).needed });
  return tooLarge({ name: weights.name, needed, memory }, others);
}

/**
 * Which of the two tiers that `auto` knows for a checkpoint this machine has memory for. One that cannot be foretold counts as
 * one that has room: another model draws, or no sample goes by words alone.
 */
export async function tiersWithRoom(
  { memory = machineMemory() }: Pick<TeachTask, 'memory'>,
  needs: Needs,
): Promise<Record<'decoder' | 'supervised', boolean>> {
  const { weights, images } = needs;
  const hasRoom = ({ needed }: RunMemory) => needed <= shareForRuns * memory;
  const sizes = requestSizes(needs);
  const drawsItself = weights.segmenter && weights.context;
  return {
    supervised: sizes.length === 0 || hasRoom(await answersMemory(weights, sizes)),
    decoder: !drawsItself || hasRoom(await masksMemory(weights, images.length)),
  };
}

/** Of the machine, or of the container that the process runs in. */
function machineMemory(): number {
  const bound = process.constrainedMemory();
  return bound > 0 ? Math.min(bound, totalmem()) : totalmem();
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

interface OtherTier {
  readonly tier: Tier;
  readonly bytes: number;
}

/** `others` stand in the order in which they are offered. */
export function tooLarge(
  { name, needed, memory }: { name: string; needed: number; memory: number },
  others: readonly OtherTier[],
): string {
  const fits = others.find(({ bytes }) => bytes <= shareForRuns * memory);
  const instead = fits
    ? `choose tier ${fits.tier}, which needs about ${gigabytes(fits.bytes)}`
    : 'no other tier of it fits either; "loupe model quantise" writes its weights in 4 bits, and loupe-nano learns in less';
  return `Tier rl of ${name} needs about ${gigabytes(needed)} of memory and this machine has ${gigabytes(memory)}; ${instead}.`;
}

/** The longest request about each image that rewards can be earned on. */
function requestSizes({ weights, images }: Needs): RequestSize[] {
  return images.flatMap(({ size, samples }) => {
    const sizes = samples.filter(isRewarded).map(({ prompt }) => requestSize(weights, size, prompt.text));
    const [longest] = sizes.toSorted((a, b) => b.tokens - a.tokens);
    return longest ?? [];
  });
}

interface Opened {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly order: NodeOrder;
}

/** A session that is opened for a step, with what learns. */
function memoryOf({ outputs, order }: Opened, { parameters }: Policy): RunMemory {
  const graph = orderNodes(lower(outputs, 'cpu'), order);
  const fed = bytesOfAll(graph.inputs.filter(({ name }) => parameters.all.has(name)));
  return atOneTime(forecastBytes(graph) - fed + learntBytes(parameters), storedBytes([graph]));
}

const atOneTime = (own: number, read: number): RunMemory => ({ own, read, needed: own + read });

/** What learns is held once, what is named `before` again; AdamW holds two numbers for each. */
function learntBytes(parameters: Policy['parameters'], before: Iterable<string> = []): number {
  const learnt = [...parameters.all.values()].reduce((sum, { values }) => sum + values.byteLength, 0);
  const copied = [...before].reduce((sum, name) => sum + parameters.values(name).byteLength, 0);
  return (1 + 2) * learnt + copied;
}

/** Of weights in their files, which graphs share. */
function storedBytes(graphs: readonly OnnxGraph[]): number {
  const stored = graphs.flatMap(({ initializers }) => initializers.filter(({ data }) => 'file' in data));
  return bytesOfAll([...new Map(stored.map((one) => [one.name, one])).values()]);
}

const bytesOfAll = (values: readonly { dtype: Tensor['dtype']; shape: Tensor['shape'] }[]): number =>
  values.reduce((sum, { dtype, shape }) => sum + bytesOf(dtype, shape), 0);

const stepOf = (graph: LossGraph): Opened => ({
  outputs: stepOutputs(
    graph,
    [...graph.parameters.keys()].filter((name) => graph.trains(name)),
  ),
  order: 'reversed',
});

/** Features of all images stay in memory while they are asked. */
function withFeatures(memory: RunMemory, weights: CheckpointWeights, sizes: readonly RequestSize[]): RunMemory {
  const cells = sizes.reduce((sum, { features }) => sum + features, 0);
  const kept = 4 * weights.reasoner.language.hidden * cells;
  return { ...memory, own: memory.own + kept, needed: memory.needed + kept };
}

/**
 * What learns is held with AdamW's two numbers for each, and again what words are compared with. Graphs that draw masks stay
 * open; of those that answer and those of a step one is open at a time. What another one has read of its files the system
 * drops and reads again, once a step, which takes seconds where a step takes minutes.
 */
export async function rewardsMemory(weights: CheckpointWeights, sizes: readonly RequestSize[]): Promise<RunMemory> {
  const policy = await answerPolicy(weights, { seed: 0 });
  const batch = batchOfSizes(policy, sizes);
  const { parameters } = policy;
  const { logProbs, parameters: before } = writtenGraph(policy, oneRow(batch));
  const step = ordered({ ...stepGraphs(policy, batch), before: { logProbs } });
  const natural = (outputs: Outputs) => orderNodes(lower(outputs, 'cpu'), 'natural');
  const answering = samplingGraphs(policy, batch).map(natural);
  const showing = drawingGraphs(policy, batch).map(natural);
  const fed = (graph: OnnxGraph) => bytesOfAll(graph.inputs.filter(({ name }) => !parameters.all.has(name)));
  const fedToStep = fed(step.judge) + (batch.rows + 1) * fed(step.learn);
  const turns: Turn[] = [
    ...answering.map((graph) => ({ graph, passing: openBytes(graph) + fed(graph) })),
    ...showing.map((graph) => ({ graph, passing: memoryOfRuns(graph).passing + fed(graph) })),
    ...turnsOfStep(step).map(({ graph, passing }) => ({ graph, passing: fedToStep + passing })),
  ];
  const held = showing.reduce((sum, graph) => sum + memoryOfRuns(graph).held, 0);
  const always = learntBytes(parameters, before.keys()) + held + openings;
  return withFeatures(
    {
      own: always + Math.max(...turns.map(({ passing }) => passing)),
      read: storedBytes(turns.map(({ graph }) => graph)),
      needed: always + Math.max(...turns.map(({ graph, passing }) => passing + storedBytes([graph]))),
    },
    weights,
    sizes,
  );
}

/** A graph, and the bytes that are taken while it is run beside what is always held. */
interface Turn {
  readonly graph: OnnxGraph;
  readonly passing: number;
}

/** Of an open graph and a run of it, without what it is fed. */
const openBytes = (graph: OnnxGraph): number => forecastBytes(graph) - inputBytes(graph);

type Outputs = Readonly<Record<string, Tensor>>;

function ordered({ before, read, judge, learn, draw }: StepGraphs & { before: Outputs }) {
  const reversed = (outputs: Outputs) => orderNodes(lower(outputs, 'cpu'), 'reversed');
  return {
    ...{ before: reversed(before), read: reversed(read), judge: reversed(judge), learn: reversed(learn) },
    draw: draw.map(reversed),
  };
}

/** Gradients stay from where they are made to the step's end; those of all rows are summed. */
function turnsOfStep({ before, read, judge, learn, draw }: ReturnType<typeof ordered>): Turn[] {
  const turns = [before, read, judge].map((graph) => ({ graph, passing: openBytes(graph) }));
  let made = bytesOfAll(learn.outputs);
  for (const graph of [learn, ...draw]) {
    turns.push({ graph, passing: made + openBytes(graph) });
    if (graph !== learn) made += bytesOfAll(graph.outputs);
  }
  return turns;
}

/** The request, a token of every answer over what is remembered, and the queries behind them. */
function samplingGraphs(policy: AnswerPolicy, { rows, tokens, features, answer, queries }: AnswerBatch) {
  const { reasoner } = policy.weights;
  const prompt = tokens - answer;
  const nothing = { prompts: 0, promptTokens: 0, capacity: 0, features: 0, queries: 0, logits: true };
  const after = { ...nothing, rows, tokens: 1, prompts: 1, promptTokens: prompt, capacity: answer };
  const whole = { ...nothing, rows, tokens, features: rows * features };
  const asking = queries && { ...(queries.how === 'reread' ? whole : after), queries: queries.count, logits: false };
  const passes = [{ ...nothing, rows: 1, tokens: prompt, features }, after, ...(asking ? [asking] : [])];
  return passes.map((pass) => passGraph(paramsFrom(sourceOf(policy).source), reasoner, pass));
}

/** None where another model draws. */
function drawingGraphs(policy: AnswerPolicy, { queries }: AnswerBatch): Record<string, Tensor>[] {
  if (!queries) return [];
  const weights = drawingWeights(policy.weights);
  const { segmenter, context, params } = weights;
  const image = input('image', [1, 3, segmenter.imageSize, segmenter.imageSize]);
  const drawn = [input('states', [1, context.numOfQuery, context.hidden]), null].map((states) => {
    const { masks, iou } = masksOf(paramsFrom(sourceOf(policy).source), weights, { asks: 1, states });
    return { masks, iou };
  });
  return [{ ...anyImageEncoder(params.at('sam'), segmenter, image) }, ...drawn];
}

/** Of the supervised tier's step. */
async function answersMemory(weights: CheckpointWeights, sizes: readonly RequestSize[]): Promise<RunMemory> {
  const policy = await adapterPolicy(weights, 0);
  const most = (count: (size: RequestSize) => number) => Math.max(...sizes.map(count));
  const [tokens, features] = [most((size) => size.tokens) + taughtAnswer, most((size) => size.features)];
  const batch = { rows: rowsOfStep, tokens, features, answer: taughtAnswer, queries: null };
  const memory = memoryOf(stepOf(adapterObjective.graph(policy, batch)), policy);
  return withFeatures(memory, weights, sizes);
}

/** Of the decoder tier's step, with the features of so many pictures. */
async function masksMemory(weights: CheckpointWeights, pictures: number): Promise<RunMemory> {
  const drawing = drawingWeights(weights);
  const policy = await decoderPolicy(drawing);
  const batch = { ...mostAsks(drawing), slots: pointSlots(drawing), wordedSlots: pointSlots(drawing) };
  const { own, read } = memoryOf(stepOf(decoderObjective.graph(policy, batch)), policy);
  const { width, imageSize } = drawing.segmenter;
  const cells = (stride: number) => (imageSize / stride) ** 2;
  const features = (cells(4) / 8 + cells(8) / 4 + cells(16)) * width;
  return atOneTime(own + 4 * features * pictures, read);
}
