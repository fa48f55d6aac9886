// Names for new files, and copies of files that are about to be replaced.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { freeName, isOwnExport, keepBackup } from '../../../main/jobs/queue/backups.ts';
import { temporary } from '../../hosting.ts';

const { folder, remove } = temporary('backups');
afterAll(remove);
const at = (name: string) => path.join(folder, name);

describe('a free name', () => {
  test('is the wanted one, or the next number', () => {
    expect(freeName(at('cars.json'))).toBe(at('cars.json'));
    writeFileSync(at('cars.json'), 'one');
    expect(freeName(at('cars.json'))).toBe(at('cars-2.json'));
    writeFileSync(at('cars-2.json'), 'two');
    expect(freeName(at('cars.json'))).toBe(at('cars-3.json'));
  });
});

describe('a backup', () => {
  test('is a copy, and no backup replaces another', () => {
    writeFileSync(at('out.json'), 'first');
    const now = new Date('2026-01-02T03:04:05Z');
    expect(keepBackup(at('out.json'), now)).toBe(at('out.backup-2026-01-02-030405.json'));
    writeFileSync(at('out.json'), 'second');
    const other = keepBackup(at('out.json'), now) ?? '';
    expect(path.basename(other)).toBe('out.backup-2026-01-02-030405-2.json');
    expect(readFileSync(at('out.backup-2026-01-02-030405.json'), 'utf8')).toBe('first');
    expect(readFileSync(other, 'utf8')).toBe('second');
    expect(readdirSync(folder).filter((name) => name.includes('backup'))).toHaveLength(2);
  });

  test('of nothing is none', () => expect(keepBackup(at('nothing.json'))).toBeNull());
});

test('an export of ours is told from the files of others', () => {
  writeFileSync(at('ours.json'), '{\n"info": {"description":"x","contributor":"Loupe"},');
  writeFileSync(at('theirs.json'), '{"info": {"contributor": "COCO"}}');
  expect([isOwnExport(at('ours.json')), isOwnExport(at('theirs.json'))]).toEqual([true, false]);
});
