import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { created } from '../../main/contract/diff.ts';
import { Db } from '../../main/store/db.ts';
import { parsed } from '../../main/store/jsonColumns.ts';
import { openProject } from '../../main/store/project.ts';
import { freshFolder } from '../formats/reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

test('a value comes back as it is', () => {
  for (const value of [null, 3, 'x', { a: [1] }]) expect(parsed(JSON.stringify(value))).toEqual(value);
});

test('bytes torn inside a row, which SQLite cannot see, are said in one sentence', () => {
  const file = path.join(folder, 'torn.loupe');
  const project = openProject(file, { create: true });
  const id = project.reserve(1);
  const label = { id, name: 'cup', colour: '#0072b2', digit: null, attributes: [], place: 1 };
  project.applyMany('Labels', [created('label', label)]);
  project.close();
  const torn = new Db(file, { mustExist: true });
  torn.script(`UPDATE label SET attributes = '[}'; UPDATE change SET after = '{"id"' || char(7)`);
  torn.close();
  const again = openProject(file);
  expect(() => again.labels()).toThrow(BadInput);
  expect(() => again.labels()).toThrow(/is damaged/);
  expect(() => again.undo()).toThrow(BadInput);
  again.close();
});
