import { describe, expect, test } from 'vitest';
import { freeColour } from '../../main/contract/colours.ts';
import { Label } from '../../main/contract/project.ts';

const row = (count: number): string[] => {
  const taken: string[] = [];
  while (taken.length < count) taken.push(freeColour(taken));
  return taken;
};

type Triple = [number, number, number];
const linear = (hex: string): Triple =>
  [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Triple;
const times = (matrix: readonly Triple[], v: Triple): Triple =>
  matrix.map(([a, b, c]) => a * v[0] + b * v[1] + c * v[2]) as Triple;

/** CIELAB under D65. */
function lab(rgb: Triple): Triple {
  const xyz = times(
    [
      [0.4124, 0.3576, 0.1805],
      [0.2126, 0.7152, 0.0722],
      [0.0193, 0.1192, 0.9505],
    ],
    rgb,
  );
  const [x, y, z] = xyz.map((value, i) => {
    const t = Math.max(0, value) / ([0.9505, 1, 1.089][i] ?? 1);
    return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
  }) as Triple;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** How people without one kind of cone see linear RGB (Machado, Oliveira and Fernandes 2009, severity 1). */
const eyes: Record<string, Triple[]> = {
  ordinary: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'without red cones': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'without green cones': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

const nearest = (colours: string[], matrix: Triple[]): number => {
  const seen = colours.map((hex) => lab(times(matrix, linear(hex))));
  const distances = seen.flatMap((a, i) =>
    seen.slice(i + 1).map((b) => Math.hypot(...a.map((v, k) => v - (b[k] ?? 0)))),
  );
  return Math.min(...distances);
};

describe('freeColour', () => {
  test.each(Object.entries(eyes))('the first ten are told apart by %s eyes', (_, matrix) => {
    // A difference of 2.3 is just noticeable.
    expect(nearest(row(10), matrix)).toBeGreaterThan(8);
  });

  test('a hundred labels have a hundred colours, and each is one that a label may have', () => {
    const colours = row(100);
    expect(new Set(colours).size).toBe(100);
    for (const colour of colours) expect(Label.shape.colour.safeParse(colour).success).toBe(true);
  });

  test('neighbours after the first ten differ plainly', () => {
    const colours = row(30).slice(10);
    for (const [i, colour] of colours.entries()) {
      const next = colours[i + 1];
      if (next) expect(nearest([colour, next], eyes.ordinary ?? [])).toBeGreaterThan(15);
    }
  });

  test('a colour that was given up is given again first', () => {
    const [, second, ...rest] = row(12);
    expect(freeColour(row(1).concat(rest))).toBe(second);
  });

  test('has an answer however many there are', () => {
    expect(freeColour(row(40).concat(Array.from({ length: 10_000 }, (_, i) => `#${i}`)))).toMatch(/^#[0-9a-f]{6}$/);
  });
});
