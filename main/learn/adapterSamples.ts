// Images and their samples to rows of a checkpoint's own tokens: the request as a prediction asks it, and the answer that should follow.
import type { PromptTokens } from '../../models/qwen/decode.ts';
import { toFrame } from '../contract/answer.ts';
import type { DecodedImage } from '../contract/records.ts';
import { answerReaders } from '../flow/answer.ts';
import type { Reasoner } from '../flow/reasoner.ts';
import { boxAround } from '../flow/zoom.ts';
import type { CheckpointWeights } from '../weights/openCheckpoint.ts';
import { answerForm } from './answerForms.ts';
import type { Sample } from './sample.ts';
import type { TeachingImage, Watching } from './task.ts';

/** A request with its picture's features, and the tokens of the answer. */
export interface AdapterSample {
  readonly prompt: PromptTokens;
  readonly answer: readonly number[];
  /** What each token of the answer counts: nothing where it repeats reasoning that nobody has corrected. */
  readonly counts: readonly number[];
}

/** Answers that are drawn for the sake of their reasoning; each takes as long as a prediction. */
const mostDrawn = 48;

interface Maker {
  readonly weights: CheckpointWeights;
  readonly reasoner: Reasoner;
}

export async function adapterSamples(
  maker: Maker,
  images: readonly TeachingImage[],
  { signal, report }: Watching,
): Promise<AdapterSample[]> {
  const samples: AdapterSample[] = [];
  let drawn = 0;
  for (const [i, image] of images.entries()) {
    signal?.throwIfAborted();
    const picture = await image.read();
    for (const sample of image.samples) {
      const draws = drawn < mostDrawn && reasonsFreely(maker.weights, sample);
      if (draws) drawn++;
      const one = await sampleOf(maker, picture, { sample, draws, signal });
      if (one) samples.push(one);
    }
    report({ kind: 'teaching', phase: 'preparing', done: i + 1, total: images.length, secondsLeft: null, figures: {} });
  }
  return samples;
}

const reasonsFreely = ({ recipe }: CheckpointWeights, { reasoning }: Sample): boolean =>
  reasoning === null && answerForm(recipe.reasoner)?.reasons === true;

interface ToTell {
  readonly sample: Sample;
  /** Whether the model is asked for its reasoning. */
  readonly draws: boolean;
  readonly signal?: AbortSignal;
}

async function sampleOf(
  { weights, reasoner }: Maker,
  image: DecodedImage,
  { sample, draws, signal }: ToTell,
): Promise<AdapterSample | null> {
  const form = answerForm(weights.recipe.reasoner);
  const label = sample.prompt.text;
  const boxes = boxesOf(sample, form?.single ?? false).map((box) => toFrame(box, image, reasoner.frame(image)));
  const isOwn = form?.reasons === true && sample.reasoning !== null;
  const reasoning =
    sample.reasoning ?? (draws ? await reasoningOf({ weights, reasoner }, image, { label, signal }) : '');
  const text = form?.write({ label, boxes, reasoning: reasoning || `The image shows ${label}.` }) ?? null;
  if (text === null) return null;
  const { tokenizer } = weights;
  const end = tokenizer.special.get('<|im_end|>');
  if (end === undefined) throw new Error('The tokenizer has no <|im_end|>.');
  const ids = [...tokenizer.encode(text), end];
  const silent = isOwn ? 0 : text.indexOf('<answer>');
  return {
    prompt: await reasoner.prompt(image, label),
    answer: ids,
    counts: ids.map((_, i) => (tokenizer.decode(ids.slice(0, i + 1)).length <= silent ? 0 : 1)),
  };
}

/** All objects, or the box around all of them. */
function boxesOf({ objects }: Sample, isSingle: boolean): Sample['objects'][number]['box'][] {
  const boxes = objects.map(({ box }) => box);
  const around = isSingle ? boxAround(boxes) : null;
  return around ? [around] : boxes;
}

/** Its own, so that it learns to answer behind what it thinks anyway. */
async function reasoningOf(
  { weights, reasoner }: Maker,
  image: DecodedImage,
  { label, signal }: { label: string; signal?: AbortSignal },
): Promise<string> {
  const { written } = await reasoner.ask(image, label, { samples: 1, temperature: 0, seed: 0, signal });
  return answerReaders[weights.recipe.reasoner.parser].read(written[0]?.text ?? '').reasoning;
}
