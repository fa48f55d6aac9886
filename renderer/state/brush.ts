// The radius of the brush in image pixels, by keys and by the wheel: half a pixel, which paints one, to a thousand.

/** A step is at least half a pixel. */
export function resizedBrush(radius: number, factor: number): number {
  const next = factor > 1 ? Math.max(radius + 0.5, radius * factor) : Math.min(radius - 0.5, radius * factor);
  return Math.min(1000, Math.max(0.5, Math.round(next * 2) / 2));
}
