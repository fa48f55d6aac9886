import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { partFileOf } from '../../../main/formats/files/partFile.ts';
import { freshFolder } from '../reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

test('what killed processes left of this file goes; what others write now, and of other files, stays', () => {
  const { pid: dead } = spawnSync(process.execPath, ['--version']);
  const live = process.ppid;
  const ours = [`a.json.loupe-${dead}.part`, `a.json.loupe-${live}.part`, `b.json.loupe-${dead}.part`];
  const names = [...ours, 'a.json.part', 'a.json.x.part', `a.json.${dead}.part`];
  for (const name of names) writeFileSync(path.join(folder, name), '');
  const file = path.join(folder, 'a.json');
  expect(partFileOf(file)).toBe(`${file}.loupe-${process.pid}.part`);
  expect(readdirSync(folder).sort()).toEqual(names.slice(1).sort());
});

test('a folder that is not there is found out by who writes', () => {
  const file = path.join(folder, 'no/such/a.json');
  expect(partFileOf(file)).toBe(`${file}.loupe-${process.pid}.part`);
});
