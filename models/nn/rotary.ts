// Rotary position embedding: pairs (k, k + D/2) of a head are turned by position-dependent angles.
/** [rows, D] each, flat. The first half of `sine` is negated, so that turning needs no negation in the graph. */
export interface RotaryTable {
  cosine: Float32Array<ArrayBuffer>;
  sine: Float32Array<ArrayBuffer>;
}

/** `angle(row, k)` for k in 0 .. D/2 - 1; both halves of a head share it. */
export function rotaryTable(rows: number, width: number, angle: (row: number, k: number) => number): RotaryTable {
  const table = { cosine: new Float32Array(rows * width), sine: new Float32Array(rows * width) };
  const half = width / 2;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < half; k++) {
      const [at, turn] = [row * width + k, angle(row, k)];
      table.cosine[at] = table.cosine[at + half] = Math.cos(turn);
      table.sine[at + half] = Math.sin(turn);
      table.sine[at] = -Math.sin(turn);
    }
  }
  return table;
}

/** base^(-k / count): the published frequencies of `count` pairs. */
export const frequencies = (base: number, count: number): number[] =>
  Array.from({ length: count }, (_, k) => base ** (-k / count));
