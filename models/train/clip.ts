// Clips the gradients of a step: their common norm, and the factor that brings it under a limit.
import type { Reals } from './adamw.ts';

/** Euclidean norm over all tensors together; not finite if any element is not. */
export function globalNorm(gradients: Iterable<Reals>): number {
  let sum = 0;
  for (const gradient of gradients) sum += sumOfSquares(gradient);
  return Math.sqrt(sum);
}

/** Four sums side by side: one would wait for its own addition at every element. */
function sumOfSquares(values: Reals): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const [p, q, r, s] = [values[i] ?? 0, values[i + 1] ?? 0, values[i + 2] ?? 0, values[i + 3] ?? 0];
    a += p * p;
    b += q * q;
    c += r * r;
    d += s * s;
  }
  for (let i = whole; i < values.length; i++) a += (values[i] ?? 0) ** 2;
  return a + b + c + d;
}

/** What to multiply every gradient by; `limit` null: never clip. */
export const clipFactor = (norm: number, limit: number | null): number =>
  limit === null ? 1 : Math.min(1, limit / (norm + 1e-6));

/** Position of the first element that is NaN or infinite, or -1. */
export function firstNonFinite(values: Reals): number {
  return values.findIndex((x: number) => !Number.isFinite(x));
}
