// A picture with clicks, a box, a rough mask or a context token to a mask: the picture is encoded once, prompts are cheap.
import { input } from '../../models/graph/tensor.ts';
import { floats, type Value } from '../../models/graph/value.ts';
import { contextModule } from '../../models/lens/contextModule.ts';
import { resizeFloat } from '../../models/nn/resample.ts';
import { Session } from '../../models/runtime/session.ts';
import { imageEncoder } from '../../models/sam2/imageEncoder.ts';
import { maskDecoder } from '../../models/sam2/maskDecoder.ts';
import { prepareSamImage } from '../../models/sam2/processor.ts';
import { promptEncoder } from '../../models/sam2/promptEncoder.ts';
import { clickData } from '../../models/sam2/segmenter.ts';
import type { Box, DecodedImage, Mask, Point } from '../contract/records.ts';
import { toBitmap } from '../contract/rle.ts';
import type { Weights } from '../weights/open.ts';
import { maskFrom } from './mask.ts';
import { type Pointed, promptMap, roughLogits } from './promptMap.ts';
import type { EngineOptions } from './reasoner.ts';

/** What the segmenter is asked with, in image pixels; `token` [width] comes from the context module. */
export interface Ask {
  box?: Box;
  points?: readonly Point[];
  rough?: Mask;
  token?: Float32Array;
}

interface Features extends Record<string, Float32Array> {
  embed: Float32Array;
  s0: Float32Array;
  s1: Float32Array;
}

export class Segmenter {
  private readonly weights: Weights;
  private readonly options: EngineOptions;
  private readonly encoder: Session;
  private readonly context: Session;
  private readonly decoders = new Map<string, Promise<Session>>();
  private readonly features = new WeakMap<DecodedImage, Promise<Features>>();

  private constructor(weights: Weights, sessions: { encoder: Session; context: Session }, options: EngineOptions) {
    this.weights = weights;
    this.encoder = sessions.encoder;
    this.context = sessions.context;
    this.options = options;
  }

  static async open(weights: Weights, options: EngineOptions): Promise<Segmenter> {
    const { segmenter, context, params, folder } = weights;
    const image = input('image', [1, 3, segmenter.imageSize, segmenter.imageSize]);
    const states = input('states', [1, context.numOfQuery, context.hidden]);
    const open = { ...options, folder };
    const encoder = await Session.create({ ...imageEncoder(params.at('sam'), segmenter, image) }, open);
    const module = await Session.create({ token: contextModule(params, context, states) }, open);
    return new Segmenter(weights, { encoder, context: module }, options);
  }

  /** Hidden states [queries, hidden] of one answer to its prompt token [width]. */
  async token(states: Float32Array): Promise<Float32Array> {
    return floats(await this.context.run({ states }), 'token');
  }

  /** Encodes the picture and opens the decoder that clicks use, ahead of the first ask. */
  async prepare(image: DecodedImage): Promise<void> {
    const { slots, promptMap } = this.weights.recipe.segmenter;
    await Promise.all([this.see(image), this.decoder(slots ?? 1, { rough: promptMap, token: false })]);
  }

  /** The mask at the picture's size. */
  async segment(image: DecodedImage, ask: Ask): Promise<Mask> {
    const { segmenter } = this.weights;
    const { at, labels, slots } = this.slots(image, ask);
    const feeds: Record<string, Value> = { ...(await this.see(image)), at, labels };
    const map = this.map(image, ask, segmenter.imageSize / 4);
    if (map) feeds.rough = map;
    if (ask.token) feeds.token = ask.token;
    const decoder = await this.decoder(slots, { rough: map !== null, token: ask.token !== undefined });
    const results = await decoder.run(feeds);
    const logits = { masks: floats(results, 'masks'), iou: floats(results, 'iou') };
    return maskFrom(logits, image, this.weights.recipe.segmenter);
  }

  async release(): Promise<void> {
    await this.encoder.release();
    await this.context.release();
    for (const session of this.decoders.values()) await (await session).release();
  }

