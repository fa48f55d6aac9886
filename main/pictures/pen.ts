// Draws lines, filled boxes and text on RGB pixels, clipped at the edges.
import type { Box, DecodedImage } from '../contract/records.ts';
import { eachDot, glyphAdvance, glyphHeight } from './glyphs.ts';

export type PenColour = readonly [red: number, green: number, blue: number];

/** Blends `colour` over the pixels x1 <= x < x2, y1 <= y < y2. */
export function fillBox(image: DecodedImage, box: Box, colour: PenColour, opacity = 1): void {
  const left = Math.max(0, Math.round(box.x1));
  const right = Math.min(image.width, Math.round(box.x2));
  const bottom = Math.min(image.height, Math.round(box.y2));
  for (let y = Math.max(0, Math.round(box.y1)); y < bottom; y++) {
    for (let x = left; x < right; x++) blend(image, y * image.width + x, colour, opacity);
  }
}

/** Blends `colour` over one pixel, counted in rows from the top left. */
export function blend(image: DecodedImage, pixel: number, colour: PenColour, opacity: number): void {
  const at = pixel * 3;
  for (let c = 0; c < 3; c++) {
    const under = image.data[at + c] ?? 0;
    image.data[at + c] = Math.round(under + ((colour[c] ?? 0) - under) * opacity);
  }
}

/** A frame of lines `width` pixels wide whose outer edge lies `outset` pixels outside the box. */
export function strokeBox(
  image: DecodedImage,
  box: Box,
  pen: { colour: PenColour; width: number; outset: number },
): void {
  const x1 = box.x1 - pen.outset;
  const y1 = box.y1 - pen.outset;
  const x2 = box.x2 + pen.outset;
  const y2 = box.y2 + pen.outset;
  fillBox(image, { x1, y1, x2, y2: y1 + pen.width }, pen.colour);
  fillBox(image, { x1, y1: y2 - pen.width, x2, y2 }, pen.colour);
  fillBox(image, { x1, y1, x2: x1 + pen.width, y2 }, pen.colour);
  fillBox(image, { x1: x2 - pen.width, y1, x2, y2 }, pen.colour);
}

/** One line of text whose top left dot is at x, y; a dot is `scale` pixels. */
export function writeText(
  image: DecodedImage,
  text: string,
  pen: { x: number; y: number; scale: number; colour: PenColour },
): void {
  eachDot(text, (column, row) => {
    const x1 = pen.x + column * pen.scale;
    const y1 = pen.y + row * pen.scale;
    fillBox(image, { x1, y1, x2: x1 + pen.scale, y2: y1 + pen.scale }, pen.colour);
  });
}

/** Pixels that one line of text takes. */
export const textSize = (text: string, scale: number): { width: number; height: number } => ({
  width: ([...text].length * glyphAdvance - 1) * scale,
  height: glyphHeight * scale,
});
