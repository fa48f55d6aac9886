// Writes what a reader found in one file as parts of plain data, which another process can store: images in place, masks packed.
import path from 'node:path';
import { type AttributeValue, type PackedMask, packMask } from '../../contract/project.ts';
import type { Box } from '../../contract/records.ts';
import { cut } from '../../contract/text.ts';
import type {
  Notes,
  ReadImage,
  Reading,
  ReadingSource,
  ReadShape,
  ShapeSource,
} from '../../formats/reading/reading.ts';
import type { ImageMatcher, MatchedImage } from '../pictures/matchImages.ts';
import { geometryOf, hashOfFile } from './digests.ts';
import type { ImportBudget } from './importBudget.ts';

const BATCH = 500;

/** The parts of one file: `file`, then its images, then its shapes, then `end`. */
export type ReadPart =
  | {
      readonly kind: 'file';
      readonly format: string;
      readonly labels: readonly string[];
      readonly source: FileSource | null;
    }
  | { readonly kind: 'images'; readonly images: readonly MatchedImage[] }
  | { readonly kind: 'shapes'; readonly shapes: readonly PartShape[] }
  | { readonly kind: 'end' };

export interface FileSource extends ReadingSource {
  /** Absolute. */
  readonly path: string;
  /** The digest of its bytes. */
  readonly hash: string;
}

/** A shape as it was read; its image is a place among those of the file, or the name of one that was left out. */
export interface PartShape {
  readonly image: number | string;
  readonly label: string;
  readonly mask: PackedMask | null;
  readonly box: Box;
  readonly crowd: boolean;
  readonly attributes: Record<string, AttributeValue>;
  readonly source: PartSource | null;
}

/** `geometry`: the digest of mask and box. */
export type PartSource = ShapeSource & { readonly geometry: string };

export interface Readers {
  readonly matcher: ImageMatcher;
  readonly budget: ImportBudget;
  readonly notes: Notes;
}

/** `from`: the annotation file that was read; `bytes`: where it lies, if it came out of an archive. */
export async function* partsOf(
  reading: Reading,
  { from, bytes }: { from: string; bytes: string },
  { matcher, budget, notes }: Readers,
): AsyncGenerator<ReadPart> {
  const { format, labels, source } = reading;
  yield { kind: 'file', format, labels, source: source ? { ...source, ...(await bytesOf(from, bytes)) } : null };
  const placed = await matcher.of(reading.images, from);
  const images = [...placed.values()];
  for (let start = 0; start < images.length; start += BATCH)
    yield { kind: 'images', images: images.slice(start, start + BATCH) };
  const places = new Map([...placed.keys()].map((image, i): [ReadImage, number] => [image, i]));
  let shapes: PartShape[] = [];
  for (const shape of reading.shapes) {
    const refused = budget.take(shape.mask);
    if (refused !== null) notes.leave(`a ${cut(shape.label, 40)} of ${shape.image.name}`, refused);
    else shapes.push(plainShape(shape, places.get(shape.image) ?? shape.image.name));
    if (shapes.length >= BATCH || budget.full) {
      yield { kind: 'shapes', shapes };
      shapes = [];
      budget.stored();
    }
    if (budget.spent) break;
  }
  if (shapes.length > 0) yield { kind: 'shapes', shapes };
  yield { kind: 'end' };
}

const bytesOf = async (from: string, bytes: string) => ({ path: path.resolve(from), hash: await hashOfFile(bytes) });

export function plainShape(shape: ReadShape, image: number | string): PartShape {
  const { label, box, crowd, attributes, source } = shape;
  const mask = shape.mask && packMask(shape.mask);
  return {
    ...{ image, label, mask, box, crowd, attributes },
    source: source ? { ...source, geometry: source.whole ? geometryOf({ mask, box, crowd }) : '' } : null,
  };
}