  /** Corners and clicks, filled up with empty slots to the number that the segmenter was trained with, or a multiple. */
  private slots(image: DecodedImage, { box, points = [] }: Ask) {
    const clicks = points.map(({ x, y, sign }) => ({ x, y, inside: sign === '+' }));
    const given = clickData({ box, points: clicks }, image, this.weights.segmenter.imageSize);
    const step = this.weights.recipe.segmenter.slots;
    const slots = step === null ? given.labels.length : Math.max(1, Math.ceil(given.labels.length / step)) * step;
    const at = new Float32Array(slots * 2);
    const labels = new BigInt64Array(slots).fill(-1n);
    at.set(given.at);
    labels.set(given.labels);
    return { at, labels, slots };
  }

  /** Of nano all that is pointed at, as it was trained; of SAM 2 a rough mask alone. */
  private map(image: DecodedImage, ask: Ask, side: number): Float32Array | null {
    const all = pointed(image, ask, side);
    if (this.weights.recipe.segmenter.promptMap) return promptMap(all, side);
    return all.rough ? roughLogits(all.rough) : null;
  }

  private see(image: DecodedImage): Promise<Features> {
    const known = this.features.get(image);
    if (known) return known;
    const features = this.encoder
      .run({ image: prepareSamImage(image, this.weights.segmenter.imageSize, this.weights.recipe.segmenter.resize) })
      .then((maps) => ({ embed: floats(maps, 'embed'), s0: floats(maps, 's0'), s1: floats(maps, 's1') }));
    this.features.set(image, features);
    // A failure is not kept: the next call tries again.
    features.catch(() => this.features.delete(image));
    return features;
  }

  private decoder(slots: number, has: { rough: boolean; token: boolean }): Promise<Session> {
    const key = `${slots} ${has.rough} ${has.token}`;
    const known = this.decoders.get(key);
    if (known) return known;
    const opened = Session.create(this.decoderGraph(slots, has), {
      ...this.options,
      folder: this.weights.folder,
    });
    this.decoders.set(key, opened);
    return opened;
  }

  private decoderGraph(slots: number, has: { rough: boolean; token: boolean }) {
    const { segmenter, params } = this.weights;
    const { imageSize, width } = segmenter;
    const [fine, coarse] = [imageSize / 4, imageSize / 16];
    const features = {
      embed: input('embed', [1, width, coarse, coarse]),
      s0: input('s0', [1, width / 8, fine, fine]),
      s1: input('s1', [1, width / 4, fine / 2, fine / 2]),
    };
    const prompts = promptEncoder(params.at('sam'), segmenter, {
      ...(slots > 0 && { points: { at: input('at', [1, slots, 2]), labels: input('labels', [1, slots], 'int64') } }),
      ...(has.rough ? { mask: input('rough', [1, 1, fine, fine]) } : {}),
      ...(has.token ? { text: input('token', [1, 1, width]) } : {}),
    });
    const { masks, iou } = maskDecoder(params.at('sam'), segmenter, features, prompts);
    return { masks, iou };
  }
}

/** What the ask points at, in fractions of the picture. */
function pointed({ width, height }: DecodedImage, { box, points = [], rough }: Ask, side: number): Pointed {
  return {
    ...(box && { box: { x1: box.x1 / width, y1: box.y1 / height, x2: box.x2 / width, y2: box.y2 / height } }),
    ...(rough && { rough: shares(rough, side) }),
    clicks: points.map(({ x, y, sign }) => ({ x: x / width, y: y / height, inside: sign === '+' })),
  };
}

/** The share of each cell of a side * side map that the mask covers. */
function shares(mask: Mask, side: number): Float32Array {
  const [height, width] = mask.size;
  const data = Float32Array.from(toBitmap(mask));
  return resizeFloat({ channels: 1, height, width, data }, { height: side, width: side }, { antialias: true }).data;
}
