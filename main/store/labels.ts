// Stores labels: reads records from rows and writes them back.
import { BadInput } from '../contract/badInput.ts';
import type { AttributeRule, Label } from '../contract/project.ts';
import type { Db } from './db.ts';
import { parsed } from './jsonColumns.ts';
import type { RecordTable } from './recordTable.ts';

interface LabelRow {
  id: number;
  name: string;
  colour: string;
  digit: string | null;
  attributes: string;
  place: number;
}

const labelOf = (row: LabelRow): Label => ({ ...row, attributes: parsed(row.attributes) as AttributeRule[] });

const columns = 'id, name, colour, digit, attributes, place';

export interface LabelUse {
  labelId: number;
  shapes: number;
  images: number;
}

export interface Labels {
  /** Labels in the order of lists and of exported categories. */
  labels(): Label[];
  /** How much each label is used that is used at all. */
  labelUse(): LabelUse[];
}

export const labelsOf = (db: Db): Labels => ({
  labels: () => db.all<LabelRow>(`SELECT ${columns} FROM label ORDER BY place, id`).map(labelOf),
  labelUse: () =>
    db.all<LabelUse>(
      `SELECT label_id AS labelId, count(*) AS shapes, count(DISTINCT image_id) AS images FROM shape
       GROUP BY label_id ORDER BY label_id`,
    ),
});

export const labelTable = (db: Db): RecordTable<'label'> => ({
  read(id) {
    const row = db.get<LabelRow>(`SELECT ${columns} FROM label WHERE id = ?`, id);
    return row ? labelOf(row) : null;
  },
  write({ id, name, colour, digit, attributes, place }) {
    db.run(
      `INSERT INTO label (${columns}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,
       colour = excluded.colour, digit = excluded.digit, attributes = excluded.attributes, place = excluded.place`,
      ...[id, name, colour, digit, JSON.stringify(attributes), place],
    );
  },
  remove: (id) => void db.run('DELETE FROM label WHERE id = ?', id),
});

/** Runs after the whole change, because two labels may have exchanged their names within it. */
export function checkLabel(db: Db, id: number, label: Label | null): void {
  if (label === null) {
    const shapes = db.number('SELECT count(*) FROM shape WHERE label_id = ?', id);
    if (shapes > 0) throw new BadInput(`the label still has ${shapes} shapes; give them another label or delete them`);
  } else if (db.number('SELECT count(*) FROM label WHERE name = ?', label.name) > 1) {
    throw new BadInput(`there is a label "${label.name}" already; merge the two or choose another name`);
  }
}
