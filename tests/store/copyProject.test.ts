// A project in a folder that cannot be written: it says so, and is kept elsewhere with everything that was stored.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BadInput, ReadOnlyPlace } from '../../main/contract/badInput.ts';
import { copyElsewhere } from '../../main/store/copyProject.ts';
import { Db } from '../../main/store/db.ts';
import { addLabel, addShape, opened } from './newProject.ts';

function folders() {
  const root = mkdtempSync(path.join(tmpdir(), 'loupe-elsewhere-'));
  onTestFinished(() => {
    for (const name of readdirSync(root)) chmodSync(path.join(root, name), 0o777);
    rmSync(root, { recursive: true, force: true });
  });
  chmodSync(root, 0o755);
  const [locked, free] = [path.join(root, 'locked'), path.join(root, 'free')];
  mkdirSync(locked);
  mkdirSync(free);
  chmodSync(free, 0o777);
  return { locked, free };
}

function filled(folder: string): string {
  const file = path.join(folder, 'cars.loupe');
  const project = opened(file);
  const [imageId = 0] = project.addImages([{ path: 'a.png', width: 20, height: 10 }]);
  addShape(project, imageId, addLabel(project, 'car').id);
  project.close();
  return file;
}

/** Root may write everything: then it is done as nobody. */
const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

describe.runIf(process.platform === 'linux')('a folder that cannot be written', () => {
  test('is said, and the project is kept elsewhere, with its images where they are', () => {
    const { locked, free } = folders();
    const file = filled(locked);
    chmodSync(file, 0o444);
    chmodSync(locked, 0o555);
    const program = fileURLToPath(new URL('./readOnlyPlace.ts', import.meta.url));
    const target = path.join(free, 'cars.loupe');
    const { stdout, stderr } = spawnSync(process.execPath, [program, file, target], { ...asNobody, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      opened: 'cars.loupe is read-only; allow writing to it, or keep the project elsewhere',
      made: expect.stringContaining('keep the project elsewhere'),
      ...{ shapes: 1, images: 1, undo: 'Draw mask', path: '../locked/a.png', there: true },
    });
    expect(readdirSync(free)).toEqual(['cars.loupe']);
    expect(readdirSync(locked)).toEqual(['cars.loupe']);
  });

  test('is known where a file is to be made in it', () => {
    expect(() => new Db('/proc/no-place-for-files.loupe', { mustExist: false })).toThrow(ReadOnlyPlace);
  });
});

describe('a copy elsewhere', () => {
  test('replaces nothing, and leaves nothing behind where it fails', async () => {
    const unexamined = async () => {};
    const { locked, free } = folders();
    const file = filled(locked);
    const taken = filled(free);
    await expect(copyElsewhere(file, taken, unexamined)).rejects.toThrow('is there already');
    const nowhere = path.join(free, 'no', 'x.loupe');
    await expect(copyElsewhere(file, nowhere, unexamined)).rejects.toThrow('there is no such folder');
    const [absent, target] = [path.join(locked, 'no.loupe'), path.join(free, 'x.loupe')];
    await expect(copyElsewhere(absent, target, unexamined)).rejects.toThrow('there is no project');
    const foreign = new Db(path.join(locked, 'foreign.loupe'), { mustExist: false });
    foreign.script('CREATE TABLE t (x)');
    foreign.close();
    await expect(copyElsewhere(foreign.file, target, unexamined)).rejects.toBeInstanceOf(BadInput);
    const tooLong = async () => {
      throw new BadInput('it could not be checked');
    };
    await expect(copyElsewhere(file, target, tooLong)).rejects.toThrow('could not be checked');
    expect(readdirSync(free)).toEqual(['cars.loupe']);
  });
});
