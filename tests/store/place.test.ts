// A project file that is moved, deleted or replaced while it is open, and logs that are not their file's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FileGone } from '../../main/contract/badInput.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { dump, reading } from './dump.ts';
import { addLabel, addShape, newFile, opened } from './newProject.ts';
import { height, width } from './records.ts';

const namesOf = (project: Project): string[] => project.labels().map(({ name }) => name);

/** A closed project with labels of these names. */
function made(file: string, ...names: string[]): string {
  const project = openProject(file, { create: true });
  for (const name of names) addLabel(project, name);
  project.close();
  return file;
}

/** Another process opens the file, adds a label, and is killed after `before`. */
async function editedAndKilled(file: string, { name = 'killed', before = () => {} } = {}): Promise<void> {
  const program = fileURLToPath(new URL('./labeller.ts', import.meta.url));
  const child = spawn(process.execPath, [program, file, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  before();
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

/** Of the file alone, which may still be open. */
function namesIn(file: string, table = 'label'): unknown[] {
  const copy = newFile();
  copyFileSync(file, copy);
  return reading(copy, (db) => db.all(`SELECT ${table === 'label' ? 'name' : 'path'} FROM ${table}`));
}

const logsAside = (file: string): string[] =>
  readdirSync(path.dirname(file)).filter((name) => name.startsWith(`${path.basename(file)}-wal.of-another-file`));

function openedSaying(file: string): { project: Project; said: string[] } {
  const said: string[] = [];
  const project = openProject(file, { say: (sentence) => said.push(sentence) });
  onTestFinished(() => project.close());
  return { project, said };
}

const ways: readonly (readonly [string, (file: string) => void])[] = [
  ['deleted', (file) => rmSync(file)],
  ['renamed', (file) => renameSync(file, `${file}.elsewhere`)],
  ['replaced', (file) => renameSync(made(newFile('other.loupe'), 'other'), file)],
];

describe.each(ways)('a project file that is %s while it is open', (_, remove) => {
  test('takes no more changes, and says so each time', () => {
    const file = newFile();
    const project = opened(file);
    const [image = 0] = project.addImages([{ path: 'a.png', width, height }]);
    const label = addLabel(project, 'car');
    addShape(project, image, label.id);
    remove(file);
    for (let i = 0; i < 2; i++) {
      expect(() => addLabel(project, 'bus')).toThrow(FileGone);
      expect(() => project.undo()).toThrow('was moved, deleted or replaced while it was open');
      expect(() => project.addImages([{ path: 'b.png' }])).toThrow(FileGone);
    }
    expect(project.inPlace()).toBe(false);
    expect(project.info()).toMatchObject({ shapes: 1, images: 1, undo: 'Draw mask' });
  });

  test('can be saved as a copy with all that was stored, and goes on there', () => {
    const file = newFile();
    const project = opened(file);
    const [image = 0] = project.addImages([{ path: 'a.png', width, height }]);
    addShape(project, image, addLabel(project, 'car').id);
    remove(file);
    const copy = path.join(path.dirname(file), 'copy.loupe');
    project.saveCopy(copy);
    expect(() => project.saveCopy(copy)).toThrow('is there already; choose another name');
    const saved = opened(copy);
    expect(saved.info()).toMatchObject({ shapes: 1, images: 1, undo: 'Draw mask' });
    saved.undo();
    addLabel(saved, 'bus');
    expect(namesOf(saved)).toEqual(['car', 'bus']);
    expect(readdirSync(path.dirname(file)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

test('closing a replaced project spoils neither file', () => {
  const file = newFile();
  const project = opened(file);
  addLabel(project, 'old');
  renameSync(file, `${file}.moved`);
  made(file, 'new');
  const second = opened(file);
  addLabel(second, 'newer');
  project.close();
  addLabel(second, 'newest');
  second.close();
  expect(namesOf(opened(file))).toEqual(['new', 'newer', 'newest']);
  expect(namesIn(`${file}.moved`)).toEqual([{ name: 'old' }]);
});

describe('a log that a killed process left', () => {
  test("is its own file's: everything is there", async () => {
    const file = made(newFile(), 'first');
    await editedAndKilled(file);
    const { project, said } = openedSaying(file);
    expect(namesOf(project)).toEqual(['first', 'killed']);
    expect([said, logsAside(file)]).toEqual([[], []]);
  });

  test('is not replayed on another project that lies there now, and is kept by name', async () => {
    const file = made(newFile(), 'first');
    await editedAndKilled(file);
    const other = made(newFile(), 'other');
    copyFileSync(other, file);
    const { project, said } = openedSaying(file);
    expect(namesOf(project)).toEqual(['other']);
    expect(project.info().undo).toBe('Add label other');
    expect(logsAside(file)).toHaveLength(1);
    expect(said).toEqual([expect.stringContaining(logsAside(file)[0] ?? '?')]);
    project.close();
    expect(dump(file)).toEqual(dump(other));
  });

  test('was moved aside, and serves its own file again under its own name', async () => {
    const file = made(newFile(), 'first');
    await editedAndKilled(file);
    renameSync(file, `${file}.kept`);
    copyFileSync(made(newFile(), 'other'), file);
    openedSaying(file).project.close();
    renameSync(`${file}.kept`, file);
    renameSync(path.join(path.dirname(file), logsAside(file)[0] ?? ''), `${file}-wal`);
    expect(namesOf(opened(file))).toEqual(['first', 'killed']);
  });

  test('is not replayed on an earlier copy of the same project', async () => {
    const file = made(newFile(), 'first');
    copyFileSync(file, `${file}.copy`);
    const project = opened(file);
    addLabel(project, 'second');
    project.close();
    await editedAndKilled(file);
    copyFileSync(`${file}.copy`, file);
    const again = openedSaying(file);
    expect(namesOf(again.project)).toEqual(['first']);
    expect(logsAside(file)).toHaveLength(1);
  });

  test('is not replayed on a saved copy, whose pages lie otherwise', async () => {
    const file = made(newFile(), 'first');
    const copy = `${file}.copy`;
    await editedAndKilled(file);
    const project = opened(file);
    project.saveCopy(copy);
    project.close();
    await editedAndKilled(file, { name: 'killed later' });
    copyFileSync(copy, file);
    expect(namesOf(openedSaying(file).project)).toEqual(['first', 'killed']);
    expect(logsAside(file)).toHaveLength(1);
  });

  test('is not replayed on a project that is made anew in its place', async () => {
    const file = made(newFile(), 'first');
    await editedAndKilled(file, { before: () => rmSync(file) });
    expect(existsSync(`${file}-wal`)).toBe(true);
    expect(namesOf(opened(file))).toEqual([]);
    expect(logsAside(file)).toHaveLength(1);
  });

  test('of nothing but noise is no reason not to open', () => {
    const file = made(newFile(), 'first');
    writeFileSync(`${file}-wal`, 'x'.repeat(100));
    expect(namesOf(opened(file))).toEqual(['first']);
  });
});

test('a log that grew long is folded into the file while it is open, and the next one is named too', async () => {
  const file = newFile();
  const project = openProject(file, { create: true });
  for (let round = 0; round < 2; round++) {
    project.addImages(Array.from({ length: 20_000 }, (_, i) => ({ path: `${round}/${i}.png` })));
  }
  expect(namesIn(file, 'image').length).toBeGreaterThanOrEqual(20_000);
  project.close();
});

test('images of a copy in another folder are the same files', () => {
  const file = newFile();
  const folder = path.dirname(file);
  const project = opened(file);
  project.addImages(['b.png', '../b.png', '../sub/b.png', '/far/b.png'].map((name) => ({ path: name })));
  const copy = path.join(newFile(), '..', 'copy.loupe');
  project.saveCopy(copy);
  const saved = opened(copy);
  const absolute = (of: string, names: string[]) => names.map((name) => path.resolve(path.dirname(of), name));
  const pathsOf = (of: Project) => [...of.allImages()].map((image) => image.path);
  expect(absolute(copy, pathsOf(saved))).toEqual(absolute(file, pathsOf(project)));
  expect(pathsOf(saved)[0]).toBe(`../${path.basename(folder)}/b.png`);
});
