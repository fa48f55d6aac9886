// A part of a picture as the segmenter sees it: what is seen of each thing, and colours that vary.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { samSide } from '../../../main/nano/parameters/layout.ts';
import { drawTurn, drawView, type TaughtPicture, turnedBox } from '../../../main/nano/segmenter/view.ts';

const [width, height] = [80, 40];
const rectangle = (x1: number, y1: number, x2: number, y2: number) => ({
  box: { x1, y1, x2, y2 },
  mask: () =>
    Uint8Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return x >= x1 && x < x2 && y >= y1 && y < y2 ? 1 : 0;
    }),
});
const taught: TaughtPicture = {
  image: { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 256) },
  things: [rectangle(0, 0, 40, 40), rectangle(50, 10, 70, 30), rectangle(79, 39, 80, 40)],
};
const whole = { x: 0, y: 0, width, height };
const share = (mask: Uint8Array = new Uint8Array()) => mask.reduce((sum, value) => sum + value, 0) / samSide ** 2;

describe('drawView', () => {
  it('shows what is large enough, the largest first, and says which was wanted', () => {
    const view = drawView(taught, { place: whole, wanted: 1 }, random(1));
    expect(view.masks).toHaveLength(2);
    expect(share(view.masks[0])).toBeCloseTo(0.5, 2);
    expect(share(view.masks[1])).toBeCloseTo(400 / 3200, 2);
    expect(view.wanted).toBe(1);
    expect(drawView(taught, { place: whole, wanted: 2 }, random(1)).wanted).toBe(-1);
  });

  it('shows of a part what lies in it', () => {
    const view = drawView(taught, { place: { x: 50, y: 10, width: 20, height: 20 }, wanted: 1 }, random(2));
    expect(view.masks).toHaveLength(1);
    expect(share(view.masks[0])).toBe(1);
  });

  it('varies colours, and is the same for the same seed', () => {
    const images = [1, 2, 3, 4, 5].map((seed) => drawView(taught, { place: whole, wanted: 0 }, random(seed)).image);
    const means = images.map((image) => (image.reduce((sum, value) => sum + value, 0) / image.length).toFixed(3));
    expect(new Set(means).size).toBeGreaterThan(3);
    expect(drawView(taught, { place: whole, wanted: 0 }, random(1)).image).toEqual(images[0]);
    expect(images.every((image) => image.every(Number.isFinite))).toBe(true);
  });
});

describe('turnedBox', () => {
  it('stands where the pixels of the part stand in the frame, however it is turned', () => {
    const [row, column] = [20, 70];
    const pixel = { x1: column / samSide, y1: row / samSide, x2: (column + 1) / samSide, y2: (row + 1) / samSide };
    const turns = new Set(Array.from({ length: 300 }, (_, seed) => drawTurn(random(seed))));
    // Flipped or not, upright, turned by a quarter or by a quarter the other way.
    expect(turns.size).toBe(6);
    for (const turn of turns) {
      const place = turn.places[row * samSide + column] ?? -1;
      const [x, y] = [place % samSide, Math.floor(place / samSide)];
      const stands = [x, y, x + 1, y + 1].map((at) => expect.closeTo(at / samSide, 9));
      expect(Object.values(turnedBox(pixel, turn))).toEqual(stands);
    }
  });
});
