// Encodes parts of pictures for the segmenter's decoder, each once while it is in use.
import { floats } from '../../../models/graph/value.ts';
import { resizePillow } from '../../../models/nn/resample.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { DecodedImage } from '../../contract/records.ts';
import { croppedTo } from '../../pictures/crop.ts';
import type { PicturePart } from '../../pictures/enlarge.ts';
import type { EncoderFiles } from '../sessions/featureFiles.ts';

/** `embed` and, but for SAM 1, the finer `s0` and `s1`. */
export type Features = Readonly<Record<string, Float32Array>>;

/** Parts of one picture that are kept beside the whole: a person goes back and forth between few things. */
const mostParts = 4;

export const wholeOf = ({ width, height }: Frame): PicturePart => ({ x: 0, y: 0, width, height });

/**
 * A part is cut from the copy on which its longer side has at least so many times the encoder's pixels, and less than
 * twice as many: making those few from all pixels of a large picture would take longer than encoding them.
 */
const spare = 2;

export class Views {
  private readonly encode: (image: DecodedImage) => Promise<Features>;
  private readonly side: number;
  private readonly files: EncoderFiles | null;
  /** Smaller copies of each picture: itself, its half, its quarter and so on, as far as they were needed. */
  private readonly copies = new WeakMap<DecodedImage, DecodedImage[]>();
  private readonly known = new WeakMap<DecodedImage, Map<string, Promise<Features>>>();

  /** `side`: of the square that the encoder sees, in pixels. `files`: where features outlive the program; default nowhere. */
  constructor(encode: (image: DecodedImage) => Promise<Features>, side: number, files: EncoderFiles | null = null) {
    this.encode = encode;
    this.side = side;
    this.files = files;
  }

  see(image: DecodedImage, place: PicturePart): Promise<Features> {
    const views = this.known.get(image) ?? new Map<string, Promise<Features>>();
    this.known.set(image, views);
    const key = `${place.x} ${place.y} ${place.width} ${place.height}`;
    const features = views.get(key) ?? this.make(image, place);
    // Used last, dropped last.
    views.delete(key);
    views.set(key, features);
    const whole = `0 0 ${image.width} ${image.height}`;
    const oldest = [...views.keys()].find((each) => each !== whole);
    if (views.size > mostParts + 1 && oldest !== undefined) views.delete(oldest);
    // A failure is not kept: the next call tries again.
    features.catch(() => views.delete(key));
    return features;
  }

  private async make(image: DecodedImage, place: PicturePart): Promise<Features> {
    const encode = () => this.encode(this.part(image, place));
    if (!this.files) return encode();
    const maps = await this.files.of(image, place, async () => {
      const made = Object.entries(await encode());
      return Object.fromEntries(made.map(([name, data]) => [name, { data, shape: [data.length] }]));
    });
    const values = Object.fromEntries(Object.entries(maps).map(([name, { data }]) => [name, data]));
    return Object.fromEntries(Object.keys(values).map((name) => [name, floats(values, name)]));
  }

  private part(image: DecodedImage, place: PicturePart): DecodedImage {
    const halvings = Math.floor(Math.log2(Math.max(place.width, place.height) / (spare * this.side)));
    const copy = this.copy(image, Math.max(0, halvings));
    return isWhole(place, image) ? copy : croppedTo(copy, copy === image ? place : scaled(place, image, copy));
  }

  private copy(image: DecodedImage, halvings: number): DecodedImage {
    const copies = this.copies.get(image) ?? [image];
    this.copies.set(image, copies);
    let last = copies.at(-1) ?? image;
    while (copies.length <= halvings) {
      last = halved(last);
      copies.push(last);
    }
    return copies[halvings] ?? last;
  }
}

const halved = (image: DecodedImage): DecodedImage =>
  resizePillow(image, { width: Math.ceil(image.width / 2), height: Math.ceil(image.height / 2) }, 'bilinear');

/** The part that a smaller copy has of the same place, in whole pixels of the copy. */
function scaled({ x, y, width, height }: PicturePart, from: Frame, to: Frame): PicturePart {
  const [across, down] = [to.width / from.width, to.height / from.height];
  const [left, top] = [Math.round(x * across), Math.round(y * down)];
  const [right, bottom] = [Math.round((x + width) * across), Math.round((y + height) * down)];
  return { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
}

const isWhole = (place: PicturePart, { width, height }: Frame): boolean =>
  place.width === width && place.height === height;
