import { describe, expect, it } from 'vitest';
import type { Box } from '../../main/contract/records.ts';
import { spreadOf } from '../../main/flow/spread.ts';
import { fromBox, HEIGHT, WIDTH } from '../pictures/disc.ts';

const box = (x1: number, x2: number): Box => ({ x1, y1: 10, x2, y2: 20 });
const empty = { size: [HEIGHT, WIDTH] as [number, number], counts: [HEIGHT * WIDTH] };

describe('spreadOf', () => {
  it('needs two answers', () => {
    expect(spreadOf([])).toBeNull();
    expect(spreadOf([fromBox(box(0, 10))])).toBeNull();
  });

  it('is 0 for equal masks and 1 for masks apart', () => {
    expect(spreadOf([fromBox(box(0, 10)), fromBox(box(0, 10))])).toBe(0);
    expect(spreadOf([fromBox(box(0, 10)), fromBox(box(20, 30))])).toBe(1);
  });

  it('is the mean over all pairs', () => {
    const [a, b, c] = [fromBox(box(0, 10)), fromBox(box(0, 20)), fromBox(box(10, 20))];
    expect(spreadOf([a, b, c])).toBeCloseTo((0.5 + 1 + 0.5) / 3, 12);
  });

  it('counts answers without a mask as agreeing with each other and with nobody else', () => {
    const some = fromBox(box(0, 10));
    expect(spreadOf([null, null, empty])).toBe(0);
    expect(spreadOf([null, some])).toBe(1);
    expect(spreadOf([some, some, empty])).toBeCloseTo(2 / 3, 12);
  });
});
