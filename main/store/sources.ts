// Stores what COCO files said of the images, labels and shapes that were taken from them, as text; undo leaves it as it is.
import type { Db } from './db.ts';
import { parsed } from './jsonColumns.ts';

export interface SourceFile {
  readonly id: number;
  /** Absolute, as it was when it was imported. */
  readonly path: string;
  /** SHA-256 of its bytes. */
  readonly hash: string;
  /** The values of its keys but images, annotations and categories, each as JSON. */
  readonly head: Readonly<Record<string, string>>;
}

interface SourceRecord {
  readonly fileId: number;
  /** The id in its file; null where it has none, or one that cannot be kept. */
  readonly number: number | null;
  /** As it stands in the file. */
  readonly record: string;
}

export interface SourceCategory extends SourceRecord {
  readonly number: number;
  readonly labelId: number;
  /** What the label was called when it was imported. */
  readonly label: string;
  /** Whether an annotation names it. */
  readonly used: boolean;
}

export interface SourceImage extends SourceRecord {
  readonly imageId: number;
}

export interface SourceShape extends SourceRecord {
  readonly shapeId: number;
  /** Its place among the file's annotations; -1 where the file was changed and does not have it any more. */
  readonly position: number;
  /** Digests of the shape as it was imported; `geometry` is empty where the file's mask or box could not be taken as it is. */
  readonly geometry: string;
  readonly said: string;
}

export interface Sources {
  /** A file that was imported before keeps its id. */
  setSourceFile(file: Omit<SourceFile, 'id'>): number;
  /** The file lies elsewhere now. */
  moveSourceFile(id: number, path: string): void;
  sourceFiles(): SourceFile[];
  setSourceCategories(rows: readonly SourceCategory[]): void;
  /** Categories in the order of the files, and in each by number. */
  sourceCategories(): SourceCategory[];
  setSourceImages(rows: readonly SourceImage[]): void;
  /** The first file that has the image says most. */
  sourcesOfImage(imageId: number): SourceImage[];
  /** Numbers of all images, in the order of their ids, then of the files. */
  imageNumbers(): Generator<{ readonly imageId: number; readonly fileId: number; readonly number: number }>;
  setSourceShapes(rows: readonly SourceShape[]): void;
  sourcesOfShapes(imageId: number): Map<number, SourceShape>;
  sourceOfShape(shapeId: number): SourceShape | null;
  sourceAt(fileId: number, position: number): SourceShape | null;
  highestNumber(): number;
  /** Shapes whose number an earlier shape has. */
  doubledNumbers(): number[];
  shapeNumbered(number: number): number | null;
}

const shapeColumns = 'shape_id AS shapeId, file_id AS fileId, position, number, geometry, said, record';
const page = 1000;
/** Rows of `source_shape` whose shape stands in the project. */
const standing = 'EXISTS (SELECT 1 FROM shape WHERE shape.id = one.shape_id)';

export const sourcesOf = (db: Db): Sources => ({
  ...filesOf(db),
  setSourceImages: (rows) =>
    db.whole(() => {
      for (const { imageId, fileId, number, record } of rows)
        db.run('INSERT OR REPLACE INTO source_image VALUES (?, ?, ?, ?)', imageId, fileId, number, record);
    }),
  sourcesOfImage: (imageId) =>
    db.all<SourceImage>(
      `SELECT image_id AS imageId, file_id AS fileId, number, record FROM source_image WHERE image_id = ? ORDER BY file_id`,
      imageId,
    ),
  *imageNumbers() {
    const sql = `SELECT image_id AS imageId, file_id AS fileId, number FROM source_image
      WHERE (image_id, file_id) > (?, ?) AND number IS NOT NULL ORDER BY image_id, file_id LIMIT ?`;
    for (let last = { imageId: 0, fileId: 0 }; ; ) {
      const rows = db.all<{ imageId: number; fileId: number; number: number }>(sql, last.imageId, last.fileId, page);
      yield* rows;
      const end = rows.at(-1);
      if (!end) return;
      last = end;
    }
  },
  setSourceShapes: (rows) =>
    db.whole(() => {
      for (const { shapeId, fileId, position, number, geometry, said, record } of rows)
        db.run(
          'INSERT OR REPLACE INTO source_shape VALUES (?, ?, ?, ?, ?, ?, ?)',
          ...[shapeId, fileId, position, number, geometry, said, record],
        );
    }),
  sourcesOfShapes(imageId) {
    const sql = `SELECT ${shapeColumns} FROM source_shape WHERE shape_id IN (SELECT id FROM shape WHERE image_id = ?)`;
    return new Map(db.all<SourceShape>(sql, imageId).map((row) => [row.shapeId, row]));
  },
  sourceOfShape: (shapeId) =>
    db.get<SourceShape>(`SELECT ${shapeColumns} FROM source_shape WHERE shape_id = ?`, shapeId) ?? null,
  sourceAt: (fileId, position) =>
    db.get<SourceShape>(
      `SELECT ${shapeColumns} FROM source_shape WHERE file_id = ? AND position = ?`,
      fileId,
      position,
    ) ?? null,
  highestNumber: () => Math.max(0, db.number('SELECT max(number) FROM source_shape')),
  doubledNumbers: () =>
    db.numbers(
      `SELECT one.shape_id FROM source_shape AS one WHERE ${standing} AND EXISTS (
         SELECT 1 FROM source_shape AS first JOIN shape ON shape.id = first.shape_id
         WHERE first.number = one.number AND first.shape_id < one.shape_id)`,
    ),
  shapeNumbered: (number) =>
    db.number(
      `SELECT one.shape_id FROM source_shape AS one WHERE number = ? AND ${standing} ORDER BY shape_id LIMIT 1`,
      number,
    ) || null,
});

const filesOf = (
  db: Db,
): Pick<Sources, 'setSourceFile' | 'moveSourceFile' | 'sourceFiles' | 'setSourceCategories' | 'sourceCategories'> => ({
  setSourceFile({ path, hash, head }) {
    const changed = 'SELECT id FROM source_file WHERE path = ? AND hash <> ?';
    db.run(`UPDATE source_shape SET position = -1 WHERE file_id = (${changed})`, path, hash);
    db.run(
      `INSERT INTO source_file (path, hash, head) VALUES (?, ?, ?)
       ON CONFLICT (path) DO UPDATE SET hash = excluded.hash, head = excluded.head`,
      ...[path, hash, JSON.stringify(head)],
    );
    return db.number('SELECT id FROM source_file WHERE path = ?', path);
  },
  moveSourceFile: (id, path) => void db.run('UPDATE source_file SET path = ? WHERE id = ?', path, id),
  sourceFiles: () =>
    db
      .all<{ id: number; path: string; hash: string; head: string }>('SELECT * FROM source_file ORDER BY id')
      .map((row) => ({ ...row, head: parsed(row.head) as SourceFile['head'] })),
  setSourceCategories: (rows) =>
    db.whole(() => {
      for (const { fileId, number, labelId, label, used, record } of rows)
        db.run(
          'INSERT OR REPLACE INTO source_category VALUES (?, ?, ?, ?, ?, ?)',
          ...[fileId, number, labelId, label, Number(used), record],
        );
    }),
  sourceCategories: () =>
    db
      .all<Omit<SourceCategory, 'used'> & { used: number }>(
        `SELECT file_id AS fileId, number, label_id AS labelId, label, used, record FROM source_category
         ORDER BY file_id, rowid`,
      )
      .map((row) => ({ ...row, used: row.used === 1 })),
});
