// Computes where the image lies on the canvas: views that show all of it, a part of it, or come nearer to a point.
import type { Size } from '../../main/contract/maskColumns.ts';
import type { Box } from '../../main/contract/records.ts';
import type { View, Workbench } from './workbench.ts';

/** The most screen pixels an image pixel gets. */
export const closest = 64;
const farthest = 0.01;
const within = (scale: number): number => Math.min(closest, Math.max(farthest, scale));

/** The box in the middle, as large as fits; `share` of the canvas is its. */
export function viewOfBox({ x1, y1, x2, y2 }: Box, canvas: Size, share: number): View {
  const [width, height] = [Math.max(1, x2 - x1), Math.max(1, y2 - y1)];
  const scale = within(share * Math.min(canvas.width / width, canvas.height / height));
  return { scale, x: canvas.width / 2 - (scale * (x1 + x2)) / 2, y: canvas.height / 2 - (scale * (y1 + y2)) / 2 };
}

/** All of the image with a narrow margin; a small one at most eight times as large. */
export function viewOfImage({ width, height }: Size, canvas: Size): View {
  const whole = { x1: 0, y1: 0, x2: width, y2: height };
  const view = viewOfBox(whole, canvas, 0.96);
  return view.scale > 8 ? viewOfBox(whole, canvas, (0.96 * 8) / view.scale) : view;
}

/** All of the open image, as far as its size is known. */
export function fittedView({ open, view, canvas }: Pick<Workbench, 'open' | 'view' | 'canvas'>): View {
  const { width, height } = open?.image ?? {};
  return width && height ? viewOfImage({ width, height }, canvas) : view;
}

/** What lies in the middle of the canvas stays there. */
export function viewAtScale(view: View, wanted: number, canvas: Size): View {
  const scale = within(wanted);
  const [x, y] = [canvas.width / 2, canvas.height / 2];
  const factor = scale / view.scale;
  return { scale, x: x - (x - view.x) * factor, y: y - (y - view.y) * factor };
}

/** The smallest box around all of them; null for none. */
export function boxAround(boxes: readonly Box[]): Box | null {
  const [first, ...rest] = boxes;
  if (!first) return null;
  return rest.reduce(
    (a, b) => ({
      x1: Math.min(a.x1, b.x1),
      y1: Math.min(a.y1, b.y1),
      x2: Math.max(a.x2, b.x2),
      y2: Math.max(a.y2, b.y2),
    }),
    first,
  );
}
