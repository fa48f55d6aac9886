// Compares a file's tables with those that Loupe makes: anything else that stands there would run as code.
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import { Db } from './db.ts';

interface Part {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/**
 * Refuses triggers, views and whatever else the migrations do not make, and files that lack a part. Read before anything
 * of the file's own is used: a view in place of a table may take for ever, a trigger may change what is stored. `newest`:
 * all formats; a part of a later one, or a table without a column, is no attack.
 */
export function checkSchema(db: Db, formats: readonly string[], newest: readonly string[] = formats): void {
  const name = path.basename(db.file);
  const known = partsMadeBy(formats);
  for (const part of partsOf(db)) {
    const key = `${part.type} ${part.name}`;
    const ours = known.get(key);
    if (ours?.sql !== part.sql) {
      const isLater = partsMadeBy(newest).get(key)?.sql === part.sql;
      if (isLater || (ours && lacksColumn(part, ours))) throw damaged(db);
      throw new BadInput(`${name} holds a ${key.slice(0, 80)} that no Loupe made; it was not opened`);
    }
    known.delete(key);
  }
  if (known.size > 0) throw damaged(db);
}

/** Whether a file that does not say so of itself has the first table of every project. */
export function looksLikeOurs(db: Db, formats: readonly string[]): boolean {
  const [[key, first] = ['', undefined]] = partsMadeBy(formats.slice(0, 1));
  return partsOf(db).some((part) => `${part.type} ${part.name}` === key && part.sql.startsWith(opening(first?.sql)));
}

/** Later formats may have added columns at the end. */
const opening = (sql = ''): string => sql.replace(/\)[^)]*$/u, '');

const lacksColumn = ({ sql }: Part, { columns }: Made): boolean =>
  columns.some((column) => !new RegExp(`\\b${column}\\b`, 'u').test(sql));

export const damaged = ({ file }: Pick<Db, 'file'>): BadInput =>
  new BadInput(`${path.basename(file)} is damaged; it was left as it is: take a copy of it from before`);

/** More than any format has; a file with thousands is not read to its end. */
const mostParts = 500;

/** Parts with SQL of their own: SQLite makes the others for them. The layout of the SQL does not count. */
const partsOf = (db: Db): Part[] =>
  db
    .all<Part>(
      `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'sqlite_sequence' LIMIT ?`,
      mostParts,
    )
    .map(({ type, name, sql }) => ({ type, name, sql: sql.replace(/\s+/gu, ' ').trim() }));

interface Made {
  readonly sql: string;
  /** The columns of a table. */
  readonly columns: readonly string[];
}

/** Parts by type and name, in the order in which they are made. */
function partsMadeBy(formats: readonly string[]): Map<string, Made> {
  const fresh = new Db(':memory:', { mustExist: false });
  try {
    for (const sql of formats) fresh.script(sql);
    const columnsOf = (table: string) =>
      fresh.all<{ name: string }>('SELECT name FROM pragma_table_info(?)', table).map(({ name }) => name);
    return new Map(
      partsOf(fresh).map(({ type, name, sql }) => {
        return [`${type} ${name}`, { sql, columns: type === 'table' ? columnsOf(name) : [] }];
      }),
    );
  } finally {
    fresh.close();
  }
}
