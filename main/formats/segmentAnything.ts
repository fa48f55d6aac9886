// Reads one file of the Segment Anything data set: its image and masks, which have no labels.
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import { parseRle } from '../contract/cocoMask.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import { jsonFields } from './files/jsonStream.ts';
import type { ReadContext, Reading, ReadShape } from './reading/reading.ts';
import { attributesOf, isFields, sideOf, slashed, textOf } from './reading/values.ts';

const LABEL = 'object';

export async function readSegmentAnything(file: string, { notes }: ReadContext): Promise<Reading> {
  const { image: given, annotations } = jsonFields(file);
  const name = isFields(given) ? textOf(given.file_name) : null;
  const [width, height] = isFields(given) ? [sideOf(given.width), sideOf(given.height)] : [null, null];
  if (name === null || width === null || height === null) {
    throw new BadInput(`${path.basename(file)}: its "image" has no file_name, width and height`);
  }
  const image = { name: slashed(name), width, height };
  const shapes = (Array.isArray(annotations) ? annotations : []).flatMap((value: unknown, i): ReadShape[] => {
    try {
      const fields = isFields(value) ? value : {};
      const mask = parseRle(fields.segmentation);
      if (mask.size[0] !== height || mask.size[1] !== width)
        throw new BadInput(`its mask is ${mask.size[1]} x ${mask.size[0]}, its image ${width} x ${height}`);
      if (maskArea(mask) === 0) throw new BadInput('its mask is empty');
      const attributes = attributesOf({ predicted_iou: fields.predicted_iou, stability_score: fields.stability_score });
      return [{ image, label: LABEL, mask, box: maskBox(mask), crowd: false, attributes }];
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      notes.leave(`mask ${i + 1} of ${name}`, error.message);
      return [];
    }
  });
  if (shapes.length > 0) notes.say(`Segment Anything names no labels; its masks are labelled "${LABEL}"`);
  return { format: 'Segment Anything', images: [image], labels: shapes.length > 0 ? [LABEL] : [], shapes };
}
