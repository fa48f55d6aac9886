// Draws what a person would see of a checkpoint's sampled answers, by its weights of the moment, and packs what L_seg is fed of them.
import { input } from '../../../models/graph/tensor.ts';
import { type DeviceTensor, floats, type NamedValues } from '../../../models/graph/value.ts';
import { contextModule } from '../../../models/lens/contextModule.ts';
import { type Params, paramsFrom } from '../../../models/nn/params.ts';
import { ofRow } from '../../../models/qwen/cache.ts';
import type { Decoder, Generated } from '../../../models/qwen/decode.ts';
import { Session } from '../../../models/runtime/session.ts';
import type { DecodedMasks } from '../../../models/sam2/maskDecoder.ts';
import { objectInImage, type ReadObject } from '../../contract/answer.ts';
import { BadInput } from '../../contract/badInput.ts';
import type { Box, DecodedImage, Mask } from '../../contract/records.ts';
import { maskArea, unionOf } from '../../contract/rle.ts';
import { answerReaders } from '../../flow/reasoner/answer.ts';
import { decodedMasks } from '../../flow/segmenter/decoding.ts';
import { maskFrom } from '../../flow/segmenter/mask.ts';
import { type DecoderInputs, Segmenter } from '../../flow/segmenter/segmenter.ts';
import { wholeOf } from '../../flow/segmenter/views.ts';
import type { CheckpointWeights } from '../../weights/openCheckpoint.ts';
import { decoderFeeds } from '../decoder/decoderFeeds.ts';
import type { DecoderWeights } from '../decoder/decoderTier.ts';
import type { BetweenRuns } from '../loop/stepClock.ts';
import { rolloutTargets } from '../rl/rolloutTargets.ts';
import { sourceOf } from './adapterPolicy.ts';
import type { DrawnObjects } from './answerRewards.ts';
import type { AnswerPolicy, AnswerQuestion, TaskPicture } from './answerTask.ts';

export interface DrawnAnswer extends DrawnObjects {
  readonly named: readonly ReadObject[];
  /** What the segmenter is shown beside the context token. */
  readonly ask: DecoderInputs;
}

interface Written {
  readonly answers: Generated;
  readonly texts: readonly string[];
  readonly between: BetweenRuns;
}

export interface AnswerMasks {
  /** In the order of the answers' texts. */
  drawn(question: AnswerQuestion, written: Written): Promise<DrawnAnswer[]>;
  release(): Promise<void>;
}

/** Throws where the weights have no context module and segmenter of their own. */
export function drawingWeights(weights: CheckpointWeights): DecoderWeights {
  const { segmenter, context, name } = weights;
  if (segmenter && context) return { ...weights, segmenter, context };
  throw new BadInput(`${name}: has no segmenter of its own, whose masks could be rewarded`);
}

/** Side of the maps that masks are compared at: that of the decoder's masks. */
export const drawnSide = ({ segmenter }: DecoderWeights): number => segmenter.imageSize / 4;

/** The answers' tokens have labels too. */
const prefix = 'drawn.';

/** Points of every ask: as many as the weights were trained with, else the corners of a box where they are shown. */
const slotsOf = ({ recipe: { segmenter } }: DecoderWeights): number =>
  segmenter.slots ?? (segmenter.prompts.includes('box') ? 2 : 0);

/** Masks of so many answers by the states [asks, queries, hidden] behind them; no states: by boxes alone. */
export function masksOf(
  p: Params,
  weights: DecoderWeights,
  { asks, states }: { asks: number; states: Parameters<typeof contextModule>[2] | null },
): DecodedMasks {
  const token = states ? contextModule(p, weights.context, states) : undefined;
  const shape = { asks, slots: slotsOf(weights), rough: weights.recipe.segmenter.promptMap, prefix };
  return decodedMasks(p, weights.segmenter, shape, token);
}

interface Open {
  readonly policy: AnswerPolicy;
  readonly weights: DecoderWeights;
  readonly segmenter: Segmenter;
  readonly worded: Drawer;
  readonly boxed: Drawer;
}

/** A decoder that is run with what the policy's parameters are at each call. */
interface Drawer {
  masks(image: DecodedImage, ask: DecoderInputs, states?: DeviceTensor): Promise<Mask>;
  release(): Promise<void>;
}

