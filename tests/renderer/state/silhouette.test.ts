import { describe, expect, it } from 'vitest';
import { fromPolygon } from '../../../main/contract/polygon.ts';
import { packMask } from '../../../main/contract/project.ts';
import { toBitmap } from '../../../main/contract/rle.ts';
import { agreement, borderOf, boxAroundAll, silhouette, viewAround } from '../../../renderer/state/silhouette.ts';
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

describe('a part of a mask that is enlarged', () => {
  it('has every column as often as it is enlarged, without a gap', () => {
    const mask = packMask(fromPolygon([2, 1, 6, 1, 6, 5, 2, 5], 8, 6));
    const out = silhouette(mask, { x1: 0, y1: 0, x2: 8, y2: 6 }, { width: 24, height: 18 });
    const row = (y: number) => [...out.subarray(y * 24, (y + 1) * 24)].join('');
    const inside = `${'0'.repeat(6)}${'1'.repeat(12)}${'0'.repeat(6)}`;
    for (let y = 0; y < 18; y++) expect(row(y)).toBe(y >= 3 && y < 15 ? inside : '0'.repeat(24));
  });
});

describe('the border of a silhouette', () => {
  const size = { width: 9, height: 8 };
  const of = (rows: readonly string[]) => Uint8Array.from(rows.join(''), (sign) => Number(sign));
  const rowsOf = (pixels: Uint8Array) =>
    Array.from({ length: size.height }, (_, y) => [...pixels.subarray(y * size.width, (y + 1) * size.width)].join(''));

  it('is two pixels wide, inside of it', () => {
    const inside = of([
      ...['000000000', '011111110', '011111110', '011111110'],
      ...['011111110', '011111110', '011111110', '000000000'],
    ]);
    expect(rowsOf(borderOf(inside, size))).toEqual([
      ...['000000000', '011111110', '011111110', '011000110'],
      ...['011000110', '011111110', '011111110', '000000000'],
    ]);
  });

  it('runs along the edge of the picture, and is all of what is thin', () => {
    const full = of(Array.from({ length: 8 }, () => '111111111'));
    expect(rowsOf(borderOf(full, size)).slice(0, 4)).toEqual(['111111111', '111111111', '110000011', '110000011']);
    const thin = of(['000000000', '000000000', '011111110', ...Array.from({ length: 5 }, () => '000000000')]);
    expect(borderOf(thin, size)).toEqual(thin);
  });
});

describe('the box around all objects', () => {
  it('holds each of them, and is none where there are none', () => {
    const boxes = [
      { x1: 5, y1: 9, x2: 20, y2: 30 },
      { x1: 8, y1: 2, x2: 40, y2: 12 },
    ];
    expect(boxAroundAll({ objects: boxes.map((box) => ({ box })) })).toEqual({ x1: 5, y1: 2, x2: 40, y2: 30 });
    expect(boxAroundAll({ objects: [] })).toBeNull();
  });
});
