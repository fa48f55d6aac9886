// Reads a GroundingSuite file (a line of JSON for each phrase): images and the mask of each phrase.
import { BadInput } from '../contract/badInput.ts';
import { parseRle } from '../contract/cocoMask.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import { jsonRows } from './files/jsonStream.ts';
import type { ReadContext, ReadImage, Reading, ReadShape } from './reading/reading.ts';
import { attributesOf, isFields, slashed, textOf } from './reading/values.ts';

export async function readGroundingSuite(file: string, { notes }: ReadContext): Promise<Reading> {
  const images = new Map<string, ReadImage>();
  const shapes: ReadShape[] = [];
  let line = 0;
  for (const { value: row, fault } of jsonRows(file)) {
    line++;
    try {
      if (fault !== null) throw new BadInput(fault);
      const name = isFields(row) ? textOf(row.image_path) : null;
      if (!isFields(row) || name === null) throw new BadInput('it names no image');
      const mask = parseRle(row.segmentation);
      const [height, width] = mask.size;
      const image = images.get(name) ?? { name: slashed(name), width, height };
      if (image.width !== width || image.height !== height)
        throw new BadInput('its mask has another size than an earlier one');
      if (maskArea(mask) === 0) throw new BadInput('its mask is empty');
      images.set(name, image);
      const attributes = attributesOf({ caption: row.caption });
      shapes.push({ image, label: textOf(row.label) ?? 'object', mask, box: maskBox(mask), crowd: false, attributes });
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      notes.leave(`line ${line}`, error.message);
    }
  }
  const labels = [...new Set(shapes.map(({ label }) => label))];
  return { format: 'GroundingSuite', images: [...images.values()], labels, shapes };
}
