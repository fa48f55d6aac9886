// Finds the files on disk that annotation files mean by a picture's name; never a picture whose folder says something else.
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import type { PictureFinder, ReadPicture } from '../../formats/reading/reading.ts';
import { imageFilesIn, isImageName } from '../../pictures/listImageFiles.ts';

/** How a project names a file: relative to its own folder with forward slashes, absolute where there is no such path. */
export function pathIn(projectFile: string, file: string): string {
  const relative = path.relative(path.dirname(projectFile), file);
  return path.isAbsolute(relative) ? file : relative.split(path.sep).join('/');
}

/**
 * A file, or why none was taken: nobody has that name, or several do and nothing tells them apart. `isElsewhere`: it is the
 * only one of its name, but the folders of the name are others.
 */
export type PictureMatch =
  | { readonly file: string; readonly isElsewhere?: boolean }
  | { readonly why: string; readonly several?: boolean };

/** Folders that say what kind of files they hold, not which ones. */
const GENERIC = new Set('images image imgs img jpegimages pictures photos data rgb frames'.split(' '));
const LABELS = new Set('labels label annotations annotation json jsons xml xmls masks labeltxt'.split(' '));
/** Pictures of one part are never those of another, whatever they are called. */
const PARTS = new Set('train training val valid validation test testing dev minival'.split(' '));

/** One place to look for pictures: files by their name without ending, in lower case. */
type Index = Map<string, string[]>;

/** Pictures in folders and below, and those that the project has already. */
export class NamedPictures implements PictureFinder {
  readonly #folders: string[];
  readonly #known: Iterable<string>;
  #places: Promise<readonly Index[]> | null = null;
  readonly #measured = new Map<string, Promise<ReadPicture | null>>();

  /** `known`: absolute paths of other pictures that may be meant where the folders have none. */
  constructor(folders: readonly string[], known: Iterable<string> = []) {
    this.#folders = folders.map((folder) => path.resolve(folder));
    this.#known = known;
  }

  /** Another folder, whose pictures were not there before. */
  add(folder: string): void {
    this.#folders.push(path.resolve(folder));
    this.#places = null;
  }

  /** `from`: the annotation file that names it; `folder`: where it says that the picture lay. */
  async find(name: string, from?: string, folder?: string): Promise<ReadPicture | null> {
    const located = await this.locate(name, from, folder);
    if (!('file' in located)) return null;
    const picture = this.#measured.get(located.file) ?? measured(located.file);
    this.#measured.set(located.file, picture);
    return picture;
  }

  /** The folders that were chosen come first, and in them what lies where the annotation file's own place says. */
  async locate(name: string, from?: string, folder?: string): Promise<PictureMatch> {
    const located = await this.#locate(nameParts(name, folder), from);
    if ('file' in located || !/%[\da-f]{2}/iu.test(name)) return located;
    // Addresses have other letters for blanks and the like.
    const again = await this.#locate(nameParts(decoded(name), folder), from);
    return 'file' in again ? again : located;
  }

