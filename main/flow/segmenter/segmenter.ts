// Draws a mask by clicks, a box, a rough mask or a context token; encodes the picture once, so that prompts are cheap.
import { input } from '../../../models/graph/tensor.ts';
import { type DeviceTensor, type Fed, floats, type NamedValues } from '../../../models/graph/value.ts';
import { contextModule } from '../../../models/lens/contextModule.ts';
import { resizeFloat } from '../../../models/nn/resample.ts';
import { graphDigest } from '../../../models/runtime/graphDigest.ts';
import { Session } from '../../../models/runtime/session.ts';
import { anyImageEncoder } from '../../../models/sam/imageEncoder.ts';
import { keptSize, prepareKeptImage, prepareSamImage } from '../../../models/sam2/processor.ts';
import { clickData } from '../../../models/sam2/segmenter.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { toBitmap } from '../../contract/rle.ts';
import { placeAround } from '../../pictures/crop.ts';
import type { PicturePart } from '../../pictures/enlarge.ts';
import type { SegmenterWeights } from '../../weights/segmenterFile.ts';
import type { EngineOptions } from '../sessions/engineOptions.ts';
import { EncoderFiles, leastSide } from '../sessions/featureFiles.ts';
import { chosenByClicks } from './clickChoice.ts';
import { decodedMasks } from './decoding.ts';
import { chosenMask, maskOf } from './mask.ts';
import { type Pointed, promptMap, roughLogits } from './promptMap.ts';
import { type Features, Views, wholeOf } from './views.ts';
import {
  boxAround,
  clickBoxes,
  clickPlaces,
  type FoundLogits,
  focusOf,
  foundBox,
  isClicked,
  type SegmenterPrompt,
  sharesIn,
  withinPlace,
} from './zoom.ts';

interface Look {
  readonly place: PicturePart;
  /** Replaces the ask's own rough mask: the share of each cell of the place. */
  readonly rough?: Float32Array;
}

/** What a decoder is made for, beside a number of points. */
interface Prompted {
  readonly rough: boolean;
  readonly token: boolean;
  /** Whether the corners of a box are among the points, which makes a difference for SAM 1. */
  readonly box: boolean;
}

export interface DecoderInputs {
  readonly feeds: NamedValues;
  /** Points, the empty ones counted. */
  readonly slots: number;
  /** The part of the picture that the masks cover. */
  readonly place: PicturePart;
}

export class Segmenter {
  /** How often the encoder has run. */
  encodings = 0;
  private readonly weights: SegmenterWeights;
  private readonly options: EngineOptions;
  private readonly encoder: Session;
  private readonly context: Session | null;
  private readonly decoders = new Map<string, Promise<Session>>();
  private readonly views: Views;

  private constructor(
    weights: SegmenterWeights,
    sessions: { encoder: Session; context: Session | null; files: EncoderFiles | null },
    options: EngineOptions,
  ) {
    this.weights = weights;
    this.encoder = sessions.encoder;
    this.context = sessions.context;
    this.options = options;
    const encode = (image: DecodedImage) => {
      this.encodings++;
      return encoded(sessions.encoder, image, weights);
    };
    this.views = new Views(encode, weights.segmenter.imageSize, sessions.files);
  }

  static async open(weights: SegmenterWeights, options: EngineOptions): Promise<Segmenter> {
    const { segmenter, context, params, folder } = weights;
    const image = input('image', [1, 3, segmenter.imageSize, segmenter.imageSize]);
    const open = { ...options, folder };
    const maps = { ...anyImageEncoder(params.at('sam'), segmenter, image) };
    const encoder = await Session.create(maps, open);
    const states = context && input('states', [1, context.numOfQuery, context.hidden]);
    const module =
      states &&
      (await Session.create({ token: contextModule(params, context, states) }, { ...open, results: 'device' }));
    const setup = async () => {
      const { aspect, resize } = weights.recipe.segmenter;
      return [await graphDigest(maps, folder), encoder.provider, aspect, resize];
    };
    const { features } = options;
    const files = features && segmenter.imageSize >= leastSide ? new EncoderFiles(features, setup()) : null;
    return new Segmenter(weights, { encoder, context: module, files }, options);
  }

  /** A recipe with a crop looks at parts by itself. */
  get wantsParts(): boolean {
    return this.weights.recipe.segmenter.crop === null;
  }

  /** Hidden states [1, queries, hidden] of one answer to its prompt token [1, 1, width], which the caller disposes of. */
  async token(states: Fed): Promise<DeviceTensor> {
    if (!this.context) throw new Error(`${this.weights.name} has no context module.`);
    const { token } = await this.context.runOnDevice({ states });
    if (!token) throw new Error('The context module gave no token.');
    return token;
  }