async function openDrawer(policy: AnswerPolicy, weights: DecoderWeights, byWords: boolean): Promise<Drawer> {
  const { context, recipe, folder } = weights;
  const { source, factors } = sourceOf(policy);
  const states = byWords ? input('states', [1, context.numOfQuery, context.hidden]) : null;
  const { masks, iou } = masksOf(paramsFrom(source), weights, { asks: 1, states });
  const session = await Session.create({ masks, iou }, { folder, keepsMemory: false });
  return {
    masks: async (image, ask, own) => {
      const feeds = {
        ...decoderFeeds([ask], { rough: recipe.segmenter.promptMap, prefix }),
        ...(own && { states: own }),
      };
      const found = await session.run({ ...policy.parameters.feeds(factors.tensors.keys()), ...feeds });
      const logits = { masks: floats(found, 'masks'), iou: floats(found, 'iou') };
      return maskFrom(logits, image, { ...recipe.segmenter, place: ask.place });
    },
    release: () => session.release(),
  };
}

/** The encoder's features stay as they are; each picture goes through it once while it is asked. */
export async function openAnswerMasks(policy: AnswerPolicy, decoder: Decoder): Promise<AnswerMasks> {
  const weights = drawingWeights(policy.weights);
  const { features } = policy;
  const segmenter = await Segmenter.open(
    { ...weights, context: null },
    { keepsMemory: false, ...(features && { features }) },
  );
  const [worded, boxed] = [await openDrawer(policy, weights, true), await openDrawer(policy, weights, false)];
  const open: Open = { policy, weights, segmenter, worded, boxed };
  return {
    drawn: async (question, { answers, texts, between }) => {
      const { picture } = question;
      const image = await picture.read();
      using held = new DisposableStack();
      const states = (await statesOf(question, answers, { policy, decoder })).map((one) => held.use(one));
      const drawn: DrawnAnswer[] = [];
      for (const [i, text] of texts.entries()) {
        await between({ name: 'drawing', done: i, of: texts.length });
        drawn.push(await drawnAnswer(image, { picture, text, states: ofRow(states, i) }, open));
      }
      return drawn;
    },
    release: async () => {
      await segmenter.release();
      await worded.release();
      await boxed.release();
    },
  };
}

/** [1, queries, hidden] an answer, as a prediction has them. */
function statesOf(
  { prompt }: AnswerQuestion,
  { rows, state }: Generated,
  { policy: { parameters, weights }, decoder }: { policy: AnswerPolicy; decoder: Decoder },
): Promise<DeviceTensor[]> {
  const queries = parameters.values('learnable_query');
  if (weights.recipe.reasoner.queries === 'continued') return decoder.queryStates(state, queries);
  const whole = rows.map(({ ids }) => ({ ...prompt, ids: [...prompt.ids, ...ids] }));
  return decoder.plainQueryStates(whole, queries);
}

interface ToDraw {
  readonly picture: TaskPicture;
  readonly text: string;
  readonly states: DeviceTensor;
}

/** As `flow/predict.ts` draws: the context speaks of one object, or where nothing else is shown of whatever the text says. */
async function drawnAnswer(image: DecodedImage, { picture, text, states }: ToDraw, open: Open): Promise<DrawnAnswer> {
  const { recipe } = open.weights;
  const { objects } = answerReaders[recipe.reasoner.parser].read(text);
  const named = objects.flatMap((object) => objectInImage(object, picture.frame, image) ?? []);
  const isBoxed = recipe.segmenter.prompts.includes('box');
  const askFor = (box: Box) => open.segmenter.inputs(image, isBoxed ? { box } : { points: [] });
  const [first, ...more] = named;
  const ask = await askFor(first?.box ?? wholeBox(image));
  if (more.length > 0) {
    const masks: Mask[] = [];
    for (const { box } of named) masks.push(await open.boxed.masks(image, await askFor(box)));
    return { named, ask, mask: unionOf(masks) };
  }
  if (!first && isBoxed) return { named, ask, mask: null };
  const mask = await open.worded.masks(image, ask, states);
  return { named, ask, mask: maskArea(mask) > 0 ? mask : null };
}

function wholeBox(image: DecodedImage): Box {
  const { x, y, width, height } = wholeOf(image);
  return { x1: x, y1: y, x2: x + width, y2: y + height };
}

interface DrawnGroup {
  readonly question: AnswerQuestion;
  readonly drawn: readonly DrawnAnswer[];
}

/** What the decoder is fed for all answers of a batch, and what each should draw. */
export function maskFeeds(groups: readonly DrawnGroup[], { weights }: AnswerPolicy): NamedValues {
  const shown = groups.flatMap(({ question: { picture }, drawn }) =>
    drawn.map(({ named, ask }) => ({ named, ask, place: ask.place, objects: picture.objects })),
  );
  const drawing = drawingWeights(weights);
  return {
    ...decoderFeeds(
      shown.map(({ ask }) => ask),
      { rough: drawing.recipe.segmenter.promptMap, prefix },
    ),
    ...rolloutTargets(shown, drawnSide(drawing)),
  };
}
