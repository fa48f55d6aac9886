// Where the image lies, and what pointer and wheel mean.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBright } from '../../../renderer/canvas/overlay.ts';
import { type PointerInput, PointerReader, type Press, wheelMeaning } from '../../../renderer/canvas/pointer.ts';
import { viewOfImage } from '../../../renderer/state/view.ts';
import { inSight, panned, toImage, visible, zoomed } from '../../../renderer/tools/view.ts';

const image = { width: 3000, height: 2000 };
const canvas = { width: 1000, height: 800 };
const frame = { image, canvas };

describe('the view', () => {
  test('zooming keeps the pixel under the pointer', () => {
    const at = fc.record({ x: fc.integer({ min: 100, max: 900 }), y: fc.integer({ min: 150, max: 650 }) });
    const property = fc.property(at, fc.double({ min: 0.7, max: 1.5, noNaN: true }), (place, factor) => {
      const view = viewOfImage(image, canvas);
      const before = toImage(view, place);
      const after = toImage(zoomed(view, factor, place, frame), place);
      expect(after.x).toBeCloseTo(before.x, 6);
      expect(after.y).toBeCloseTo(before.y, 6);
    });
    fc.assert(property, { numRuns: 100 });
  });

  test('neither zoom nor pan loses the image', () => {
    let view = viewOfImage(image, canvas);
    for (let i = 0; i < 60; i++) view = zoomed(view, 0.8, { x: 900, y: 100 }, frame);
    expect(view.scale).toBeCloseTo(viewOfImage(image, canvas).scale / 4, 9);
    expect(visible(view, canvas, image)).toEqual({ x1: 0, y1: 0, x2: 3000, y2: 2000 });
    expect(visible(panned(view, 1e6, -1e6, frame), canvas, image)).not.toBeNull();
    for (let i = 0; i < 60; i++) view = zoomed(view, 1.5, { x: 500, y: 400 }, frame);
    expect(view.scale).toBe(64);
    expect(inSight({ scale: 1, x: 5, y: 5 }, frame)).toEqual({ scale: 1, x: 5, y: 5 });
  });

  test('what is seen is the part of the image on the canvas', () => {
    expect(visible({ scale: 2, x: -200, y: 100 }, canvas, image)).toEqual({ x1: 100, y1: 0, x2: 600, y2: 350 });
    expect(visible({ scale: 1, x: 5000, y: 0 }, canvas, image)).toBeNull();
  });
});

/** What a reader makes of inputs: [buttons, x] or a change of Space. */
function readings(
  inputs: readonly (readonly [number, number] | boolean)[],
  more: Partial<PointerInput> = {},
): string[] {
  const heard: string[] = [];
  const hear = (what: string) => (at: Press) => void heard.push(`${what} ${at.button} ${at.x}`);
  const reader = new PointerReader({
    press: (at) => heard.push(`press ${at.button} ${at.x}${at.clicks === 2 ? ' twice' : ''}`),
    move: hear('move'),
    release: hear('release'),
    pan: (dx) => void heard.push(`pan ${dx}`),
  });
  let time = 0;
  for (const input of inputs) {
    if (typeof input === 'boolean') reader.space = input;
    else {
      time += 50;
      reader.read({ buttons: input[0], x: input[1], y: 0, shift: false, alt: false, ctrl: false, time, ...more });
    }
  }
  return heard;
}

describe('the pointer', () => {
  test('presses, moves and lets go', () => {
    expect(
      readings([
        [0, 5],
        [1, 5],
        [1, 9],
        [0, 9],
      ]),
    ).toEqual(['move left 5', 'press left 5', 'move left 9', 'release left 9']);
    expect(
      readings([
        [2, 0],
        [0, 0],
      ]),
    ).toEqual(['press right 0', 'release right 0']);
  });

  test('the middle button pans in the middle of a stroke, which then goes on', () => {
    const heard = readings([
      [1, 0],
      [1, 4],
      [5, 4],
      [5, 10],
      [1, 10],
      [1, 12],
      [0, 12],
    ]);
    expect(heard).toEqual(['press left 0', 'move left 4', 'pan 6', 'move left 12', 'release left 12']);
  });

  test('Space pans in the middle of a stroke, and alone', () => {
    const heard = readings([[1, 0], true, [1, 6], false, [1, 8], [0, 8]]);
    expect(heard).toEqual(['press left 0', 'pan 6', 'move left 8', 'release left 8']);
    expect(readings([true, [1, 0], [1, 5], [0, 5], false, [0, 7]])).toEqual(['pan 5', 'move left 7']);
    expect(readings([true, [1, 0], false, [1, 5], [0, 5]])).toEqual(['pan 5']);
  });

  test('a second press near and soon is a double click, a third is not', () => {
    const press = [
      [1, 0],
      [0, 0],
    ] as const;
    expect(readings([...press, ...press, ...press]).filter((one) => one.startsWith('press'))).toEqual([
      'press left 0',
      'press left 0 twice',
      'press left 0',
    ]);
    expect(readings([...press, [1, 30]]).at(-1)).toBe('press left 30');
  });
});

describe('the wheel', () => {
  const turned = { deltaX: 0, deltaY: -100, deltaMode: 0, ctrlKey: false, altKey: false, shiftKey: false };

  test('zooms, and scrolls where that is set; Ctrl and a pinch always zoom', () => {
    expect(wheelMeaning(turned, 'zooms')).toMatchObject({ kind: 'zoom' });
    expect(wheelMeaning(turned, 'scrolls')).toEqual({ kind: 'pan', dx: -0, dy: 100 });
    for (const setting of ['zooms', 'scrolls'] as const) {
      const meaning = wheelMeaning({ ...turned, ctrlKey: true, deltaY: -10 }, setting);
      expect(meaning.kind === 'zoom' && meaning.factor).toBeCloseTo(Math.exp(0.1), 9);
    }
    expect(wheelMeaning({ ...turned, shiftKey: true }, 'zooms')).toMatchObject({ kind: 'pan', dx: 100 });
  });

  test('Alt changes the brush, lines are more than pixels, and forth and back is no change', () => {
    expect(wheelMeaning({ ...turned, altKey: true }, 'zooms')).toMatchObject({ kind: 'brush', factor: 1.15 });
    const by = (deltaY: number, deltaMode: number) => {
      const meaning = wheelMeaning({ ...turned, deltaY, deltaMode }, 'zooms');
      return meaning.kind === 'zoom' ? meaning.factor : 0;
    };
    expect(by(-3, 1)).toBeGreaterThan(by(-3, 0));
    expect(by(-100, 0) * by(100, 0)).toBeCloseTo(1, 9);
  });
});

test('names are written so that they can be read', () => {
  expect(['#ffffff', '#f0e442', '#56b4e9'].every(isBright)).toBe(true);
  expect(['#000000', '#0072b2', '#d00000'].some(isBright)).toBe(false);
});
