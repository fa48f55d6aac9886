// Writes images and their samples as rows of a checkpoint's own tokens: the request as a prediction asks it, and the answer that should follow.
import type { PromptTokens } from '../../../models/qwen/decode.ts';
import { toFrame } from '../../contract/answer.ts';
import type { Frame } from '../../contract/geometry.ts';
import { entry } from '../../contract/lookup.ts';
import { unpackMask } from '../../contract/project.ts';
import type { DecodedImage } from '../../contract/records.ts';
import { unionOf } from '../../contract/rle.ts';
import { answerReaders } from '../../flow/reasoner/answer.ts';
import type { Reasoner } from '../../flow/reasoner/reasoner.ts';
import { boxAround } from '../../flow/segmenter/zoom.ts';
import type { CheckpointWeights } from '../../weights/openCheckpoint.ts';
import { pointedThing } from '../samples/inscribedCircles.ts';
import { unlessGone } from '../samples/measuredImage.ts';
import type { Sample } from '../samples/sample.ts';
import type { TeachingImage, Watching } from '../samples/task.ts';
import { type AnswerObject, answerForm } from './answerForms.ts';

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
    const picture = await unlessGone(image);
    if (picture === null) continue;
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
  const objects = form && toldObjects(sample, form, { image, frame: reasoner.frame(image) });
  if (!form || !objects) return null;
  const isOwn = form.reasons && sample.reasoning !== null;
  const isNothing = objects.length === 0;
  const drawn = draws ? await reasoningOf({ weights, reasoner }, image, { label, isNothing, signal }) : '';
  const plain = isNothing ? `There is no ${label} in the image.` : `The image shows ${label}.`;
  const text = form.write({ label, objects, reasoning: sample.reasoning ?? (drawn || plain) });
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

interface Seen {
  readonly image: DecodedImage;
  /** What the reasoner counts in. */
  readonly frame: Frame;
}

/** All objects, or all of them as one. Null: the form wants points, and without an outline nobody knows where they lie. */
function toldObjects(
  { objects }: Sample,
  { single, points }: NonNullable<ReturnType<typeof answerForm>>,
  { image, frame }: Seen,
): AnswerObject[] | null {
  if (points === 0) {
    const boxes = objects.map(({ box }) => box);
    const around = single ? boxAround(boxes) : null;
    return (around ? [around] : boxes).map((box) => ({ box: toFrame(box, image, frame), points: [] }));
  }
  const outlines = objects.flatMap(({ mask }) => (mask ? [unpackMask(mask)] : []));
  if (outlines.length < objects.length) return null;
  const all = single ? unionOf(outlines) : null;
  const things = (all ? [all] : outlines).flatMap((mask) => pointedThing(mask, frame) ?? []);
  return objects.length > 0 && things.length === 0
    ? null
    : things.map(({ box, points: both }) => ({ box, points: both.slice(0, points) }));
}

interface ToReason {
  readonly label: string;
  readonly isNothing: boolean;
  readonly signal?: AbortSignal;
}

/** Its own, so that it learns to answer behind what it thinks anyway; none where it goes on to find what is not there. */
async function reasoningOf(
  { weights, reasoner }: Maker,
  image: DecodedImage,
  { label, isNothing, signal }: ToReason,
): Promise<string> {
  const { written } = await reasoner.ask(image, label, { samples: 1, temperature: 0, seed: 0, signal });
  const { reasoning, found } = answerReaders[weights.recipe.reasoner.parser].read(entry(written, 0, 'answers').text);
  return isNothing && found !== 'nothing' ? '' : reasoning;
}
