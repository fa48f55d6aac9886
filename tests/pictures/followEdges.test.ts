// Coarse values become masks whose outline is the picture's: on pictures of one clear thing, smaller and larger than the window.
import { describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import type { DecodedImage, Mask } from '../../main/contract/records.ts';
import { fromBitmap, maskArea } from '../../main/contract/rle.ts';
import { overlapOf, sampleIou } from '../../main/evaluate/metrics.ts';
import { enlargedMask } from '../../main/pictures/enlarge.ts';
import { maskAlongEdges } from '../../main/pictures/followEdges.ts';

interface Drawn {
  readonly image: DecodedImage;
  readonly truth: Mask;
  /** What a decoder would say of it: shares of cells, blurred by a cell and off by a third of one. */
  readonly values: { width: number; height: number; data: Float32Array };
}

/** A tilted cross on a noisy ground. */
function cross(width: number, height: number, cells = 16): Drawn {
  const draw = random(width);
  const size = 0.3 * Math.min(width, height);
  const isInside = (x: number, y: number): boolean => {
    const [u, v] = [
      (x - width * 0.45) * 0.9 + (y - height * 0.5) * 0.43,
      (y - height * 0.5) * 0.9 - (x - width * 0.45) * 0.43,
    ];
    return (Math.abs(u) < size && Math.abs(v) < size / 3) || (Math.abs(v) < size && Math.abs(u) < size / 3);
  };
  const data = new Uint8Array(width * height * 3);
  const bitmap = new Uint8Array(width * height);
  for (let i = 0; i < width * height; i++) {
    const inside = isInside((i % width) + 0.5, Math.floor(i / width) + 0.5);
    if (inside) bitmap[i] = 1;
    const noise = draw.int(-6, 6);
    data.set(inside ? [190 + noise, 80, 60] : [90, 110 + noise, 120 + noise], i * 3);
  }
  const values = new Float32Array(cells * cells);
  for (let i = 0; i < cells * cells; i++) {
    let inside = 0;
    for (let k = 0; k < 64; k++) {
      const x = (((i % cells) + 0.8 + ((k % 8) - 3.5) / 4) / cells) * width;
      const y = ((Math.floor(i / cells) + 0.3 + (Math.floor(k / 8) - 3.5) / 4) / cells) * height;
      inside += isInside(x, y) ? 1 : 0;
    }
    values[i] = inside / 8 - 4;
  }
  return {
    image: { width, height, data },
    truth: fromBitmap(bitmap, width, height),
    values: { width: cells, height: cells, data: values },
  };
}

const iou = (a: Mask, b: Mask): number => sampleIou(overlapOf(a, b));

describe('maskAlongEdges', () => {
  it.each([
    [128, 128],
    [200, 90],
    [900, 700],
  ])('finds the outline in %d x %d pixels that the grid alone misses', (width, height) => {
    const { image, truth, values } = cross(width, height);
    expect(iou(enlargedMask(values, image), truth)).toBeLessThan(0.85);
    expect(iou(maskAlongEdges(values, image), truth)).toBeGreaterThan(0.95);
  });

  it('leaves the grid its word where the picture shows nothing', () => {
    const { image, values } = cross(160, 160);
    const plain = { ...image, data: new Uint8Array(image.data.length).fill(120) };
    expect(iou(maskAlongEdges(values, plain), enlargedMask(values, plain))).toBeGreaterThan(0.98);
  });

  it('finds nothing where the grid says so, and all where it says all', () => {
    const { image, values } = cross(90, 60);
    const same = (value: number) => ({ ...values, data: new Float32Array(values.data.length).fill(value) });
    expect(maskArea(maskAlongEdges(same(-3), image))).toBe(0);
    expect(maskArea(maskAlongEdges(same(8), image))).toBe(90 * 60);
  });

  it('takes pictures of a few pixels', () => {
    const { values } = cross(40, 40);
    for (const [width, height] of [
      [1, 1],
      [3, 5],
      [400, 1],
    ] as const) {
      const image = { width, height, data: new Uint8Array(width * height * 3).fill(70) };
      expect(maskAlongEdges(values, image).size).toEqual([height, width]);
    }
  });
});
