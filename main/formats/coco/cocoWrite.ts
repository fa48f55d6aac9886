// Writes images and shapes, as they come, to a COCO file: beside the old one in constant memory, renamed when it is whole.
import { closeSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { BadInput, refusalOf } from '../../contract/badInput.ts';
import type { ExportSettings } from '../../contract/jobs.ts';
import { partFileOf } from '../files/partFile.ts';
import { pauses } from '../files/pauses.ts';
import { Annotations, type OutShape } from './cocoAnnotations.ts';
import { patched } from './cocoRecord.ts';

const BUFFERED = 2 ** 20;
/** Files that Loupe wrote begin so, and no others. */
export const OPENING = '{\n"info": ';

/** An image as the file names it: a relative path with forward slashes, and the decoded, upright size. */
export interface OutImage {
  readonly id: number;
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  /** The record as another file had it. */
  readonly record?: string;
}

export interface CocoContent {
  /** Keys of the file but those of the three lists, their values as JSON. */
  readonly head: Readonly<Record<string, string>>;
  /** JSON of each. */
  readonly categories: readonly string[];
  /** A text is written as it is. */
  images(): Iterable<OutImage | string>;
  shapes(): Iterable<OutShape | string>;
}

export interface CocoWriteOptions {
  readonly masks: ExportSettings['masks'];
  readonly signal?: AbortSignal;
  /** Called once for every shape, written or not. */
  readonly step?: () => void;
}

export interface Written {
  readonly images: number;
  readonly annotations: number;
  readonly polygons: number;
  /** What is not in the file, or is in it otherwise than it was drawn, one sentence each. */
  readonly stated: string[];
}

export async function writeCocoFile(file: string, content: CocoContent, options: CocoWriteOptions): Promise<Written> {
  const target = replaceable(file);
  const part = partFileOf(target);
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

/** Finds where the file is to stand, links followed. Projects and pictures are not written over; their name tells, unopened. */
function replaceable(file: string): string {
  const info = statSync(file, { throwIfNoEntry: false });
  if (info === undefined) return file;
  if (info.isDirectory()) throw new BadInput(`${file}: is a folder; name a file in it`);
  if (!info.isFile()) throw new BadInput(`${file}: is no ordinary file; name another one`);
  if (!/\.json$/iu.test(file) && info.size > 0)
    throw new BadInput(`${file}: is there already and is no .json file, so it was left as it is; name another one`);
  return realpathSync(file);
}

async function writeAll(out: Out, content: CocoContent, options: CocoWriteOptions): Promise<Written> {
  const pause = pauses(options.signal);
  const { info = '{}', licenses = '[]', ...others } = content.head;
  out.put(`${OPENING}${info},\n"licenses": ${licenses},\n"images": [`);
  for (const image of content.images()) {
    out.entry(typeof image === 'string' ? image : imageText(image));
    await pause();
  }
  const images = out.entries;
  out.put('\n],\n"annotations": [');
  const annotations = new Annotations(options.masks);
  for (const shape of content.shapes()) {
    const written = typeof shape === 'string' ? shape : annotations.of(shape);
    if (written !== null) out.entry(written);
    options.step?.();
    await pause();
  }
  const count = out.entries;
  out.put('\n],\n"categories": [');
  for (const category of content.categories) out.entry(category);
  out.put('\n]');
  for (const [key, text] of Object.entries(others)) out.put(`,\n${JSON.stringify(key)}: ${text}`);
  out.put('\n}\n');
  return { images, annotations: count, polygons: annotations.polygons, stated: annotations.stated };
}

const imageText = ({ id, fileName, width, height, record = '{}' }: OutImage): string =>
  patched(record, { id, file_name: fileName, width, height });

/** Writes text to a file, a megabyte at a time. */
class Out {
  #descriptor: number | null;
  #waiting: string[] = [];
  #length = 0;
  /** Entries that were written into the list that is open. */
  entries = 0;

  constructor(file: string) {
    this.#descriptor = openSync(file, 'w');
  }

  /** Writes the text as it is; the entries of the next list are counted from 0. */
  put(text: string): void {
    this.entries = 0;
    this.#write(text);
  }

  entry(json: string): void {
    this.#write(`${this.entries === 0 ? '' : ','}\n${json}`);
    this.entries++;
  }

  end(): void {
    this.#flush();
    this.close();
  }

  /** Drops what was not written yet. */
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
