// Asks of the decoder one after the other, and what each should draw over the part of the picture that it looks at.
import { describe, expect, it } from 'vitest';
import { fromBitmap } from '../../../main/contract/rle.ts';
import type { DecoderInputs } from '../../../main/flow/segmenter/segmenter.ts';
import { decoderFeeds, targetOf } from '../../../main/learn/decoder/decoderFeeds.ts';

const place = { x: 0, y: 0, width: 8, height: 8 };
const ask = (value: number): DecoderInputs => ({
  feeds: {
    embed: Float32Array.of(value, value + 0.1),
    s0: Float32Array.of(value),
    s1: Float32Array.of(-value),
    at: Float32Array.of(value, value),
    rough: Float32Array.of(10 * value),
    labels: BigInt64Array.of(BigInt(value), -1n),
  },
  slots: 2,
  place,
});

describe('feeds of the decoder', () => {
  it('stand one ask behind the other, in order', () => {
    const { embed, s0, s1, at, rough, labels } = decoderFeeds([ask(1), ask(2)]);
    expect([...(embed ?? [])].map((one) => Number(one).toFixed(1))).toEqual(['1.0', '1.1', '2.0', '2.1']);
    expect([s0, s1, at, rough].map((one) => [...(one ?? [])])).toEqual([
      [1, 2],
      [-1, -2],
      [1, 1, 2, 2],
      [10, 20],
    ]);
    expect([...(labels ?? [])]).toEqual([1n, -1n, 2n, -1n]);
  });

  it('have a prefix where several batches stand in one graph', () => {
    expect(Object.keys(decoderFeeds([ask(1)], { prefix: 'pointed.' })).toSorted()).toEqual(
      ['at', 'embed', 'labels', 'rough', 's0', 's1'].map((name) => `pointed.${name}`),
    );
  });

  it('have no map where the segmenter is told none', () => {
    expect(Object.keys(decoderFeeds([ask(1)], { rough: false }))).not.toContain('rough');
  });

  it('are refused where an ask lacks what the graph wants', () => {
    const { rough: _, ...feeds } = ask(1).feeds;
    expect(() => decoderFeeds([{ ...ask(1), feeds }])).toThrow('has no floats where the graph wants them');
    const unlabelled = { ...ask(1), feeds: { ...ask(1).feeds, labels: Float32Array.of(1) } };
    expect(() => decoderFeeds([unlabelled])).toThrow('has no labels of its points');
  });
});

describe('a target', () => {
  /** The left half of a square of 8 pixels. */
  const left = fromBitmap(
    Uint8Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 1 : 0)),
    8,
    8,
  );
  const rounded = (values: Float32Array) => [...values].map((value) => Number(value.toFixed(3)));

  it('is the share of each cell that the mask covers', () => {
    expect(rounded(targetOf(left, place, 8))).toEqual(Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 1 : 0)));
    const coarse = rounded(targetOf(left, place, 2));
    expect(coarse[0]).toBeGreaterThan(coarse[1] ?? 1);
    expect((coarse[0] ?? 0) + (coarse[1] ?? 0)).toBeCloseTo(1, 2);
  });

  it('is of the part alone that is looked at', () => {
    const within = (x: number) => rounded(targetOf(left, { x, y: 2, width: 4, height: 4 }, 4));
    expect(within(0).every((share) => share === 1)).toBe(true);
    expect(within(4).every((share) => share === 0)).toBe(true);
    expect(within(2)).toEqual(Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 1 : 0)));
  });
});
