// Cuts a part of a picture with its things, flipped, turned and in other colours, to show it to the segmenter.
import { resizePillow } from '../../../models/nn/resample.ts';
import { samMean, samStd } from '../../../models/sam2/processor.ts';
import { entry } from '../../contract/lookup.ts';
import type { Random } from '../../contract/random.ts';
import type { Box, DecodedImage } from '../../contract/records.ts';
import { croppedTo } from '../../pictures/crop.ts';
import type { PicturePart } from '../../pictures/enlarge.ts';
import { samSide } from '../parameters/layout.ts';

/** A photograph or a drawn scene. */
export interface TaughtPicture {
  readonly image: DecodedImage;
  readonly things: readonly TaughtThing[];
}

export interface TaughtThing {
  readonly box: Box;
  /** 0 or 1 per pixel of the picture. */
  mask(): Uint8Array;
}

export interface SegmenterView {
  /** [3, side, side], normalised. */
  readonly image: Float32Array;
  /** Things of which enough is to be seen, largest first, 0 or 1 per pixel of the square frame. */
  readonly masks: readonly Uint8Array[];
  /** The index among `masks` of the thing that was asked for; -1 where too little of it is seen. */
  readonly wanted: number;
}

/** Least share of the frame's pixels of a thing that is asked for. */
const leastSeen = 0.004;
/** Things of a crowded picture that are looked at. */
const mostThings = 5;

/** How a part stands in the frame: flipped, put upside down, and then turned by a quarter (rows for columns). */
interface Turn {
  readonly flip: boolean;
  readonly quarter: boolean;
  readonly upside: boolean;
  /** For every pixel of the part, row-major, its index in the frame. */
  readonly places: Int32Array;
}

export function drawView(
  taught: TaughtPicture,
  { place, wanted }: { place: PicturePart; wanted: number },
  random: Random,
): SegmenterView {
  const small = framed(taught.image, place, random);
  const turn = drawTurn(random);
  const order = [wanted, ...random.shuffle(taught.things.map((_, i) => i).filter((i) => i !== wanted))];
  const found = order.slice(0, mostThings).map((index) => {
    const thing = taught.things[index];
    const mask =
      thing && touches(thing.box, place) ? maskIn(thing.mask(), { place, turn, width: taught.image.width }) : null;
    return { index, mask, area: mask ? mask.reduce((sum, value) => sum + value, 0) : 0 };
  });
  const seen = found
    .flatMap(({ index, mask, area }) => (mask && area >= leastSeen * samSide ** 2 ? [{ index, mask, area }] : []))
    .sort((a, b) => b.area - a.area);
  return {
    image: recoloured(small.data, turn, random),
    masks: seen.map(({ mask }) => mask),
    wanted: seen.findIndex(({ index }) => index === wanted),
  };
}

/** Part of a picture at the size of the frame. */
export function framed(picture: DecodedImage, place: PicturePart, random: Random): DecodedImage {
  return blurred(resizePillow(croppedTo(picture, place), { width: samSide, height: samSide }, 'bilinear'), random);
}

/** One in eight is as from a poorer camera: shrunk and enlarged again. */
function blurred(picture: DecodedImage, random: Random): DecodedImage {
  if (!random.chance(0.12)) return picture;
  const side = Math.round(samSide * random.between(0.35, 0.8));
  return resizePillow(resizePillow(picture, { width: side, height: side }, 'bilinear'), picture, 'bilinear');
}

const touches = (box: Box, { x, y, width, height }: PicturePart): boolean =>
  box.x1 < x + width && box.x2 > x && box.y1 < y + height && box.y2 > y;

const turns = new Map<string, Turn>();

export function drawTurn(random: Random): Turn {
  const flip = random.chance(0.5);
  // Most things stand upright.
  const quarter = random.chance(0.08);
  const upside = quarter && random.chance(0.5);
  const key = `${flip} ${quarter} ${upside}`;
  const turn = turns.get(key) ?? turned({ flip, quarter, upside });
  turns.set(key, turn);
  return turn;
}

function turned({ flip, quarter, upside }: Omit<Turn, 'places'>): Turn {
  const last = samSide - 1;
  const places = Int32Array.from({ length: samSide * samSide }, (_, i) => {
    const [row, column] = [Math.floor(i / samSide), i % samSide];
    const [r, c] = [upside ? last - row : row, flip ? last - column : column];
    return quarter ? c * samSide + r : r * samSide + c;
  });
  return { flip, quarter, upside, places };
}

/** A box in shares of the part, as it stands in the frame. */
export function turnedBox({ x1, y1, x2, y2 }: Box, { flip, quarter, upside }: Turn): Box {
  const [left, right] = flip ? [1 - x2, 1 - x1] : [x1, x2];
  const [top, bottom] = upside ? [1 - y2, 1 - y1] : [y1, y2];
  return quarter ? { x1: top, y1: left, x2: bottom, y2: right } : { x1: left, y1: top, x2: right, y2: bottom };
}

function maskIn(
  mask: Uint8Array,
  { place, turn, width }: { place: PicturePart; turn: Turn; width: number },
): Uint8Array {
  const out = new Uint8Array(samSide * samSide);
  const columns = Int32Array.from(
    { length: samSide },
    (_, i) => place.x + Math.floor(((i + 0.5) * place.width) / samSide),
  );
  for (let row = 0; row < samSide; row++) {
    const from = (place.y + Math.floor(((row + 0.5) * place.height) / samSide)) * width;
    for (let column = 0; column < samSide; column++)
      if (mask[from + (columns[column] ?? 0)]) out[turn.places[row * samSide + column] ?? 0] = 1;
  }
  return out;
}

/** Brightness, contrast, the balance and depth of colours, noise; then normalised, channels first. */
export function recoloured(data: Uint8Array, turn: Turn, random: Random): Float32Array {
  const strong = random.chance(0.7) ? 1 : 0;
  const contrast = Math.exp(strong * random.between(-0.35, 0.3));
  const bright = strong * random.between(-25, 25);
  const depth = random.chance(0.06) ? 0 : Math.exp(strong * random.between(-0.5, 0.4));
  const gains = [0, 1, 2].map(() => contrast * Math.exp(strong * random.between(-0.12, 0.12)));
  const noise = random.chance(0.15) ? random.between(2, 12) : 0;
  const area = samSide * samSide;
  const out = new Float32Array(3 * area);
  const weights = gains.map((gain, k) => gain / entry(samStd, k, 'samStd'));
  const rests = gains.map(
    (gain, k) => (128 - 128 * gain + bright - entry(samMean, k, 'samMean')) / entry(samStd, k, 'samStd'),
  );
  const [wr = 1, wg = 1, wb = 1] = weights;
  const [rr = 0, rg = 0, rb = 0] = rests;
  for (let i = 0, at = 0; i < area; i++, at += 3) {
    const [r, g, b] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
    const grey = 0.3 * r + 0.59 * g + 0.11 * b;
    const grain = noise > 0 ? noise * (random.next() - 0.5) : 0;
    const to = turn.places[i] ?? 0;
    out[to] = (grey + depth * (r - grey) + grain) * wr + rr;
    out[area + to] = (grey + depth * (g - grey) + grain) * wg + rg;
    out[2 * area + to] = (grey + depth * (b - grey) + grain) * wb + rb;
  }
  return out;
}
