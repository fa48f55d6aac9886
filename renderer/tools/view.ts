// Where the image lies on the screen: screen pixel = image pixel * scale + offset.
import type { Size } from '../../main/contract/columns.ts';
import type { Box } from '../../main/contract/records.ts';
import type { View } from '../state/workbench.ts';
import type { Place } from './place.ts';

/** Screen pixels that stay free around a fitted image. */
const MARGIN = 16;
const LARGEST = 64;
/** Screen pixels of the image that always stay in sight. */
const IN_SIGHT = 48;

export const toImage = ({ scale, x, y }: View, screen: Place): Place => ({
  x: (screen.x - x) / scale,
  y: (screen.y - y) / scale,
});

export const toScreen = ({ scale, x, y }: View, place: Place): Place => ({
  x: place.x * scale + x,
  y: place.y * scale + y,
});

/** The whole box in the middle of the canvas, at most `largest` times as large. */
export function fitted(box: Box, canvas: Size, largest = LARGEST): View {
  const [width, height] = [Math.max(1, box.x2 - box.x1), Math.max(1, box.y2 - box.y1)];
  const free = (side: number) => Math.max(1, side - 2 * MARGIN);
  const scale = Math.min(free(canvas.width) / width, free(canvas.height) / height, largest);
  return {
    scale,
    x: canvas.width / 2 - ((box.x1 + box.x2) / 2) * scale,
    y: canvas.height / 2 - ((box.y1 + box.y2) / 2) * scale,
  };
}

export const wholeImage = ({ width, height }: Size): Box => ({ x1: 0, y1: 0, x2: width, y2: height });

/** Small images are shown up to 8 times as large. */
export const fittedImage = (image: Size, canvas: Size): View => fitted(wholeImage(image), canvas, 8);

/** The image pixel under the place stays under it. Never smaller than a quarter of the fitted image. */
export function zoomed(view: View, factor: number, at: Place, frame: { image: Size; canvas: Size }): View {
  const least = Math.min(1, fittedImage(frame.image, frame.canvas).scale / 4);
  const scale = Math.min(LARGEST, Math.max(least, view.scale * factor));
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
