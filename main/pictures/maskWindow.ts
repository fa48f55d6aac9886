// Cuts masks as bitmaps of a part of a picture at a working size: comparing outlines does not need twelve megapixels.
import type { Frame } from '../contract/geometry.ts';
import type { Box, Mask } from '../contract/records.ts';
import { toBitmap } from '../contract/rle.ts';
import type { PicturePart } from './enlarge.ts';

/** `width` and `height` of the bitmaps; they lie over `place` of the picture. */
export interface MaskWindow extends Frame {
  readonly place: PicturePart;
}

/** The box with `margin` of its longer side around it, no larger than the picture; at most `side` pixels a side. */
export function windowAround(box: Box, picture: Frame, how: { margin: number; side: number }): MaskWindow {
  const margin = Math.ceil(how.margin * Math.max(box.x2 - box.x1, box.y2 - box.y1));
  const [x, y] = [Math.max(0, Math.floor(box.x1) - margin), Math.max(0, Math.floor(box.y1) - margin)];
  const right = Math.min(picture.width, Math.ceil(box.x2) + margin);
  const bottom = Math.min(picture.height, Math.ceil(box.y2) + margin);
  const place = { x, y, width: Math.max(1, right - x), height: Math.max(1, bottom - y) };
  const scale = Math.min(1, how.side / Math.max(place.width, place.height));
  const length = (pixels: number) => Math.max(1, Math.round(pixels * scale));
  return { place, width: length(place.width), height: length(place.height) };
}

/** 1 where the pixel in the middle of the window's pixel is inside. */
export function bitmapIn(mask: Mask, { place, width, height }: MaskWindow): Uint8Array {
  const whole = toBitmap(mask);
  const across = mask.size[1];
  const out = new Uint8Array(width * height);
  const columns = Int32Array.from({ length: width }, (_, i) => Math.floor(place.x + ((i + 0.5) * place.width) / width));
  for (let row = 0; row < height; row++) {
    const from = Math.floor(place.y + ((row + 0.5) * place.height) / height) * across;
    for (let i = 0; i < width; i++) out[row * width + i] = whole[from + (columns[i] ?? 0)] ?? 0;
  }
  return out;
}
