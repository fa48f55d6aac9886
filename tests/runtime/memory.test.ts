// The forecast against the peak that the operating system saw, each step in a process of its own.
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../program.ts';

interface Measured {
  forecast: number;
  measured: number;
}

// Much activation for little arithmetic; the last one is nearly all parameters and logits.
const long = { layers: 3, width: 64, heads: 4, hidden: 128, tokens: 384, batch: 4, vocabulary: 256 };
const cases = [
  ['short', { ...long, layers: 2, tokens: 192 }],
  ['long', long],
  ['long, recomputed', { ...long, recompute: true }],
  ['wide vocabulary', { ...long, layers: 1, width: 192, tokens: 48, vocabulary: 16384 }],
] as const;

// Resetting the high-water mark takes Linux's /proc.
describe.skipIf(!existsSync('/proc/self/clear_refs'))('forecast', () => {
  const seen = new Map<string, Measured>();

  it.each(cases)('is within 15 % of the measured peak: %s', { timeout: 60_000 }, async (name, config) => {
    const program = new URL('./stepMemory.ts', import.meta.url);
    const measure = () => runProgram<Measured>(program, [JSON.stringify(config)]);
    // What the garbage collector has not freed yet comes on top, so the lesser peak is the step's.
    const [one, other] = [await measure(), await measure()];
    const figures = one.measured < other.measured ? one : other;
    seen.set(name, figures);
    const ratio = figures.forecast / figures.measured;
    expect(ratio, JSON.stringify(figures)).toBeGreaterThan(0.85);
    expect(ratio, JSON.stringify(figures)).toBeLessThan(1.15);
  });

  it('saw recomputation save memory', () => {
    const [plain, again] = [seen.get('long'), seen.get('long, recomputed')];
    expect(again?.measured).toBeLessThan(0.75 * (plain?.measured ?? 0));
  });
});
