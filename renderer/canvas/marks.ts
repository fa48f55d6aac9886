// Draws the strokes of the overlay: lines that are seen on any picture, handles, click marks, single masks.
import { type Columns, columnsBox, type Region } from '../../main/contract/maskColumns.ts';
import type { Shape } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import type { View } from '../state/workbench.ts';
import { cornerAt, edgeRings, type Ring } from '../tools/corners.ts';
import { columnsOf } from '../tools/masks.ts';
import type { ImagePoint } from '../tools/place.ts';
import { pixelOf } from './colours.ts';
import { rasterised } from './raster.ts';

type Pen = CanvasRenderingContext2D;

export const PROPOSED = '#ff5ccd';

interface Ink {
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[];
  readonly fill?: string;
}

/** A dark line under a bright one is seen on any picture. */
export function trace(pen: Pen, view: View, path: Path2D, ink: Ink): void {
  pen.save();
  pen.translate(view.x, view.y);
  pen.scale(view.scale, view.scale);
  if (ink.fill) {
    pen.fillStyle = ink.fill;
    pen.fill(path, 'evenodd');
  }
  pen.lineJoin = 'round';
  pen.lineWidth = (ink.width + 1.5) / view.scale;
  pen.strokeStyle = 'rgba(0, 0, 0, 0.55)';
  pen.stroke(path);
  pen.lineWidth = ink.width / view.scale;
  pen.strokeStyle = ink.colour;
  pen.setLineDash((ink.dash ?? []).map((length) => length / view.scale));
  pen.stroke(path);
  pen.restore();
}

export function boxPath({ x1, y1, x2, y2 }: Box): Path2D {
  const path = new Path2D();
  path.rect(x1, y1, x2 - x1, y2 - y1);
  return path;
}

export function ringsPath(rings: readonly Ring[]): Path2D {
  const path = new Path2D();
  for (const ring of rings) {
    for (let at = 0; at < ring.length / 2; at++) {
      const { x, y } = cornerAt(ring, at);
      if (at === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
    path.closePath();
  }
  return path;
}

const edgePaths = new WeakMap<readonly Ring[], Path2D>();

/** Along the pixel edges, or from afar those of the samples, so that it surrounds exactly what is filled. */
export function edgePath(columns: Columns, scale: number): Path2D {
  const rings = edgeRings(columns, 2 ** Math.max(0, Math.floor(Math.log2(1 / scale))));
  const known = edgePaths.get(rings) ?? ringsPath(rings);
  edgePaths.set(rings, known);
  return known;
}

export const outlineOf = ({ mask, box }: Shape, scale: number): Path2D =>
  mask === null ? boxPath(box) : edgePath(columnsOf(mask), scale);

export function handle(pen: Pen, { x, y }: ImagePoint, radius: number): void {
  pen.beginPath();
  pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  pen.fillStyle = '#ffffff';
  pen.fill();
  pen.lineWidth = 1;
  pen.strokeStyle = 'rgba(0, 0, 0, 0.8)';
  pen.stroke();
}

export function clickMark(pen: Pen, { x, y }: ImagePoint, sign: '+' | '-'): void {
  pen.beginPath();
  pen.arc(x, y, 6, 0, 2 * Math.PI);
  pen.fillStyle = sign === '+' ? '#12b886' : '#e03131';
  pen.fill();
  pen.lineWidth = 1.5;
  pen.strokeStyle = '#ffffff';
  pen.stroke();
  pen.beginPath();
  pen.moveTo(x - 3, y);
  pen.lineTo(x + 3, y);
  if (sign === '+') {
    pen.moveTo(x, y - 3);
    pen.lineTo(x, y + 3);
  }
  pen.stroke();
}

export function ring(pen: Pen, { x, y }: ImagePoint, radius: number, colour: string): void {
  pen.beginPath();
  pen.arc(x, y, Math.max(1, radius), 0, 2 * Math.PI);
  pen.lineWidth = 3;
  pen.strokeStyle = 'rgba(0, 0, 0, 0.55)';
  pen.stroke();
  pen.lineWidth = 1.25;
  pen.strokeStyle = colour;
  pen.stroke();
}

interface Patch {
  readonly key: string;
  readonly canvas: HTMLCanvasElement;
  readonly region: Region;
}

const patches = new WeakMap<Columns, Patch>();
/** Samples along the longer side of a patch. */
const PATCH_SIDE = 2048;

/** One mask by itself, drawn from pixels of its own. */
export function patch(pen: Pen, view: View, columns: Columns, look: { colour: string; opacity: number }): void {
  const key = `${look.colour} ${look.opacity}`;
  const known = patches.get(columns);
  const made = known?.key === key ? known : newPatch(columns, key, look);
  if (made === null) return;
  patches.set(columns, made);
  const { x, y, width, height, step } = made.region;
  pen.imageSmoothingEnabled = view.scale < 2;
  pen.drawImage(
    made.canvas,
    x * view.scale + view.x,
    y * view.scale + view.y,
    width * step * view.scale,
    height * step * view.scale,
  );
}

function newPatch(columns: Columns, key: string, { colour, opacity }: { colour: string; opacity: number }) {
  const box = columnsBox(columns);
  if (box === null) return null;
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(box.x2 - box.x1, box.y2 - box.y1) / PATCH_SIDE)));
  const [width, height] = [Math.ceil((box.x2 - box.x1) / step), Math.ceil((box.y2 - box.y1) / step)];
  const region: Region = { x: box.x1, y: box.y1, width, height, step };
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  const paint = { fill: pixelOf(colour, opacity), edge: pixelOf(colour, opacity + 0.4) };
  const stroke = { shapeId: null, adds: true, area: columns, serial: 0, grown: 0, latest: null };
  rasterised({ shapes: [], paintOf: () => paint, stroke, fresh: paint }, region, new Uint32Array(image.data.buffer));
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return { key, canvas, region };
}
