// Draws the mask of a box by OpenCV's GrabCut, the classical method that the segmenter is compared with.
import { createRequire } from 'node:module';
import type * as OpenCv from '@techstark/opencv-js';
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { fromBitmap } from '../contract/rle.ts';

// The module has a `then` that hands on the module itself: whoever awaits its import waits for ever.
const cv: typeof OpenCv = createRequire(import.meta.url)('@techstark/opencv-js');
const ROUNDS = 5;

/** OpenCV's own start, once per process. */
export function openCvReady(): Promise<void> {
  if (typeof cv.Mat === 'function') return Promise.resolve();
  return new Promise((resolve) => {
    cv.onRuntimeInitialized = () => resolve();
  });
}

/** The things in the box; the whole box where there is nothing around it to learn the background from. */
export function grabCut(image: DecodedImage, box: Box): Mask {
  const { width, height } = image;
  const x = Math.max(0, Math.floor(box.x1));
  const y = Math.max(0, Math.floor(box.y1));
  const right = Math.min(width, Math.ceil(box.x2));
  const bottom = Math.min(height, Math.ceil(box.y2));
  const bitmap = new Uint8Array(width * height);
  for (let row = y; row < bottom; row++) bitmap.fill(1, row * width + x, row * width + right);
  if (right - x < width || bottom - y < height) cut(image, bitmap, { box: new cv.Rect(x, y, right - x, bottom - y) });
  return fromBitmap(bitmap, width, height);
}

/** What is known of a pixel before GrabCut looks, in its own numbers. */
export const guess = { background: 0, thing: 1, maybeBackground: 2, maybeThing: 3 } as const;

/** Mixtures of this many colours are learnt from the background and from the thing, each from at least as many pixels. */
const COLOURS = 5;

/** The thing, 1 a pixel, from a guess for every pixel; where one side has too little to learn from, the guess itself. */
export function grabCutFrom(image: DecodedImage, guesses: Uint8Array): Uint8Array {
  const bitmap = guesses.map((each) => each & 1);
  const inside = bitmap.reduce((sum, each) => sum + each, 0);
  if (Math.min(inside, bitmap.length - inside) >= COLOURS) cut(image, bitmap, { guesses });
  return bitmap;
}

type Start = { readonly box: OpenCv.Rect } | { readonly guesses: Uint8Array };

/** Writes 1 where GrabCut sees the thing, 0 elsewhere. */
function cut({ width, height, data }: DecodedImage, bitmap: Uint8Array, start: Start): void {
  const mats = [
    new cv.Mat(height, width, cv.CV_8UC3),
    new cv.Mat(height, width, cv.CV_8UC1),
    new cv.Mat(),
    new cv.Mat(),
  ];
  const [pixels, labels, background, foreground] = mats;
  try {
    if (!pixels || !labels || !background || !foreground) return;
    pixels.data.set(data);
    if ('guesses' in start) labels.data.set(start.guesses);
    const [box, mode] =
      'box' in start ? [start.box, cv.GC_INIT_WITH_RECT] : [new cv.Rect(0, 0, width, height), cv.GC_INIT_WITH_MASK];
    // The mixtures start from random clusters: the same seed gives the same mask.
    cv.setRNGSeed(1);
    cv.grabCut(pixels, labels, box, background, foreground, ROUNDS, mode);
    // Labels: 0 background, 1 thing, 2 and 3 probably so.
    for (const [i, label] of labels.data.entries()) bitmap[i] = label & 1;
  } finally {
    for (const mat of mats) mat.delete();
  }
}
