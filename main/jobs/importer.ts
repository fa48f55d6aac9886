// What readers found to records of a project: images matched with pictures, labels by name, shapes as one growing step.
import path from 'node:path';
import type { Recorded } from '../contract/api.ts';
import { type Change, changed, created, longestTitle } from '../contract/diff.ts';
import type { ImportReport } from '../contract/jobs.ts';
import { packMask, type Shape } from '../contract/project.ts';
import { cut, wellFormed } from '../contract/text.ts';
import type { Notes, Picture, ReadImage, Reading, ReadShape } from '../formats/reading.ts';
import { turns } from '../formats/turns.ts';
import type { Project } from '../store/project.ts';
import { EarlierShapes } from './earlierShapes.ts';
import { ImportBudget } from './importBudget.ts';
import { type NamedPictures, pathIn } from './namedPictures.ts';
import { NewLabels } from './newLabels.ts';
import { numberingOf } from './numbering.ts';
import type { Progress } from './queue.ts';
import { hashOfFile, SourceImport } from './sourceImport.ts';

const BATCH = 500;

interface Place {
  /** What the shapes name as their origin. */
  readonly file: string;
  /** Where pictures that were not found are said to be. */
  readonly folder: string;
  readonly notes: Notes;
  readonly pictures: NamedPictures;
  readonly progress: Pick<Progress, 'signal' | 'step'>;
}

type Many = ReturnType<Project['startMany']>;

/** A picture's place in the project, or why none was found for it. */
type Resolved = { readonly path: string; readonly picture: Picture | null } | { readonly why: string };

interface Placed {
  readonly image: ReadImage;
  /** As the project names it. */
  readonly path: string;
  readonly missing: boolean;
}

export class Importer {
  readonly #project: Project;
  readonly #place: Place;
  readonly #labels: NewLabels;
  readonly #budget = new ImportBudget();
  readonly #formats = new Set<string>();
  readonly #images = new Set<number>();
  readonly #unresolved = new Set<string>();
  readonly #earlier: EarlierShapes;
  readonly #turn: () => Promise<void> | undefined;
  readonly #waiting: Change[] = [];
  #many: Many | null = null;
  /** Of the file that is read, where its format is written again as it was. */
  #source: SourceImport | null = null;
  #newLabels = 0;
  #shapes = 0;
  #known = 0;

