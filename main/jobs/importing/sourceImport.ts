// Stores what a COCO file says of the things that are taken from it, so that an export writes them again.
import type { Shape } from '../../contract/project.ts';
import type { SourceText } from '../../formats/reading/reading.ts';
import type { Project } from '../../store/project.ts';
import type { SourceImage, SourceShape } from '../../store/sources.ts';
import { saidOf } from './digests.ts';
import type { FileSource, PartSource } from './readParts.ts';

const BATCH = 500;

export class SourceImport {
  readonly fileId: number;
  readonly #project: Project;
  readonly #source: FileSource;
  readonly #used = new Set<number>();
  #images: SourceImage[] = [];
  #shapes: SourceShape[] = [];

  constructor(project: Project, source: FileSource) {
    this.#project = project;
    this.#source = source;
    this.fileId = project.setSourceFile(source);
  }

  image(imageId: number, { number, record }: SourceText): void {
    this.#images.push({ imageId, fileId: this.fileId, number, record });
  }

  /** `read`: as it stands in the file, whatever a person made of the shape. */
  shape(shapeId: number, read: Omit<Shape, 'id' | 'place'>, source: PartSource): void {
    const { number, position, record, geometry, category } = source;
    if (category !== null) this.#used.add(category);
    this.#shapes.push({ shapeId, fileId: this.fileId, number, position, record, geometry, said: saidOf(read) });
    // Shapes that the project has already are not followed by any that wait to be stored.
    if (this.#shapes.length >= BATCH) this.flush();
  }

  /** Is called before the shapes themselves are stored: rows without a shape do no harm. */
  flush(): void {
    if (this.#images.length > 0) this.#project.setSourceImages(this.#images);
    if (this.#shapes.length > 0) this.#project.setSourceShapes(this.#shapes);
    [this.#images, this.#shapes] = [[], []];
  }

  end(labelOf: (name: string) => { readonly id: number; readonly name: string }): void {
    this.flush();
    const rows = this.#source.categories.map(({ number, label, record }) => {
      const { id, name } = labelOf(label);
      return { fileId: this.fileId, number, labelId: id, label: name, used: this.#used.has(number), record };
    });
    this.#project.setSourceCategories(rows);
  }
}
