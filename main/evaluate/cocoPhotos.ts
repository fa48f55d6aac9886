// Reads photographs of COCO files with the masks of their things into memory: to learn from, or to be measured on.
import path from 'node:path';
import { resizePillow } from '../../models/nn/resample.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { fromBitmap, maskArea, maskBox, toBitmap } from '../contract/rle.ts';
import { readCoco } from '../formats/coco/cocoRead.ts';
import { Notes, type ReadImage } from '../formats/reading/reading.ts';
import { decodeImage, measureImage } from '../pictures/image.ts';

export interface CocoSource {
  /** COCO files. */
  readonly files: readonly string[];
  /** Where their pictures lie. Default: beside each file. */
  readonly images?: string;
  /** Larger photographs are shrunk to this longer side as they are read, and their masks with them. */
  readonly longest?: number;
}

export interface WantedSplits {
  readonly splits: readonly string[] | 'all';
  readonly unsaid: string;
  /** Is told why a photograph or an annotation that cannot be read is left out. Without it such a photograph is refused. */
  leave?(why: string): void;
}

export interface LabelledImage {
  /** The COCO file's name without its ending. */
  readonly set: string;
  readonly image: DecodedImage;
  readonly things: readonly { readonly label: string; readonly mask: Mask; readonly box: Box }[];
}

/** Smaller things, in pixels, have no outline to learn. */
const smallest = 40;
const atOnce = 8;

/** Photographs with at least one mask whose split, `unsaid` where the file gives none, is wanted; in the order of the files. */
export async function readCocoPhotos(source: CocoSource, wanted: WantedSplits): Promise<LabelledImage[]> {
  const photos: LabelledImage[] = [];
  const splits = new Set<string>();
  for (const file of source.files) {
    const found = await annotated(file, source.images ?? path.dirname(file), wanted);
    const masked = [...found].filter(([, { things }]) => things.length > 0);
    for (const [{ split = wanted.unsaid }] of masked) splits.add(split);
    const chosen = masked.filter(
      ([{ split = wanted.unsaid }]) => wanted.splits === 'all' || wanted.splits.includes(split),
    );
    for (let i = 0; i < chosen.length; i += atOnce) {
      const some = chosen.slice(i, i + atOnce).map(([, each]) => readable(photoOf(file, each, source.longest), wanted));
      photos.push(...(await Promise.all(some)).flat());
    }
  }
  if (photos.length === 0) throw new BadInput(whyNone(wanted, [...splits]));
  return photos;
}

/** None where it cannot be read and somebody is told. */
async function readable(photo: Promise<LabelledImage>, { leave }: WantedSplits): Promise<LabelledImage[]> {
  try {
    return [await photo];
  } catch (error) {
    if (!(error instanceof BadInput) || !leave) throw error;
    leave(error.message);
    return [];
  }
}

function whyNone({ splits: wanted }: WantedSplits, there: readonly string[]): string {
  const none = 'there is no photograph with a mask in these COCO files';
  if (wanted === 'all' || there.length === 0) return none;
  if (there.some((split) => wanted.includes(split))) return `${none} that can be read`;
  return `${none} whose split is "${wanted.join('" or "')}"; there is "${there.join('", "')}"`;
}

interface Annotated {
  readonly file: string;
  readonly things: LabelledMask[];
}

interface LabelledMask {
  readonly label: string;
  readonly mask: Mask;
}

/** Crowds are no single thing and are left out. */
async function annotated(file: string, folder: string, { leave }: WantedSplits): Promise<Map<ReadImage, Annotated>> {
  const find = async (name: string) => {
    const picture = path.resolve(folder, name);
    const size = await measureImage(picture).catch(() => null);
    return size && { file: picture, width: size.width, height: size.height };
  };
  const notes = new Notes();
  const reading = await readCoco(file, { root: folder, pictures: { find }, notes });
  const found = new Map(
    reading.images.map((image) => [image, { file: path.resolve(folder, image.name), things: [] as LabelledMask[] }]),
  );
  for (const { image, label, mask, crowd } of reading.shapes)
    if (mask && !crowd && maskArea(mask) >= smallest) found.get(image)?.things.push({ label, mask });
  for (const { what, why } of notes.leftOut) leave?.(`${path.basename(file)}: ${what}: ${why}`);
  return found;
}

async function photoOf(
  coco: string,
  { file, things }: Annotated,
  longest = Number.POSITIVE_INFINITY,
): Promise<LabelledImage> {
  const image = await decodeImage(file);
  const [height, width] = things[0]?.mask.size ?? [];
  if (image.width !== width || image.height !== height)
    throw new BadInput(
      `${file}: is ${image.width} x ${image.height}, ${path.basename(coco)} says ${width} x ${height}`,
    );
  const scale = Math.min(1, longest / Math.max(width, height));
  const small = scale < 1 ? shrunk({ image, things }, scale) : { image, things };
  const seen = small.things.filter(({ mask }) => maskArea(mask) > 0);
  const boxed = seen.map(({ label, mask }) => ({ label, mask, box: maskBox(mask) }));
  return { set: path.basename(coco, path.extname(coco)), image: small.image, things: boxed };
}

/** The pixel in the middle of what becomes one pixel decides. */
function shrunk({ image, things }: { image: DecodedImage; things: readonly LabelledMask[] }, scale: number) {
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
  const size = { width: width ?? 1, height: height ?? 1 };
  const from = (at: number, small: number, large: number) => Math.floor(((at + 0.5) * large) / small);
  const smaller = things.map(({ label, mask }) => {
    const bitmap = toBitmap(mask);
    const out = new Uint8Array(size.width * size.height);
    for (let i = 0; i < out.length; i++) {
      const row = from(Math.floor(i / size.width), size.height, image.height);
      out[i] = bitmap[row * image.width + from(i % size.width, size.width, image.width)] ?? 0;
    }
    return { label, mask: fromBitmap(out, size.width, size.height) };
  });
  return { image: resizePillow(image, size, 'bilinear'), things: smaller };
}
