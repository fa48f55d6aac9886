import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { BadInput, ReadOnlyPlace } from '../../main/contract/badInput.ts';
import { copyElsewhere } from '../../main/store/copyProject.ts';
import { Db } from '../../main/store/db.ts';
import { migrations } from '../../main/store/migrations.ts';
import { backupPath, openFile } from '../../main/store/open.ts';
import { openProject } from '../../main/store/project.ts';
import { reading } from './dump.ts';
import { addLabel, addShape, newFile, opened } from './newProject.ts';
import { height, width } from './records.ts';

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** A closed project with some pages of content. */
function filled(): string {
  const file = newFile();
  const project = opened(file);
  const images = project.addImages(Array.from({ length: 400 }, (_, i) => ({ path: `${i}.png`, width, height })));
  const label = addLabel(project, 'car');
  for (const image of images.slice(0, 20)) addShape(project, image, label.id);
  project.close();
  return file;
}

/** Refused with this sentence, twice, and no byte of the file is another. */
function refusesUntouched(file: string, sentence: string): void {
  const before = hashOf(file);
  for (let i = 0; i < 2; i++) {
    expect(() => openProject(file)).toThrow(BadInput);
    expect(() => openProject(file)).toThrow(sentence);
  }
  expect(hashOf(file)).toBe(before);
  expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
}

describe('a new project', () => {
  test("is one file of today's format, whole from the moment it is there", () => {
    const file = newFile();
    const project = openProject(file, { create: true });
    expect(project.info()).toEqual({
      file,
      name: 'test',
      images: 0,
      shapes: 0,
      unreviewed: 0,
      undo: null,
      redo: null,
    });
    project.close();
    project.close();
    expect(readdirSync(path.dirname(file))).toEqual(['test.loupe']);
    reading(file, (db) => expect(db.number('PRAGMA user_version')).toBe(migrations.length));
  });

  test('is made only when that was asked for, and only where there is none', () => {
    const file = newFile();
    expect(() => openProject(file)).toThrow(`there is no project ${file}`);
    expect(existsSync(file)).toBe(false);
    const first = opened(file);
    addLabel(first, 'car');
    first.close();
    expect(opened(file).labels()).toHaveLength(1);
  });

  test('in a folder that is not there: one sentence', () => {
    const file = path.join(newFile(), 'nowhere', 'test.loupe');
    expect(() => openProject(file, { create: true })).toThrow(BadInput);
    expect(() => openProject(path.dirname(path.dirname(newFile())))).toThrow('is a folder, not a Loupe project');
  });
});

test("a person's own file of the name that a half-made project might have stays", async () => {
  const file = newFile();
  const copy = path.join(path.dirname(file), 'copy.loupe');
  const theirs = [file, copy].map((of) => `${of}.part`);
  for (const one of theirs) writeFileSync(one, 'mine');
  const project = opened(file);
  project.saveCopy(copy);
  project.close();
  const elsewhere = path.join(path.dirname(file), 'elsewhere.loupe');
  writeFileSync(`${elsewhere}.part`, 'mine');
  await copyElsewhere(file, elsewhere, async () => {});
  for (const one of [...theirs, `${elsewhere}.part`]) expect(readFileSync(one, 'utf8')).toBe('mine');
  expect(readdirSync(path.dirname(file))).toHaveLength(6);
});

describe('what is no project of ours is refused, and stays as it is', () => {
  test('a text', () => {
    const file = newFile();
    writeFileSync(file, 'This is a letter, long enough to be taken for the header of something else. '.repeat(20));
    refusesUntouched(file, 'test.loupe is no Loupe project');
  });

  test('an empty file', () => {
    const file = newFile();
    writeFileSync(file, '');
    refusesUntouched(file, 'test.loupe is no Loupe project');
  });

  test("another program's database", () => {
    const file = newFile();
    const db = new Db(file, { mustExist: false });
    db.script('CREATE TABLE song (title TEXT)');
    db.close();
    refusesUntouched(file, 'test.loupe is no Loupe project');
  });

  test('a project of a newer Loupe', () => {
    const file = filled();
    reading(file, (db) => db.script(`PRAGMA user_version = ${migrations.length + 1}`));
    const sentence = `made by a newer Loupe (format ${migrations.length + 1}, this one knows ${migrations.length})`;
    refusesUntouched(file, sentence);
  });
});

describe('a damaged project is refused in one sentence and stays as it is', () => {
  test('cut off', () => {
    const file = filled();
    truncateSync(file, 40_000);
    refusesUntouched(file, 'test.loupe is damaged');
  });

  test('with pages of noise', () => {
    const file = filled();
    const bytes = readFileSync(file);
    for (let i = 4096 * 5; i < bytes.length; i += 7) bytes[i] = (i * 31) % 256;
    writeFileSync(file, bytes);
    refusesUntouched(file, 'test.loupe is damaged');
  });
});

