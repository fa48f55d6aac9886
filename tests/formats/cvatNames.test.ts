import { describe, expect, test } from 'vitest';
import { CvatNames } from '../../main/formats/cvatNames.ts';
import { parseXml } from '../../main/formats/files/xml.ts';

const task = (id: number, name: string, subset: string, more = '') =>
  `<task><id>${id}</id><name>${name}</name><subset>${subset}</subset>${more}</task>`;
const size = '<original_size><width>20</width><height>12</height></original_size>';
const namesOf = (tasks: string, inner: string) =>
  new CvatNames(
    parseXml(`<annotations><meta><project><tasks>${tasks}</tasks></project></meta>${inner}</annotations>`, 'a.xml'),
  );
const image = (name: string, subset: string, id: number) =>
  `<image id="0" name="${name}" subset="${subset}" task_id="${id}"/>`;
const attributes = (name: string, subset: string, id: number) => ({ name, subset, task_id: String(id) });

describe('names of pictures', () => {
  test('that one task alone has stay as they are; their subset is the folder that CVAT lays them in', () => {
    const names = namesOf(task(1, 'Morning', 'Train'), image('a.jpg', 'Train', 1));
    expect(names.of(attributes('a.jpg', 'Train', 1))).toEqual({ name: 'a.jpg', folder: 'Train', split: 'train' });
    expect(names.of({ name: 'set\\b.jpg' })).toEqual({ name: 'set/b.jpg' });
    expect(names.of({ name: ' ' })).toBeNull();
    expect(names.areSeveral).toBe(false);
  });

  test('of two subsets are told apart by these, those of two tasks of one subset by the tasks', () => {
    const tasks = task(1, 'Morning', 'Train') + task(2, 'Evening', 'Train') + task(3, 'Night', 'Test');
    const names = namesOf(tasks, [1, 2, 3].map((id) => image('a.jpg', id === 3 ? 'Test' : 'Train', id)).join(''));
    const placed = [1, 2, 3].map((id) => names.of(attributes('a.jpg', id === 3 ? 'Test' : 'Train', id))?.name);
    expect(placed).toEqual(['Train/Morning/a.jpg', 'Train/Evening/a.jpg', 'Test/a.jpg']);
    expect(names.areSeveral).toBe(true);
  });

  test('tasks of one title or of none go by their ids, and no title leads out of the folder', () => {
    const tasks = task(1, 'A', '') + task(2, 'A', '') + task(3, '', '') + task(4, '..', '') + task(5, 'x/../y', '');
    const inner = [1, 2, 3, 4, 5, 6].map((id) => `<track task_id="${id}"/>`).join('');
    const names = namesOf(tasks, inner);
    const folders = [1, 2, 3, 4, 5, 6].map((id) => names.folderOf({ task_id: String(id) }));
    expect(folders).toEqual(['task_1', 'task_2', 'task_3', '_', 'x_.._y', 'task_6']);
  });
});

describe('the head of a task', () => {
  test('says how large its frames are, how far apart and where they end', () => {
    const more = `${size}<stop_frame>90</stop_frame><frame_filter>step=5</frame_filter>`;
    const names = namesOf(task(1, 'A', '', more) + task(2, 'B', ''), '');
    expect(names.taskOf({ task_id: '1' })).toMatchObject({ size: { width: '20', height: '12' }, step: 5, stop: 90 });
    expect(names.taskOf({ task_id: '2' })).toMatchObject({ size: null, step: 1, stop: null });
  });

  test('stands alone in files of one task, of one job and of older versions', () => {
    for (const head of [`<task>${size}</task>`, `<job>${size}</job>`, `<task/>${size}`]) {
      const root = parseXml(`<annotations><meta>${head}</meta></annotations>`, 'a.xml');
      expect(new CvatNames(root).taskOf({}).size, head).toEqual({ width: '20', height: '12' });
    }
    expect(new CvatNames(parseXml('<annotations/>', 'a.xml')).taskOf({})).toEqual({ size: null, step: 1, stop: null });
  });
});