  async #locate(wanted: NameParts | null, from?: string): Promise<PictureMatch> {
    if (wanted === null) return { why: 'it names no file' };
    this.#places ??= this.#index();
    let reason: PictureMatch = { why: 'no picture has this name' };
    for (const place of await this.#places) {
      const fits = fitting(place, wanted);
      if (fits.length === 0) continue;
      const found = this.#choose(fits, wanted, from);
      if ('file' in found || found.several === true) return found;
      reason = found;
    }
    const beside = from === undefined ? null : this.#beyond(wanted, from);
    return beside === null ? reason : { file: beside };
  }

  #choose(fits: readonly string[], wanted: NameParts, from?: string): PictureMatch {
    if (from !== undefined && fits.every((file) => isClaimed(file, from)))
      return { why: `${fits[0]} has its name, but annotations of that name lie beside it` };
    const places = [...this.#expected(wanted, from)];
    for (const place of places) {
      const here = fits.filter((file) => folded(path.dirname(file)) === place);
      // Among names that differ in case alone, the one as it is written counts.
      const same = here.filter((file) => path.basename(file).normalize('NFC') === wanted.last);
      const [exact, ...others] = same.length > 0 ? same : here;
      if (exact !== undefined)
        return others.length === 0 ? { file: exact } : { why: `${here.length} pictures have its name`, several: true };
    }
    const lay = wanted.folders.length > 0 ? wanted.folders : wanted.hint;
    const scored = fits.map((file) => ({ file, score: sharedEnd(this.#ownFolders(file), lay) }));
    const best = Math.max(...scored.map(({ score }) => score));
    const top = scored.filter(({ score }) => score === best).map(({ file }) => file);
    const possible = best > 0 ? top : top.filter((file) => this.#mayBe(file, wanted));
    const [first, ...others] = this.#bySource(possible, from);
    if (first === undefined) return { why: `${fits[0]} has its name, but lies in another folder than the name says` };
    if (others.length > 0) return { why: `${1 + others.length} pictures have its name`, several: true };
    const [own, said] = [this.#ownFolders(first), [...lay, ...this.#tokens(from)]];
    return contradicts(own, said)
      ? { why: `${first} has its name, but is of another part of the set` }
      : { file: first, isElsewhere: best === 0 && wanted.folders.length > 0 && own.length > 0 };
  }

  /** Says where the picture lies if the annotation file is right about its own surroundings, in lower case. */
  #expected({ written }: NameParts, from?: string): Set<string> {
    const starts = this.#folders.map((folder) => path.join(folder, ...written));
    if (from === undefined) return new Set(starts.map(folded));
    const own = path.dirname(path.resolve(from));
    const parts = own.split(path.sep);
    const at = parts.findLastIndex((part) => LABELS.has(part.toLowerCase()));
    const parallel = at < 0 ? [] : [...GENERIC].map((name) => [...parts.slice(0, at), name, ...parts.slice(at + 1)]);
    const near = [own, ...parallel.map((each) => each.join(path.sep))].map((folder) => path.join(folder, ...written));
    return new Set([...near, ...starts].map(folded));
  }

  /** A name without folders may mean any; one with folders means what lies in none, or anything if it is of another machine. */
  #mayBe(file: string, { folders, isAbsolute }: NameParts): boolean {
    return folders.length === 0 || isAbsolute || this.#ownFolders(file).length === 0;
  }

  /** Keeps the files that the annotation file's own path and name speak of, if it speaks of any: instances_train.json. */
  #bySource(files: readonly string[], from?: string): string[] {
    const distinct = [...new Set(files)];
    const tokens = this.#tokens(from);
    if (distinct.length < 2 || tokens.length === 0) return distinct;
    const scores = distinct.map((file) => this.#ownFolders(file).filter((part) => tokens.includes(part)).length);
    const best = Math.max(...scores);
    return best === 0 ? distinct : distinct.filter((_, i) => scores[i] === best);
  }

  #tokens(from?: string): string[] {
    if (from === undefined) return [];
    const root = this.#folders.find((folder) => inside(folder, path.resolve(from)));
    const words = root === undefined ? path.basename(from) : path.relative(root, path.resolve(from));
    return words.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  }

  /** The folders between the chosen one and the picture that tell pictures apart. */
  #ownFolders(file: string): string[] {
    const root = this.#folders.find((folder) => inside(folder, file));
    const below = root === undefined ? path.dirname(file) : path.relative(root, path.dirname(file));
    return telling(below.normalize('NFC').split(path.sep));
  }

  /**
   * A path to the folder of pictures beside the annotation file's own, as Windows tools write it: `..\images\a.jpg`, or
   * out of a tree of annotations into the one of pictures beside it: `..\..\images\cam1\a.jpg`.
   */
  #beyond({ written, last }: NameParts, from: string): string | null {
    if (!written.includes('..') || !written.some((part) => GENERIC.has(part.toLowerCase()))) return null;
    const file = path.resolve(path.dirname(from), ...written, last);
    const beside = telling(written).length === 0 ? this.#folders.map((folder) => path.dirname(folder)) : [];
    const allowed = [...beside, ...aboveLabels(from)].some((folder) => inside(folder, file));
    return allowed && isImageName(file) && statSync(file, { throwIfNoEntry: false })?.isFile() ? file : null;
  }

  async #index(): Promise<readonly Index[]> {
    const [own, known]: [Index, Index] = [new Map(), new Map()];
    for await (const file of imageFilesIn(this.#folders)) put(own, file);
    for (const file of this.#known) put(known, file);
    return [own, known];
  }
}

/** The folder that holds the tree of annotations, if the file lies in one. */
function aboveLabels(from: string): string[] {
  const parts = path.dirname(path.resolve(from)).split(path.sep);
  const at = parts.findLastIndex((part) => LABELS.has(part.toLowerCase()));
  return at < 1 ? [] : [parts.slice(0, at).join(path.sep)];
}

function put(index: Index, file: string): void {
  const key = stemOf(folded(path.basename(file)));
  const files = index.get(key);
  if (files === undefined) index.set(key, [file]);
  else files.push(file);
}

/** A name taken apart. */
interface NameParts {
  readonly last: string;
  /** Its folders as they are written, `..` included; none where the path is of another machine. */
  readonly written: readonly string[];
  /** Its folders that tell pictures apart, in lower case. */
  readonly folders: readonly string[];
  /** The folders in which the file says that it lay beside its name. */
  readonly hint: readonly string[];
  readonly isAbsolute: boolean;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const ADDRESS = /^[a-z][a-z\d+.-]+:\/\//iu;

function nameParts(name: string, folder = ''): NameParts | null {
  const plain = ADDRESS.test(name) ? name.normalize('NFC').replace(/[?#].*$/su, '') : name.normalize('NFC');
  const parts = plain.split(/[\\/]/u).filter((part) => part !== '' && part !== '.');
  const last = parts.at(-1);
  if (last === undefined || last === '..') return null;
  const isAbsolute = /^([\\/]|[A-Za-z]:)/u.test(plain) || ADDRESS.test(plain);
  const folders = telling(parts.slice(0, -1));
  const hint = telling(folder.normalize('NFC').split(/[\\/]/u));
  return { last, written: isAbsolute ? [] : parts.slice(0, -1), folders, hint, isAbsolute };
}

/** Files and folders are called alike whatever the case and however the system composes letters. */
const folded = (text: string): string => text.normalize('NFC').toLowerCase();

/** No part of a path that names a folder: nothing, the one above, a drive. */
const NOWHERE = /^(?:|\.\.|[a-z]:)$/u;
const telling = (folders: readonly string[]): string[] =>
  folders
    .map((part) => part.toLowerCase())
    .filter((part) => !NOWHERE.test(part) && !GENERIC.has(part) && !LABELS.has(part));

function fitting(index: Index, { last }: NameParts): string[] {
  const name = folded(last);
  const whole = isImageName(name);
  const alike = index.get(whole ? stemOf(name) : name) ?? [];
  return alike.filter((file) => !whole || folded(path.basename(file)) === name);
}

/** An annotation file of the same name lies beside the picture, or in the tree parallel to it: the picture is that one's. */
function isClaimed(file: string, from: string): boolean {
  const [folder, name] = [path.dirname(file), path.basename(from)];
  if (folded(stemOf(name)) !== folded(stemOf(path.basename(file)))) return false;
  const parts = folder.split(path.sep);
  const at = parts.findLastIndex((part) => GENERIC.has(part.toLowerCase()));
  const parallel = at < 0 ? [] : [[...parts.slice(0, at), 'labels', ...parts.slice(at + 1)].join(path.sep)];
  const own = path.dirname(path.resolve(from));
  return (
    ![folder, ...parallel].includes(own) && [folder, ...parallel].some((each) => existsSync(path.join(each, name)))
  );
}

/** Whether both speak of a part of the set, and not of the same one. */
function contradicts(own: readonly string[], said: readonly string[]): boolean {
  const [here, there] = [own, said].map((words) => words.filter((word) => PARTS.has(word)));
  if (here === undefined || there === undefined || here.length === 0 || there.length === 0) return false;
  return !here.some((word) => there.some((other) => word.startsWith(other) || other.startsWith(word)));
}

const inside = (folder: string, file: string): boolean => {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
};

const stemOf = (name: string): string => name.slice(0, name.length - path.extname(name).length);

/** How many folders, counted from the picture, are called alike. */
function sharedEnd(folders: readonly string[], wanted: readonly string[]): number {
  let count = 0;
  while (count < wanted.length && folders.at(-1 - count) === wanted.at(-1 - count)) count++;
  return count;
}

async function measured(file: string): Promise<ReadPicture | null> {
  try {
    // Loaded late: many imports measure nothing, and sharp takes a while to load.
    const { measureImage } = await import('../../pictures/image.ts');
    const { width, height } = await measureImage(file);
    return { file, width, height };
  } catch (error) {
    if (error instanceof BadInput) return null;
    throw error;
  }
}
