// Computes what a COCO file of a project should hold: the ids that an export gives, and the records of its source files.
import { same } from '../../contract/equal.ts';
import { type Shape, unpackMask } from '../../contract/project.ts';
import { maskArea } from '../../contract/rle.ts';
import { completed, fieldsOf } from '../../formats/coco/cocoRecord.ts';
import type { Truth } from '../../formats/coco/cocoVerify.ts';
import { type Fields, wholeOf } from '../../formats/reading/values.ts';
import type { Project } from '../../store/project.ts';
import type { SourceShape } from '../../store/sources.ts';
import { type CocoIds, cocoIdsOf } from '../importing/cocoIds.ts';
import { geometryOf } from '../importing/digests.ts';
import { categoryText, imageRecord } from './exportContent.ts';
import { headOf } from './exportHead.ts';

/** A file of accepted images only is held against those. */
export function truthOf(project: Project): Truth {
  const cocoIds = cocoIdsOf(project);
  const categories = cocoIds.categories.map((each) => ({ ...each, record: fieldsOf(categoryText(each)) }));
  const { licence } = headOf(project, false);
  const labels = Map.groupBy(categories, ({ label }) => label.id);
  const labelsOf = (labelId: number) =>
    labels.get(labelId)?.flatMap(({ label, record }) => [label.name, String(record.name)]) ?? [];
  const written = function* ({ only_accepted: onlyAccepted }: Fields) {
    for (const image of project.exportImages({ onlyAccepted: onlyAccepted === true }))
      if (image.width !== null) yield image;
  };
  return {
    image: (number) => project.image(cocoIds.imageOf(number)),
    hasImage(record) {
      const number = wholeOf(record.id);
      const text = number === null ? undefined : imageRecord(project, cocoIds.imageOf(number), licence);
      return text !== undefined && isWithin(fieldsOf(text), record);
    },
    hasCategory: (record) => categories.some(({ source, record: own }) => source !== null && same(own, record)),
    shape(number) {
      const shape = shapeNumbered(project, cocoIds, number);
      if (shape === null) return null;
      const { imageId, labelId, crowd, mask } = shape;
      const source = project.sourceOfShape(shape.id);
      const isAsImported = source?.geometry === geometryOf(shape);
      return {
        ...{ imageId: cocoIds.image(imageId), labels: labelsOf(labelId), crowd, mask: mask && unpackMask(mask) },
        record: isAsImported ? whole(fieldsOf(source.record), shape) : null,
        hasItsId: source?.number === number,
      };
    },
    *images(info) {
      for (const { id } of written(info)) yield cocoIds.image(id);
    },
    *shapes(info) {
      for (const { id: imageId } of written(info)) {
        const sources = project.sourcesOfShapes(imageId);
        for (const shape of project.shapesOf(imageId))
          if (isWritten(shape, sources.get(shape.id))) yield cocoIds.shape(shape.id, sources.get(shape.id)?.number);
      }
    },
  };
}

/** The id may be another, where two files gave the same. */
function isWithin(own: Fields, record: Fields): boolean {
  return Object.entries(own).every(([key, value]) => key === 'id' || same(value, record[key]));
}

const whole = (record: Fields, shape: Shape): Fields => ({ ...record, ...completed(record, shape) });

const isWritten = ({ mask }: Shape, source: SourceShape | undefined): boolean =>
  source !== undefined || mask === null || maskArea(unpackMask(mask)) > 0;

function shapeNumbered(project: Project, cocoIds: CocoIds, number: number): Shape | null {
  const id = cocoIds.shapeOf(number);
  const isIts = id !== null && cocoIds.shape(id, project.sourceOfShape(id)?.number) === number;
  return isIts ? project.record('shape', id) : null;
}
