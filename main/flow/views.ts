// Parts of pictures to the features that the segmenter's decoder reads, each encoded once while it is in use.
import { resizePillow } from '../../models/nn/resample.ts';
import type { Frame } from '../contract/geometry.ts';
import type { DecodedImage } from '../contract/records.ts';
import { croppedTo } from '../pictures/crop.ts';
import type { Place } from '../pictures/enlarge.ts';

export interface Features extends Record<string, Float32Array> {
  embed: Float32Array;
  s0: Float32Array;
  s1: Float32Array;
}

/** Parts of one picture that are kept beside the whole: a person goes back and forth between few things. */
const mostParts = 4;

export const wholeOf = ({ width, height }: Frame): Place => ({ x: 0, y: 0, width, height });

/** Large parts of large pictures are cut from a copy of this longer side: the encoder sees a few hundred pixels of them. */
const copySide = 1536;
/** Of the part itself, in pixels: smaller ones are cut from the picture. */
const largePart = 768;

export class Views {
  private readonly encode: (image: DecodedImage) => Promise<Features>;
  private readonly copies = new WeakMap<DecodedImage, DecodedImage>();
  private readonly known = new WeakMap<DecodedImage, Map<string, Promise<Features>>>();

  constructor(encode: (image: DecodedImage) => Promise<Features>) {
    this.encode = encode;
  }

  see(image: DecodedImage, place: Place): Promise<Features> {
    const views = this.known.get(image) ?? new Map<string, Promise<Features>>();
    this.known.set(image, views);
    const key = `${place.x} ${place.y} ${place.width} ${place.height}`;
    const features = views.get(key) ?? this.encode(this.part(image, place));
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

  private part(image: DecodedImage, place: Place): DecodedImage {
    const longest = Math.max(image.width, image.height);
    if (longest <= copySide || Math.max(place.width, place.height) <= largePart)
      return isWhole(place, image) ? image : croppedTo(image, place);
    const copy = this.copies.get(image) ?? shrunk(image, copySide / longest);
    this.copies.set(image, copy);
    return isWhole(place, image) ? copy : croppedTo(copy, scaled(place, image, copy));
  }
}

function shrunk(image: DecodedImage, scale: number): DecodedImage {
  const [width, height] = [Math.round(image.width * scale), Math.round(image.height * scale)];
  return resizePillow(image, { width: Math.max(1, width), height: Math.max(1, height) }, 'bilinear');
}

/** The same part of a smaller copy, in whole pixels of it. */
function scaled({ x, y, width, height }: Place, from: Frame, to: Frame): Place {
  const [across, down] = [to.width / from.width, to.height / from.height];
  const [left, top] = [Math.round(x * across), Math.round(y * down)];
  const [right, bottom] = [Math.round((x + width) * across), Math.round((y + height) * down)];
  return { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
}

const isWhole = (place: Place, { width, height }: Frame): boolean => place.width === width && place.height === height;
