// Draws overlay.png and mask.png: image, mask, box and label.
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { toBitmap } from '../contract/rle.ts';
import { glyphAdvance, plain } from './glyphs.ts';
import type { Raster } from './image.ts';
import { blend, fillBox, type PenColour, strokeBox, textSize, writeText } from './pen.ts';

const TINT: PenColour = [255, 32, 144];
const BOX: PenColour = [255, 221, 51];
const DARK: PenColour = [16, 16, 20];
const LIGHT: PenColour = [255, 255, 255];
const TINT_OPACITY = 0.42;
const CHIP_OPACITY = 0.82;

export interface OverlayObject {
  readonly mask: Mask | null;
  readonly box: Box | null;
  readonly label: string;
}

/** A copy of the image with each mask tinted and outlined, its box framed and its label beside it. */
export function drawOverlay(image: DecodedImage, ...findings: readonly OverlayObject[]): Raster {
  const { width, height } = image;
  const canvas = { width, height, data: new Uint8Array(image.data) };
  const pen = Math.max(1, Math.round(Math.min(width, height) / 400));
  for (const { mask } of findings) if (mask !== null) drawMask(canvas, inside(mask, image), pen);
  for (const { box } of findings) if (box !== null) drawBox(canvas, box, pen);
  for (const finding of findings) drawLabel(canvas, finding, pen);
  return { width, height, channels: 3, data: canvas.data };
}

/** 255 inside the mask and 0 outside, one channel; all 0 where there is no mask. */
export function drawMaskFile(image: DecodedImage, mask: Mask | null): Raster {
  const { width, height } = image;
  const flags = mask === null ? new Uint8Array(width * height) : inside(mask, image);
  return { width, height, channels: 1, data: flags.map((flag) => flag * 255) };
}

/** One flag a pixel, rows from the top. */
function inside(mask: Mask, image: DecodedImage): Uint8Array {
  const [height, width] = mask.size;
  if (height === image.height && width === image.width) return toBitmap(mask);
  throw new Error(`the mask is ${width} x ${height}, its image ${image.width} x ${image.height}`);
}

/** The edge is a light line between two dark ones, so that it shows on any background. */
function drawMask(canvas: DecodedImage, flags: Uint8Array, pen: number): void {
  for (let i = 0; i < flags.length; i++) if (flags[i] === 1) blend(canvas, i, TINT, TINT_OPACITY);
  const edge = edgeOf(flags, canvas.width, canvas.height);
  for (const pixel of edge) dab(canvas, pixel, pen, DARK);
  for (const pixel of edge) dab(canvas, pixel, pen - 1, LIGHT);
}

/** Mask pixels with one of four neighbours outside the mask; the rim of the image counts as outside. */
function edgeOf(flags: Uint8Array, width: number, height: number): number[] {
  const edge: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (flags[at] !== 1) continue;
      const inner = x > 0 && x < width - 1 && y > 0 && y < height - 1;
      if (!inner || !(flags[at - 1] && flags[at + 1] && flags[at - width] && flags[at + width])) edge.push(at);
    }
  }
  return edge;
}

function dab(canvas: DecodedImage, pixel: number, radius: number, colour: PenColour): void {
  const x = pixel % canvas.width;
  const y = Math.floor(pixel / canvas.width);
  fillBox(canvas, { x1: x - radius, y1: y - radius, x2: x + radius + 1, y2: y + radius + 1 }, colour);
}

function drawBox(canvas: DecodedImage, box: Box, pen: number): void {
  strokeBox(canvas, box, { colour: DARK, width: 4 * pen, outset: 2 * pen });
  strokeBox(canvas, box, { colour: BOX, width: 2 * pen, outset: pen });
}

/** A dark chip above the box, inside its top where there is no room, or in the corner without a box. */
function drawLabel(canvas: DecodedImage, finding: OverlayObject, pen: number): void {
  const scale = Math.max(1, Math.round(Math.min(canvas.width, canvas.height) / 280));
  const margin = 2 * scale;
  const text = fitted(plain(finding.label).trim(), Math.floor((canvas.width - 2 * margin) / (glyphAdvance * scale)));
  if (text === '') return;
  const size = textSize(text, scale);
  const chip = { width: size.width + 2 * margin, height: size.height + 2 * margin };
  const above = (finding.box?.y1 ?? 0) - chip.height - 2 * pen;
  const y = Math.round(above >= 0 ? above : Math.max(0, (finding.box?.y1 ?? 0) + pen));
  const x = Math.round(Math.max(0, Math.min(finding.box?.x1 ?? 0, canvas.width - chip.width)));
  fillBox(canvas, { x1: x, y1: y, x2: x + chip.width, y2: y + chip.height }, DARK, CHIP_OPACITY);
  writeText(canvas, text, { x: x + margin, y: y + margin, scale, colour: LIGHT });
}

function fitted(text: string, most: number): string {
  const chars = [...text.replace(/\s+/gu, ' ')];
  if (chars.length <= most) return chars.join('');
  return most < 4 ? '' : `${chars.slice(0, most - 2).join('')}..`;
}
