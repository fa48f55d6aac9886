// All that a closed project file holds, for comparing one moment with another.
import { Db } from '../../main/store/db.ts';

const tables = {
  image: 'id',
  label: 'id',
  shape: 'id',
  prompt: 'id',
  proposal: 'id',
  answered: 'prompt_id',
  comparison: 'shape_id',
};

/** Every row of every table of records; the journal itself is another thing. */
export function dump(file: string): Record<string, unknown[]> {
  return reading(file, (db) => {
    const rows = (table: string, key: string): unknown[] => db.all(`SELECT * FROM ${table} ORDER BY ${key}`);
    return Object.fromEntries(Object.entries(tables).map(([table, key]) => [table, rows(table, key)]));
  });
}

export function reading<T>(file: string, read: (db: Db) => T): T {
  const db = new Db(file, { mustExist: true });
  try {
    return read(db);
  } finally {
    db.close();
  }
}
