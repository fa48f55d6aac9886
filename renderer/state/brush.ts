// Holds the size of the brush: its steps by keys and wheel, and its radius on the image at the present zoom.
import type { Workbench } from './workbench.ts';

/** Gives a radius from half a pixel, which paints one, to a thousand; a step is at least half a pixel. */
export function resizedBrush(radius: number, factor: number): number {
  const next = factor > 1 ? Math.max(radius + 0.5, radius * factor) : Math.min(radius - 0.5, radius * factor);
  return Math.min(1000, Math.max(0.5, Math.round(next * 2) / 2));
}

/** In image pixels, and never less than paints one. */
export function brushRadius({ brush, settings, view }: Pick<Workbench, 'brush' | 'settings' | 'view'>): number {
  return settings.brushUnit === 'image pixels' ? brush : Math.max(0.5, brush / view.scale);
}
