// Draws seeded random numbers: a seed and a stream number become one repeatable sequence.
// Generator: sfc32 (C. Doty-Humphrey, PractRand), its state filled by splitmix32.

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  between(low: number, high: number): number;
  /** Whole number, both ends included. */
  int(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
}

function sfc32(seed: number, stream: number): () => number {
  const fill = splitmix32(Math.imul(stream + 1, 0x85ebca6b) ^ seed);
  let [a, b, c, counter] = [fill(), fill(), fill() ^ (seed | 0), 1];
  const step = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) step();
  return step;
}

function pick<T>(items: readonly T[], position: number): T {
  const item = items[position];
  if (item === undefined) throw new Error('random pick: the list is empty; check that there is a candidate first');
  return item;
}

function shuffled<T>(items: readonly T[], int: (low: number, high: number) => number): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(int(0, left.length - 1), 1));
}

/** Streams of one seed are independent, so that drawing more in one stage does not change another. */
export function random(seed: number, stream = 0): Random {
  const step = sfc32(seed, stream);
  const next = (): number => step() / 2 ** 32;
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    int,
    between: (low, high) => low + (high - low) * next(),
    chance: (probability) => next() < probability,
    pick: (items) => pick(items, int(0, items.length - 1)),
    shuffle: (items) => shuffled(items, int),
  };
}
