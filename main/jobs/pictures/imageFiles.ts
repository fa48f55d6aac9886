// Adds image files to a project, looks at them on disk, and finds them again where they were moved to.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import type { Image } from '../../contract/project.ts';
import { ConcurrencyLimit } from '../../pictures/concurrency.ts';
import { imageFilesIn } from '../../pictures/listImageFiles.ts';
import type { HashedFile, Pictures } from '../../pictures/tiles.ts';
import { refuseOwnFile } from '../../store/ownFile.ts';
import type { Project } from '../../store/project.ts';
import type { Progress } from '../queue/queue.ts';
import { pathIn } from './namedPictures.ts';

type FileFields = Parameters<Project['setFile']>[1];

/** Rows written at a time: windows are answered in between. */
const BATCH = 200;
const MEASURED_AT_A_TIME = 4;

export class ImageFiles {
  readonly #project: Project;
  readonly #pictures: Pictures;
  readonly #tell: (ids: number[]) => void;
  /** What a file's date and size were when its bytes were last read. */
  readonly #seen = new Map<number, string>();
  readonly #checking = new Map<number, Promise<Image>>();
  readonly #limit = new ConcurrencyLimit(2);

  /** `tell` is called with images whose rows changed. */
  constructor(project: Project, pictures: Pictures, tell: (ids: number[]) => void) {
    this.#project = project;
    this.#pictures = pictures;
    this.#tell = tell;
  }

  fileOf(image: Pick<Image, 'path'>): string {
    return path.resolve(path.dirname(this.#project.file), image.path);
  }

  /** The path as an image of the project has it: relative and with forward slashes where that is possible. */
  pathOf(file: string): string {
    return pathIn(this.#project.file, path.resolve(file));
  }

  image(id: number): Image {
    const image = this.#project.image(id);
    if (image === null) throw new BadInput(`there is no image ${id} in the project`);
    return image;
  }

  /** Looks at the file, reads it where it is new or another one, and stores the result. */
  check(id: number): Promise<Image> {
    const going = this.#checking.get(id);
    if (going) return going;
    const checked = this.#check(this.image(id)).finally(() => this.#checking.delete(id));
    this.#checking.set(id, checked);
    return checked;
  }

  /** The file and its hash, for pixels. `signal`: nobody waits for it any more. */
  async source(id: number, signal?: AbortSignal): Promise<HashedFile> {
    const known = this.image(id);
    const image = known.hash === null ? await this.#limit.pass(() => this.check(id), signal) : known;
    if (image.hash === null) throw new BadInput(image.problem ?? `${image.path} was not read yet`);
    return { file: this.fileOf(image), hash: image.hash };
  }

  /** Adds what is there at once and reads sizes afterwards; ends with a sentence. */
  async add(paths: readonly string[], progress: Progress): Promise<string> {
    const before = this.#project.info().images;
    const ids: number[] = [];
    for await (const batch of batches(imageFilesIn(paths, progress), BATCH)) {
      const added = this.#project.addImages(batch.map((file) => ({ path: this.pathOf(file) })));
      ids.push(...added);
      this.#tell([]);
      progress.signal.throwIfAborted();
      await new Promise(setImmediate);
    }
    const unmeasured = ids.filter((id) => this.image(id).width === null);
    progress.total(unmeasured.length);
    await this.#measureAll(unmeasured, progress);
    const fresh = this.#project.info().images - before;
    const known = ids.length - fresh;
    return `Added ${counted(fresh)}${known > 0 ? `; ${counted(known)} were there already` : ''}.`;
  }

  /** `file` is where the image is now; others that are missing are looked for at the same move. Gives how many. */
  async relink(id: number, file: string): Promise<number> {
    const image = this.image(id);
    refuseOwnFile(this.#project, file);
    const { sha256, width, height } = await this.#pictures.inspect(file);
    if (this.#isDrawnOn(id) && !sameSize(image, { width, height }))
      throw new BadInput(otherSize(file, image, { width, height }));
    const move = moveOf(this.fileOf(image), path.resolve(file));
    const fields = { path: this.pathOf(file), hash: sha256, width, height, state: 'present', problem: null } as const;
    this.#project.setFile(id, fields);
    const moved = [id, ...(move === null ? [] : await this.#follow(move, id))];
    for (const each of moved) this.#seen.delete(each);
    this.#tell(moved);
    return moved.length;
  }

  async #check(image: Image): Promise<Image> {
    const file = this.fileOf(image);
    const info = await stat(file).catch(() => null);
    if (info === null) {
      this.#seen.delete(image.id);
      return this.#set(image, { state: 'missing', problem: `${image.path} is not there; say where it is now` });
    }
    const stamp = `${info.mtimeMs} ${info.size}`;
    if (this.#seen.get(image.id) === stamp) return image;
    const fields = await this.#read(image, file).catch((error: unknown): FileFields => {
      if (!(error instanceof BadInput)) throw error;
      return { state: 'unreadable', problem: error.message };
    });
    this.#seen.set(image.id, stamp);
    return this.#set(image, fields);
  }

  async #read(image: Image, file: string): Promise<FileFields> {
    refuseOwnFile(this.#project, file);
    const { sha256, width, height, verified } = await this.#pictures.inspect(file);
    if (!verified) this.#verifyLater(image, { file, hash: sha256 });
    const whole = { hash: sha256, width, height, state: 'present', problem: null } as const;
    const drawnOn = this.#isDrawnOn(image.id);
    if (drawnOn && !sameSize(image, whole)) return { state: 'changed', problem: otherSize(image.path, image, whole) };
    const problem = `${image.path} was changed after it was added; look whether what is drawn still fits`;
    const isOther = image.hash !== null && image.hash !== sha256;
    if (drawnOn && (isOther || image.problem === problem)) return { ...whole, state: 'changed', problem };
    return whole;
  }

  /** Large pictures are decoded after they were opened; what is wrong with them shows then. */
  #verifyLater(image: Image, source: HashedFile): void {
    this.#pictures.pixels(source).catch((error: unknown) => {
      const problem = error instanceof Error ? error.message : String(error);
      this.#set(image, { state: 'unreadable', problem });
    });
  }

  #isDrawnOn(id: number): boolean {
    const detail = this.#project.detail(id);
    return detail !== null && detail.shapes.length + detail.prompts.length > 0;
  }

  /** Writes the row and reports the image where something differs from before. */
  #set(image: Image, fields: FileFields): Image {
    const after = { ...image, ...fields };
    if (JSON.stringify(after) === JSON.stringify(image)) return image;
    this.#project.setFile(image.id, fields);
    this.#tell([image.id]);
    return after;
  }

