// Reads what an export needs: images and their shapes in the order of their ids, a page at a time.
import type { Image, Shape } from '../contract/project.ts';
import type { Db } from './db.ts';
import { imagesWhere } from './images.ts';
import { shapesWhere } from './shapes.ts';

export interface ExportFilter {
  onlyAccepted: boolean;
}

export interface Exports {
  exportImages(options: ExportFilter): Generator<Image>;
  /** Shapes in the order of their ids. */
  shapesOf(imageId: number): Shape[];
  countShapes(options: ExportFilter): number;
}

const page = 500;

const conditionOf = ({ onlyAccepted }: ExportFilter): string => (onlyAccepted ? `status = 'accepted'` : 'TRUE');

export const exportsOf = (db: Db): Exports => ({
  *exportImages(options) {
    for (let last = 0; ; ) {
      const rows = imagesWhere(db, `${conditionOf(options)} AND id > ? ORDER BY id LIMIT ?`, last, page);
      yield* rows;
      const end = rows.at(-1);
      if (!end) return;
      last = end.id;
    }
  },
  shapesOf: (imageId) => shapesWhere(db, 'image_id = ? ORDER BY id', imageId),
  countShapes: (options) => db.number(`SELECT coalesce(sum(shapes), 0) FROM image WHERE ${conditionOf(options)}`),
});
