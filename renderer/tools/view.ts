// Says where the image lies on the screen: screen pixel = image pixel * scale + offset.
import type { Size } from '../../main/contract/maskColumns.ts';
import type { Box } from '../../main/contract/records.ts';
import { closest, viewOfImage } from '../state/view.ts';
import type { View } from '../state/workbench.ts';
import type { ImagePoint } from './place.ts';

/** Screen pixels of the image that always stay in sight. */
const IN_SIGHT = 48;

export const toImage = ({ scale, x, y }: View, screen: ImagePoint): ImagePoint => ({
  x: (screen.x - x) / scale,
  y: (screen.y - y) / scale,
});

export const toScreen = ({ scale, x, y }: View, place: ImagePoint): ImagePoint => ({
  x: place.x * scale + x,
  y: place.y * scale + y,
});

/** The image pixel under the place stays under it. Never smaller than a quarter of the fitted image. */
export function zoomed(view: View, factor: number, at: ImagePoint, frame: { image: Size; canvas: Size }): View {
  const least = Math.min(1, viewOfImage(frame.image, frame.canvas).scale / 4);
  const scale = Math.min(closest, Math.max(least, view.scale * factor));
  const under = toImage(view, at);
  return inSight({ scale, x: at.x - under.x * scale, y: at.y - under.y * scale }, frame);
}

export const panned = (view: View, dx: number, dy: number, frame: { image: Size; canvas: Size }): View =>
  inSight({ ...view, x: view.x + dx, y: view.y + dy }, frame);

/** Some of the image is always on the canvas. */
export function inSight(view: View, { image, canvas }: { image: Size; canvas: Size }): View {
  const held = (offset: number, side: number, room: number) => {
    const least = Math.min(IN_SIGHT, side, room);
    return Math.min(Math.max(offset, least - side), room - least);
  };
  return {
    scale: view.scale,
    x: held(view.x, image.width * view.scale, canvas.width),
    y: held(view.y, image.height * view.scale, canvas.height),
  };
}

/** The part of the image that is on the canvas; null: none. */
export function visible(view: View, canvas: Size, image: Size): Box | null {
  const [from, to] = [toImage(view, { x: 0, y: 0 }), toImage(view, { x: canvas.width, y: canvas.height })];
  const box = {
    x1: Math.max(0, from.x),
    y1: Math.max(0, from.y),
    x2: Math.min(image.width, to.x),
    y2: Math.min(image.height, to.y),
  };
  return box.x2 > box.x1 && box.y2 > box.y1 ? box : null;
}
