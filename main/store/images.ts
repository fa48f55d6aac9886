// Stores images and what a person said about each as a whole.
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { Image, ImageDetail, Review } from '../contract/project.ts';
import type { Db, SqlValue } from './db.ts';
import { promptsWhere } from './prompts.ts';
import { proposalsWhere } from './proposals.ts';
import type { RecordTable } from './recordTable.ts';
import { shapesWhere } from './shapes.ts';

export interface NewImage {
  readonly path: string;
  readonly width?: number;
  readonly height?: number;
  readonly hash?: string;
}

/** What follows the file and not the person. */
export type FileFields = Partial<Pick<Image, 'path' | 'hash' | 'width' | 'height' | 'state' | 'problem'>>;

export interface Images {
  /** The ids beside the files. A path that is there keeps its id, and learns what was not known of it. */
  addImages(files: Iterable<NewImage>): number[];
  /** Is no step of undo. Throws `BadInput` where another image has the path. */
  setFile(id: number, fields: FileFields): void;
  image(id: number): Image | null;
  imageByPath(path: string): Image | null;
  detail(id: number): ImageDetail | null;
  allImages(): Generator<Image>;
}

const columns = 'id, path, hash, width, height, state, problem';
const page = 1000;

export const imagesWhere = (db: Db, condition: string, ...values: SqlValue[]): Image[] =>
  db.all<Image>(`SELECT ${columns} FROM image WHERE ${condition}`, ...values);

/** What a search is compared with, and what is searched for: case does not count, nor how an accent is composed. */
export const folded = (text: string): string => text.normalize('NFC').toLowerCase();

/** Sorts as people count: frame 2 before frame 10. */
const sorted = (path: string): string => folded(path).replace(/\d+/g, (digits) => digits.padStart(9, '0'));

export const imagesOf = (db: Db, reserve: (count: number) => number): Images => ({
  addImages: (files) => db.whole(() => Array.from(files, (file) => addImage(db, file, reserve))),
  setFile: (id, fields) => db.whole(() => setFile(db, id, fields)),
  image: (id) => imagesWhere(db, 'id = ?', id)[0] ?? null,
  imageByPath: (path) => imagesWhere(db, 'path = ?', path)[0] ?? null,
  detail: (id) => detail(db, id),
  *allImages() {
    for (let last = 0; ; ) {
      const rows = imagesWhere(db, 'id > ? ORDER BY id LIMIT ?', last, page);
      yield* rows;
      const end = rows.at(-1);
      if (!end) return;
      last = end.id;
    }
  },
});

function addImage(db: Db, { path, width, height, hash }: NewImage, reserve: (count: number) => number): number {
  const known = db.number('SELECT id FROM image WHERE path = ?', path);
  const facts = [width ?? null, height ?? null, hash ?? null];
  if (known > 0) {
    const sql = `UPDATE image SET width = coalesce(width, ?), height = coalesce(height, ?), hash = coalesce(hash, ?)
      WHERE id = ?`;
    if (facts.some((fact) => fact !== null)) db.run(sql, ...facts, known);
    return known;
  }
  const id = reserve(1);
  db.run(
    `INSERT INTO image (id, path, folded, sorted, state, width, height, hash) VALUES (?, ?, ?, ?, 'present', ?, ?, ?)`,
    ...[id, path, folded(path), sorted(path), ...facts],
  );
  return id;
}

function setFile(db: Db, id: number, fields: FileFields): void {
  const { path: name } = fields;
  if (name !== undefined && db.number('SELECT id FROM image WHERE path = ? AND id <> ?', name, id) > 0) {
    throw new BadInput(`${name} is in the project already, as another image`);
  }
  const derived = name === undefined ? {} : { folded: folded(name), sorted: sorted(name) };
  const given = Object.entries({ ...fields, ...derived }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return;
  const names = given.map(([name]) => `${name} = ?`).join(', ');
  db.run(`UPDATE image SET ${names} WHERE id = ?`, ...given.map(([, value]) => value), id);
}

/** Paths that were relative to the folder `from` become relative to `to`. */
export function movePaths(db: Db, from: string, to: string): void {
  if (from === to) return;
  const images = db.all<{ id: number; path: string }>('SELECT id, path FROM image');
  // All paths move out of the way first: they are unique at every moment.
  db.run(`UPDATE image SET path = '//' || path`);
  for (const { id, path: name } of images) {
    const relative = path.relative(to, path.resolve(from, name));
    const moved = path.isAbsolute(relative) ? path.resolve(from, name) : relative.split(path.sep).join('/');
    setFile(db, id, { path: path.isAbsolute(name) ? name : moved });
  }
}

function detail(db: Db, id: number): ImageDetail | null {
  const image = imagesWhere(db, 'id = ?', id)[0];
  const review = reviewOf(db, id);
  if (!image || !review) return null;
  return {
    image,
    review,
    shapes: shapesWhere(db, 'image_id = ? ORDER BY place, id', id),
    prompts: promptsWhere(db, 'image_id = ? ORDER BY id', id),
    proposals: proposalsWhere(db, 'prompt_id IN (SELECT id FROM prompt WHERE image_id = ?) ORDER BY id', id),
  };
}

const reviewOf = (db: Db, id: number): Review | null =>
  db.get<Review>('SELECT id, status, note FROM image WHERE id = ?', id) ?? null;

/** Every image has its review from the start; it can be changed, and neither made nor deleted. */
export const reviewTable = (db: Db): RecordTable<'review'> => ({
  read: (id) => reviewOf(db, id),
  write({ id, status, note }) {
    const found = db.run('UPDATE image SET status = ?, note = ? WHERE id = ?', status, note, id);
    if (found === 0) throw new BadInput(`there is no image ${id} in the project`);
  },
  remove(id) {
    throw new BadInput(`the review of image ${id} cannot be deleted; set it to unreviewed`);
  },
});
