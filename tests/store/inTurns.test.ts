// A step that is moved in pieces: whole or not at all, whatever is read, written, refused or killed in between.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { created } from '../../main/contract/diff.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { dump } from './dump.ts';
import { addLabel, addShape, apply, newFile, newProject, opened } from './newProject.ts';
import { labelOf, shapeOf } from './records.ts';

function importMany(project: Project, count: number, title = 'Import'): void {
  const [imageId = 0] = project.addImages([{ path: `${title}.png`, width: 20, height: 10 }]);
  const label = labelOf(project.reserve(1), title);
  const first = project.reserve(count);
  const shapes = Array.from({ length: count }, (_, i) => created('shape', shapeOf(first + i, imageId, label.id)));
  project.applyMany(title, [created('label', label), ...shapes]);
}

const always = () => setImmediate();

describe('moved in pieces', () => {
  test('a step comes to the same as moved at once', async () => {
    const [atOnce, inTurns] = [newFile(), newFile()];
    for (const file of [atOnce, inTurns]) {
      const project = opened(file);
      importMany(project, 30);
      if (file === atOnce) project.undo();
      else {
        const recorded = await project.moveInTurns('undo', always);
        expect(recorded).toMatchObject({ redo: 'Import', undo: null });
        expect(await project.moveInTurns('undo', always)).toBeNull();
      }
      project.close();
    }
    const bare = (file: string) => JSON.stringify(dump(file)).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/gu, 'then');
    expect(bare(inTurns)).toBe(bare(atOnce));
  });

  test('what others write meanwhile stays; what is no good of it does not stop the step', async () => {
    const { project } = newProject();
    importMany(project, 30);
    let turn = 0;
    await project.moveInTurns('undo', async () => {
      await setImmediate();
      turn++;
      if (turn === 5) project.addImages([{ path: 'meanwhile.png' }]);
      if (turn === 6) {
        expect(() => project.addImages(failing())).toThrow('a bad list');
      }
    });
    expect(project.imageByPath('meanwhile.png')).not.toBeNull();
    expect(project.imageByPath('half.png')).toBeNull();
    expect(project.info()).toMatchObject({ shapes: 0, redo: 'Import' });
  });

  test('nothing else is changed meanwhile, and it can be waited for', async () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    importMany(project, 30);
    const moving = project.moveInTurns('undo', always);
    const still = project.still();
    const refused = '"Import" is still being undone or redone';
    expect(() => apply(project, created('label', labelOf(project.reserve(1), 'bus')))).toThrow(refused);
    expect(() => project.undo()).toThrow(refused);
    expect(() => project.redo()).toThrow(refused);
    await expect(project.moveInTurns('undo', always)).rejects.toThrow(refused);
    await still;
    expect(project.info().redo).toBe('Import');
    await moving;
    addShape(project, images[0], label.id);
  });

  test('where the turn throws, all is as before', async () => {
    const { project } = newProject();
    importMany(project, 30);
    const before = project.info();
    let turn = 0;
    const stopping = () => {
      if (++turn === 12) throw new BadInput('enough');
      return undefined;
    };
    await expect(project.moveInTurns('undo', stopping)).rejects.toThrow('enough');
    expect(project.info()).toEqual(before);
    expect(project.undo()).toMatchObject({ redo: 'Import' });
  });

  test('a step is not moved while another one is being made', async () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    importMany(project, 30);
    const running = project.startMany('Import b.json');
    running.add([created('shape', shapeOf(project.reserve(1), images[0], label.id))]);
    addLabel(project, 'bus');
    await expect(project.moveInTurns('undo', always)).rejects.toThrow('another job changes the project');
    running.end();
  });
});

/** The second one cannot be had. */
function* failing() {
  yield { path: 'half.png' };
  throw new BadInput('a bad list');
}

/** Kills the process after so many lines that say how far it is. */
async function killedAfter(file: string, lines: number): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(new URL('./mover.ts', import.meta.url)), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  while (text.split('\n').length <= lines) await once(child.stdout ?? child, 'data');
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  return Number(text.trim().split('\n').at(-1));
}

test('kill -9 in the middle leaves the step whole, as it was or moved', async () => {
  const count = 3000;
  const file = newFile();
  const first = openProject(file, { create: true });
  importMany(first, count);
  first.close();
  let halves = 0;
  for (let kill = 0; kill < 12; kill++) {
    const done = await killedAfter(file, 3 + kill * 5);
    if (done % (count + 2) !== 0) halves++;
    const project = openProject(file);
    const { shapes, undo, redo } = project.info();
    expect([
      { shapes: count, undo: 'Import', redo: null },
      { shapes: 0, undo: null, redo: 'Import' },
    ]).toContainEqual({ shapes, undo, redo });
    project.close();
  }
  expect(halves).toBeGreaterThan(6);
}, 300_000);
