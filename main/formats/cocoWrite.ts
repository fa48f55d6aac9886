// Images and shapes, as they come, to a COCO file: written beside in constant memory and renamed when it is whole.
import { closeSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { BadInput, refusalOf } from '../contract/badinput.ts';
import type { Frame } from '../contract/geometry.ts';
import type { ExportSettings } from '../contract/jobs.ts';
import { fewPolygons, fullPolygons, outlinesOf } from '../contract/outline.ts';
import { fromPolygons } from '../contract/polygon.ts';
import { type PackedMask, packMask, unpackMask } from '../contract/project.ts';
import type { Box, Mask } from '../contract/records.ts';
import { maskArea } from '../contract/rle.ts';
import { besideOf } from './beside.ts';
import { bboxOf } from './cocoRules.ts';
import { turns } from './turns.ts';

const LEAST_IOU = 0.98;
const MOST_SENTENCES = 1000;
const BUFFERED = 2 ** 20;

/** An image as the file names it: a relative path with forward slashes, and the decoded, upright size. */
export interface OutImage {
  readonly id: number;
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
}

export interface OutShape {
  readonly id: number;
  readonly imageId: number;
  /** From 1, in the order of `categories`. */
  readonly category: number;
  readonly mask: PackedMask | null;
  readonly box: Box;
  /** Size of its image. */
  readonly frame: Frame;
  readonly crowd: boolean;
  /** Goes beside COCO's own keys, never in their place. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface CocoContent {
  readonly info: Readonly<Record<string, unknown>>;
  readonly categories: readonly string[];
  images(): Iterable<OutImage>;
  shapes(): Iterable<OutShape>;
}

export interface WriteOptions {
  readonly masks: ExportSettings['masks'];
  readonly signal?: AbortSignal;
  /** Hears of every shape, written or not. */
  readonly step?: () => void;
}

export interface Written {
  readonly images: number;
  readonly annotations: number;
  readonly polygons: number;
  /** What is not in the file, or is in it otherwise than it was drawn, one sentence each. */
  readonly stated: string[];
}

export async function writeCocoFile(file: string, content: CocoContent, options: WriteOptions): Promise<Written> {
  const target = replaceable(file);
  const part = besideOf(target);
  let out: Out | null = null;
  try {
    out = new Out(part);
    const written = await writeAll(out, content, options);
    out.end();
    renameSync(part, target);
    return written;
  } catch (error) {
    out?.close();
    rmSync(part, { force: true });
    const why = refusalOf(error);
    throw why === null ? error : new BadInput(`${file}: cannot be written: ${why}`, { cause: error });
  }
}

/** Where the file is to stand, links followed. Projects and pictures are not written over; their name tells, unopened. */
function replaceable(file: string): string {
  const info = statSync(file, { throwIfNoEntry: false });
  if (info === undefined) return file;
  if (info.isDirectory()) throw new BadInput(`${file}: is a folder; name a file in it`);
  if (!info.isFile()) throw new BadInput(`${file}: is no ordinary file; name another one`);
  if (!/\.json$/iu.test(file) && info.size > 0)
    throw new BadInput(`${file}: is there already and is no .json file, so it was left as it is; name another one`);
  return realpathSync(file);
}

async function writeAll(out: Out, content: CocoContent, options: WriteOptions): Promise<Written> {
  const turn = turns(options.signal);
  out.put(`{\n"info": ${JSON.stringify(content.info)},\n"licenses": [],\n"images": [`);
  for (const { id, fileName, width, height } of content.images()) {
    out.entry({ id, file_name: fileName, width, height });
    await turn();
  }
  const images = out.entries;
  out.put('\n],\n"annotations": [');
  const annotations = new Annotations(options.masks);
  for (const shape of content.shapes()) {
    const written = annotations.of(shape);
    if (written !== null) out.entry(written);
    options.step?.();
    await turn();
  }
  const count = out.entries;
  out.put('\n],\n"categories": [');
  for (const [i, name] of content.categories.entries()) out.entry({ id: i + 1, name, supercategory: '' });
  out.put('\n]\n}\n');
  return { images, annotations: count, polygons: annotations.polygons, stated: annotations.stated };
}

/** Text to a file, a megabyte at a time. */
class Out {
  #descriptor: number | null;
  #waiting: string[] = [];
  #length = 0;
  /** Written into the list that is open. */
  entries = 0;

  constructor(file: string) {
    this.#descriptor = openSync(file, 'w');
  }

  /** Begins another list, too. */
  put(text: string): void {
    this.entries = 0;
    this.#write(text);
  }

  entry(value: object): void {
    this.#write(`${this.entries === 0 ? '' : ','}\n${JSON.stringify(value)}`);
    this.entries++;
  }

  end(): void {
    this.#flush();
    this.close();
  }

  /** Lets go of what was not written yet. */
  close(): void {
    if (this.#descriptor === null) return;
    closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #write(text: string): void {
    this.#waiting.push(text);
    this.#length += text.length;
    if (this.#length >= BUFFERED) this.#flush();
  }

  #flush(): void {
    const text = Buffer.from(this.#waiting.join(''));
    for (let at = 0; at < text.length && this.#descriptor !== null; ) at += writeSync(this.#descriptor, text, at);
    this.#waiting = [];
    this.#length = 0;
  }
}

/** What stands for a mask in the file; `drawn` is what readers will decode it to. */
interface Segmentation {
  readonly segmentation: number[][] | PackedMask;
  readonly drawn: Mask;
  /** Of polygons that do not draw the mask exactly, with the mask. */
  readonly iou?: number;
}

class Annotations {
  readonly #masks: ExportSettings['masks'];
  readonly #sentences: string[] = [];
  #more = 0;
  #simplified = 0;
  #worst = 1;
  polygons = 0;

  constructor(masks: ExportSettings['masks']) {
    this.#masks = masks;
  }

  /** Null where there is nothing to write, or where what is stored cannot be read: that costs one shape, not the file. */
  of(shape: OutShape): object | null {
    try {
      return this.#of(shape);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      return this.#skip(`shape ${shape.id} is left out: ${error.message}`);
    }
  }

  #of(shape: OutShape): object | null {
    const { id, imageId, category, crowd, extra } = shape;
    const found = shape.mask ? this.#ofMask(shape, shape.mask) : this.#ofBox(shape);
    if (found === null) return null;
    const { segmentation, drawn, iou } = found;
    if (Array.isArray(segmentation)) this.polygons++;
    return {
      ...extra,
      ...(shape.mask ? {} : { box_only: true }),
      ...(iou !== undefined && { polygon_iou: iou }),
      id,
      image_id: imageId,
      category_id: category,
      segmentation,
      area: maskArea(drawn),
      bbox: bboxOf(drawn),
      iscrowd: crowd ? 1 : 0,
    };
  }

  /** Readers of masks stumble over an object without one: a box is written as the polygon of its four corners. */
  #ofBox({ id, box, crowd, frame }: OutShape): Segmentation | null {
    const across = (x: number) => Math.min(Math.max(x, 0), frame.width);
    const down = (y: number) => Math.min(Math.max(y, 0), frame.height);
    const [x1, y1, x2, y2] = [across(box.x1), down(box.y1), across(box.x2), down(box.y2)];
    const rings = [[x1, y1, x2, y1, x2, y2, x1, y2]];
    const drawn = fromPolygons(rings, frame.width, frame.height);
    if (maskArea(drawn) === 0) return this.#skip(`shape ${id} has only a box, and no pixel lies in it: left out`);
    this.#state(`shape ${id} has only a box: its four corners are written as its polygon (box_only)`);
    return { segmentation: crowd ? packMask(drawn) : rings, drawn };
  }

  #ofMask({ id, crowd }: OutShape, packed: PackedMask): Segmentation | null {
    const mask = unpackMask(packed);
    if (maskArea(mask) === 0) return this.#skip(`shape ${id} is left out: its mask is empty`);
    const runs = { segmentation: packed, drawn: mask };
    if (crowd || this.#masks === 'run lengths') return runs;
    const outlines = outlinesOf(mask);
    const plain = outlines.length === 1;
    if (!plain && this.#masks === 'auto') return runs;
    const holes = outlines.filter(({ hole }) => hole).length;
    const few = holes > 0 ? null : fewPolygons(mask, LEAST_IOU, outlines);
    if (few === null && this.#masks === 'auto') return runs;
    const { rings, drawn, iou } = few ?? fullPolygons(mask, outlines);
    if (holes > 0) {
      this.#state(
        `shape ${id} lost ${holes === 1 ? 'its hole' : `its ${holes} holes`} as polygons: IoU ${iou.toFixed(4)}`,
      );
    } else if (iou < 1) {
      this.#simplified++;
      this.#worst = Math.min(this.#worst, iou);
    }
    return { segmentation: rings, drawn, ...(iou < 1 && { iou: Math.floor(iou * 1e6) / 1e6 }) };
  }

  #skip(sentence: string): null {
    this.#state(sentence);
    return null;
  }

  get stated(): string[] {
    const all = [...this.#sentences];
    if (this.#more > 0) all.push(`and ${this.#more} more sentences like these`);
    if (this.#simplified > 0) {
      const masks =
        this.#simplified === 1
          ? '1 mask is a polygon that differs'
          : `${this.#simplified} masks are polygons that differ`;
      all.push(
        `${masks} from ${this.#simplified === 1 ? 'it' : 'them'} a little: IoU at least ${this.#worst.toFixed(4)}`,
      );
    }
    return all;
  }

  #state(sentence: string): void {
    if (this.#sentences.length < MOST_SENTENCES) this.#sentences.push(sentence);
    else this.#more++;
  }
}
