// Stores parts of readings as records of a project: images, labels by name, and shapes as one growing step.
import type { Recorded } from '../../contract/api.ts';
import { type Change, changed, created, longestTitle } from '../../contract/diff.ts';
import type { ImportReport } from '../../contract/jobs.ts';
import type { Shape } from '../../contract/project.ts';
import { cut, wellFormed } from '../../contract/text.ts';
import { pauses } from '../../formats/files/pauses.ts';
import { Notes } from '../../formats/reading/reading.ts';
import type { Project } from '../../store/project.ts';
import type { MatchedImage } from '../pictures/matchImages.ts';
import type { Progress } from '../queue/queue.ts';
import { cocoIdsOf } from './cocoIds.ts';
import { EarlierShapes } from './earlierShapes.ts';
import { NewLabels } from './newLabels.ts';
import type { PartShape, ReadPart } from './readParts.ts';
import type { ReadReport } from './readSource.ts';
import { SourceImport } from './sourceImport.ts';

const BATCH = 500;

interface Place {
  /** What the shapes name as their origin. */
  readonly file: string;
  readonly progress: Pick<Progress, 'signal' | 'step'>;
}

type Many = ReturnType<Project['startMany']>;

export class Importer {
  readonly #project: Project;
  readonly #place: Place;
  readonly #labels: NewLabels;
  readonly #notes = new Notes();
  readonly #formats = new Set<string>();
  readonly #images = new Set<number>();
  readonly #earlier: EarlierShapes;
  readonly #pause: () => Promise<void> | undefined;
  readonly #waiting: Change[] = [];
  #many: Many | null = null;
  /** Images of the file whose parts come, in its order, with their ids where their shapes can be taken. */
  #placed: { readonly name: string; readonly id: number | null }[] = [];
  /** How many shapes had no image, by the name of that. */
  #homeless = new Map<string, number>();
  /** Set where the file's format is written again as it was. */
  #source: SourceImport | null = null;
  #newLabels = 0;
  #shapes = 0;
  #known = 0;

  constructor(project: Project, place: Place) {
    this.#project = project;
    this.#place = place;
    this.#earlier = new EarlierShapes(project, cocoIdsOf(project));
    this.#labels = new NewLabels(project.labels(), {
      reserve: (count) => project.reserve(count),
      made: (label) => {
        this.#newLabels++;
        this.#push(created('label', label));
      },
      say: (sentence) => this.#notes.say(sentence),
    });
    this.#pause = pauses(place.progress.signal);
  }

  async add(part: ReadPart): Promise<void> {
    if (part.kind === 'file') await this.#begin(part);
    else if (part.kind === 'images') this.#addImages(part.images);
    else if (part.kind === 'shapes') await this.#addShapes(part.shapes);
    else this.#endFile();
    await this.#pause();
  }

  /** A file that could not be read to its end is followed by the next without a report. */
  async #begin({ format, labels, source }: Extract<ReadPart, { kind: 'file' }>): Promise<void> {
    this.#flush();
    this.#formats.add(format);
    this.#source = source && new SourceImport(this.#project, source);
    [this.#placed, this.#homeless] = [[], new Map()];
    for (const [i, name] of labels.entries()) {
      this.#labels.idOf(name);
      if (i % BATCH === BATCH - 1) await this.#pause();
    }
  }

  #endFile(): void {
    for (const [name, count] of this.#homeless)
      this.#notes.leave(`${count} ${count === 1 ? 'shape' : 'shapes'} of ${name}`, 'their image was left out');
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

  /** `read`: what was said where the files were read. */
  report({ leftOut, said, unresolved }: ReadReport): ImportReport {
    const known = this.#known === 1 ? '1 shape was' : `${this.#known} shapes were`;
    const again = this.#known > 0 ? [`${known} in the project already and not added again`] : [];
    return {
      format: [...this.#formats].join(', '),
      images: this.#images.size,
      shapes: this.#shapes,
      labels: this.#newLabels,
      leftOut: [...leftOut, ...this.#notes.leftOut],
      unresolved: [...unresolved],
      notes: [...again, ...said, ...this.#notes.said],
    };
  }

  #addImages(images: readonly MatchedImage[]): void {
    const ids = this.#project.addImages(images.map(({ path, width, height }) => ({ path, width, height })));
    for (const [i, image] of images.entries()) {
      const id = ids[i];
      if (id === undefined) throw new Error(`image ${image.name} got no id`);
      const fits = this.#fits(image, id);
      this.#placed.push({ name: image.name, id: fits ? id : null });
      if (fits && image.source) this.#source?.image(id, image.source);
      if (image.missing) this.#missing(id, image);
      if (fits && image.reviewed) this.#accept(id);
      this.#images.add(id);
    }
  }

  /** Somebody looked and found nothing: that is a result, and unlike an image that waits. What a person said here stands. */
  #accept(id: number): void {
    const review = this.#project.record('review', id);
    if (review?.status !== 'unreviewed' || this.#project.shapesOf(id).length > 0) return;
    const change = changed('review', review, { status: 'accepted' });
    if (change !== null) this.#push(change);
  }

  /** The project may know the image in another size, from when it was on disk. */
  #fits(image: MatchedImage, id: number): boolean {
    const known = this.#project.image(id);
    if (known?.width === image.width && known?.height === image.height) return true;
    const sizes = `the file says ${image.width} x ${image.height}, the project ${known?.width} x ${known?.height}`;
    this.#notes.leave(`image ${image.name}`, sizes);
    return false;
  }

  #missing(id: number, { name }: MatchedImage): void {
    const known = this.#project.image(id);
    if (known?.hash !== null || known.state !== 'present') return;
    this.#project.setFile(id, { state: 'missing', problem: `${name} was not found; say where it is` });
  }

  async #addShapes(shapes: readonly PartShape[]): Promise<void> {
    for (const shape of shapes) {
      const placed = typeof shape.image === 'number' ? this.#placed[shape.image] : { name: shape.image, id: null };
      if (placed === undefined) throw new Error(`a ${shape.label} lies on an image that was not told`);
      const { name, id } = placed;
      if (id === null) this.#homeless.set(name, (this.#homeless.get(name) ?? 0) + 1);
      else this.#addShape(shape, id);
      this.#place.progress.step();
      await this.#pause();
    }
    // A part is as large as may wait.
    this.#flush();
  }

  #addShape(read: PartShape, imageId: number): void {
    const { crowd, box, mask, source } = read;
    const unnumbered: Omit<Shape, 'id' | 'place'> = {
      ...{ imageId, labelId: this.#labels.idOf(read.label), mask, box, crowd },
      ...{ attributes: wellFormed(read.attributes), hidden: false, locked: false },
      origin: { kind: 'imported', file: this.#place.file },
    };
    const fileId = this.#source?.fileId ?? null;
    const earlier = this.#earlier.find({ ...unnumbered, source, fileId });
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
    if (this.#waiting.length >= BATCH) this.#flush();
  }

  #flush(): void {
    this.#source?.flush();
    if (this.#waiting.length === 0) return;
    this.#many ??= this.#project.startMany(cut(`Import ${this.#place.file}`, longestTitle));
    this.#many.add(this.#waiting.splice(0));
  }
}
