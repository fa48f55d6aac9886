// Boxes, clicks and rough masks on the segmenter's map: where they act, how strongly, and what wins where they meet.
import { describe, expect, test } from 'vitest';
import { promptMap } from '../../../main/flow/segmenter/promptMap.ts';

const side = 8;
const at = (map: Float32Array | null, column: number, row: number): number => map?.[row * side + column] ?? Number.NaN;

describe('promptMap', () => {
  test('is null when nothing is pointed at', () => {
    expect(promptMap({}, side)).toBeNull();
    expect(promptMap({ clicks: [] }, side)).toBeNull();
  });

  test('a box is a weak yes inside and a clear no outside, shared where an edge cuts a cell', () => {
    const map = promptMap({ box: { x1: 0.25, y1: 0.25, x2: 0.5625, y2: 0.5 } }, side);
    expect(at(map, 2, 2)).toBe(1);
    expect(at(map, 3, 3)).toBe(1);
    expect(at(map, 1, 2)).toBe(-6);
    expect(at(map, 2, 4)).toBe(-6);
    expect(at(map, 4, 2)).toBeCloseTo(-6 + 7 * 0.5, 5);
  });

  test('a box that reaches outside the picture covers what there is', () => {
    const map = promptMap({ box: { x1: -1, y1: -1, x2: 2, y2: 2 } }, side);
    expect(map?.every((v) => v === 1)).toBe(true);
  });

  test('a rough mask is a strong yes or no, and a box cuts it off', () => {
    const rough = Float32Array.from({ length: side * side }, (_, i) => (i % side < 4 ? 1 : 0));
    const alone = promptMap({ rough }, side);
    expect(at(alone, 3, 0)).toBe(6);
    expect(at(alone, 4, 0)).toBe(-6);
    const boxed = promptMap({ rough, box: { x1: 0, y1: 0, x2: 1, y2: 0.5 } }, side);
    expect(at(boxed, 3, 3)).toBe(6);
    expect(at(boxed, 3, 4)).toBe(-6);
  });

  test('clicks are discs that win over everything, the last one over the others', () => {
    const box = { x1: 0, y1: 0, x2: 1, y2: 1 };
    const clicks = [
      { x: 0.5625, y: 0.5625, inside: true },
      { x: 0.0625, y: 0.0625, inside: false },
    ];
    const map = promptMap({ box, clicks }, side);
    expect(at(map, 4, 4)).toBe(8);
    expect(at(map, 5, 4)).toBe(8);
    expect(at(map, 7, 7)).toBe(1);
    expect(at(map, 0, 0)).toBe(-8);
    const corrected = promptMap({ clicks: [...clicks, { ...clicks[0], x: 0.5625, y: 0.5625, inside: false }] }, side);
    expect(at(corrected, 4, 4)).toBe(-8);
    expect(at(corrected, 7, 0)).toBe(0);
  });
});
