// Chooses the part of the picture that the segmenter looks at, around what is pointed at.
import type { Frame } from '../contract/geometry.ts';
import type { Box, DecodedImage } from '../contract/records.ts';
import type { PicturePart } from './enlarge.ts';

/** Smaller parts of a picture, in pixels, show nothing that can be recognised. */
const least = 24;

/**
 * A square of `context` times the box's longer side around it, in whole pixels; moved into the picture, and no square where
 * the picture is too small for one.
 */
export function placeAround({ x1, y1, x2, y2 }: Box, picture: Frame, context: number): PicturePart {
  const side = Math.max(least, Math.ceil(context * Math.max(x2 - x1, y2 - y1)));
  const [width, height] = [Math.min(side, picture.width), Math.min(side, picture.height)];
  const moved = (middle: number, length: number, all: number) =>
    Math.min(all - length, Math.max(0, Math.round(middle - length / 2)));
  return {
    x: moved((x1 + x2) / 2, width, picture.width),
    y: moved((y1 + y2) / 2, height, picture.height),
    width,
    height,
  };
}

export function croppedTo({ width, data }: DecodedImage, place: PicturePart): DecodedImage {
  const out = new Uint8Array(place.width * place.height * 3);
  for (let row = 0; row < place.height; row++) {
    const from = ((place.y + row) * width + place.x) * 3;
    out.set(data.subarray(from, from + place.width * 3), row * place.width * 3);
  }
  return { width: place.width, height: place.height, data: out };
}