  /** What the encoder sees of the whole picture; encoded once, whatever is asked of it. */
  features(image: DecodedImage): Promise<Features> {
    return this.views.see(image, wholeOf(image));
  }

  /** Encodes the picture and opens the decoder that clicks use, ahead of the first ask. */
  async prepare(image: DecodedImage): Promise<void> {
    const { slots, promptMap } = this.weights.recipe.segmenter;
    await Promise.all([
      this.views.see(image, wholeOf(image)),
      this.decoder(slots ?? 1, { rough: promptMap, token: false, box: false }),
    ]);
  }

  /** The mask at the picture's size. */
  async segment(image: DecodedImage, ask: SegmenterPrompt): Promise<Mask> {
    return this.draw(image, await this.find(image, ask));
  }

  /** Draws along the picture's edges, where the recipe says so. */
  draw(image: DecodedImage, { values, place }: Pick<FoundLogits, 'values' | 'place'>): Mask {
    return maskOf(values, image, { ...this.weights.recipe.segmenter, place });
  }

  /** Clicks alone are looked for in parts of several sizes; then, as all else, in the part around what they mean. */
  async find(image: DecodedImage, ask: SegmenterPrompt): Promise<FoundLogits> {
    const { crop } = this.weights.recipe.segmenter;
    const focus = crop && focusOf(ask);
    if (crop && focus) return this.decode(image, ask, { place: placeAround(focus, image, crop.context) });
    if (!crop || !isClicked(ask)) return this.decode(image, ask, { place: wholeOf(image) });
    const first = await this.search(image, ask, crop.search);
    const around = boxAround([foundBox(first), ...clickBoxes(ask)]);
    if (!around || !foundBox(first)) return first;
    const place = placeAround(around, image, crop.context);
    return this.decode(image, ask, { place, rough: sharesIn(first, place, this.weights.segmenter.imageSize / 4) });
  }

  /** The mask that is meant most likely, among all masks of parts of these sizes. */
  private async search(image: DecodedImage, ask: SegmenterPrompt, sizes: readonly number[]): Promise<FoundLogits> {
    const found: FoundLogits[] = [];
    for (const place of clickPlaces(ask, image, sizes)) found.push(...(await this.alternatives(image, ask, { place })));
    return chosenByClicks(found, ask, image);
  }

  private async decode(image: DecodedImage, ask: SegmenterPrompt, look: Look): Promise<FoundLogits> {
    const { masks, iou } = await this.run(image, ask, look);
    return foundIn(masks, iou, {
      ...{ place: look.place, square: this.squareOf(look.place) },
      index: chosenMask({ masks, iou }, this.weights.recipe.segmenter.choice),
    });
  }

  private async alternatives(image: DecodedImage, ask: SegmenterPrompt, look: Look): Promise<FoundLogits[]> {
    const { masks, iou } = await this.run(image, ask, look);
    const square = this.squareOf(look.place);
    return Array.from(iou, (_, index) => foundIn(masks, iou, { place: look.place, square, index }));
  }

  /** What the decoder is fed for an ask, without its token: the part around what is meant, or where only clicks say, all. */
  inputs(image: DecodedImage, ask: SegmenterPrompt): Promise<DecoderInputs> {
    const { crop } = this.weights.recipe.segmenter;
    const focus = crop && focusOf(ask);
    return this.inputsAt(image, ask, {
      place: crop && focus ? placeAround(focus, image, crop.context) : wholeOf(image),
    });
  }

  private async inputsAt(image: DecodedImage, asked: SegmenterPrompt, { place, rough }: Look): Promise<DecoderInputs> {
    const side = this.weights.segmenter.imageSize / 4;
    const ask = withinPlace(asked, place);
    const square = this.squareOf(place);
    const { at, labels, slots } = this.slots(square, ask);
    const map = this.map({ ...pointed(square, ask, side), ...(rough && { rough }) }, side);
    return { feeds: { ...(await this.views.see(image, place)), at, labels, ...(map && { rough: map }) }, slots, place };
  }

  /** What the encoder's square stands for, in pixels of the picture: the place, and where its aspect is kept what is beyond it. */
  private squareOf(place: PicturePart): Frame {
    const { segmenter, recipe } = this.weights;
    if (recipe.segmenter.aspect === 'squash') return place;
    const { width, height } = keptSize(place, segmenter.imageSize);
    return {
      width: (place.width * segmenter.imageSize) / width,
      height: (place.height * segmenter.imageSize) / height,
    };
  }

