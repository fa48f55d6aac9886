import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BadInput } from '../main/contract/badInput.ts';
import { Settings, SettingsChange } from '../main/contract/settings.ts';
import { foldersBelow, SettingsFile } from '../main/settings.ts';
import { temporary } from './hosting.ts';

const { folder, remove } = temporary('settings');
afterAll(remove);

let count = 0;
const fresh = () => path.join(folder, `${++count}`);
const kept = (home: string) => path.join(home, 'settings.json');

function withText(text: string): SettingsFile {
  const home = fresh();
  mkdirSync(home);
  writeFileSync(kept(home), text);
  return new SettingsFile(home);
}

describe('settings', () => {
  test('without a file everything is as at first, and none is made by looking', () => {
    const home = fresh();
    expect(new SettingsFile(home).read()).toEqual(Settings.parse({}));
    expect(() => readdirSync(home)).toThrow();
  });

  test('what is written is there after a new start, and nothing else has changed', () => {
    const home = fresh();
    const file = new SettingsFile(home);
    expect(file.write({ theme: 'dark', rebound: { undo: 'Ctrl+Y' } })).toMatchObject({ theme: 'dark', wheel: 'zooms' });
    file.write({ wheel: 'scrolls' });
    expect(new SettingsFile(home).read()).toEqual({
      ...Settings.parse({}),
      ...{ theme: 'dark', rebound: { undo: 'Ctrl+Y' }, wheel: 'scrolls' },
    });
    expect(readdirSync(home)).toEqual(['settings.json']);
  });

  test('a change of one setting says nothing of the others', () => {
    expect(SettingsChange.parse({ theme: 'dark' })).toEqual({ theme: 'dark' });
  });

  test('what is no setting is refused and nothing is kept', () => {
    const home = fresh();
    const file = new SettingsFile(home);
    expect(() => file.write({ maskOpacity: 7 })).toThrow();
    expect(file.read().maskOpacity).toBe(0.45);
    expect(() => readFileSync(kept(home))).toThrow();
  });

  test.each(['', '{', 'null', '7', '[]', '{"settings":7,"recent":7}'])('a file that holds %j costs nothing', (text) => {
    const file = withText(text);
    expect(file.read()).toEqual(Settings.parse({}));
    expect(file.recent()).toEqual([]);
  });

  test('one bad value costs that value alone', () => {
    const file = withText('{"settings":{"theme":"dark","wheel":"spins","newer":1},"recent":[]}');
    expect(file.read()).toEqual({ ...Settings.parse({}), theme: 'dark' });
  });

  test('a place that cannot be written to is said in one sentence', () => {
    const home = fresh();
    writeFileSync(home, 'a file in the way');
    const file = new SettingsFile(home);
    expect(() => file.write({ theme: 'dark' })).toThrow(BadInput);
    expect(() => file.write({ theme: 'dark' })).toThrow(/settings cannot be kept there \(E\w+\)$/u);
    // What was refused is not in effect either.
    expect(file.read().theme).toBe('as the system');
  });

  test.skipIf(process.getuid?.() === 0)('a folder without the right to write neither', () => {
    const home = fresh();
    mkdirSync(home, { mode: 0o500 });
    expect(() => new SettingsFile(home).write({ theme: 'dark' })).toThrow(/EACCES/u);
    chmodSync(home, 0o700);
  });
});

describe('recent projects', () => {
  test('the last one opened stands first, each once, twenty at most', () => {
    const home = fresh();
    const file = new SettingsFile(home);
    for (let i = 0; i < 25; i++) file.opened({ file: `/p/${i}.loupe`, name: `${i}` }, new Date(i * 1000));
    file.opened({ file: '/p/20.loupe', name: '20' }, new Date(99_000));
    const recent = new SettingsFile(home).recent();
    expect(recent).toHaveLength(20);
    expect(recent[0]).toEqual({ file: '/p/20.loupe', name: '20', opened: '1970-01-01T00:01:39.000Z' });
    expect(recent.map(({ name }) => name)).toEqual([
      ...['20', '24', '23', '22', '21'],
      ...Array.from({ length: 15 }, (_, i) => `${19 - i}`),
    ]);
  });

  test('they outlive a change of settings', () => {
    const home = fresh();
    const file = new SettingsFile(home);
    file.opened({ file: '/p/a.loupe', name: 'a' });
    file.write({ theme: 'light' });
    expect(new SettingsFile(home).recent()).toHaveLength(1);
  });
});

describe('folders', () => {
  test('all lie below one where one is named', () => {
    const { config, cache, data } = foldersBelow('/some/home');
    expect([config, cache, data].map((each) => path.dirname(each))).toEqual(Array(3).fill(path.resolve('/some/home')));
  });

  test('else they are the places of the system', () => {
    for (const each of Object.values(foldersBelow(undefined))) expect(path.isAbsolute(each)).toBe(true);
    expect(foldersBelow('')).toEqual(foldersBelow(undefined));
  });
});
