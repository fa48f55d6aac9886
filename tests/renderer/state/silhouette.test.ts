import { describe, expect, it } from 'vitest';
import { packMask } from '../../../main/contract/project.ts';
import { toBitmap } from '../../../main/contract/rle.ts';
import { agreement, silhouette, viewAround } from '../../../renderer/state/silhouette.ts';
import { block } from '../block.ts';
import { proposed } from '../proposed.ts';

const box = { x1: 5, y1: 3, x2: 20, y2: 18 };
const whole = { x1: 0, y1: 0, x2: 40, y2: 30 };

describe('a silhouette', () => {
  it('at full size is the mask', () => {
    const mask = block(box);
    expect(silhouette(packMask(mask), whole, { width: 40, height: 30 })).toEqual(toBitmap(mask));
  });

  it('at half size has every second pixel', () => {
    const mask = block(box);
    const [small, large] = [silhouette(packMask(mask), whole, { width: 20, height: 15 }), toBitmap(mask)];
    const expected = Array.from({ length: 300 }, (_, i) => large[(Math.floor(i / 20) * 2 + 1) * 40 + (i % 20) * 2 + 1]);
    expect([...small]).toEqual(expected);
  });

  it('outside of the image is empty', () => {
    const out = silhouette(packMask(block(whole)), { x1: -40, y1: -30, x2: 80, y2: 60 }, { width: 3, height: 3 });
    expect([...out]).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });
});

describe('a thumbnail', () => {
  const image = { width: 400, height: 300 };
  const shape = { width: 64, height: 48 };

  it('shows the box with a margin, in its own proportions', () => {
    const view = viewAround({ x1: 100, y1: 100, x2: 140, y2: 120 }, image, shape);
    expect((view.x2 - view.x1) / (view.y2 - view.y1)).toBeCloseTo(64 / 48);
    expect(view.x2 - view.x1).toBeCloseTo(60);
    expect((view.x1 + view.x2) / 2).toBeCloseTo(120);
  });

  it('stays within the image at its corner, and shows all of it without a box', () => {
    expect(viewAround({ x1: 0, y1: 0, x2: 40, y2: 30 }, image, shape)).toMatchObject({ x1: 0, y1: 0 });
    expect(viewAround(null, image, shape)).toEqual({ x1: 0, y1: 0, x2: 400, y2: 300 });
  });
});

describe('agreement', () => {
  it('is the mean overlap of all pairs', () => {
    const half = proposed({ ...box, x2: 12.5 - 0.5 });
    expect(agreement([proposed(box), proposed(box)])).toBe(1);
    expect(agreement([proposed(box), half])).toBeCloseTo(7 / 15);
    expect(agreement([proposed(box), proposed(box), half])).toBeCloseTo((1 + 14 / 15) / 3);
  });

  it('needs two masks', () => {
    expect(agreement([proposed(box), proposed(null)])).toBeNull();
  });
});
