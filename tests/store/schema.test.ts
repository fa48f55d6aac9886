// Files of others that bring more than tables: refused before anything of theirs runs.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openProject } from '../../main/store/project.ts';
import { reading } from './dump.ts';
import { addLabel, newFile, opened } from './newProject.ts';

/** A closed project of two labels, and then this SQL. */
function changedBy(sql: string): string {
  const file = newFile();
  const project = opened(file);
  addLabel(project, 'car');
  project.close();
  reading(file, (db) => db.script(sql));
  return file;
}

const endless = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id FROM n';

test.each([
  ['trigger grab', "CREATE TRIGGER grab AFTER INSERT ON label BEGIN UPDATE image SET note = 'grabbed'; END"],
  ['view peek', 'CREATE VIEW peek AS SELECT * FROM image'],
  ['view image', `DROP TABLE image; CREATE VIEW image AS ${endless}`],
  ['table more', 'CREATE TABLE more (a)'],
  ['index label_upper', 'CREATE INDEX label_upper ON label (upper(name))'],
  ['table answered', 'ALTER TABLE answered ADD COLUMN long TEXT AS (hex(zeroblob(100000000))) VIRTUAL'],
])('a %s is refused by name, at once', (part, sql) => {
  const file = changedBy(sql);
  const start = performance.now();
  expect(() => openProject(file)).toThrow(`test.loupe holds a ${part} that no Loupe made; it was not opened`);
  expect(performance.now() - start).toBeLessThan(5000);
  expect(readdirSync(path.dirname(file))).toEqual(['test.loupe']);
});

test.each([
  ['a table that is missing', 'DROP TABLE comparison'],
  ['an index that is missing', 'DROP INDEX label_name'],
  ['format 0', 'PRAGMA user_version = 0'],
  ['format -1', 'PRAGMA user_version = -1'],
  ['a format before its own', 'PRAGMA user_version = 2'],
  ['a table without a column', 'DROP TABLE split; CREATE TABLE split (image_id INTEGER PRIMARY KEY) STRICT'],
  ['a format that nobody will ever make', 'PRAGMA user_version = 1845493767'],
  ['no mark of ours', 'PRAGMA application_id = 0'],
])('%s: the project is damaged', (_, sql) => {
  const file = changedBy(sql);
  expect(() => openProject(file)).toThrow('test.loupe is damaged; it was left as it is: take a copy of it from before');
});
