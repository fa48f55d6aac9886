// Parts of pictures to the features that the segmenter's decoder reads, each encoded once while it is in use.
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

export class Views {
  private readonly encode: (image: DecodedImage) => Promise<Features>;
  private readonly known = new WeakMap<DecodedImage, Map<string, Promise<Features>>>();

  constructor(encode: (image: DecodedImage) => Promise<Features>) {
    this.encode = encode;
  }

  see(image: DecodedImage, place: Place): Promise<Features> {
    const views = this.known.get(image) ?? new Map<string, Promise<Features>>();
    this.known.set(image, views);
    const key = `${place.x} ${place.y} ${place.width} ${place.height}`;
    const features = views.get(key) ?? this.encode(isWhole(place, image) ? image : croppedTo(image, place));
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
}

const isWhole = (place: Place, { width, height }: Frame): boolean => place.width === width && place.height === height;
