// What a file says of its tables to whether they are those that Loupe makes: what else stands there would run as code.
import path from 'node:path';
import { BadInput } from '../contract/badinput.ts';
import { Db } from './db.ts';

interface Part {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/**
 * Refuses triggers, views and whatever else the migrations do not make, and files that lack a part. Read before anything
 * of the file's own is used: a view in place of a table may take for ever, a trigger may change what is stored.
 */
export function checkSchema(db: Db, formats: readonly string[]): void {
  const name = path.basename(db.file);
  const ours = partsMadeBy(formats);
  const known = new Map(ours.map((part) => [`${part.type} ${part.name}`, part.sql]));
  for (const part of partsOf(db)) {
    const key = `${part.type} ${part.name}`;
    if (known.get(key) !== part.sql)
      throw new BadInput(`${name} holds a ${key.slice(0, 80)} that no Loupe made; it was not opened`);
    known.delete(key);
  }
  if (known.size > 0) throw damaged(db);
}

export const damaged = ({ file }: Db): BadInput =>
  new BadInput(`${path.basename(file)} is damaged; it was left as it is: take a copy of it from before`);

/** More than any format has; a file with thousands is not read to its end. */
const mostParts = 500;

/** Those with SQL of their own: SQLite makes the others for them. How the SQL is laid out does not count. */
const partsOf = (db: Db): Part[] =>
  db
    .all<Part>(
      `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'sqlite_sequence' LIMIT ?`,
      mostParts,
    )
    .map(({ type, name, sql }) => ({ type, name, sql: sql.replace(/\s+/gu, ' ').trim() }));

function partsMadeBy(formats: readonly string[]): Part[] {
  const fresh = new Db(':memory:', { mustExist: false });
  try {
    for (const sql of formats) fresh.script(sql);
    return partsOf(fresh);
  } finally {
    fresh.close();
  }
}
