// Numbers images, shapes and labels for a COCO file: ids of their source files where they have some, new ones above them.
import type { Label } from '../../contract/project.ts';
import type { Project } from '../../store/project.ts';
import type { SourceCategory } from '../../store/sources.ts';

/** One entry of the list of categories. */
export interface Category {
  readonly number: number;
  readonly label: Label;
  readonly source: SourceCategory | null;
}

export interface CocoIds {
  readonly categories: readonly Category[];
  /** `own`: what the shape's record in that file names. */
  category(labelId: number, fileId?: number, own?: number | null): number;
  image(id: number): number;
  imageOf(number: number): number;
  /** `number`: the id in the file that it came from. */
  shape(id: number, number?: number | null): number;
  /** Null where no shape can have it. */
  shapeOf(number: number): number | null;
}

/** One file alone: its own ids, whatever other files have, and the highest that stand in it. */
export interface OneFile {
  readonly fileId: number;
  readonly highest: { readonly images: number; readonly annotations: number; readonly categories: number };
}

/** Numbers the project as it stands: an import in between may raise what new things get. */
export function cocoIdsOf(project: Project, only: OneFile | null = null): CocoIds {
  return { ...categoriesOf(project, only), ...imagesOf(project, only), ...shapesOf(project, only) };
}

/** An id that two files gave is that of the shape which was there first. */
function shapesOf(project: Project, only: OneFile | null): Pick<CocoIds, 'shape' | 'shapeOf'> {
  const highest = only?.highest.annotations ?? project.highestNumber();
  // Every number of a single file is kept: where a file has one twice, the second was not taken with it.
  const doubled = new Set(only === null ? project.doubledNumbers() : []);
  return {
    shape: (id, number = null) => (number === null || doubled.has(id) ? highest + id : number),
    shapeOf: (number) => project.shapeNumbered(number) ?? (number > highest ? number - highest : null),
  };
}

function imagesOf(project: Project, only: OneFile | null): Pick<CocoIds, 'image' | 'imageOf'> {
  const numbers = new Map<number, number>();
  const images = new Map<number, number>();
  let highest = only?.highest.images ?? 0;
  for (const { imageId, fileId, number } of project.imageNumbers()) {
    if (only !== null && fileId !== only.fileId) continue;
    highest = Math.max(highest, number);
    if (numbers.has(imageId) || images.has(number)) continue;
    numbers.set(imageId, number);
    images.set(number, imageId);
  }
  return {
    image: (id) => numbers.get(id) ?? highest + id,
    imageOf: (number) => images.get(number) ?? number - highest,
  };
}

/** A label has the categories of the first file that knows it: often one, several where the file gave them one name. */
function categoriesOf(project: Project, only: OneFile | null): Pick<CocoIds, 'categories' | 'category'> {
  const rows = project.sourceCategories().filter(({ fileId }) => only === null || fileId === only.fileId);
  const sources = Map.groupBy(rows, ({ labelId }) => labelId);
  const highest =
    only?.highest.categories ?? [...sources.values()].flat().reduce((most, { number }) => Math.max(most, number), 0);
  const taken = new Set<number>();
  let next = highest;
  const categories = project.labels().flatMap((label): Category[] => {
    const rows = sources.get(label.id) ?? [];
    const first = rows.filter(({ fileId, number }) => fileId === rows[0]?.fileId && !taken.has(number));
    for (const { number } of first) taken.add(number);
    if (first.length > 0) return first.map((source) => ({ number: source.number, label, source }));
    next += 1;
    return [{ number: next, label, source: rows[0] ?? null }];
  });
  const byLabel = new Map<number, Category>();
  for (const each of categories) {
    const known = byLabel.get(each.label.id);
    if (known === undefined || (!known.source?.used && each.source?.used)) byLabel.set(each.label.id, each);
  }
  const byRow = new Map(categories.map((each) => [`${each.source?.fileId} ${each.source?.number}`, each]));
  return {
    categories,
    category(labelId, fileId, own = null) {
      const row = own === null ? undefined : byRow.get(`${fileId} ${own}`);
      const found = row?.label.id === labelId ? row : byLabel.get(labelId);
      if (found === undefined) throw new Error(`label ${labelId} has no category to be written with`);
      return found.number;
    },
  };
}
