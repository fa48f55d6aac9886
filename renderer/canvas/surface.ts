// The one cached layer under everything: tiles of the picture with all masks painted in, so that a frame only copies tiles.
import { type Tile, tileSide } from '../../main/contract/addresses.ts';
import type { Region, Size } from '../../main/contract/maskColumns.ts';
import type { Box } from '../../main/contract/records.ts';
import type { View } from '../state/workbench.ts';
import { around, boxesTouch } from '../tools/place.ts';
import { visible } from '../tools/view.ts';
import { childrenOf, levelFor, parentOf, tileBox, tileKey, tilesIn, topLevel } from './levels.ts';
import type { Picture } from './pictures.ts';
import { type Painting, rasterised } from './raster.ts';

type Pen = CanvasRenderingContext2D;

/** What is painted into the picture. */
export interface Contents {
  readonly size: Size;
  readonly picture: Picture;
  /** Shapes that touch a box, the lowest first, and how they look. */
  painting(box: Box): Painting;
}

export interface CanvasFrame {
  readonly view: View;
  /** In CSS pixels. */
  readonly canvas: Size;
  readonly pixelRatio: number;
}

interface Painted {
  readonly tile: Tile;
  readonly box: Box;
  readonly canvas: HTMLCanvasElement;
  readonly pen: Pen;
  /** Image pixels that are out of date; null: none. */
  dirty: Box | null;
  /** The picture was there when it was painted. */
  whole: boolean;
}

/** 1 MiB each. */
const MOST_PAINTED = 128;
/** Milliseconds of one frame that may go into painting tiles; the rest follows in the next frames. */
const BUDGET = 10;

export class Surface {
  readonly #contents: Contents;
  readonly #scratch: { canvas: HTMLCanvasElement; pen: Pen };
  /** Tiles by key, the least recently shown first. */
  readonly #painted = new Map<string, Painted>();

  constructor(contents: Contents) {
    this.#contents = contents;
    this.#scratch = newCanvas(tileSide, tileSide, true);
  }

  /** The part of the picture is out of date; null: all of it. */
  mark(box: Box | null): void {
    for (const painted of this.#painted.values()) {
      if (box === null || boxesTouch(box, painted.box)) painted.dirty = around(painted.dirty, box ?? painted.box);
    }
  }

  /** Tiles that wait for their picture: it may be there now. */
  news(): void {
    for (const painted of this.#painted.values()) if (!painted.whole) painted.dirty = painted.box;
  }

  /** True where the frame is complete; false: draw again soon. */
  draw(pen: Pen, frame: CanvasFrame): boolean {
    const { view, canvas, pixelRatio } = frame;
    const { size } = this.#contents;
    const seen = visible(view, canvas, size);
    if (seen === null) return true;
    const level = levelFor(view.scale * pixelRatio, size);
    const until = performance.now() + BUDGET;
    let complete = true;
    pen.imageSmoothingEnabled = view.scale * pixelRatio < 2;
    const tiles = tilesIn(seen, level, size);
    for (const tile of tiles) {
      const painted = this.#ready(tile, until);
      if (painted) this.#show(pen, painted, frame);
      if (painted?.whole) continue;
      if (!painted) this.#showOther(pen, tile, frame);
      complete &&= painted !== null;
    }
    // A very large screen shows more than are usually kept.
    this.#forget(Math.max(MOST_PAINTED, 2 * tiles.length));
    return complete;
  }

  /** Null: no time is left to paint it. */
  #ready(tile: Tile, until: number): Painted | null {
    const key = tileKey(tile);
    const known = this.#painted.get(key);
    if (!known && performance.now() > until) return null;
    const painted = known ?? this.#blank(tile);
    this.#painted.delete(key);
    this.#painted.set(key, painted);
    if (painted.dirty) this.#paint(painted, painted.dirty);
    return painted;
  }

  #blank(tile: Tile): Painted {
    const box = tileBox(tile, this.#contents.size);
    const step = 2 ** tile.level;
    const { canvas, pen } = newCanvas(Math.ceil((box.x2 - box.x1) / step), Math.ceil((box.y2 - box.y1) / step), false);
    pen.imageSmoothingQuality = 'high';
    return { tile, box, canvas, pen, dirty: box, whole: false };
  }

  #paint(painted: Painted, dirty: Box): void {
    const { tile, box, canvas, pen } = painted;
    const step = 2 ** tile.level;
    const region = paintedRegion(dirty, box, { step, width: canvas.width, height: canvas.height });
    painted.dirty = null;
    if (region === null) return;
    const [x, y] = [(region.x - box.x1) / step, (region.y - box.y1) / step];
    const part = regionBox(region, this.#contents.size);
    pen.clearRect(x, y, region.width, region.height);
    const drawn = this.#contents.picture.draw(pen, tile, part);
    if (!drawn) this.#underlay(painted, part);
    // A part that was painted says nothing of the rest.
    painted.whole = drawn && (painted.whole || (region.width === canvas.width && region.height === canvas.height));
    this.#masks(pen, region, { x, y });
  }

