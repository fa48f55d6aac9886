// Writes a project into the COCO file that it came from: what is not the project's, and what nobody changed, stays as it is.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import type { ImageDetail } from '../../contract/project.ts';
import type { OutShape } from '../../formats/coco/cocoAnnotations.ts';
import { cocoHeader } from '../../formats/coco/cocoHeader.ts';
import { fieldsOf } from '../../formats/coco/cocoRecord.ts';
import { type CocoContent, type OutImage, type Written, writeCocoFile } from '../../formats/coco/cocoWrite.ts';
import { jsonPieces } from '../../formats/files/jsonStream.ts';
import { Notes } from '../../formats/reading/reading.ts';
import { isFields, wholeOf } from '../../formats/reading/values.ts';
import type { Project } from '../../store/project.ts';
import type { SourceFile, SourceShape } from '../../store/sources.ts';
import { type CocoIds, cocoIdsOf, type OneFile } from '../importing/cocoIds.ts';
import { hashOfFile } from '../importing/digests.ts';
import { placeOf } from '../pictures/sourcePlaces.ts';
import { keepBackup } from '../queue/backups.ts';
import type { Progress } from '../queue/queue.ts';
import { categoryText, outShape } from './exportContent.ts';
import { recordExportAsSource } from './exportedSource.ts';
import { namesFor } from './exportNames.ts';

interface WrittenBack extends Written {
  /** The file as it was before. */
  readonly backup: string;
}

/** Everything is written exactly: there is no choice of a form that loses something. */
export async function writeBack(
  project: Project,
  file: string,
  progress: Pick<Progress, 'signal' | 'total' | 'step'>,
): Promise<WrittenBack> {
  const { source, stated } = await unchangedSource(project, path.resolve(file));
  const content = new BackContent(project, source, await headOf(source));
  progress.total(project.countShapes({ onlyAccepted: false }));
  const backup = keepBackup(source.path);
  if (backup === null) throw new BadInput(`${file}: is not there any more`);
  const { signal } = progress;
  const report = await writeCocoFile(source.path, content, { masks: 'auto', signal, step: () => progress.step() });
  await recordExportAsSource(project, source.path, content);
  return { ...report, stated: [...stated, ...content.stated, ...report.stated], backup };
}

interface Found {
  readonly source: SourceFile;
  /** What a person should know of where it was found. */
  readonly stated: readonly string[];
}

/** Refuses what somebody else has written into since: it would be lost. */
async function unchangedSource(project: Project, file: string): Promise<Found> {
  const name = path.basename(file);
  const unrelated = `${name}: nothing of this project came from it; export to it without writing back`;
  const hash = await hashOfFile(file).catch((cause: unknown) => {
    const isKnown = project.sourceFiles().some((each) => each.path === file);
    throw new BadInput(isKnown ? `${file}: cannot be read; is it there?` : unrelated, { cause });
  });
  const source = sourceAt(project, file, hash);
  if (source === undefined) throw new BadInput(unrelated);
  if (hash !== source.hash)
    throw new BadInput(`${name}: was changed since it was imported; import it again, then write back`);
  if (source.path === file) return { source, stated: [] };
  if (existsSync(source.path))
    throw new BadInput(`${file}: is a copy of ${source.path}, which the project came from; write back to that one`);
  project.moveSourceFile(source.id, file);
  return {
    source: { ...source, path: file },
    stated: [`${name} was moved: it was imported from ${source.path} and is now ${file}`],
  };
}

/** Finds the file by its path, by its place near the project, or by its content: project and file may have been moved. */
function sourceAt(project: Project, file: string, hash: string): SourceFile | undefined {
  const sources = project.sourceFiles();
  return (
    sources.find(({ path: known }) => known === file) ??
    sources.find((one) => one.hash === hash) ??
    sources.find((one) => placeOf(project.file, one.path) === file)
  );
}

interface Head {
  readonly texts: Readonly<Record<string, string>>;
  readonly highest: OneFile['highest'];
}

