// Stores shapes: reads records from rows and writes them back, masks as COCO's compressed text.
import type { PackedMask, Shape } from '../contract/project.ts';
import type { Db, SqlValue } from './db.ts';
import { jsonOrNull, parsed } from './jsonColumns.ts';
import { type CorneredRow, corneredMaskOf, maskValues } from './masks.ts';
import type { RecordTable } from './recordTable.ts';

interface ShapeRow extends CorneredRow {
  id: number;
  image_id: number;
  label_id: number;
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  attributes: string;
  crowd: number;
  hidden: number;
  locked: number;
  place: number;
  origin: string;
}

const names =
  'id image_id label_id height width counts rings x1 y1 x2 y2 attributes crowd hidden locked place origin'.split(' ');
const columns = names.join(', ');
const put = `INSERT INTO shape (${columns}) VALUES (${names.map(() => '?').join(', ')}) ON CONFLICT (id) DO UPDATE SET
  ${names.map((name) => `${name} = excluded.${name}`).join(', ')}`;

function shapeOf(row: ShapeRow): Shape {
  const { id, x1, y1, x2, y2, place } = row;
  return {
    id,
    imageId: row.image_id,
    labelId: row.label_id,
    mask: corneredMaskOf(row),
    box: { x1, y1, x2, y2 },
    attributes: parsed(row.attributes) as Shape['attributes'],
    crowd: row.crowd === 1,
    hidden: row.hidden === 1,
    locked: row.locked === 1,
    place,
    origin: parsed(row.origin) as Shape['origin'],
  };
}

function valuesOf(shape: Shape): SqlValue[] {
  const { box } = shape;
  const flags = [shape.crowd, shape.hidden, shape.locked].map(Number);
  return [
    ...[shape.id, shape.imageId, shape.labelId, ...maskValues(shape.mask)],
    jsonOrNull(shape.mask?.rings ?? null),
    ...[box.x1, box.y1, box.x2, box.y2, JSON.stringify(shape.attributes), ...flags],
    ...[shape.place, JSON.stringify(shape.origin)],
  ];
}

/** Shapes by a condition on the row, as SQL after WHERE. */
export const shapesWhere = (db: Db, condition: string, ...values: SqlValue[]): Shape[] =>
  db.all<ShapeRow>(`SELECT ${columns} FROM shape WHERE ${condition}`, ...values).map(shapeOf);

/** `follow` is called for every mask that changed, came or went. */
export const shapeTable = (db: Db, follow: (id: number, mask: PackedMask | null) => void): RecordTable<'shape'> => ({
  read: (id) => shapesWhere(db, 'id = ?', id)[0] ?? null,
  write(shape, before) {
    db.run(put, ...valuesOf(shape));
    if (before?.mask?.counts !== shape.mask?.counts) follow(shape.id, shape.mask);
  },
  remove(id) {
    db.run('DELETE FROM shape WHERE id = ?', id);
    follow(id, null);
  },
});
