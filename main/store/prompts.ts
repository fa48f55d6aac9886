// Stores prompts: reads records from rows and writes them back.
import type { StoredPrompt } from '../contract/project.ts';
import type { Db, SqlValue } from './db.ts';
import { jsonOrNull, parsed } from './jsonColumns.ts';
import type { RecordTable } from './recordTable.ts';

interface PromptRow {
  id: number;
  image_id: number;
  text: string;
  points: string;
  box: string | null;
  correction: string | null;
}

const columns = 'id, image_id, text, points, box, correction';

const promptOf = (row: PromptRow): StoredPrompt => ({
  id: row.id,
  imageId: row.image_id,
  text: row.text,
  points: parsed(row.points) as StoredPrompt['points'],
  box: parsed(row.box ?? 'null') as StoredPrompt['box'],
  correction: parsed(row.correction ?? 'null') as StoredPrompt['correction'],
});

export const promptsWhere = (db: Db, condition: string, ...values: SqlValue[]): StoredPrompt[] =>
  db.all<PromptRow>(`SELECT ${columns} FROM prompt WHERE ${condition}`, ...values).map(promptOf);

export const promptTable = (db: Db): RecordTable<'prompt'> => ({
  read: (id) => promptsWhere(db, 'id = ?', id)[0] ?? null,
  write({ id, imageId, text, points, box, correction }) {
    db.run(
      `INSERT INTO prompt (${columns}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
       image_id = excluded.image_id, text = excluded.text, points = excluded.points, box = excluded.box,
       correction = excluded.correction`,
      ...[id, imageId, text, JSON.stringify(points), jsonOrNull(box), jsonOrNull(correction)],
    );
  },
  remove: (id) => void db.run('DELETE FROM prompt WHERE id = ?', id),
});