/** Everything beside the annotations, and the highest ids of all three lists, also of records that were not taken. */
async function headOf(source: SourceFile): Promise<Head> {
  const notes = new Notes();
  const pictures = { find: async () => null };
  const { head } = await cocoHeader(source.path, { root: path.dirname(source.path), notes, pictures });
  const lost = notes.leftOut.find(({ what }) => /^(?:"|the keys )/u.test(what));
  if (lost !== undefined)
    throw new BadInput(`${path.basename(source.path)}: cannot be written back: ${lost.what}: ${lost.why}`);
  const highest = { images: 0, annotations: 0, categories: 0 };
  for (const { key, value } of jsonPieces(source.path, (one) => one in highest, 'null')) {
    const id = idOf(value);
    const list = key as keyof typeof highest;
    if (id !== null && id < HIGHEST) highest[list] = Math.max(highest[list], id);
  }
  return { texts: head, highest };
}

/** The limit is that of the import: ids beyond it are not counted on from. */
const HIGHEST = 2 ** 51;
const idOf = (value: unknown): number | null => (isFields(value) ? wholeOf(value.id) : null);

/** Also tells which ids images and shapes got, once they were written. */
class BackContent implements CocoContent {
  readonly head: Readonly<Record<string, string>>;
  readonly stated: string[] = [];
  /** Shapes that were written, by their ids in the file. */
  readonly writtenShapes = new Map<number, number>();
  readonly writtenImages = new Map<number, number>();
  readonly #project: Project;
  readonly #source: SourceFile;
  readonly #cocoIds: CocoIds;
  /** Prompts and proposals of images that were asked something. */
  readonly #asked = new Map<number, Pick<ImageDetail, 'prompts' | 'proposals'>>();

  constructor(project: Project, source: SourceFile, { texts, highest }: Head) {
    this.#project = project;
    this.#source = source;
    this.head = texts;
    this.#cocoIds = cocoIdsOf(project, { fileId: source.id, highest });
  }

  /** The file's categories in its order; the category of a deleted label goes, that of a new label that is used comes. */
  get categories(): string[] {
    const { categories } = this.#cocoIds;
    const taken = new Set(this.#project.sourceCategories().flatMap((row) => (this.#isOfFile(row) ? [row.number] : [])));
    const rows = new Map(categories.flatMap((each) => (each.source === null ? [] : [[each.number, each] as const])));
    const own = [...this.#pieces('categories')].flatMap(({ text, value }) => {
      const id = idOf(value);
      const row = id === null ? undefined : rows.get(id);
      if (row !== undefined) return [categoryText(row)];
      return id !== null && taken.has(id) ? [] : [text];
    });
    const used = new Set(this.#project.labelUse().map(({ labelId }) => labelId));
    const added = categories.filter(({ source, label }) => source === null && used.has(label.id));
    return [...own, ...added.map(categoryText)];
  }

  *images(): Generator<OutImage | string> {
    const byNumber = new Map<number, number>();
    for (const row of this.#project.imageNumbers()) if (this.#isOfFile(row)) byNumber.set(row.number, row.imageId);
    for (const { text, value } of this.#pieces('images')) {
      const id = idOf(value);
      const own = id === null ? undefined : byNumber.get(id);
      const image = own === undefined ? null : this.#project.image(own);
      if (id === null || image === null || image.width === null || image.height === null) yield text;
      else {
        const { width, height } = image;
        this.writtenImages.set(id, image.id);
        yield { id, fileName: String(fieldsOf(text).file_name), width, height, record: text };
      }
    }
    yield* this.#newImages();
  }

  /** What was added belongs to the file where all images came from one; otherwise nobody knows whose it is. */
  *#newImages(): Generator<OutImage> {
    const isOnly = this.#project.sourceFiles().length === 1;
    const name = namesFor(this.#project, { onlyAccepted: false });
    let others = 0;
    for (const image of this.#project.exportImages({ onlyAccepted: false })) {
      const { id, width, height } = image;
      if (this.#project.sourcesOfImage(id).some((row) => this.#isOfFile(row))) continue;
      if (!isOnly || width === null || height === null) others++;
      else {
        const number = this.#cocoIds.image(id);
        this.writtenImages.set(number, id);
        yield { id: number, fileName: name(image), width, height };
      }
    }
    const images =
      others === 1 ? '1 image is not of this file and was' : `${others} images are not of this file and were`;
    if (others > 0) this.stated.push(`${images} left out, with what is on ${others === 1 ? 'it' : 'them'}`);
  }

  *shapes(): Generator<OutShape | string> {
    let position = 0;
    for (const { text } of this.#pieces('annotations')) {
      const row = this.#project.sourceAt(this.#source.id, position++);
      if (row === null) yield text;
      else yield* this.#out(row.shapeId, row);
    }
    for (const imageId of this.writtenImages.values()) {
      const rows = this.#project.sourcesOfShapes(imageId);
      for (const { id } of this.#project.shapesOf(imageId)) {
        const row = rows.get(id) ?? null;
        const stood = row !== null && this.#isOfFile(row) && row.position >= 0;
        // Another file's id is no id of this one.
        if (!stood) yield* this.#out(id, row && { ...row, number: null });
      }
    }
  }

  /** Nothing where the shape was deleted. */
  *#out(id: number, row: SourceShape | null): Generator<OutShape> {
    const shape = this.#project.record('shape', id);
    if (shape === null) return;
    const { width = null, height = null } = this.#project.image(shape.imageId) ?? {};
    if (width === null || height === null) throw new Error(`image ${shape.imageId} of shape ${id} has no size`);
    const size = { width, height };
    const written = outShape(shape, row, { cocoIds: this.#cocoIds, size, ...this.#askedOn(shape.imageId) });
    this.writtenShapes.set(written.id, id);
    yield written;
  }

  #askedOn(imageId: number): Pick<ImageDetail, 'prompts' | 'proposals'> {
    const known = this.#asked.get(imageId);
    if (known !== undefined) return known;
    const { prompts, proposals } = this.#project.detail(imageId) ?? NOTHING;
    const asked = prompts.length > 0 ? { prompts, proposals } : NOTHING;
    this.#asked.set(imageId, asked);
    return asked;
  }

  #isOfFile({ fileId }: { readonly fileId: number }): boolean {
    return fileId === this.#source.id;
  }

  #pieces(list: string) {
    return jsonPieces(this.#source.path, (key) => key === list, 'null');
  }
}

const NOTHING: Pick<ImageDetail, 'prompts' | 'proposals'> = { prompts: [], proposals: [] };
