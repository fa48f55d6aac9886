// Reads an annotation file, an archive or a folder of them file by file; pictures that lie only in a zip are unpacked.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { BadInput, refusalOf } from '../../contract/badInput.ts';
import { detect } from '../../formats/detect.ts';
import { archiveKind, type Content, unpackGzip, unpackZip } from '../../formats/files/archive.ts';
import { type LeftOut, Notes, type PictureFinder, type ReadContext } from '../../formats/reading/reading.ts';
import { isImageName } from '../../pictures/listImageFiles.ts';
import { refuseOwnFile } from '../../store/ownFile.ts';
import { ImageMatcher } from '../pictures/matchImages.ts';
import { NamedPictures } from '../pictures/namedPictures.ts';
import { ImportBudget } from './importBudget.ts';
import { partsOf, type Readers, type ReadPart } from './readParts.ts';

/** Bytes of the pictures that one archive may bring. */
const MOST_PICTURE_BYTES = 20e9;
/** A project, and what SQLite keeps beside one that is open. */
const PROJECT = /\.loupe(?:-wal|-shm|-journal)?$/u;
/** In a folder, other names are weights, documents and the like, which happen to be zip files. */
const ARCHIVE = /\.(?:zip|gz)$/iu;

/** All paths are absolute. */
export interface ReadTask {
  readonly projectFile: string;
  /** A file, or a folder of them. */
  readonly source: string;
  /** Nothing outside of it says what the annotations mean. */
  readonly root: string;
  /** Where the pictures are. */
  readonly folder: string;
  /** Files of the project's images. */
  readonly known: readonly string[];
  /** An empty folder of its own, which the caller removes. */
  readonly scratch: string;
}

/** What is reported to a person; the rest is in the parts. */
export interface ReadReport {
  readonly leftOut: readonly LeftOut[];
  readonly said: readonly string[];
  readonly unresolved: readonly string[];
}

/** `file`: the one that is read from now on; else so many shapes more were read. */
export type ReadEvent = { readonly file: string } | { readonly shapes: number };

interface Into {
  readonly task: ReadTask;
  readonly readers: Readers;
  readonly notes: Notes;
  readonly pictures: PictureFinder & Pick<NamedPictures, 'locate' | 'add'>;
  readonly root: string;
  readonly sets: ReadContext['sets'];
  readonly out: Out;
  /** Where a file is said to lie: one out of an archive, where it would lie if the archive had been unpacked. */
  readonly said: (file: string) => string;
  /** The archive that what is read came out of. */
  readonly archive: string | null;
}

/** Is called for each file that is begun, and for each part. */
interface Out {
  began(file: string): void;
  add(part: ReadPart): void;
}

/** Throws `BadInput` where there is nothing to take at all. */
export async function readSource(task: ReadTask, out: Out): Promise<ReadReport> {
  const { source, projectFile, folder, root } = task;
  const notes = new Notes();
  const pictures = new NamedPictures([folder], task.known);
  const matcher = new ImageMatcher({ projectFile, folder, notes, pictures });
  const readers = { matcher, notes, budget: new ImportBudget() };
  const into = {
    task,
    readers,
    notes,
    pictures,
    root,
    sets: new Map(),
    out,
    said: (file: string) => file,
    archive: null,
  };
  if (statSync(source, { throwIfNoEntry: false })?.isDirectory()) await takeFolder(source, into);
  else await takeFileOrArchive(source, into);
  return { leftOut: notes.leftOut, said: notes.said, unresolved: [...matcher.unresolved] };
}

async function takeFileOrArchive(file: string, into: Into): Promise<void> {
  const kind = await archiveKind(file).catch(() => null);
  if (kind === null) return takeFile(file, into);
  if (into.archive !== null)
    throw new BadInput(`${path.basename(file)}: is an archive in an archive; unpack it and import the folder`);
  const folder = await mkdtemp(path.join(into.task.scratch, 'unpacked-'));
  into.out.began(file);
  try {
    if (kind === 'gzip') await takeGzip(file, folder, into);
    else await takeZip(file, folder, into);
  } finally {
    // A folder may hold many archives, and what is unpacked of one is not needed for the next.
    await rm(folder, { recursive: true });
  }
}

async function takeGzip(file: string, folder: string, into: Into): Promise<void> {
  const inner = path.join(folder, path.basename(file).replace(/\.gz$/iu, ''));
  await unpackGzip(file, inner);
  await takeFile(inner, unpackedAt({ folder, base: path.dirname(file), archive: file }, into));
}