  constructor(project: Project, place: Place) {
    this.#project = project;
    this.#place = place;
    this.#earlier = new EarlierShapes(project, numberingOf(project));
    this.#labels = new NewLabels(project.labels(), {
      reserve: (count) => project.reserve(count),
      made: (label) => {
        this.#newLabels++;
        this.#push(created('label', label));
      },
      say: (sentence) => place.notes.say(sentence),
    });
    this.#turn = turns(place.progress.signal);
  }

  /** `from`: the annotation file that was read; `bytes`: where it lies, if it came out of an archive. */
  async take(reading: Reading, from: string, bytes = from): Promise<void> {
    this.#formats.add(reading.format);
    this.#source = null;
    if (reading.source !== undefined) {
      const file = { path: path.resolve(from), hash: await hashOfFile(bytes) };
      this.#source = new SourceImport(this.#project, reading.source, file);
    }
    const ids = await this.#addImages(reading.images, from);
    for (const [i, name] of reading.labels.entries()) {
      this.#labels.idOf(name);
      if (i % BATCH === BATCH - 1) await this.#turn();
    }
    const homeless = new Map<string, number>();
    for (const shape of reading.shapes) {
      const id = ids.get(shape.image);
      if (id === undefined) homeless.set(shape.image.name, (homeless.get(shape.image.name) ?? 0) + 1);
      else this.#addShape(shape, id);
      if (this.#budget.spent) break;
      this.#place.progress.step();
      await this.#turn();
    }
    for (const [name, count] of homeless) {
      this.#place.notes.leave(`${count} ${count === 1 ? 'shape' : 'shapes'} of ${name}`, 'their image was left out');
    }
    this.#flush();
    this.#source?.end((name) => this.#labels.labelOf(name));
    this.#source = null;
  }

  /** Closes the step; null where nothing was new. */
  end(): Recorded | null {
    this.#flush();
    const recorded = this.#many?.end() ?? null;
    this.#many = null;
    return recorded;
  }

  report(): ImportReport {
    const { notes } = this.#place;
    const known = this.#known === 1 ? '1 shape was' : `${this.#known} shapes were`;
    const again = `${known} in the project already and not added again`;
    return {
      format: [...this.#formats].join(', '),
      images: this.#images.size,
      shapes: this.#shapes,
      labels: this.#newLabels,
      leftOut: notes.leftOut,
      unresolved: [...this.#unresolved],
      notes: this.#known > 0 ? [again, ...notes.said] : notes.said,
    };
  }

  /** Images with their places. One picture for two names would put the shapes of one on the other: neither gets it. */
  async #placedImages(images: readonly ReadImage[], from: string): Promise<Placed[]> {
    const { notes } = this.#place;
    const placed: Placed[] = [];
    const names = new Map<string, Set<string>>();
    for (const image of images) {
      const found = await this.#resolve(image, from);
      await this.#turn();
      if ('why' in found) notes.leave(`image ${image.name}`, found.why);
      else {
        placed.push({ image, path: found.path, missing: found.picture === null });
        names.set(found.path, (names.get(found.path) ?? new Set()).add(image.name));
      }
    }
    return placed.filter(({ image, path }) => {
      const other = [...(names.get(path) ?? [])].find((name) => name !== image.name);
      if (other !== undefined)
        notes.leave(`image ${image.name}`, `the picture that fits, ${path}, fits ${other} as well`);
      return other === undefined;
    });
  }

  /** The ids of those images whose shapes can be taken. */
  async #addImages(images: readonly ReadImage[], from: string): Promise<Map<ReadImage, number>> {
    const ids = new Map<ReadImage, number>();
    const placed = await this.#placedImages(images, from);
    for (let start = 0; start < placed.length; start += BATCH) {
      const fitting = placed.slice(start, start + BATCH).flatMap((each) => {
        const { width, height } = each.image;
        return width === null || height === null ? [] : [{ ...each, width, height }];
      });
      const added = this.#project.addImages(fitting.map(({ path, width, height }) => ({ path, width, height })));
      for (const [i, id] of added.entries()) {
        const { image, missing } = fitting[i] ?? {};
        if (image !== undefined && this.#fits(image, id)) ids.set(image, id);
        if (image?.source && ids.has(image)) this.#source?.image(id, image.source);
        if (image !== undefined && missing) this.#missing(id, image);
        if (image?.reviewed && ids.has(image)) this.#accept(id);
        this.#images.add(id);
      }
      await this.#turn();
    }
    return ids;
  }

  /** Somebody looked and found nothing: that is a result, and unlike an image that waits. What a person said here stands. */
  #accept(id: number): void {
    const review = this.#project.record('review', id);
    if (review?.status !== 'unreviewed' || this.#project.shapesOf(id).length > 0) return;
    const change = changed('review', review, { status: 'accepted' });
    if (change !== null) this.#push(change);
  }

  async #resolve(image: ReadImage, from: string): Promise<Resolved> {
    const { pictures, folder, notes } = this.#place;
    const parts = image.name.split('/');
    if (['', '.', '..'].includes(parts.at(-1) ?? '')) return { why: 'its path names no file' };
    const leadsOut = !image.picture && parts.includes('..');
    const absolute = image.name.startsWith('/') || /^[A-Za-z]:/u.test(image.name);
    // A path of another place says only what the picture is called.
    const name = absolute || leadsOut ? (parts.at(-1) ?? '') : image.name;
    const picture = image.picture ?? (await pictures.find(image.name, from));
    if (picture !== null) return this.#placed(image, picture);
    if (leadsOut) return { why: 'its path leads out of the folder, and the folder has no picture of that name' };
    this.#unresolved.add(image.name);
    const located = await pictures.locate(image.name, from);
    if ('why' in located && located.why.includes(' its name')) notes.say(`${image.name}: ${located.why}`);
    const file = 'file' in located ? located.file : path.join(folder, name);
    return { path: pathIn(this.#project.file, file), picture: null };
  }

  /** Refuses a picture of another size: its shapes would lie elsewhere. */
  #placed(image: ReadImage, picture: Picture): Resolved {
    const { width, height } = picture;
    const found = { path: pathIn(this.#project.file, picture.file), picture };
    if (image.width === null || (image.width === width && image.height === height)) return found;
    const sizes = `the file says ${image.width} x ${image.height}, the picture is ${width} x ${height}`;
    const lying = image.width === height && image.height === width;
    return { why: lying ? `${sizes} once it is turned upright (EXIF); annotate it upright` : sizes };
  }

  /** The project may know the image in another size, from when it was on disk. */
  #fits(image: ReadImage, id: number): boolean {
    const known = this.#project.image(id);
    if (known?.width === image.width && known?.height === image.height) return true;
    const sizes = `the file says ${image.width} x ${image.height}, the project ${known?.width} x ${known?.height}`;
    this.#place.notes.leave(`image ${image.name}`, sizes);
    return false;
  }

  #missing(id: number, { name }: ReadImage): void {
    const known = this.#project.image(id);
    if (known?.hash !== null || known.state !== 'present') return;
    this.#project.setFile(id, { state: 'missing', problem: `${name} was not found; say where it is` });
  }

  #addShape(read: ReadShape, imageId: number): void {
    const refused = this.#budget.take(read.mask);
    if (refused !== null) {
      this.#place.notes.leave(`a ${cut(read.label, 40)} of ${read.image.name}`, refused);
      return;
    }
    const { crowd, box, mask, source = null } = read;
    const unnumbered: Omit<Shape, 'id' | 'place'> = {
      ...{ imageId, labelId: this.#labels.idOf(read.label), mask: mask && packMask(mask), box, crowd },
      ...{ attributes: wellFormed(read.attributes), hidden: false, locked: false },
      origin: { kind: 'imported', file: this.#place.file },
    };
    const fileId = this.#source?.fileId ?? null;
    const earlier = this.#earlier.find({ ...unnumbered, mask, packed: unnumbered.mask, source, fileId });
    if (earlier !== null) {
      this.#known++;
      const isItsFile = earlier.source === null || earlier.source.fileId === fileId;
      if (source !== null && isItsFile) this.#source?.shape(earlier.shape.id, unnumbered, source);
      return;
    }
    const id = this.#project.reserve(1);
    if (source !== null) this.#source?.shape(id, unnumbered, source);
    // Ids only grow: what comes later lies above.
    this.#push(created('shape', { ...unnumbered, id, place: id }));
    this.#shapes++;
  }

  #push(change: Change): void {
    this.#waiting.push(change);
    if (this.#waiting.length >= BATCH || this.#budget.full) this.#flush();
  }

  #flush(): void {
    this.#budget.stored();
    this.#source?.flush();
    if (this.#waiting.length === 0) return;
    this.#many ??= this.#project.startMany(cut(`Import ${this.#place.file}`, longestTitle));
    this.#many.add(this.#waiting.splice(0));
  }
}
