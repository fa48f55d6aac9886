import { describe, expect, it } from 'vitest';
import { boxAround, viewAtScale, viewOfBox, viewOfImage } from '../../../renderer/state/view.ts';

const canvas = { width: 800, height: 600 };
const onScreen = (view: { scale: number; x: number; y: number }, x: number, y: number) => [
  x * view.scale + view.x,
  y * view.scale + view.y,
];

describe('views', () => {
  it('puts a box in the middle', () => {
    const view = viewOfBox({ x1: 100, y1: 100, x2: 200, y2: 150 }, canvas, 0.5);
    expect(view.scale).toBe(4);
    expect(onScreen(view, 150, 125)).toEqual([400, 300]);
  });

  it('shows all of the image, a small one at most eight times as large', () => {
    expect(viewOfImage({ width: 1600, height: 600 }, canvas).scale).toBeCloseTo(0.48);
    const small = viewOfImage({ width: 10, height: 10 }, canvas);
    expect(small.scale).toBeCloseTo(8);
    expect(onScreen(small, 5, 5).map(Math.round)).toEqual([400, 300]);
  });

  it('keeps the middle in the middle while zooming, within bounds', () => {
    const view = viewAtScale({ scale: 1, x: 13, y: -7 }, 3, canvas);
    expect(onScreen(view, 400 - 13, 300 + 7)).toEqual([400, 300]);
    expect(viewAtScale(view, 1e9, canvas).scale).toBe(64);
    expect(viewAtScale(view, 0, canvas).scale).toBe(0.01);
  });

  it('survives a box without extent', () => {
    expect(viewOfBox({ x1: 5, y1: 5, x2: 5, y2: 5 }, canvas, 1).scale).toBe(64);
  });
});

it('draws a box around boxes', () => {
  expect(boxAround([])).toBeNull();
  const around = boxAround([
    { x1: 1, y1: 5, x2: 3, y2: 6 },
    { x1: 2, y1: 0, x2: 9, y2: 1 },
  ]);
  expect(around).toEqual({ x1: 1, y1: 0, x2: 9, y2: 6 });
});
