// Reads a COCO panoptic file and the pictures that go with it: images, labels and one mask for each segment.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import { maskArea, maskBox } from '../../contract/rle.ts';
import { jsonPieces } from '../files/jsonStream.ts';
import { decodePng, type IndexPicture, maskOfValue } from '../files/png.ts';
import type { ReadContext, ReadImage, Reading, ReadShape } from '../reading/reading.ts';
import { type Fields, isFields, textOf, wholeOf, yesOf } from '../reading/values.ts';
import { cocoHeader } from './cocoHeader.ts';
import { standInLabel } from './cocoRead.ts';

export async function readPanoptic(file: string, context: ReadContext): Promise<Reading> {
  const { images, labels } = await cocoHeader(file, context);
  const shapes = function* (): Generator<ReadShape> {
    for (const { value } of jsonPieces(file, (key) => key === 'annotations')) {
      const id = isFields(value) ? wholeOf(value.image_id) : null;
      const image = id === null ? undefined : images.get(id);
      const name = isFields(value) ? textOf(value.file_name) : null;
      if (!isFields(value) || image === undefined || name === null) {
        context.notes.leave(`annotation ${JSON.stringify(value).slice(0, 60)}`, 'it names no image of the file');
        continue;
      }
      yield* segmentsOf(value, { image, labels, context, picture: () => pictureOf(file, name, image) });
    }
  };
  return {
    format: 'COCO panoptic',
    images: [...images.values()],
    labels: [...new Set(labels.values())],
    shapes: shapes(),
  };
}

interface Place {
  readonly image: ReadImage;
  readonly labels: ReadonlyMap<number, string>;
  readonly context: ReadContext;
  picture(): IndexPicture;
}

function* segmentsOf(
  { segments_info: given }: Fields,
  { image, labels, context, picture }: Place,
): Generator<ReadShape> {
  const segments = Array.isArray(given) ? given.filter(isFields) : [];
  const { notes } = context;
  let png: IndexPicture;
  try {
    png = picture();
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return notes.leave(
      `${segments.length} ${segments.length === 1 ? 'segment' : 'segments'} of ${image.name}`,
      error.message,
    );
  }
  for (const segment of segments) {
    const number = wholeOf(segment.id);
    const mask = number === null ? null : maskOfValue(png, number);
    if (mask === null || maskArea(mask) === 0)
      notes.leave(`segment ${String(segment.id)} of ${image.name}`, 'no pixel of its picture has its number');
    else {
      const category = wholeOf(segment.category_id);
      const label = (category === null ? undefined : labels.get(category)) ?? standInLabel(segment.category_id);
      yield { image, label, mask, box: maskBox(mask), crowd: yesOf(segment.iscrowd), attributes: {} };
    }
  }
}

/** Reads the picture beside the file or in the folder that is called as it is. */
function pictureOf(file: string, name: string, image: ReadImage): IndexPicture {
  const own = path.basename(name);
  const folder = path.dirname(file);
  const places = [path.join(folder, own), path.join(folder, path.basename(file, path.extname(file)), own)];
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new BadInput(`${own}, the picture of its segments, does not lie beside the file`);
  const png = decodePng(readFileSync(found), own);
  if (png.width === image.width && png.height === image.height) return png;
  throw new BadInput(`${own} is ${png.width} x ${png.height}, the image ${image.width} x ${image.height}`);
}
