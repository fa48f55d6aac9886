// Half a character in a name, a note or a prompt: nothing that was done may become impossible to undo.
import { expect, test } from 'vitest';
import { created } from '../../main/contract/diff.ts';
import { openProject } from '../../main/store/project.ts';
import { reading } from './dump.ts';
import { addLabel, addPrompt, apply, newFile, newProject } from './newProject.ts';
import { labelOf } from './records.ts';

const half = 'x\ud83d';

test('what comes with half a character is stored whole, and undone and made again', () => {
  const { project, images } = newProject();
  const label = addLabel(project, half);
  const prompt = addPrompt(project, images[0], half);
  apply(project, { kind: 'review', id: images[0], before: { note: '' }, after: { note: half } });
  apply(project, { kind: 'label', id: label.id, before: { name: 'x\ufffd' }, after: { name: `${half}y` } });
  expect(project.detail(images[0])).toMatchObject({ review: { note: 'x\ufffd' }, prompts: [{ text: 'x\ufffd' }] });
  const seen = project.labels();
  for (let i = 0; i < 4; i++) expect(project.undo()).not.toBeNull();
  expect([project.undo(), project.labels()]).toEqual([null, []]);
  for (let i = 0; i < 4; i++) expect(project.redo()).not.toBeNull();
  expect(project.labels()).toEqual(seen);
  expect(project.record('prompt', prompt.id)?.text).toBe('x\ufffd');
});

test('a project whose journal remembers halves that its tables never had opens and undoes', () => {
  const file = newFile();
  const project = openProject(file, { create: true });
  const id = project.reserve(1);
  project.apply({ title: 'Add label', changes: [created('label', labelOf(id, 'x\ufffd'))] });
  project.apply({
    title: 'Rename',
    changes: [{ kind: 'label', id, before: { name: 'x\ufffd' }, after: { name: 'car' } }],
  });
  project.close();
  // As versions before wrote it: JSON keeps the half, the column of text does not.
  const remembered = reading(file, (db) => {
    for (const column of ['before', 'after'])
      db.run(`UPDATE change SET ${column} = replace(${column}, '\ufffd', '\\ud83d')`);
    return db.number(`SELECT count(*) FROM change WHERE before LIKE '%\\ud83d%' OR after LIKE '%\\ud83d%'`);
  });
  expect(remembered).toBe(2);
  const again = openProject(file);
  again.undo();
  expect(again.labels().map(({ name }) => name)).toEqual(['x\ufffd']);
  again.undo();
  expect(again.labels()).toEqual([]);
  again.redo();
  again.redo();
  expect(again.labels().map(({ name }) => name)).toEqual(['car']);
  again.close();
});