describe('one byte of the header', () => {
  const change = (file: string, at: number, value: number): string => {
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, Buffer.from([value]), 0, 1, at);
    closeSync(descriptor);
    return file;
  };

  test.each([
    ['the name of the format', 0, 0],
    ['the version for writing', 18, 3],
    ['the version for reading', 19, 255],
    ['the size of a page', 16, 2],
    ['a share of a page', 22, 33],
    ['the format of the schema', 47, 64],
  ])('%s: the project is damaged, not read-only and not another program’s', (_what, at, value) => {
    refusesUntouched(change(filled(), at, value), 'test.loupe is damaged');
  });

  test('any other: it opens, or is refused in one sentence', () => {
    const file = filled();
    const whole = readFileSync(file);
    for (let at = 1; at < 100; at += 3) {
      writeFileSync(file, whole);
      change(file, at, (whole[at] ?? 0) ^ 4);
      try {
        openProject(file).close();
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(BadInput);
        expect(error, `byte ${at}`).not.toBeInstanceOf(ReadOnlyPlace);
      }
    }
  });
});

describe('one writer', () => {
  test('a second one in the same process is refused, until the first has closed', () => {
    const file = newFile();
    const first = opened(file);
    expect(() => openProject(file)).toThrow('test.loupe is open in another Loupe; close it there first');
    addLabel(first, 'car');
    first.close();
    expect(opened(file).labels()).toHaveLength(1);
  });
});

describe('migrations', () => {
  test.each(migrations.map((_, i) => i + 1))('number %i makes its format from the one before', (number) => {
    const file = newFile();
    openFile(file, { create: true, formats: migrations.slice(0, number) }).close();
    const tables = (of: string) =>
      reading(of, (db) => db.all<{ sql: string }>('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name'));
    expect(
      tables(file)
        .filter(({ sql }) => /CREATE TABLE (?!sqlite_)/.test(sql))
        .every(({ sql }) => sql.includes('STRICT')),
    ).toBe(true);
    opened(file).close();
    const fresh = newFile();
    opened(fresh).close();
    expect(tables(file)).toEqual(tables(fresh));
  });

  test('the one that brings corners leaves the masks of before as they are', () => {
    const file = newFile();
    const before = migrations.findIndex((sql) => sql.includes('ADD COLUMN rings'));
    const { db, close } = openFile(file, { create: true, formats: migrations.slice(0, before) });
    db.script(`
      INSERT INTO image (id, path, folded, sorted, state) VALUES (1, 'a.png', 'a.png', 'a.png', 'present');
      INSERT INTO label VALUES (2, 'car', '#336699', NULL, '[]', 1);
      INSERT INTO shape VALUES (3, 1, 2, 10, 20, '0Z1n4', 0, 0, 4, 10, '{}', 0, 0, 0, 1, '{"kind":"drawn"}');
      UPDATE sequence SET next = 10`);
    close();
    const [shape] = opened(file).detail(1)?.shapes ?? [];
    expect(shape).toMatchObject({ id: 3, mask: { size: [10, 20], counts: '0Z1n4' } });
    expect(shape?.mask?.rings).toBeUndefined();
  });

  const later = [...migrations, 'ALTER TABLE image ADD COLUMN stars INTEGER NOT NULL DEFAULT 0'];

  test('keep everything, with a copy of the file from before beside it', () => {
    const file = filled();
    const before = reading(file, (db) => db.all('SELECT * FROM shape'));
    const { db, close } = openFile(file, { formats: later });
    expect(db.all('SELECT * FROM shape')).toEqual(before);
    expect(db.number('SELECT count(*) FROM image WHERE stars = 0')).toBe(400);
    close();
    const copy = openProject(backupPath(file, migrations.length));
    expect(copy.info()).toMatchObject({ images: 400, shapes: 20, undo: 'Draw mask' });
    copy.close();
    expect(() => openProject(file)).toThrow('was made by a newer Loupe');
  });

  test('that fail leave the project as it was', () => {
    const file = filled();
    const faulty = [...later, 'ALTER TABLE nowhere ADD COLUMN stars INTEGER'];
    expect(() => openFile(file, { formats: faulty })).toThrow('no such table');
    const project = opened(file);
    expect(project.info()).toMatchObject({ images: 400, shapes: 20 });
  });
});

test('ids go on after the last one of the session before, also after a crash of a transaction', () => {
  const file = newFile();
  const first = opened(file);
  const highest = first.reserve(5000) + 4999;
  expect(() =>
    first.addImages(
      (function* () {
        yield { path: 'a.png' };
        first.reserve(3000);
        throw new Error('stop');
      })(),
    ),
  ).toThrow('stop');
  const after = first.reserve(1);
  expect(after).toBeGreaterThan(highest + 3000);
  first.close();
  expect(opened(file).reserve(1)).toBeGreaterThan(after);
});