  /** Logits of all masks over the place, one after the other, and the predicted IoU of each. */
  private async run(image: DecodedImage, ask: SegmenterPrompt, look: Look) {
    const { feeds, slots } = await this.inputsAt(image, ask, look);
    const box = ask.box !== undefined && this.weights.segmenter.isSam1 === true;
    const has = { rough: feeds.rough !== undefined, token: ask.token !== undefined, box };
    const decoder = await this.decoder(slots, has);
    const results = await decoder.run({ ...feeds, ...(ask.token && { token: ask.token }) });
    return { masks: floats(results, 'masks'), iou: floats(results, 'iou') };
  }

  async release(): Promise<void> {
    await this.encoder.release();
    await this.context?.release();
    for (const session of this.decoders.values()) await (await session).release();
  }

  /** Packs corners and clicks, filled up with empty slots to the number that the segmenter was trained with, or a multiple. */
  private slots(frame: Frame, { box, points = [] }: SegmenterPrompt) {
    const clicks = points.map(({ x, y, sign }) => ({ x, y, inside: sign === '+' }));
    const given = clickData({ box, points: clicks }, frame, this.weights.segmenter.imageSize);
    const step = this.weights.recipe.segmenter.slots;
    const slots = step === null ? given.labels.length : Math.max(1, Math.ceil(given.labels.length / step)) * step;
    const at = new Float32Array(slots * 2);
    const labels = new BigInt64Array(slots).fill(-1n);
    at.set(given.at);
    labels.set(given.labels);
    return { at, labels, slots };
  }

  /** Draws for nano all that is pointed at, as it was trained; for SAM 2 a rough mask alone. */
  private map(all: Pointed, side: number): Float32Array | null {
    if (this.weights.recipe.segmenter.promptMap) return promptMap(all, side);
    return all.rough ? roughLogits(all.rough) : null;
  }

  private decoder(slots: number, has: Prompted): Promise<Session> {
    const key = `${slots} ${has.rough} ${has.token} ${has.box}`;
    const known = this.decoders.get(key);
    if (known) return known;
    const opened = Session.create(this.decoderGraph(slots, has), {
      ...this.options,
      folder: this.weights.folder,
    });
    this.decoders.set(key, opened);
    return opened;
  }

  private decoderGraph(slots: number, has: Prompted) {
    const { segmenter, params } = this.weights;
    const token = has.token ? input('token', [1, 1, segmenter.width]) : undefined;
    const { masks, iou } = decodedMasks(
      params,
      segmenter,
      { asks: 1, slots, rough: has.rough, hasBox: has.box },
      token,
    );
    return { masks, iou };
  }
}

/** One of the masks, which lie one after the other. */
function foundIn(
  masks: Float32Array,
  iou: Float32Array,
  { place, square, index }: { place: PicturePart; square: Frame; index: number },
): FoundLogits {
  const area = masks.length / iou.length;
  const side = Math.sqrt(area);
  const data = masks.subarray(index * area, (index + 1) * area);
  const quality = iou[index];
  if (quality === undefined) throw new RangeError(`There is no mask ${index} among ${iou.length}.`);
  const filled = { width: (side * place.width) / square.width, height: (side * place.height) / square.height };
  const isPadded = filled.width < side || filled.height < side;
  return { values: { width: side, height: side, data, ...(isPadded && { filled }) }, place, quality };
}

async function encoded(
  encoder: Session,
  image: DecodedImage,
  { segmenter, recipe }: SegmenterWeights,
): Promise<Features> {
  const prepare = recipe.segmenter.aspect === 'keep' ? prepareKeptImage : prepareSamImage;
  const maps = await encoder.run({ image: prepare(image, segmenter.imageSize, recipe.segmenter.resize) });
  return Object.fromEntries(Object.keys(maps).map((name) => [name, floats(maps, name)]));
}

/** What the ask points at, in fractions of the square. */
function pointed({ width, height }: Frame, { box, points = [], rough }: SegmenterPrompt, side: number): Pointed {
  return {
    ...(box && { box: { x1: box.x1 / width, y1: box.y1 / height, x2: box.x2 / width, y2: box.y2 / height } }),
    ...(rough && { rough: shares(rough, { width, height }, side) }),
    clicks: points.map(({ x, y, sign }) => ({ x: x / width, y: y / height, inside: sign === '+' })),
  };
}

/** The share of each cell of a side * side map over the square that the mask, at its top left, covers. */
function shares(mask: Mask, square: Frame, side: number): Float32Array {
  const [height, width] = mask.size;
  const data = Float32Array.from(toBitmap(mask));
  const size = {
    height: Math.max(1, Math.round((side * height) / square.height)),
    width: Math.max(1, Math.round((side * width) / square.width)),
  };
  const covered = resizeFloat({ channels: 1, height, width, data }, size, { antialias: true }).data;
  if (size.width === side && size.height === side) return covered;
  const map = new Float32Array(side * side);
  for (let row = 0; row < size.height; row++)
    map.set(covered.subarray(row * size.width, (row + 1) * size.width), row * side);
  return map;
}
