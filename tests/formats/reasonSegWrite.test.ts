// Masks to ReasonSeg's polygons and back through its own painting: the very same pixels, holes and islands in holes among them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mask } from '../../main/contract/records.ts';
import { fromBitmap } from '../../main/contract/rle.ts';
import { reasonSegMasks } from '../../main/formats/reasonSeg.ts';
import { reasonSegShapes } from '../../main/formats/reasonSegWrite.ts';

const drawn = (rows: readonly string[]): Mask =>
  fromBitmap(
    Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0)),
    rows[0]?.length ?? 0,
    rows.length,
  );

const painted = (mask: Mask): Mask => {
  const shapes = reasonSegShapes(mask).map(({ label, points }) => ({ label, points: points.flat() }));
  return reasonSegMasks(shapes, { width: mask.size[1], height: mask.size[0] }).target;
};

describe('a mask', () => {
  it.each([
    ['of one pixel', ['....', '.#..', '....']],
    ['of a line', ['......', '.####.', '......']],
    ['of a line down', ['...', '.#.', '.#.', '.#.']],
    ['that fills the picture', ['####', '####']],
    ['of parts that touch at a corner', ['##...', '##...', '..##.', '..##.']],
    ['with a hole', ['#####', '#...#', '#.#.#', '#...#', '#####']],
    ['with a hole of one pixel', ['####', '#.##', '####']],
    ['with holes that touch at a corner', ['######', '#.####', '##.###', '######']],
    ['with thin arms', ['..#..', '..#..', '#####', '..#..', '..#..']],
  ])('%s is painted as it is', (_, rows) => {
    expect(painted(drawn(rows))).toEqual(drawn(rows));
  });

  it('of any pixels is painted as it is', () => {
    const bits = fc.array(fc.boolean(), { minLength: 63, maxLength: 63 });
    fc.assert(
      fc.property(bits, (some) => {
        const mask = fromBitmap(Uint8Array.from(some, Number), 9, 7);
        expect(painted(mask)).toEqual(mask);
      }),
      { numRuns: 500 },
    );
  });

  it('has few corners where its outline is straight, and three at least', () => {
    const [square] = reasonSegShapes(drawn(['.....', '.###.', '.###.', '.###.']));
    expect(square?.points).toEqual([
      [3, 1],
      [3, 3],
      [1, 3],
      [1, 1],
    ]);
    expect(reasonSegShapes(drawn(['.#.']))[0]?.points).toHaveLength(3);
  });
});
