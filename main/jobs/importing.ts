// An annotation file or a folder of them to images, labels and shapes of a project: one step of undo, and a report.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { Recorded } from '../contract/api.ts';
import { BadInput } from '../contract/badinput.ts';
import type { ImportReport } from '../contract/jobs.ts';
import { archiveKind, type Content, unpackGzip, unpackZip } from '../formats/archive.ts';
import { detect } from '../formats/detect.ts';
import { Notes, type Pictures } from '../formats/reading.ts';
import { isImageName } from '../pictures/walk.ts';
import { refuseOwnFile } from '../store/ownFile.ts';
import type { Project } from '../store/project.ts';
import { Importer } from './importer.ts';
import { NamedPictures } from './namedPictures.ts';
import type { Progress } from './queue.ts';

/** Of the pictures that one archive may bring. */
const MOST_PICTURE_BYTES = 20e9;
/** Folders that hold annotations beside folders with pictures. */
const ANNOTATION_FOLDER = /^(?:annotations?|labels|json)$/iu;

export interface ImportOptions {
  /** Where the pictures are; without it, those of the project and those beside the file. */
  readonly images?: string;
  readonly progress: Pick<Progress, 'signal' | 'step'>;
  /** Hears of the step, also of one that was cancelled half way; not where nothing was new. */
  readonly recorded?: (step: Recorded) => void;
}

/** Throws `BadInput` where there is nothing to take at all. When cancelled, what was taken by then stays, as one step. */
export async function importAnnotations(
  project: Project,
  source: string,
  options: ImportOptions,
): Promise<ImportReport> {
  const place = path.resolve(source);
  const isFolder = infoOf(place).isDirectory();
  const folder = path.resolve(options.images ?? (isFolder ? place : nearest(place)));
  if (!infoOf(folder).isDirectory())
    throw new BadInput(`${folder}: is a file; --images takes the folder of the pictures`);
  const notes = new Notes();
  const pictures = new NamedPictures([folder], filesOf(project));
  const importer = new Importer(project, {
    file: path.basename(place),
    folder,
    notes,
    pictures,
    progress: options.progress,
  });
  try {
    const into = { project, importer, notes, pictures, root: isFolder ? place : nearest(place), said: asIs };
    if (isFolder) await takeFolder(place, into);
    else await takeFileOrArchive(place, into);
  } finally {
    const step = importer.end();
    if (step !== null) options.recorded?.(step);
  }
  return importer.report();
}

function* filesOf(project: Project): Generator<string> {
  for (const image of project.allImages()) yield path.resolve(path.dirname(project.file), image.path);
}

function infoOf(file: string) {
  const info = statSync(file, { throwIfNoEntry: false });
  if (info === undefined) throw new BadInput(`${file}: there is no such file or folder`);
  if (!info.isFile() && !info.isDirectory()) throw new BadInput(`${file}: is no ordinary file; name a file or folder`);
  return info;
}

/** The folder of the file, or the one that holds its tree of annotations beside that of the pictures. */
function nearest(file: string): string {
  const folder = path.dirname(file);
  for (const each of [folder, path.dirname(folder)])
    if (ANNOTATION_FOLDER.test(path.basename(each))) return path.dirname(each);
  return folder;
}

interface Into {
  readonly project: Project;
  readonly importer: Importer;
  readonly notes: Notes;
  readonly pictures: Pictures & Pick<NamedPictures, 'locate' | 'add'>;
  readonly root: string;
  /** Where a file is said to lie: one out of an archive, where it would lie if the archive had been unpacked. */
  readonly said: (file: string) => string;
}

const asIs = (file: string): string => file;

async function takeFileOrArchive(file: string, into: Into): Promise<void> {
  refuseOwnFile(into.project, file);
  const kind = await archiveKind(file);
  if (kind === null) return takeFile(file, into);
  const folder = await mkdtemp(path.join(tmpdir(), 'loupe-archive-'));
  try {
    if (kind === 'gzip') await takeGzip(file, folder, into);
    else await takeZip(file, folder, into);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function takeGzip(file: string, folder: string, into: Into): Promise<void> {
  const inner = path.join(folder, path.basename(file).replace(/\.gz$/iu, ''));
  await unpackGzip(file, inner);
  await takeFile(inner, unpackedAt(folder, path.dirname(file), into));
}

async function takeZip(file: string, folder: string, into: Into): Promise<void> {
  const isHidden = (name: string) => name.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');
  const pictures = new Map<string, Content>();
  await unpackZip(file, folder, (name, content) => {
    if (isHidden(name)) return false;
    if (isImageName(name)) pictures.set(name, content);
    return !isImageName(name);
  });
  const beside = path.join(path.dirname(file), path.parse(file).name);
  const base = (await unpackPictures(file, pictures, into)) ?? (existsSync(beside) ? beside : path.dirname(file));
  await takeFolder(folder, unpackedAt(folder, base, into)).catch((error: unknown) => {
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
  into: Into,
): Promise<string | null> {
  const { project, pictures, notes } = into;
  const missing = new Set<string>();
  for (const [name, content] of contents) {
    const located = await pictures.locate(name);
    if (!('file' in located && isSame(located.file, content))) missing.add(name);
  }
  if (missing.size === 0) return null;
  const folder = path.join(path.dirname(project.file), path.parse(file).name);
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
function unpackedAt(folder: string, base: string, into: Into): Into {
  const said = (file: string) => path.join(base, path.relative(folder, file));
  const find: Pictures['find'] = (name, from) => into.pictures.find(name, from && said(from));
  const { pictures } = into;
  const locate: NamedPictures['locate'] = (name, from) => pictures.locate(name, from && said(from));
  return { ...into, root: folder, said, pictures: { find, locate, add: (more) => pictures.add(more) } };
}

async function takeFile(file: string, into: Into): Promise<void> {
  const { project, importer } = into;
  refuseOwnFile(project, file);
  const found = detect(file);
  if ('describes' in found)
    throw new BadInput(`${path.basename(file)}: holds ${found.describes} only; import the folder that it belongs to`);
  if ('reason' in found) throw new BadInput(`${path.basename(file)}: ${found.reason}`);
  await importer.take(await found.reader(file, into), into.said(file), file);
}

/** One bad file does not stop the others. */
async function takeFolder(folder: string, into: Into): Promise<void> {
  let taken = 0;
  for await (const file of annotationFiles(folder)) {
    try {
      if ('describes' in detect(file)) continue;
      await takeFile(file, into);
      taken++;
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      into.notes.leave(path.relative(folder, file), error.message.replace(`${path.basename(file)}: `, ''));
    }
  }
  if (taken > 0) return;
  // The notes go with the project that is not made; the first reason says most.
  const [first] = into.notes.leftOut;
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
    else if (entry.isFile() && !isImageName(entry.name) && !entry.name.endsWith('.loupe')) yield file;
  }
}
