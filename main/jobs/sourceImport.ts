// What a COCO file says of the things that are taken from it, as rows of the project: an export writes them again.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Shape } from '../contract/project.ts';
import type { ReadingSource, ShapeSource, SourceText } from '../formats/reading.ts';
import type { Project } from '../store/project.ts';
import type { SourceImage, SourceShape } from '../store/sources.ts';
import { geometryOf, saidOf } from './digests.ts';

const BATCH = 500;

export class SourceImport {
  readonly fileId: number;
  readonly #project: Project;
  readonly #source: ReadingSource;
  readonly #used = new Set<number>();
  #images: SourceImage[] = [];
  #shapes: SourceShape[] = [];

  /** `hash`: of the file's bytes. */
  constructor(project: Project, source: ReadingSource, { path, hash }: { path: string; hash: string }) {
    this.#project = project;
    this.#source = source;
    this.fileId = project.setSourceFile({ path, hash, head: source.head });
  }

  image(imageId: number, { number, record }: SourceText): void {
    this.#images.push({ imageId, fileId: this.fileId, number, record });
  }

  /** `read`: as it stands in the file, whatever a person made of the shape. */
  shape(shapeId: number, read: Omit<Shape, 'id' | 'place'>, source: ShapeSource): void {
    const { number, position, record, whole, category } = source;
    if (category !== null) this.#used.add(category);
    const digests = { geometry: whole ? geometryOf(read) : '', said: saidOf(read) };
    this.#shapes.push({ shapeId, fileId: this.fileId, number, position, record, ...digests });
    // Shapes that the project has already are not followed by any that wait to be stored.
    if (this.#shapes.length >= BATCH) this.flush();
  }

  /** Before the shapes themselves are stored: rows without a shape do no harm. */
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

/** SHA-256 of a file's bytes. */
export async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
