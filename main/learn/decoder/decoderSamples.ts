// Prepares images and their samples for the decoder tier: asks with their features, each computed once, and word states.
import { toImage } from '../../contract/answer.ts';
import { boxIou } from '../../contract/geometry.ts';
import { type Random, random } from '../../contract/random.ts';
import type { Box, DecodedImage, Mask } from '../../contract/records.ts';
import { maskBox } from '../../contract/rle.ts';
import { answerReaders } from '../../flow/reasoner/answer.ts';
import { Reasoner } from '../../flow/reasoner/reasoner.ts';
import { type DecoderInputs, Segmenter } from '../../flow/segmenter/segmenter.ts';
import { decoderPromptsOf, outlinesOf } from '../samples/decoderPrompts.ts';
import { unlessGone } from '../samples/measuredImage.ts';
import type { Sample } from '../samples/sample.ts';
import { targetOf } from './decoderFeeds.ts';
import { type DecoderSample, type DecoderWeights, type MaskWeights, pointSlots, targetSide } from './decoderTier.ts';

interface Source {
  readonly samples: readonly Sample[];
  read(): Promise<DecodedImage>;
}

export interface Prepared {
  readonly pointed: readonly DecoderSample[];
  readonly worded: readonly DecoderSample[];
  /** Samples of the domain that the weights came with. */
  readonly replayed: readonly DecoderSample[];
}

interface ToPrepare {
  readonly images: readonly Source[];
  readonly replayed: readonly Source[];
  readonly seed: number;
}

interface Watching {
  readonly signal?: AbortSignal;
  report(images: number): void;
}

/** Most objects of one picture: a crowd of a hundred says little more than twelve of them. */
const mostObjects = 12;
/** Prompts that are asked by words; each takes as long as a whole answer. None of the first few named: the rest is not asked. */
const mostWorded = 24;
const firstFew = 6;
const namedAt = 0.5;

export async function prepare(
  weights: MaskWeights,
  { images, replayed, seed }: ToPrepare,
  watching: Watching,
): Promise<Prepared> {
  const segmenter = await Segmenter.open(weights, {});
  const words = await openWords(weights);
  const maker: Maker = { weights, segmenter, words };
  try {
    const pointed: DecoderSample[] = [];
    const worded: DecoderSample[] = [];
    let asked = 0;
    const isWorthAsking = () => words?.queries != null && asked < mostWorded && (worded.length > 0 || asked < firstFew);
    for (const [i, source] of images.entries()) {
      watching.signal?.throwIfAborted();
      const image = await unlessGone(source);
      if (image === null) continue;
      pointed.push(...(await pointedOf(maker, image, { source, draw: random(seed, 2 * i) })));
      for (const sample of source.samples) {
        if (outlinesOf(sample).length === 0 || !isWorthAsking()) continue;
        asked++;
        const one = await wordedOf(maker, image, { sample, signal: watching.signal });
        if (one) worded.push(one);
      }
      watching.report(i + 1);
    }
    const again: DecoderSample[] = [];
    for (const [i, source] of replayed.entries()) {
      watching.signal?.throwIfAborted();
      again.push(...(await pointedOf(maker, await source.read(), { source, draw: random(seed, 2 * i + 1) })));
      watching.report(images.length + i + 1);
    }
    return { pointed, worded, replayed: again };
  } finally {
    await words?.reasoner.release();
    await segmenter.release();
  }
}

interface Maker {
  readonly weights: MaskWeights;
  readonly segmenter: Segmenter;
  /** null: a segmenter beside a checkpoint, to which no word is said. */
  readonly words: Words | null;
}

interface Words {
  readonly weights: DecoderWeights;
  readonly reasoner: Reasoner;
  /** null: the weights have no context module to teach. */
  readonly queries: Float32Array | null;
}

async function openWords(weights: MaskWeights): Promise<Words | null> {
  if (!('reasoner' in weights)) return null;
  const queries = weights.recipe.reasoner.queries === null ? null : await weights.read('learnable_query');
  return { weights, reasoner: await Reasoner.open(weights, {}), queries };
}

async function pointedOf(
  { weights, segmenter }: Maker,
  image: DecodedImage,
  { source, draw }: { source: Source; draw: Random },
): Promise<DecoderSample[]> {
  const outlines = draw.shuffle(source.samples.flatMap(outlinesOf)).slice(0, mostObjects);
  const samples: DecoderSample[] = [];
  for (const { mask } of outlines) {
    for (const { ask, truth } of decoderPromptsOf(mask, image, draw)) {
      const inputs = withSlots(await segmenter.inputs(image, ask), pointSlots(weights));
      // SAM 2 knows no empty slots: a graph of a box and a click would be another one.
      if (inputs) samples.push({ inputs, target: targetOf(truth, inputs.place, targetSide(weights)), states: null });
    }
  }
  return samples;
}

/** Fills the inputs up with points that do not count; null where they have more points than `slots`. */
function withSlots(inputs: DecoderInputs, slots: number): DecoderInputs | null {
  if (inputs.slots > slots) return null;
  if (inputs.slots === slots) return inputs;
  const [at, labels] = [new Float32Array(2 * slots), new BigInt64Array(slots).fill(-1n)];
  const own = [inputs.feeds.at, inputs.feeds.labels];
  if (!(own[0] instanceof Float32Array) || !(own[1] instanceof BigInt64Array))
    throw new Error('An ask of the decoder has no points.');
  at.set(own[0]);
  labels.set(own[1]);
  return { ...inputs, feeds: { ...inputs.feeds, at, labels }, slots };
}

/** The answer to a sample's words, where its box names one of the objects; null where it names none. */
async function wordedOf(
  { segmenter, words }: Maker,
  image: DecodedImage,
  { sample, signal }: { sample: Sample; signal?: AbortSignal },
): Promise<DecoderSample | null> {
  if (!words) return null;
  const { weights, reasoner, queries } = words;
  const answers = await reasoner.ask(image, sample.prompt.text, { samples: 1, temperature: 0, seed: 0, signal });
  const [written] = answers.written;
  if (!written) throw new Error('The reasoner wrote no answer.');
  const [named] = answerReaders[weights.recipe.reasoner.parser].read(written.text).objects;
  const box = named ? toImage(named.box, reasoner.frame(image), image) : null;
  const masks = outlinesOf(sample).map(({ mask }) => mask);
  const truth = box && meantBy(box, masks);
  if (!box || !truth || !queries) return null;
  using held = new DisposableStack();
  const [states] = (await reasoner.queryStates(answers, queries)).map((one) => held.use(one));
  if (!states) throw new Error('There are no query states of the answer.');
  const isBoxed = weights.recipe.segmenter.prompts.includes('box');
  const inputs = await segmenter.inputs(image, isBoxed ? { box } : { points: [] });
  return { inputs, target: targetOf(truth, inputs.place, targetSide(weights)), states: await states.read() };
}

function meantBy(box: Box, masks: readonly Mask[]): Mask | null {
  const ranked = masks.map((mask) => ({ mask, iou: boxIou(box, maskBox(mask)) })).sort((a, b) => b.iou - a.iou);
  return ranked[0] && ranked[0].iou >= namedAt ? ranked[0].mask : null;
}
