// A script of edits that can be foretold: what undo and redo would do after any number of them.
import { created } from '../../main/contract/diff.ts';
import type { Project } from '../../main/store/project.ts';
import { labelOf, shapeOf } from './records.ts';

/** The titles that can be undone and made again, the nearest last. */
export interface Titles {
  done: string[];
  undone: string[];
}

type Deed = 'draw' | 'draw many' | 'review' | 'undo' | 'redo';

const deedAt = (n: number): Deed => {
  const turn = (n * 7919 + (n >> 3)) % 20;
  if (turn < 10) return 'draw';
  if (turn < 12) return 'draw many';
  if (turn < 15) return 'review';
  return turn < 18 ? 'undo' : 'redo';
};

/** The nth edit as it changes what can be undone; titles hold n, so that no two are the same. */
export function foretold({ done, undone }: Titles, n: number): Titles {
  const deed = deedAt(n);
  const [last, next] = [done.at(-1), undone.at(-1)];
  if (deed === 'undo')
    return last === undefined ? { done, undone } : { done: done.slice(0, -1), undone: [...undone, last] };
  if (deed === 'redo')
    return next === undefined ? { done, undone } : { done: [...done, next], undone: undone.slice(0, -1) };
  return { done: [...done, `${deed} ${n}`], undone: [] };
}

/** Does the nth edit. */
export function edit(project: Project, n: number): void {
  const deed = deedAt(n);
  const title = `${deed} ${n}`;
  const image = project.imageByPath('a.png')?.id ?? 0;
  if (deed === 'undo') project.undo();
  else if (deed === 'redo') project.redo();
  else if (deed === 'review') {
    const note = project.record('review', image)?.note ?? '';
    project.apply({ title, changes: [{ kind: 'review', id: image, before: { note }, after: { note: title } }] });
  } else {
    const label = project.reserve(1);
    const first = project.reserve(deed === 'draw' ? 1 : 60);
    const shapes = Array.from({ length: deed === 'draw' ? 1 : 60 }, (_, i) => shapeOf(first + i, image, label));
    const changes = [created('label', labelOf(label, title)), ...shapes.map((shape) => created('shape', shape))];
    project.applyMany(title, changes);
  }
}
