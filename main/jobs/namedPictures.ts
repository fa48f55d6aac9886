// Names of pictures as annotation files write them to files on disk; never outside the folders that were chosen.
import path from 'node:path';
import { BadInput } from '../contract/badinput.ts';
import type { Picture, Pictures } from '../formats/reading.ts';
import { measureImage } from '../pictures/image.ts';
import { imageFilesIn, isImageName } from '../pictures/walk.ts';

/** How a project names a file: relative to its own folder with forward slashes, absolute where there is no such path. */
export function pathIn(projectFile: string, file: string): string {
  const relative = path.relative(path.dirname(projectFile), file);
  return path.isAbsolute(relative) ? file : relative.split(path.sep).join('/');
}

/** Pictures in folders and below, and those that the project has already. */
export class NamedPictures implements Pictures {
  readonly #folders: readonly string[];
  readonly #known: Iterable<string>;
  #byStem: Promise<Map<string, string[]>> | null = null;
  readonly #measured = new Map<string, Promise<Picture | null>>();

  /** `known`: absolute paths of other pictures that may be meant. */
  constructor(folders: readonly string[], known: Iterable<string> = []) {
    this.#folders = folders;
    this.#known = known;
  }

  async find(name: string): Promise<Picture | null> {
    const file = await this.locate(name);
    if (file === null) return null;
    const picture = this.#measured.get(file) ?? measured(file);
    this.#measured.set(file, picture);
    return picture;
  }

  /** The file whose path ends as the name does, as far as possible; null where there is none or two fit equally. */
  async locate(name: string): Promise<string | null> {
    const parts = name.split(/[\\/]/u).filter((part) => part !== '' && part !== '.');
    const last = parts.at(-1)?.toLowerCase();
    if (last === undefined) return null;
    this.#byStem ??= this.#index();
    const whole = isImageName(last);
    const alike = (await this.#byStem).get(whole ? stemOf(last) : last) ?? [];
    const same = alike.filter((file) => !whole || path.basename(file).toLowerCase() === last);
    const folders = parts.slice(0, -1).map((part) => part.toLowerCase());
    const fits = same.map((file) => sharedEnd(path.dirname(file).toLowerCase().split(path.sep), folders));
    const best = Math.max(...fits);
    const [found, ...others] = new Set(same.filter((_, i) => fits[i] === best));
    return found !== undefined && others.length === 0 ? found : null;
  }

  async #index(): Promise<Map<string, string[]>> {
    const index = new Map<string, string[]>();
    const add = (file: string): void => {
      const key = stemOf(path.basename(file).toLowerCase());
      const files = index.get(key);
      if (files === undefined) index.set(key, [file]);
      else files.push(file);
    };
    for (const file of this.#known) add(file);
    for await (const file of imageFilesIn(this.#folders)) add(file);
    return index;
  }
}

const stemOf = (name: string): string => name.slice(0, name.length - path.extname(name).length);

/** How many folders, counted from the picture, are called alike. */
function sharedEnd(folders: readonly string[], wanted: readonly string[]): number {
  let count = 0;
  while (count < wanted.length && folders.at(-1 - count) === wanted.at(-1 - count)) count++;
  return count;
}

async function measured(file: string): Promise<Picture | null> {
  try {
    const { width, height } = await measureImage(file);
    return { file, width, height };
  } catch (error) {
    if (error instanceof BadInput) return null;
    throw error;
  }
}
