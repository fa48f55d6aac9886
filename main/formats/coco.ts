// Shapes on images to a COCO file with compressed run-length masks, and any COCO file to what is wrong in it.
import { writeFile } from 'node:fs/promises';
import { compress } from '../contract/cocoMask.ts';
import type { Mask } from '../contract/records.ts';
import { maskArea } from '../contract/rle.ts';
import { bboxOf, type CocoAnnotation, type CocoCategory, type CocoImage, CocoRules, cocoLists } from './cocoRules.ts';

export interface CocoFile {
  info: Record<string, unknown>;
  licenses: unknown[];
  images: CocoImage[];
  annotations: CocoAnnotation[];
  categories: CocoCategory[];
}

/** An image as the file names it: a relative path, and the decoded, upright size. */
export interface ExportImage {
  readonly id: number;
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
}

/** One object. `extra` keys (caption, reasoning, score) go beside COCO's own, never in their place. */
export interface ExportShape {
  readonly id: number;
  readonly imageId: number;
  readonly label: string;
  readonly mask: Mask;
  readonly extra?: Readonly<Record<string, string | number>>;
}

export interface CocoSource {
  readonly description: string;
  readonly images: readonly ExportImage[];
  readonly shapes: readonly ExportShape[];
  /** Labels in the order of their category ids. */
  readonly labels: readonly string[];
}

/** The file, and which shapes are not in it and why: nothing is dropped silently. */
export interface CocoExport {
  readonly file: CocoFile;
  readonly skipped: readonly { readonly id: number; readonly reason: string }[];
}

export function toCoco(source: CocoSource): CocoExport {
  const empty = source.shapes.filter((shape) => maskArea(shape.mask) === 0);
  const drawn = source.shapes.filter((shape) => maskArea(shape.mask) > 0);
  const file = {
    info: { description: source.description, version: '1.0' },
    licenses: [],
    images: source.images.map(({ id, fileName, width, height }) => ({
      id,
      file_name: slashed(fileName),
      width,
      height,
    })),
    annotations: drawn.map((shape) => annotation(shape, source.labels)),
    categories: source.labels.map((name, index) => ({ id: index + 1, name, supercategory: '' })),
  };
  return { file, skipped: empty.map((shape) => ({ id: shape.id, reason: 'its mask is empty' })) };
}

const slashed = (fileName: string): string => fileName.replaceAll('\\', '/');

function annotation(shape: ExportShape, labels: readonly string[]): CocoAnnotation {
  const [height, width] = shape.mask.size;
  return {
    ...shape.extra,
    id: shape.id,
    image_id: shape.imageId,
    category_id: labels.indexOf(shape.label) + 1,
    segmentation: { size: [height, width], counts: compress(shape.mask) },
    area: maskArea(shape.mask),
    bbox: bboxOf(shape.mask),
    iscrowd: 0,
  };
}

/** Writes the file after reading its own text back; a rule that it breaks is a fault of ours and stops it. */
export async function writeCoco(path: string, source: CocoSource): Promise<CocoExport> {
  const done = toCoco(source);
  const text = `${JSON.stringify(done.file, null, 1)}\n`;
  const [problem] = verifyCoco(JSON.parse(text));
  if (problem !== undefined) throw new Error(`${path}: not written, the COCO file would be wrong: ${problem}`);
  await writeFile(path, text);
  return done;
}

/** Every rule that COCO's readers hang on and that this file breaks, one sentence each; empty when it is right. */
export function verifyCoco(value: unknown): string[] {
  const rules = new CocoRules();
  const head = typeof value === 'object' && value !== null ? { ...value } : {};
  const list = (key: string): unknown[] => {
    const found: unknown = Reflect.get(head, key);
    return Array.isArray(found) ? found : [];
  };
  const [images, annotations, categories] = cocoLists.map(list);
  const form = rules.end(head);
  if (form.length > 0) return form;
  return [
    ...(images ?? []).flatMap((each, i) => rules.image(each, i)),
    ...(categories ?? []).flatMap((each, i) => rules.category(each, i)),
    ...(annotations ?? []).flatMap((each, i) => rules.annotation(each, i)),
    ...rules.end(head),
  ];
}
