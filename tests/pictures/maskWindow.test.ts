// Windows on masks: where they lie, how large they are, and which pixels of a large mask they show.
import { describe, expect, it } from 'vitest';
import { fromBitmap } from '../../main/contract/rle.ts';
import { bitmapIn, windowAround } from '../../main/pictures/maskWindow.ts';

const picture = { width: 100, height: 60 };

describe('windowAround', () => {
  it('leaves room around the box, within the picture', () => {
    const window = windowAround({ x1: 40, y1: 20, x2: 60, y2: 30 }, picture, { margin: 0.5, side: 200 });
    expect(window).toEqual({ place: { x: 30, y: 10, width: 40, height: 30 }, width: 40, height: 30 });
    const all = windowAround({ x1: -5, y1: 0, x2: 100, y2: 60 }, picture, { margin: 1, side: 200 });
    expect(all.place).toEqual({ x: 0, y: 0, width: 100, height: 60 });
  });

  it('is no larger than it is told, and never empty', () => {
    const window = windowAround({ x1: 0, y1: 0, x2: 100, y2: 60 }, picture, { margin: 0, side: 50 });
    expect([window.width, window.height]).toEqual([50, 30]);
    const thin = windowAround({ x1: 10, y1: 10, x2: 90, y2: 11 }, picture, { margin: 0, side: 8 });
    expect([thin.width, thin.height]).toEqual([8, 1]);
  });
});

describe('bitmapIn', () => {
  const bitmap = new Uint8Array(100 * 60).map((_, i) =>
    i % 100 >= 40 && i % 100 < 60 && i >= 2000 && i < 3000 ? 1 : 0,
  );
  const mask = fromBitmap(bitmap, 100, 60);

  it('shows the pixels as they are', () => {
    const window = windowAround({ x1: 40, y1: 20, x2: 60, y2: 30 }, picture, { margin: 0.5, side: 200 });
    const shown = bitmapIn(mask, window);
    expect(shown.reduce((a, b) => a + b, 0)).toBe(200);
    expect([shown[10 * 40 + 10], shown[9 * 40 + 10], shown[10 * 40 + 9]]).toEqual([1, 0, 0]);
  });

  it('shows one of several pixels where it is smaller', () => {
    const window = windowAround({ x1: 0, y1: 0, x2: 100, y2: 60 }, picture, { margin: 0, side: 50 });
    expect(bitmapIn(mask, window).reduce((a, b) => a + b, 0)).toBe(50);
  });
});