  async #measureAll(ids: readonly number[], progress: Progress): Promise<void> {
    const rest = ids[Symbol.iterator]();
    const measure = async () => {
      for (const id of rest) {
        progress.signal.throwIfAborted();
        await this.#measure(this.image(id), progress);
        progress.step();
      }
    };
    await Promise.all(Array.from({ length: MEASURED_AT_A_TIME }, measure));
  }

  async #measure(image: Image, progress: Progress): Promise<void> {
    try {
      refuseOwnFile(this.#project, this.fileOf(image));
      const { width, height } = await this.#pictures.measure(this.fileOf(image));
      this.#set(image, { width, height });
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      progress.note(error.message);
      this.#set(image, { state: 'unreadable', problem: error.message });
    }
  }

  /** Images of the moved folder that are not at their old place and are where the move would take them. */
  async #follow({ from, to }: Move, except: number): Promise<number[]> {
    const moved: number[] = [];
    for (const image of [...this.#project.allImages()]) {
      const file = this.fileOf(image);
      if (image.id === except || !file.startsWith(from)) continue;
      const there = to + file.slice(from.length);
      const path = this.pathOf(there);
      if ((await isFile(file)) || !(await isFile(there)) || this.#project.imageByPath(path) !== null) continue;
      this.#project.setFile(image.id, { path, state: 'present', problem: null });
      moved.push(image.id);
    }
    return moved;
  }
}

interface Move {
  /** Beginnings of paths, with the separator. */
  readonly from: string;
  readonly to: string;
}

/** The common end of two paths stayed, the part before it moved. Null where the file was renamed. */
export function moveOf(before: string, after: string): Move | null {
  const [old, now] = [before.split(path.sep), after.split(path.sep)];
  let same = 0;
  while (same < Math.min(old.length, now.length) && old.at(-1 - same) === now.at(-1 - same)) same++;
  if (same === 0 || before === after) return null;
  const beginning = (parts: string[]) => parts.slice(0, parts.length - same).join(path.sep) + path.sep;
  return { from: beginning(old), to: beginning(now) };
}

type Size = Pick<Image, 'width' | 'height'>;

/** A size that is not known yet is any. */
const sameSize = (a: Size, b: Size): boolean => a.width === null || (a.width === b.width && a.height === b.height);

const otherSize = (name: string, was: Size, is: Size): string =>
  `${name} is ${is.width} x ${is.height}, but what is drawn is for ${was.width} x ${was.height}; put the old file back`;

const isFile = (file: string): Promise<boolean> =>
  stat(file).then(
    (info) => info.isFile(),
    () => false,
  );

const counted = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'image' : 'images'}`;

async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