  /** Shows what a coarser tile has until the picture of the tile comes. */
  #underlay({ tile, box, pen }: Painted, part: Box): void {
    const { size, picture } = this.#contents;
    const top = topLevel(size);
    if (tile.level >= top) return;
    const coarser: Tile = { level: top, column: 0, row: 0 };
    const step = 2 ** tile.level;
    pen.save();
    pen.beginPath();
    pen.rect(
      (part.x1 - box.x1) / step,
      (part.y1 - box.y1) / step,
      (part.x2 - part.x1) / step,
      (part.y2 - part.y1) / step,
    );
    pen.clip();
    pen.scale(2 ** top / step, 2 ** top / step);
    pen.translate(-box.x1 / 2 ** top, -box.y1 / 2 ** top);
    picture.draw(pen, coarser, tileBox(coarser, size));
    pen.restore();
  }

  #masks(pen: Pen, region: Region, { x, y }: { x: number; y: number }): void {
    const painting = this.#contents.painting(regionBox(region, this.#contents.size));
    if (painting.shapes.length === 0 && painting.stroke === null) return;
    const image = new ImageData(region.width, region.height);
    rasterised(painting, region, new Uint32Array(image.data.buffer));
    this.#scratch.pen.putImageData(image, 0, 0);
    pen.drawImage(this.#scratch.canvas, 0, 0, region.width, region.height, x, y, region.width, region.height);
  }

  /** Sides on whole device pixels: two tiles then meet without a seam. */
  #show(pen: Pen, { canvas, box, tile }: Painted, { view, pixelRatio }: CanvasFrame): void {
    const step = 2 ** tile.level;
    const edge = (value: number, offset: number) => Math.round((value * view.scale + offset) * pixelRatio);
    const [left, top] = [edge(box.x1, view.x), edge(box.y1, view.y)];
    const [right, bottom] = [edge(box.x2, view.x), edge(box.y2, view.y)];
    const [width, height] = [(box.x2 - box.x1) / step, (box.y2 - box.y1) / step];
    pen.drawImage(canvas, 0, 0, width, height, left, top, right - left, bottom - top);
  }

  /** What is there of other levels, until the tile is painted. */
  #showOther(pen: Pen, tile: Tile, frame: CanvasFrame): void {
    for (let at = tile; at.level < topLevel(this.#contents.size); ) {
      at = parentOf(at);
      const painted = this.#painted.get(tileKey(at));
      if (!painted) continue;
      this.#clipped(pen, tileBox(tile, this.#contents.size), frame, () => this.#show(pen, painted, frame));
      break;
    }
    for (const child of tile.level > 0 ? childrenOf(tile) : []) {
      const painted = this.#painted.get(tileKey(child));
      if (painted) this.#show(pen, painted, frame);
    }
  }

  #clipped(pen: Pen, box: Box, { view, pixelRatio }: CanvasFrame, draw: () => void): void {
    const edge = (value: number, offset: number) => Math.round((value * view.scale + offset) * pixelRatio);
    const [left, top] = [edge(box.x1, view.x), edge(box.y1, view.y)];
    pen.save();
    pen.beginPath();
    pen.rect(left, top, edge(box.x2, view.x) - left, edge(box.y2, view.y) - top);
    pen.clip();
    draw();
    pen.restore();
  }

  #forget(most: number): void {
    for (const [key, { canvas }] of this.#painted) {
      if (this.#painted.size <= most) return;
      this.#painted.delete(key);
      // Some browsers keep the pixels until the garbage is collected.
      canvas.width = 0;
    }
  }

  close(): void {
    for (const { canvas } of this.#painted.values()) canvas.width = 0;
    this.#painted.clear();
    this.#contents.picture.close();
  }
}

/** Samples of a tile that a change of image pixels can touch: one more on every side, as edges look at neighbours. */
export function paintedRegion(dirty: Box, tile: Box, { step, width, height }: Size & { step: number }): Region | null {
  const left = Math.max(0, Math.floor((dirty.x1 - tile.x1) / step) - 1);
  const top = Math.max(0, Math.floor((dirty.y1 - tile.y1) / step) - 1);
  const right = Math.min(width, Math.ceil((dirty.x2 - tile.x1) / step) + 1);
  const bottom = Math.min(height, Math.ceil((dirty.y2 - tile.y1) / step) + 1);
  if (right <= left || bottom <= top) return null;
  return { x: tile.x1 + left * step, y: tile.y1 + top * step, width: right - left, height: bottom - top, step };
}

const regionBox = ({ x, y, width, height, step }: Region, size: Size): Box => ({
  x1: x,
  y1: y,
  x2: Math.min(size.width, x + width * step),
  y2: Math.min(size.height, y + height * step),
});

function newCanvas(
  width: number,
  height: number,
  willReadFrequently: boolean,
): { canvas: HTMLCanvasElement; pen: Pen } {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext('2d', { willReadFrequently });
  if (!pen) throw new Error('This browser cannot draw on a canvas.');
  return { canvas, pen };
}
