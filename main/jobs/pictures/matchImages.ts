// Finds the project's file for each image that an annotation file names, or says why the image is left out.
import path from 'node:path';
import type { Notes, ReadImage, ReadPicture, SourceText } from '../../formats/reading/reading.ts';
import { type NamedPictures, pathIn } from './namedPictures.ts';

/** An image with its place in the project. */
export interface MatchedImage {
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
type Resolved = { readonly path: string; readonly picture: ReadPicture | null } | { readonly why: string };

interface Found {
  readonly image: ReadImage;
  readonly path: string;
  readonly missing: boolean;
  readonly isElsewhere: boolean;
}

const isOfElsewhere = (name: string): boolean => name.startsWith('/') || /^[A-Za-z][\w+.-]*:/u.test(name);

/** Two images of one name and different folders are two. */
const meantBy = ({ name, folder = '' }: ReadImage): string => (folder === '' ? name : `${folder}/${name}`);

export class ImageMatcher {
  /** Names without a picture. */
  readonly unresolved = new Set<string>();
  readonly #parts: Parts;
  /** What is meant by names without a picture, by the place that they get. */
  readonly #missing = new Map<string, string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Gives the images whose shapes can be taken; those of no known size are left out. `from`: the file that names them. */
  async of(images: readonly ReadImage[], from: string): Promise<Map<ReadImage, MatchedImage>> {
    const placed = new Map<ReadImage, MatchedImage>();
    for (const { image, path, missing } of await this.#found(images, from)) {
      const { name, width, height, reviewed = false, source = null } = image;
      if (width !== null && height !== null)
        placed.set(image, { name, path, width, height, missing, reviewed, source });
    }
    return placed;
  }

  /**
   * One picture for two names would put the shapes of one on the other: it is that of the one name whose folders it has,
   * or of neither.
   */
  async #found(images: readonly ReadImage[], from: string): Promise<Found[]> {
    const { notes } = this.#parts;
    const all: Found[] = [];
    const names = new Map<string, Map<string, boolean>>();
    for (const image of images) {
      const found = await this.#resolve(image, from);
      if ('why' in found) notes.leave(`image ${image.name}`, found.why);
      else {
        const isElsewhere = found.picture !== null && (await this.#isElsewhere(image, from));
        all.push({ image, path: found.path, missing: found.picture === null, isElsewhere });
        names.set(found.path, (names.get(found.path) ?? new Map()).set(meantBy(image), isElsewhere));
      }
    }
    return all.filter(({ image, path, isElsewhere }) => {
      const others = [...(names.get(path) ?? [])].filter(([name]) => name !== meantBy(image));
      const other = others.find(([, isAlso]) => isElsewhere || !isAlso);
      if (other !== undefined)
        notes.leave(`image ${meantBy(image)}`, `the picture that fits, ${path}, fits ${other[0]} as well`);
      else if (isElsewhere)
        notes.say(`the folder of ${image.name} is not here; ${path}, the only picture of its name, was taken for it`);
      return other === undefined;
    });
  }

  /** Whether the picture lies in other folders than a path of another machine says. */
  async #isElsewhere({ name, folder }: ReadImage, from: string): Promise<boolean> {
    if (!isOfElsewhere(name)) return false;
    const located = await this.#parts.pictures.locate(name, from, folder);
    return 'file' in located && located.isElsewhere === true;
  }

  async #resolve(image: ReadImage, from: string): Promise<Resolved> {
    const { pictures, projectFile, folder, notes } = this.#parts;
    const parts = image.name.split('/');
    const last = parts.at(-1);
    if (last === undefined || ['', '.', '..'].includes(last)) return { why: 'its path names no file' };
    const leadsOut = !image.picture && parts.includes('..');
    // A path of another place says only what the picture is called.
    const name = isOfElsewhere(image.name) || leadsOut ? last : image.name;
    const picture = image.picture ?? (await pictures.find(image.name, from, image.folder));
    if (picture !== null) return this.#placed(image, picture);
    if (leadsOut) return { why: 'its path leads out of the folder, and the folder has no picture of that name' };
    this.unresolved.add(image.name);
    const located = await pictures.locate(image.name, from, image.folder);
    if ('file' in located) return { path: pathIn(projectFile, located.file), picture: null };
    const file = path.join(folder, name);
    // Without a picture, nobody can tell whether two files mean the same one by a name.
    const isBare = !image.name.includes('/') && image.folder === undefined;
    const where = located.several === true ? from : isBare ? path.dirname(from) : '';
    const meant = JSON.stringify([image.name, image.folder, where]);
    const earlier = this.#missing.get(file) ?? meant;
    this.#missing.set(file, earlier);
    if (earlier !== meant) return { why: `${located.why}, and another file may mean another picture by it` };
    if (located.why.includes(' its name')) notes.say(`${image.name}: ${located.why}`);
    return { path: pathIn(projectFile, file), picture: null };
  }

  /** Refuses a picture of another size: its shapes would lie elsewhere. */
  #placed(image: ReadImage, picture: ReadPicture): Resolved {
    const { width, height } = picture;
    const found = { path: pathIn(this.#parts.projectFile, picture.file), picture };
    if (image.width === null || (image.width === width && image.height === height)) return found;
    const sizes = `the file says ${image.width} x ${image.height}, the picture is ${width} x ${height}`;
    const lying = image.width === height && image.height === width;
    return { why: lying ? `${sizes} once it is turned upright (EXIF); annotate it upright` : sizes };
  }
}
