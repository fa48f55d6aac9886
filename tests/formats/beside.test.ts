import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { besideOf } from '../../main/formats/beside.ts';
import { freshFolder } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

test('what killed processes left of this file goes; what others write now, and of other files, stays', () => {
  const { pid: dead } = spawnSync(process.execPath, ['--version']);
  const live = process.ppid;
  const names = [`a.json.${dead}.part`, `a.json.${live}.part`, `b.json.${dead}.part`, 'a.json.part', 'a.json.x.part'];
  for (const name of names) writeFileSync(path.join(folder, name), '');
  const file = path.join(folder, 'a.json');
  expect(besideOf(file)).toBe(`${file}.${process.pid}.part`);
  expect(readdirSync(folder).sort()).toEqual(names.slice(1).sort());
});

test('a folder that is not there is found out by who writes', () => {
  const file = path.join(folder, 'no/such/a.json');
  expect(besideOf(file)).toBe(`${file}.${process.pid}.part`);
});
