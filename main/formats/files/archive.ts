// Unpacks the annotation files of a zip or gzip file into a temporary folder; within bounds, and never outside of that folder.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { BadInput } from '../../contract/badInput.ts';

const MOST_ENTRIES = 200_000;
/** Most bytes that are unpacked in all: the annotations of COCO's 118,000 pictures have half of them. */
const MOST_BYTES = 1e9;
/** Annotations shrink to a fifth or a thirtieth; only what was made to fill a disk shrinks to a thousandth. */
const MOST_TIMES = 200;
/** Little is unpacked whatever it shrank to: masks of one colour shrink much. */
const FREE_BYTES = 64e6;

/** The kind of archive that the first bytes tell; null where the file is none. */
export async function archiveKind(file: string): Promise<'zip' | 'gzip' | null> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    if (bytesRead < 2) return null;
    if (buffer.toString('latin1') === 'PK\x03\x04') return 'zip';
    return buffer[0] === 0x1f && buffer[1] === 0x8b ? 'gzip' : null;
  } finally {
    await handle.close();
  }
}

/** What tells whether a file on disk is the one in the archive. */
export interface Content {
  readonly bytes: number;
  readonly crc32: number;
}

const contentOf = ({ uncompressedSize: bytes, crc32 }: Entry): Content => ({ bytes, crc32 });

/** `wants`: by the path in the archive, with forward slashes. Nothing that is in `folder` already is written over. */
export async function unpackZip(
  file: string,
  folder: string,
  wants: (name: string, content: Content) => boolean,
  most = MOST_BYTES,
): Promise<void> {
  const name = path.basename(file);
  const zip = await openPromise(file, { autoClose: false }).catch((error: Error) => refuse(name, error));
  const budget = await budgetOf(file, most);
  try {
    if (zip.entryCount > MOST_ENTRIES) throw new BadInput(`${name}: has more than ${MOST_ENTRIES} entries`);
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      if (wants(entry.fileName, contentOf(entry)))
        await unpackEntry(zip, entry, { to: path.join(folder, entry.fileName), name, budget });
    }
  } catch (error) {
    refuse(name, error);
  } finally {
    zip.close();
  }
}

interface Target {
  readonly to: string;
  /** Name of the archive. */
  readonly name: string;
  readonly budget: Budget;
}

/** Bytes that may still be unpacked, and the refusal where more come. */
interface Budget {
  left: number;
  readonly why: string;
}

async function budgetOf(file: string, most: number): Promise<Budget> {
  const times = MOST_TIMES * (await stat(file)).size;
  if (times >= most || most <= FREE_BYTES) return { left: most, why: `more than ${sizeText(most)}` };
  return { left: Math.max(times, FREE_BYTES), why: `more than ${MOST_TIMES} times its size` };
}

const sizeText = (bytes: number): string =>
  bytes >= 1e9 ? `${bytes / 1e9} GB` : bytes >= 1e6 ? `${bytes / 1e6} MB` : `${bytes} bytes`;

async function unpackEntry(zip: ZipFile, entry: Entry, { to, name, budget }: Target): Promise<void> {
  if (entry.isEncrypted()) throw new BadInput(`${name}: is locked by a password; unpack it and import the folder`);
  await mkdir(path.dirname(to), { recursive: true });
  await pipeline(
    await zip.openReadStreamPromise(entry),
    new Bounded(name, budget),
    createWriteStream(to, { flags: 'wx' }),
  );
}

/** `to`: the file to write; `most`: bytes of it. */
export async function unpackGzip(file: string, to: string, most = MOST_BYTES): Promise<void> {
  const name = path.basename(file);
  await pipeline(
    createReadStream(file),
    createGunzip(),
    new Bounded(name, await budgetOf(file, most)),
    createWriteStream(to),
  ).catch((error: unknown) => refuse(name, error));
}

function refuse(name: string, error: unknown): never {
  if (error instanceof BadInput) throw error;
  const why = error instanceof Error ? error.message.replace(/\.$/u, '') : String(error);
  throw new BadInput(`${name}: cannot be unpacked (${why}); unpack it and import the folder`);
}

/** Stops an unpacking that gives more than there is room for, whatever the archive claims. */
class Bounded extends Transform {
  private readonly name: string;
  private readonly budget: Budget;

  constructor(name: string, budget: Budget) {
    super();
    this.name = name;
    this.budget = budget;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.budget.left -= chunk.length;
    if (this.budget.left >= 0) done(null, chunk);
    else
      done(
        new BadInput(`${this.name}: unpacks to ${this.budget.why}; if it is sound, unpack it and import the folder`),
      );
  }
}
