// Pictures with as much to be seen at every size as photographs have, and parts of them, for tests of what pictures have in common.
import { random } from '../../main/contract/random.ts';
import type { Box, DecodedImage } from '../../main/contract/records.ts';
import { resizePillow } from '../../models/nn/resample.ts';

/** Some hundred discs of all sizes and colours over each other. */
export function discs(seed: number, { width = 320, height = 240 } = {}): DecodedImage {
  const draw = random(seed, 17);
  const data = new Uint8Array(width * height * 3).fill(128);
  for (let i = 0; i < 260; i++) {
    const [cx, cy, radius] = [draw.between(0, width), draw.between(0, height), draw.between(3, 70 - i / 4)];
    const colour = [draw.int(0, 255), draw.int(0, 255), draw.int(0, 255)];
    for (let y = Math.max(0, Math.ceil(cy - radius)); y < Math.min(height, cy + radius); y++)
      for (let x = Math.max(0, Math.ceil(cx - radius)); x < Math.min(width, cx + radius); x++)
        if ((x - cx) ** 2 + (y - cy) ** 2 < radius ** 2) data.set(colour, (y * width + x) * 3);
  }
  return { width, height, data };
}

/** A part of a picture in another size, a little brighter and noisy, as a crop that is written as JPEG again. */
export function partOf(image: DecodedImage, { x1, y1, x2, y2 }: Box, size = 1): DecodedImage {
  const [width, height] = [x2 - x1, y2 - y1];
  const cut = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((y + y1) * image.width + x1) * 3;
    cut.set(image.data.subarray(from, from + width * 3), y * width * 3);
  }
  const sized = { width: Math.round(width * size), height: Math.round(height * size) };
  const { data } = resizePillow({ width, height, data: cut }, sized, 'bilinear');
  const draw = random(x1 + 7 * y1, 18);
  return { ...sized, data: data.map((value) => Math.min(255, value * 0.95 + 10 + draw.int(-4, 4))) };
}
