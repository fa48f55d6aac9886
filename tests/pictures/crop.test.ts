// Parts of pictures around boxes: squares where the picture has room for them, and their pixels.
import { describe, expect, it } from 'vitest';
import { croppedTo, placeAround } from '../../main/pictures/crop.ts';

const picture = { width: 200, height: 100 };

describe('placeAround', () => {
  it('is a square of so many times the longer side, in the middle', () => {
    expect(placeAround({ x1: 80, y1: 40, x2: 120, y2: 60 }, picture, 1.5)).toEqual({
      ...{ x: 70, y: 20, width: 60, height: 60 },
    });
  });

  it('moves into the picture at its border', () => {
    expect(placeAround({ x1: 0, y1: 0, x2: 40, y2: 40 }, picture, 1.5)).toEqual({ x: 0, y: 0, width: 60, height: 60 });
    expect(placeAround({ x1: 180, y1: 90, x2: 200, y2: 100 }, picture, 2)).toEqual({
      ...{ x: 160, y: 60, width: 40, height: 40 },
    });
  });

  it('is as high or wide as the picture where that is less, and never tiny', () => {
    expect(placeAround({ x1: 20, y1: 10, x2: 140, y2: 90 }, picture, 1.25)).toEqual({
      ...{ x: 5, y: 0, width: 150, height: 100 },
    });
    expect(placeAround({ x1: 0, y1: 0, x2: 200, y2: 100 }, picture, 1.4)).toEqual({ x: 0, y: 0, ...picture });
    expect(placeAround({ x1: 50, y1: 50, x2: 51, y2: 51 }, picture, 1.4)).toMatchObject({ width: 24, height: 24 });
    expect(placeAround({ x1: 0, y1: 0, x2: 1, y2: 1 }, { width: 5, height: 7 }, 1.4)).toMatchObject({
      width: 5,
      height: 7,
    });
  });
});

describe('croppedTo', () => {
  it('takes the pixels of the part', () => {
    const data = Uint8Array.from({ length: 4 * 3 * 3 }, (_, i) => i);
    const part = croppedTo({ width: 4, height: 3, data }, { x: 1, y: 1, width: 2, height: 2 });
    expect(part).toMatchObject({ width: 2, height: 2 });
    expect([...part.data]).toEqual([15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32]);
  });
});
