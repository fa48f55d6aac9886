// Lists images: a slice of the list in any of its orders, and the neighbour of an image, at 100,000 images at once.
import type { ImageQuery } from '../contract/api.ts';
import type { ImageRow } from '../contract/project.ts';
import type { Db, SqlValue } from './db.ts';
import { folded } from './images.ts';
import type { Slice } from './slice.ts';

export interface Lists {
  list(query: ImageQuery, slice: Slice): { total: number; rows: ImageRow[] };
  /** Null at the end of the list. `from` need not be in the list (any more): its place counts; null: the first. */
  step(query: ImageQuery, from: number | null, by: Stride): Stop;
}

export type Stride = 'next' | 'previous' | 'next unreviewed';

export interface Stop {
  id: number | null;
  /** Its place in the list, from 0. */
  index: number | null;
  total: number;
}

const columns = 'id, path, hash, width, height, state, problem, status, shapes, prompts, disagreement, spread';

/** Columns that ascend along the list. Each order, with a status or without, has an index that holds it whole. */
const orders: { readonly [O in ImageQuery['order']]: string } = {
  path: 'sorted, id',
  disagreement: 'doubt, sorted, id',
  spread: 'scatter, sorted, id',
};

const statuses: { readonly [S in ImageQuery['status']]: string } = {
  all: 'TRUE',
  unreviewed: `status = 'unreviewed'`,
  accepted: `status = 'accepted'`,
  unclear: `status = 'unclear'`,
  'nothing found': 'unfound > 0',
  problem: `state <> 'present'`,
};

interface Condition {
  sql: string;
  values: SqlValue[];
  /** Few enough rows to sort them; else the order comes from an index. */
  narrow: boolean;
}

function conditionOf({ search, status, labelId }: ImageQuery): Condition {
  const sql: string[] = [];
  const values: SqlValue[] = [];
  if (search.trim() !== '') {
    sql.push('id IN (SELECT id FROM image WHERE instr(folded, ?) > 0)');
    values.push(folded(search.trim()));
  }
  if (labelId !== null) {
    sql.push('id IN (SELECT image_id FROM shape WHERE label_id = ?)');
    values.push(labelId);
  }
  // The plus keeps SQLite from going through all images of the status: those that were found are fewer.
  const found = values.length > 0;
  sql.push(found ? statuses[status].replace(/^(?=status)/, '+') : statuses[status]);
  return { sql: sql.join(' AND '), values, narrow: found || status === 'nothing found' || status === 'problem' };
}

/** All images of a list, or the unreviewed ones alone. */
interface Part {
  unreviewed: boolean;
}

/** The lists that were asked for since anything was last written, each as all of its ids in order. */
function orderedLists(db: Db): (query: ImageQuery, part?: Part) => number[] {
  const ready = new Map<string, number[]>();
  let writes = -1;
  return (query, { unreviewed } = { unreviewed: false }) => {
    if (writes !== db.writes) ready.clear();
    writes = db.writes;
    const simpler: ImageQuery = unreviewed && query.status === 'all' ? { ...query, status: 'unreviewed' } : query;
    const only = unreviewed && simpler.status !== 'unreviewed' ? `+${statuses.unreviewed}` : 'TRUE';
    const key = JSON.stringify([simpler, only]);
    const ids = ready.get(key) ?? orderedIds(db, simpler, only);
    ready.set(key, ids);
    return ids;
  };
}

function orderedIds(db: Db, query: ImageQuery, only: string): number[] {
  const { sql, values, narrow } = conditionOf(query);
  // Here it keeps SQLite from walking an index of all images, and looking each one up, to have them in order.
  const order = narrow ? `+${orders[query.order]}` : orders[query.order];
  return db.numbers(`SELECT id FROM image WHERE ${sql} AND ${only} ORDER BY ${order}`, ...values);
}

export function listsOf(db: Db): Lists {
  const ordered = orderedLists(db);
  const row = `SELECT ${columns} FROM image WHERE id = ?`;
  return {
    list(query, { offset, limit }) {
      const ids = ordered(query);
      return { total: ids.length, rows: ids.slice(offset, offset + limit).flatMap((id) => db.all<ImageRow>(row, id)) };
    },
    step(query, from, by) {
      const ids = ordered(query);
      const candidates = by === 'next unreviewed' ? ordered(query, { unreviewed: true }) : ids;
      const order = orders[query.order];
      const id = candidates[from === null ? 0 : neighbour(db, candidates, { order, from, by })] ?? null;
      return { id, index: id === null ? null : howMany(db, ids, { order, of: id, sign: '<' }), total: ids.length };
    },
  };
}

interface Walk {
  order: string;
  from: number;
  by: Stride;
}

const neighbour = (db: Db, ids: number[], { order, from, by }: Walk): number =>
  by === 'previous'
    ? howMany(db, ids, { order, of: from, sign: '<' }) - 1
    : howMany(db, ids, { order, of: from, sign: '<=' });

/** How many of the list stand before the image (`<`), or not behind it (`<=`), by halving. */
function howMany(db: Db, ids: number[], { order, of, sign }: { order: string; of: number; sign: '<' | '<=' }): number {
  const sql = `SELECT (${order}) ${sign} (SELECT ${order} FROM image WHERE id = ?) FROM image WHERE id = ?`;
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const id = ids[middle];
    if (id === undefined) throw new Error(`place ${middle} is outside of a list of ${ids.length}`);
    if (db.number(sql, of, id) === 1) low = middle + 1;
    else high = middle;
  }
  return low;
}
