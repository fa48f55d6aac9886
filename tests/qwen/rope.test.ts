import { describe, expect, test } from 'vitest';
import { rotate } from '../../models/graph/attention.ts';
import { input } from '../../models/graph/tensor.ts';
import { rotaryTable } from '../../models/nn/rotary.ts';
import { published } from '../../models/qwen/config.ts';
import {
  joinPositions,
  linePositions,
  mropePositions,
  patchPlaces,
  patchTable,
  textTable,
} from '../../models/qwen/rope.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { evaluate } from '../evaluate.ts';
import { golden, goldenJson, haveGolden } from '../golden.ts';
import { expectClose, gridsOf, tolerance } from './checkpoint.ts';

const kind = { imageToken: 9, merge: 2 };
const grid = (h: number, w: number) => ({ t: 1, h, w });
const lists = (positions: readonly Int32Array[]) => positions.map((row) => [...row]);

describe('mropePositions', () => {
  test('counts text alike on all axes', () => {
    const { positions, next } = mropePositions([1, 2, 3], [], kind);
    expect(lists(positions)).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(next).toBe(3);
  });

  test('spreads a picture over rows and columns and goes on after its longer side', () => {
    const { positions, next } = mropePositions([1, 9, 9, 9, 9, 9, 9, 2], [grid(4, 6)], kind);
    expect(lists(positions)).toEqual([
      [0, 1, 1, 1, 1, 1, 1, 4],
      [0, 1, 1, 1, 2, 2, 2, 4],
      [0, 1, 2, 3, 1, 2, 3, 4],
    ]);
    expect(next).toBe(5);
  });

  test('gives padding 1 and does not count it', () => {
    const { positions, next } = mropePositions([0, 0, 5, 6], [], kind, [0, 0, 1, 1]);
    expect(lists(positions)[0]).toEqual([1, 1, 0, 1]);
    expect(next).toBe(2);
  });

  test('refuses pictures whose cells do not fit the tokens', () => {
    expect(() => mropePositions([1, 9, 9], [grid(4, 6)], kind)).toThrow('fewer');
    expect(() => mropePositions([1, 9, 9, 9, 9, 9], [grid(4, 4)], kind)).toThrow('more');
  });

  test.skipIf(!haveGolden)('agrees with the published layouts', () => {
    const { mrope } = goldenJson<{ mrope: Layout[] }>('qwen25vl-tiny', 'tables.json');
    expect(mrope.length).toBeGreaterThan(5);
    for (const layout of mrope) {
      const ids = [...Array<number>(layout.left_pad).fill(0), ...layout.parts.flatMap(idsOf)];
      expect(ids.length).toBe(layout.length);
      const mask = ids.map((_, i) => (i < layout.left_pad ? 0 : 1));
      const { positions, next } = mropePositions(ids, gridsOf({ images: [], ...layout }), kind, mask);
      expect(lists(positions)).toEqual(layout.position_ids);
      expect(next - (layout.length - layout.left_pad)).toBe(layout.delta);
    }
  });
});

interface Layout {
  left_pad: number;
  parts: ({ text: number } | { image: [number, number] })[];
  image_grid_thw: [number, number, number][];
  length: number;
  position_ids: number[][];
  delta: number;
}

/** A picture stands between its start and its end token. */
const idsOf = (part: Layout['parts'][number]): number[] =>
  'text' in part ? Array<number>(part.text).fill(1) : [2, ...Array<number>(part.image[0] * part.image[1]).fill(9), 3];

describe('linePositions', () => {
  test('counts what is not masked, image tokens like others', () => {
    expect(lists(linePositions([0, 0, 1, 1, 1, 0, 1]).positions)[2]).toEqual([1, 1, 0, 1, 2, 1, 3]);
    expect(linePositions([0, 1, 1]).next).toBe(2);
  });

  test('are joined row after row', () => {
    const joined = joinPositions([linePositions([1, 1]).positions, linePositions([0, 1]).positions]);
    expect(lists(joined)[1]).toEqual([0, 1, 1, 0]);
  });
});

/** Our sine's first half is negated. */
const signed = (sine: ArrayLike<number>, width: number) => Array.from(sine, (v, i) => (i % width < width / 2 ? -v : v));

describe('rotary tables', () => {
  test.skipIf(!haveGolden)('of text have the published values', async () => {
    const {
      mrope_table_positions: [t = [], h = [], w = []],
    } = goldenJson<{ mrope_table_positions: number[][] }>('qwen25vl-tiny', 'tables.json');
    const file = await openSafetensors(golden('qwen25vl-tiny', 'tables.safetensors'));
    const table = textTable([Int32Array.from(t), Int32Array.from(h), Int32Array.from(w)], published['3B'].language);
    const { headWidth } = published['3B'].language;
    expectClose('text.cos', [table.cosine, await file.read('text.cos')], 1e-6);
    expectClose('text.sin', [table.sine, signed(await file.read('text.sin'), headWidth)], 1e-6);
  });

  test.skipIf(!haveGolden)('of patches have the published values', async () => {
    const { vision_table_row_col: places } = goldenJson<{ vision_table_row_col: [number, number][] }>(
      'qwen25vl-tiny',
      'tables.json',
    );
    const own = patchPlaces(grid(4, 6), 2);
    expect(own.map(({ row, column }) => [row, column])).toEqual(places);
    const file = await openSafetensors(golden('qwen25vl-tiny', 'tables.safetensors'));
    const { vision } = published['3B'];
    const table = patchTable(own, vision);
    expectClose('vision.cos', [table.cosine, await file.read('vision.cos')], 1e-6);
    expectClose('vision.sin', [table.sine, signed(await file.read('vision.sin'), vision.hidden / vision.heads)], 1e-6);
  });
});

describe('rotate', () => {
  test('turns each pair (k, k + D/2) by its angle and leaves lengths alone', async () => {
    const angles = [0.3, -1.2, 2, 0.1];
    const { cosine, sine } = rotaryTable(2, 4, (row, k) => angles[row * 2 + k] ?? 0);
    const x = Float32Array.from([1, 2, 3, 4, -1, 0.5, 2, 7]);
    const t = (name: string) => input(name, [2, 4]);
    const { y } = await evaluate({ y: rotate(t('x'), t('cosine'), t('sine')) }, { x, cosine, sine });
    const turned = (row: number, k: number) => {
      const [a, b, angle] = [x[row * 4 + k] ?? 0, x[row * 4 + k + 2] ?? 0, angles[row * 2 + k] ?? 0];
      return { low: a * Math.cos(angle) - b * Math.sin(angle), high: b * Math.cos(angle) + a * Math.sin(angle) };
    };
    const expected = [0, 1].flatMap((row) => [
      ...[turned(row, 0).low, turned(row, 1).low],
      ...[turned(row, 0).high, turned(row, 1).high],
    ]);
    expectClose('rotate', [y, expected], tolerance.values);
  });
});