async function takeZip(file: string, folder: string, into: Into): Promise<void> {
  const isHidden = (name: string) => name.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');
  const pictures = new Map<string, Content>();
  let others = 0;
  await unpackZip(file, folder, (name, content) => {
    if (isHidden(name)) return false;
    if (isImageName(name)) pictures.set(name, content);
    else others++;
    return !isImageName(name);
  });
  if (pictures.size > 0 && others === 0)
    throw new BadInput(`${path.basename(file)}: holds pictures alone; unpack it where the annotations look for them`);
  const beside = path.join(path.dirname(file), path.parse(file).name);
  const base = (await unpackPictures(file, pictures, into)) ?? (existsSync(beside) ? beside : path.dirname(file));
  await takeFolder(folder, unpackedAt({ folder, base, archive: file }, into)).catch((error: unknown) => {
    throw error instanceof BadInput ? new BadInput(error.message.replace(folder, path.basename(file))) : error;
  });
}

/**
 * A project refers to files, and what is in a zip is none: pictures that lie nowhere else are unpacked beside the project.
 * The folder that they are in now; null where the zip holds none or all of them were found.
 */
async function unpackPictures(
  file: string,
  contents: ReadonlyMap<string, Content>,
  { task, pictures, notes }: Into,
): Promise<string | null> {
  const missing = new Set<string>();
  for (const [name, content] of contents) {
    const located = await pictures.locate(name);
    if (!('file' in located && isSame(located.file, content))) missing.add(name);
  }
  if (missing.size === 0) return null;
  const folder = path.join(path.dirname(task.projectFile), path.parse(file).name);
  const absent = (name: string) => missing.has(name) && !existsSync(path.join(folder, name));
  await unpackZip(file, folder, absent, MOST_PICTURE_BYTES);
  pictures.add(folder);
  notes.say(`${missing.size} of the pictures in ${path.basename(file)} were unpacked to ${folder}`);
  return folder;
}

/** A file of the same name with other bytes is another picture. */
function isSame(file: string, content: Content): boolean {
  const info = statSync(file, { throwIfNoEntry: false });
  return info?.size === content.bytes && crc32(readFileSync(file)) === content.crc32;
}

/** Names of pictures are looked up as if `folder` were `base`. */
function unpackedAt({ folder, base, archive }: { folder: string; base: string; archive: string }, into: Into): Into {
  const said = (file: string) => path.join(base, path.relative(folder, file));
  const find: PictureFinder['find'] = (name, from) => into.pictures.find(name, from && said(from));
  const { pictures } = into;
  const locate: NamedPictures['locate'] = (name, from) => pictures.locate(name, from && said(from));
  return {
    ...into,
    root: folder,
    said,
    archive: path.relative(into.root, archive),
    pictures: { find, locate, add: (more) => pictures.add(more) },
  };
}

async function takeFile(file: string, into: Into): Promise<void> {
  await read(file, into).catch((error: unknown) => {
    const why = goneOf(error);
    throw why === null ? error : new BadInput(`${path.basename(file)}: ${why}`);
  });
}

/** Failures of files are only reported; lack of room is none of them, as it ends everything. */
function goneOf(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'is not there any more';
  if (code === 'EIO') return 'cannot be read; the disk reports an error';
  return ['EACCES', 'EPERM', 'EISDIR'].includes(code) ? `cannot be read: ${refusalOf(error)}` : null;
}

async function read(file: string, into: Into): Promise<void> {
  const { task, out, readers } = into;
  refuseOwnFile({ file: task.projectFile }, file);
  out.began(file);
  const found = detect(file);
  if ('describes' in found)
    throw new BadInput(`${path.basename(file)}: holds ${found.describes} only; import the folder that it belongs to`);
  if ('reason' in found) throw new BadInput(`${path.basename(file)}: ${found.reason}`);
  const reading = await found.reader(file, into);
  for await (const part of partsOf(reading, { from: into.said(file), bytes: file }, readers)) out.add(part);
}

/** The reader of a file reports that it cannot be read. */
function describesOthers(file: string): boolean {
  try {
    return 'describes' in detect(file);
  } catch (error) {
    if (error instanceof BadInput || goneOf(error) !== null) return false;
    throw error;
  }
}

/** One bad file does not stop the others. */
async function takeFolder(folder: string, into: Into): Promise<void> {
  const { notes, archive } = into;
  const before = notes.leftOut.length;
  let taken = 0;
  for await (const file of annotationFiles(folder)) {
    try {
      const isArchive = ARCHIVE.test(file) && (await archiveKind(file).catch(() => null)) !== null;
      if (!isArchive && describesOthers(file)) continue;
      await (isArchive ? takeFileOrArchive(file, into) : takeFile(file, into));
      taken++;
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      const what = path.join(archive ?? '', path.relative(folder, file));
      notes.leave(what, error.message.replace(`${path.basename(file)}: `, ''));
    }
  }
  if (taken > 0) return;
  // The notes go with the project that is not made; the first reason says most.
  const first = notes.leftOut[before];
  const why = first === undefined ? '' : ` (${first.what}: ${first.why})`;
  throw new BadInput(`${folder}: no file in it holds annotations that Loupe reads${why}`);
}

/** All but pictures and hidden files, in the order of their names. */
async function* annotationFiles(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) yield* annotationFiles(file);
    else if (entry.isFile() && !isImageName(entry.name) && !PROJECT.test(entry.name)) yield file;
  }
}
