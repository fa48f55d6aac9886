// Measures a reasoner at full size: memory and time of a first question, its picture, reading a prompt, writing one answer and several.
import { input, leafName, type Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import type { QwenConfig } from '../../../models/qwen/config.ts';
import { Decoder, type DecodeState, type PromptTokens } from '../../../models/qwen/decode.ts';
import { passGraph } from '../../../models/qwen/passGraph.ts';
import { mergedCells } from '../../../models/qwen/rope.ts';
import { patchWidth, visionTower } from '../../../models/qwen/vision.ts';
import { Session } from '../../../models/runtime/session.ts';
import { decoderGraphs } from '../../flow/reasoner/reasoner.ts';
import { productFlops } from './flops.ts';
import { milliseconds } from './machineLimits.ts';
import {
  MemoryMeter,
  type ModelBenchTask,
  type ModelPlan,
  type ReasonerFigures,
  type ReasonerPlan,
  type SegmenterPlan,
  speedOf,
  withWeights,
  zeros,
} from './modelBenchTask.ts';
import { segmentBeside } from './segmenterBench.ts';

const gridsOf = ({ patches }: ModelPlan) => [{ t: 1, h: patches, w: patches }];

function visionGraph(p: Params, config: QwenConfig, plan: ModelPlan) {
  const grids = gridsOf(plan);
  const pixels = input('pixels', [plan.patches ** 2, patchWidth(config.vision)]);
  return {
    pixels,
    outputs: { features: visionTower(p.at('visual'), pixels, { grids, config: config.vision }).features },
  };
}

/** A whole prompt with its picture. */
function promptGraph(p: Params, config: QwenConfig, plan: ModelPlan) {
  const features = mergedCells({ t: 1, h: plan.patches, w: plan.patches }, config.vision.merge);
  const tokens = features + plan.words;
  return passGraph(p, config, {
    ...{ rows: 1, tokens, prompts: 0, promptTokens: 0, capacity: 0, features, queries: 0, logits: true },
  });
}

export function benchReasoner(
  bench: ModelBenchTask,
  name: string,
  { config, storage, beside }: ReasonerPlan,
): Promise<ReasonerFigures> {
  const { plan, report } = bench;
  return withWeights(bench, storage, {
    ask(p) {
      visionGraph(p, config, plan);
      promptGraph(p, config, plan);
    },
    async use(p, folder) {
      const one = { p, config, folder };
      const { questionMs, alone, together } = await benchMemory(bench, one, beside);
      report(`${name}: a question after opening ${questionMs.toFixed(0)} ms`);
      const vision = await benchTower(bench, one);
      report(`${name}: picture ${vision.ms.toFixed(0)} ms`);
      const decoder = openDecoder(one, Number.POSITIVE_INFINITY);
      const { prompt, state } = await benchPrompt(bench, decoder, one);
      report(`${name}: prompt of ${prompt.tokens} tokens ${prompt.ms.toFixed(0)} ms`);
      const writing = await benchWriting(bench, decoder, state, weightBytes(p, config, plan));
      await decoder.release();
      return { questionMs, vision, prompt, writing, ...alone, together };
    },
  });
}

interface OneReasoner {
  readonly p: Params;
  readonly config: QwenConfig;
  readonly folder: string;
}

/** As the product opens it, with another bound for packed weights. */
const openDecoder = ({ p, config, folder }: OneReasoner, room: number): Decoder =>
  new Decoder({ config, params: p, ...decoderGraphs({ folder }, { params: p, reasoner: config }), room });

/**
 * What memory a picture, a prompt and a token take where there is room for the packed weights of one graph, all opened
 * for the first time, and how long that takes; then a segmenter beside them.
 */
async function benchMemory(bench: ModelBenchTask, one: OneReasoner, beside: SegmenterPlan | undefined) {
  const memory = new MemoryMeter();
  const start = performance.now();
  const { pixels, outputs } = visionGraph(one.p, one.config, bench.plan);
  const tower = await Session.create(outputs, { folder: one.folder });
  await tower.run(zeros([pixels]));
  memory.look();
  const decoder = openDecoder(one, 0);
  const sampling = { temperature: 0, topP: 1, topK: 0, repetitionPenalty: 1 };
  await decoder.answer([promptOf(one.config, bench.plan)], { sampling, maxTokens: 2, stop: [] });
  const questionMs = performance.now() - start;
  const alone = memory.figures();
  if (beside) await segmentBeside(bench, beside, () => memory.look());
  const together = beside ? memory.figures() : null;
  await tower.release();
  await decoder.release();
  return { questionMs, alone, together };
}

async function benchTower(bench: ModelBenchTask, { p, config, folder }: OneReasoner) {
  const { pixels, outputs } = visionGraph(p, config, bench.plan);
  const tower = await Session.create(outputs, { folder });
  const speed = await speedOf(bench, tower, zeros([pixels]), productFlops(outputs));
  await tower.release();
  return speed;
}

async function timed<T>(work: () => Promise<T>): Promise<[ms: number, result: T]> {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
}

function promptOf(config: QwenConfig, plan: ModelPlan): PromptTokens {
  const cells = mergedCells({ t: 1, h: plan.patches, w: plan.patches }, config.vision.merge);
  const ids = [...new Array<number>(cells).fill(config.imageToken), ...new Array<number>(plan.words).fill(1)];
  const features = new Float32Array(cells * config.language.hidden).fill(0.1);
  return { ids, grids: gridsOf(plan), features };
}

async function benchPrompt(bench: ModelBenchTask, decoder: Decoder, { p, config }: OneReasoner) {
  const { plan } = bench;
  const flops = productFlops(promptGraph(p, config, plan));
  const prompt = promptOf(config, plan);
  const tokens = prompt.ids.length;
  // The first run opens graphs too, which only tells when it is the only one.
  const read = () => timed(() => decoder.prefill([prompt]));
  let [ms, state] = await read();
  for (let i = 1; i < plan.runs; i++) {
    await bench.matmul.measure(500);
    const [again, next] = await read();
    [ms, state] = [Math.min(ms, again), next];
  }
  return { prompt: { ms, gflops: flops / ms / 1e6, tokens, tokensPerSecond: (1000 * tokens) / ms }, state };
}

/** Bytes of weights that one token reads: products only, of an embedding one row. */
function weightBytes(p: Params, config: QwenConfig, plan: ModelPlan): number {
  const sizes = new Map<string, number>();
  const note: Params = noting(p, sizes);
  promptGraph(note, config, plan);
  return [...sizes.values()].reduce((a, b) => a + b, 0);
}

function noting(p: Params, sizes: Map<string, number>): Params {
  return {
    ...p,
    at: (prefix) => noting(p.at(prefix), sizes),
    quantised(name, ...shape) {
      const found = p.quantised(name, ...shape);
      // A linear map of 16 bits is asked for by its own name next.
      const read = found ? [found.values, found.scales] : [p.get(name, ...shape)];
      for (const t of read) sizes.set(leafName(t), storedBytes(t));
      return found;
    },
  };
}

function storedBytes(t: Tensor): number {
  if (!t.source) throw new Error(`${leafName(t)} lies in no file, so nobody knows how much of one a token reads.`);
  return t.source.length;
}

async function benchWriting(bench: ModelBenchTask, decoder: Decoder, state: DecodeState, bytes: number) {
  const { plan } = bench;
  const one = await tokenMs(bench, decoder, state, 1);
  const group = await tokenMs(bench, decoder, state, plan.group);
  return {
    tokensPerSecond: 1000 / one,
    weightGBs: bytes / one / 1e6,
    group: plan.group,
    groupTokensPerSecond: (1000 * plan.group) / group,
  };
}

/** The best time of a token for `rows` answers to one prompt; the bandwidth gauge is asked before each. */
async function tokenMs(
  { plan, bandwidth }: ModelBenchTask,
  decoder: Decoder,
  state: DecodeState,
  rows: number,
): Promise<number> {
  const ids = new Array<number>(rows).fill(1);
  const own: DecodeState = {
    ...state,
    cache: state.cache.shared(rows),
    next: ids.flatMap(() => state.next.slice(0, 1)),
  };
  await decoder.step(own, ids);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < plan.written; i++) {
    await bandwidth.measure(Math.min(best, 100));
    best = Math.min(best, await milliseconds(() => decoder.step(own, ids)));
  }
  return best;
}
