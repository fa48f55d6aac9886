// Images as annotation files name them to files as the project names them, or to the reason why one is left out.
import path from 'node:path';
import type { Notes, Picture, ReadImage, SourceText } from '../formats/reading.ts';
import { type NamedPictures, pathIn } from './namedPictures.ts';

/** An image with its place in the project. */
export interface PlacedImage {
  readonly name: string;
  /** As the project names it. */
  readonly path: string;
  readonly width: number;
  readonly height: number;
  /** No picture was found for it. */
  readonly missing: boolean;
  /** A person said that nothing is to be marked on it. */
  readonly reviewed: boolean;
  readonly source: SourceText | null;
}

interface Parts {
  readonly projectFile: string;
  /** Where pictures that were not found are said to be. */
  readonly folder: string;
  readonly notes: Notes;
  readonly pictures: Pick<NamedPictures, 'find' | 'locate'>;
}

/** A picture's place in the project, or why none was found for it. */
type Resolved = { readonly path: string; readonly picture: Picture | null } | { readonly why: string };

interface Found {
  readonly image: ReadImage;
  readonly path: string;
  readonly missing: boolean;
}

export class Placing {
  /** Names without a picture. */
  readonly unresolved = new Set<string>();
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Those whose shapes can be taken; images of no known size are not among them. `from`: the file that names them. */
  async of(images: readonly ReadImage[], from: string): Promise<Map<ReadImage, PlacedImage>> {
    const placed = new Map<ReadImage, PlacedImage>();
    for (const { image, path, missing } of await this.#found(images, from)) {
      const { name, width, height, reviewed = false, source = null } = image;
      if (width !== null && height !== null)
        placed.set(image, { name, path, width, height, missing, reviewed, source });
    }
    return placed;
  }

  /** One picture for two names would put the shapes of one on the other: neither gets it. */
  async #found(images: readonly ReadImage[], from: string): Promise<Found[]> {
    const { notes } = this.#parts;
    const all: Found[] = [];
    const names = new Map<string, Set<string>>();
    for (const image of images) {
      const found = await this.#resolve(image, from);
      if ('why' in found) notes.leave(`image ${image.name}`, found.why);
      else {
        all.push({ image, path: found.path, missing: found.picture === null });
        names.set(found.path, (names.get(found.path) ?? new Set()).add(image.name));
      }
    }
    return all.filter(({ image, path }) => {
      const other = [...(names.get(path) ?? [])].find((name) => name !== image.name);
      if (other !== undefined)
        notes.leave(`image ${image.name}`, `the picture that fits, ${path}, fits ${other} as well`);
      return other === undefined;
    });
  }

  async #resolve(image: ReadImage, from: string): Promise<Resolved> {
    const { pictures, projectFile, folder, notes } = this.#parts;
    const parts = image.name.split('/');
    const last = parts.at(-1);
    if (last === undefined || ['', '.', '..'].includes(last)) return { why: 'its path names no file' };
    const leadsOut = !image.picture && parts.includes('..');
    const absolute = image.name.startsWith('/') || /^[A-Za-z][\w+.-]*:/u.test(image.name);
    // A path of another place says only what the picture is called.
    const name = absolute || leadsOut ? last : image.name;
    const picture = image.picture ?? (await pictures.find(image.name, from));
    if (picture !== null) return this.#placed(image, picture);
    if (leadsOut) return { why: 'its path leads out of the folder, and the folder has no picture of that name' };
    this.unresolved.add(image.name);
    const located = await pictures.locate(image.name, from);
    if ('why' in located && located.why.includes(' its name')) notes.say(`${image.name}: ${located.why}`);
    const file = 'file' in located ? located.file : path.join(folder, name);
    return { path: pathIn(projectFile, file), picture: null };
  }

  /** Refuses a picture of another size: its shapes would lie elsewhere. */
  #placed(image: ReadImage, picture: Picture): Resolved {
    const { width, height } = picture;
    const found = { path: pathIn(this.#parts.projectFile, picture.file), picture };
    if (image.width === null || (image.width === width && image.height === height)) return found;
    const sizes = `the file says ${image.width} x ${image.height}, the picture is ${width} x ${height}`;
    const lying = image.width === height && image.height === width;
    return { why: lying ? `${sizes} once it is turned upright (EXIF); annotate it upright` : sizes };
  }
}
