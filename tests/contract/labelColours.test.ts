import { expect, it } from 'vitest';
import { freeColour } from '../../main/contract/labelColours.ts';
import { Label } from '../../main/contract/project.ts';

const channels = (colour: string): number[] => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));

const distance = (a: string, b: string): number => {
  const [left, right] = [channels(a), channels(b)];
  return Math.hypot(...left.map((value, i) => value - (right[i] ?? 0)));
};

const taken = (count: number): string[] => {
  const used: string[] = [];
  for (let i = 0; i < count; i++) used.push(freeColour(used));
  return used;
};

it('gives a hundred different colours that a label can have', () => {
  const all = taken(100);
  expect(new Set(all).size).toBe(100);
  for (const colour of all) expect(Label.shape.colour.parse(colour)).toBe(colour);
});

it('gives a colour again once its label is gone', () => {
  const [first = '', ...rest] = taken(12);
  expect(freeColour(rest)).toBe(first);
});

it('keeps the first twenty apart', () => {
  const all = taken(20);
  for (const [i, a] of all.entries()) for (const b of all.slice(i + 1)) expect(distance(a, b)).toBeGreaterThan(30);
});
