// Fetches the pixels of the open image: the whole picture at once, or tiles as they are wanted.
import { pictureAddress, type Tile, tileAddress, wholeSide } from '../../main/contract/addresses.ts';
import type { Size } from '../../main/contract/maskColumns.ts';
import type { Image } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import type { CanvasHost } from '../tools/host.ts';
import { tileBox, tileKey } from './levels.ts';

/** What is needed of a canvas to draw a picture on it. */
export type PicturePen = Pick<
  CanvasRenderingContext2D,
  'save' | 'restore' | 'beginPath' | 'rect' | 'clip' | 'drawImage'
>;

export interface Picture {
  /**
   * Draws the part of the tile that shows `part` (image pixels) on the tile's own canvas; false: not here yet, and
   * `onNews` is called when it is.
   */
  draw(pen: PicturePen, tile: Tile, part: Box): boolean;
  /** One sentence where it cannot be had. */
  readonly problem: string | null;
  close(): void;
}

/** The default for `CanvasHost.pixels`: fetched with the page's cookie and decoded beside the page's own work. */
export async function fetchPixels(address: string): Promise<ImageBitmap> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`The picture could not be read (${response.status}).`);
  return createImageBitmap(await response.blob());
}

type Pixels = CanvasHost['pixels'];

export function openPicture(image: Image & Size, pixels: Pixels, onNews: () => void): Picture {
  const large = Math.max(image.width, image.height) > wholeSide;
  return large ? new TiledPicture(image, pixels, onNews) : new WholePicture(image, pixels, onNews);
}

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface Drawing {
  /** What the bitmap shows and which part of it is wanted, image pixels. */
  readonly whole: Box;
  readonly part: Box;
  readonly tile: Place;
}

/** The bitmap to its place on the canvas of a tile. Clipped, not cut: a part is then the same pixels as in the whole. */
function drawPart(pen: PicturePen, bitmap: ImageBitmap, { whole, part, tile }: Drawing): void {
  const on = ({ x1, y1, x2, y2 }: Box): [number, number, number, number] => [
    (x1 - tile.x) / tile.step,
    (y1 - tile.y) / tile.step,
    (x2 - x1) / tile.step,
    (y2 - y1) / tile.step,
  ];
  pen.save();
  pen.beginPath();
  pen.rect(...on(part));
  pen.clip();
  pen.drawImage(bitmap, ...on(whole));
  pen.restore();
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly step: number;
}

const placeOf = (tile: Tile, size: Size): Place => {
  const { x1, y1 } = tileBox(tile, size);
  return { x: x1, y: y1, step: 2 ** tile.level };
};

class WholePicture implements Picture {
  problem: string | null = null;
  readonly #image: Image & Size;
  #bitmap: ImageBitmap | null = null;
  #closed = false;

  constructor(image: Image & Size, pixels: Pixels, onNews: () => void) {
    this.#image = image;
    void this.#read(pixels).then(() => (this.#closed ? undefined : onNews()));
  }

  async #read(pixels: Pixels): Promise<void> {
    try {
      const bitmap = await pixels(pictureAddress(this.#image.id, this.#image.hash));
      if (this.#closed) bitmap.close();
      else this.#bitmap = bitmap;
    } catch (error) {
      this.problem = sentence(error);
    }
  }

  draw(pen: PicturePen, tile: Tile, part: Box): boolean {
    if (!this.#bitmap) return false;
    const { width, height } = this.#image;
    drawPart(pen, this.#bitmap, {
      whole: { x1: 0, y1: 0, x2: width, y2: height },
      part,
      tile: placeOf(tile, this.#image),
    });
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#bitmap?.close();
    this.#bitmap = null;
  }
}

/** 1 MiB each. */
const MOST_TILES = 256;
const MOST_AT_ONCE = 6;
/** Milliseconds before a tile that could not be had is asked for again. */
const PATIENCE = 5000;

class TiledPicture implements Picture {
  problem: string | null = null;
  readonly #image: Image & Size;
  readonly #pixels: Pixels;
  readonly #onNews: () => void;
  /** Pictures by key, the least recently used first. */
  readonly #here = new Map<string, ImageBitmap>();
  /** Wanted last, asked first: those are on the screen now. */
  #wanted = new Map<string, Tile>();
  readonly #coming = new Set<string>();
  readonly #failed = new Map<string, number>();
  #closed = false;

  constructor(image: Image & Size, pixels: Pixels, onNews: () => void) {
    this.#image = image;
    this.#pixels = pixels;
    this.#onNews = onNews;
  }

  draw(pen: PicturePen, tile: Tile, part: Box): boolean {
    const key = tileKey(tile);
    const bitmap = this.#here.get(key);
    if (!bitmap) {
      this.#want(key, tile);
      return false;
    }
    this.#here.delete(key);
    this.#here.set(key, bitmap);
    drawPart(pen, bitmap, { whole: tileBox(tile, this.#image), part, tile: placeOf(tile, this.#image) });
    return true;
  }

  #want(key: string, tile: Tile): void {
    if (this.#coming.has(key) || performance.now() - (this.#failed.get(key) ?? -PATIENCE) < PATIENCE) return;
    this.#wanted.delete(key);
    this.#wanted.set(key, tile);
    // What went off the screen long ago is not fetched any more.
    if (this.#wanted.size > 64) this.#wanted = new Map([...this.#wanted].slice(-64));
    this.#fetch();
  }

  #fetch(): void {
    while (this.#coming.size < MOST_AT_ONCE) {
      const next = [...this.#wanted].at(-1);
      if (!next) return;
      const [key, tile] = next;
      this.#wanted.delete(key);
      this.#coming.add(key);
      void this.#read(key, tile);
    }
  }

  async #read(key: string, tile: Tile): Promise<void> {
    try {
      this.#keep(key, await this.#pixels(tileAddress(this.#image.id, this.#image.hash, tile)));
      this.problem = null;
    } catch (error) {
      this.problem = sentence(error);
      this.#failed.set(key, performance.now());
    }
    this.#coming.delete(key);
    if (this.#closed) return;
    this.#fetch();
    this.#onNews();
  }

  #keep(key: string, bitmap: ImageBitmap): void {
    if (this.#closed) {
      bitmap.close();
      return;
    }
    this.#here.set(key, bitmap);
    for (const [oldest, old] of this.#here) {
      if (this.#here.size <= MOST_TILES) break;
      this.#here.delete(oldest);
      old.close();
    }
  }

  close(): void {
    this.#closed = true;
    for (const bitmap of this.#here.values()) bitmap.close();
    this.#here.clear();
    this.#wanted.clear();
  }
}
