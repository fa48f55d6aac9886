// Ways to point at a thing: what each kind gives, and that clicks lie where they claim.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { promptSlots, samSide } from '../../../main/nano/parameters/layout.ts';
import { drawPrompt, type PromptKind, roughSide } from '../../../main/nano/segmenter/prompts.ts';

const mask = Uint8Array.from({ length: roughSide * roughSide }, (_, i) => {
  const [x, y] = [i % roughSide, Math.floor(i / roughSide)];
  return x >= 20 && x < 60 && y >= 30 && y < 50 ? 1 : 0;
});
const target = { mask, neighbour: null };
const drawn = (kind: PromptKind) => Array.from({ length: 60 }, (_, seed) => drawPrompt(kind, target, random(seed)));
const scale = samSide / roughSide;

describe('drawPrompt', () => {
  it('boxes the thing, off by up to a tenth of its side', () => {
    for (const { slots, rough } of drawn('box')) {
      expect(slots.map(({ label }) => label)).toEqual([2, 3]);
      expect(rough).toBeNull();
      const [from, to] = slots;
      expect(Math.abs((from?.x ?? 0) / scale - 20)).toBeLessThanOrEqual(4.01);
      expect(Math.abs((to?.y ?? 0) / scale - 50)).toBeLessThanOrEqual(2.01);
    }
  });

  it('clicks first on the thing, in its middle half of the time', () => {
    const first = drawn('firstClick').map(({ slots }) => slots[0]);
    for (const click of first) expect(inside(click)).toBe(true);
    const middle = first.filter((click) => Math.abs((click?.y ?? 0) / scale - 40) < 2 && (click?.x ?? 0) < 52 * scale);
    expect(middle.length).toBeGreaterThan(15);
  });

  it('clicks where a mask is wrong, at most as often as there are slots', () => {
    const many = drawn('clicks');
    for (const { slots } of many) {
      expect(slots.length).toBeLessThanOrEqual(promptSlots);
      for (const slot of slots) expect(inside(slot)).toBe(slot.label === 1);
    }
    expect(many.some(({ slots }) => slots.some(({ label }) => label === 0))).toBe(true);
    expect(new Set(many.map(({ rough }) => rough === null)).size).toBe(2);
  });

  it('gives a rough mask, at times with a box around the thing, and mixtures', () => {
    for (const { rough } of drawn('rough')) expect(rough?.some((value) => value === 1)).toBe(true);
    expect(new Set(drawn('rough').map(({ slots }) => slots.length))).toEqual(new Set([0, 2]));
    for (const { slots } of drawn('mixed')) {
      expect(slots.slice(0, 2).map(({ label }) => label)).toEqual([2, 3]);
      expect(slots.length).toBeLessThanOrEqual(promptSlots);
    }
  });
});

function inside(slot: { x: number; y: number } | undefined): boolean {
  const [x, y] = [Math.floor((slot?.x ?? -1) / scale), Math.floor((slot?.y ?? -1) / scale)];
  return mask[y * roughSide + x] === 1;
}
