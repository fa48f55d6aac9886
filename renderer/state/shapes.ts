// Sends as diffs what the person does to shapes and labels from the panels and by keys.
import { changed, created, type Diff } from '../../main/contract/diff.ts';
import type { AttributeValue, Shape } from '../../main/contract/project.ts';
import type { ActionContext } from './actionContext.ts';
import { isRefusal, sentence } from './connection.ts';
import { diffOf, newLabel } from './corrections.ts';
import type { ImageActions } from './images.ts';
import { labelList, labelNamed, namesInList } from './labelEdits.ts';
import { chosen, deletion, relabel, toggle } from './shapeEdits.ts';
import { moveSentence, showPlace } from './stepNotice.ts';
import { type ImagePlace, say } from './workbench.ts';

export interface ShapeActions {
  /** Replaces the selection, or with `add` turns the shapes' own on or off. */
  select(ids: readonly number[], options?: { add?: boolean }): void;
  /** Sets the label of the selected shapes, or with none selected that of new ones. */
  setLabel(labelId: number): Promise<boolean>;
  setAttribute(ids: readonly number[], name: string, value: AttributeValue | null): Promise<boolean>;
  toggleFlag(ids: readonly number[], flag: 'hidden' | 'locked' | 'crowd'): Promise<boolean>;
  remove(ids: readonly number[]): Promise<boolean>;
  /** The id of the label of that name, made where there is none. */
  createLabel(name: string): Promise<number | null>;
  /** Labels of all names of a list, one a line; how many were made and how many were there. */
  createLabels(list: string): Promise<{ added: number; known: number }>;
  /** Says what was taken back, and where; the person stays where they are. */
  undo(): Promise<void>;
  redo(): Promise<void>;
  /** Opens the image and shows its shapes to the person. */
  show(where: ImagePlace): Promise<void>;
}

export function createShapes(context: ActionContext, images: ImageActions): ShapeActions {
  const { store, edits } = context;
  const shapes = (ids: readonly number[]): Shape[] => {
    const { open } = store.getState();
    return open ? chosen(open, new Set(ids)) : [];
  };
  const commit = (diff: Diff | null): Promise<boolean> => (diff ? edits.commit(diff) : Promise.resolve(false));

  return {
    select: (ids, { add = false } = {}) => {
      const next = new Set(add ? store.getState().selected : []);
      for (const id of ids) {
        if (add && next.has(id)) next.delete(id);
        else next.add(id);
      }
      store.setState({ selected: next });
    },
    setLabel: (labelId) => {
      const { selected } = store.getState();
      store.setState({ labelId });
      return commit(relabel(shapes([...selected]), labelId));
    },
    setAttribute: (ids, name, value) => {
      const changes = shapes(ids).map((shape) => {
        const { [name]: _, ...others } = shape.attributes;
        return changed('shape', shape, { attributes: value === null ? others : { ...others, [name]: value } });
      });
      return edits.commit(diffOf(`Set ${name}`, ...changes));
    },
    toggleFlag: (ids, flag) => commit(toggle(shapes(ids), flag)),
    remove: (ids) => {
      const gone = new Set(ids);
      store.setState(({ selected }) => ({ selected: new Set([...selected].filter((id) => !gone.has(id))) }));
      return commit(deletion(shapes(ids)));
    },
    createLabel: async (name) => {
      const known = labelNamed(store.getState().labels, name);
      if (known) return known.id;
      const id = await edits.id();
      const label = newLabel(id, name.trim(), store.getState().labels);
      const stored = await edits.commit(diffOf('Add a label', created('label', label)));
      return stored ? id : null;
    },
    createLabels: (list) => createLabels(context, list),
    undo: () => travel(context, 'undo'),
    redo: () => travel(context, 'redo'),
    show: (where) => showPlace(context, images, where),
  };
}

async function travel(context: ActionContext, way: 'undo' | 'redo'): Promise<void> {
  const { store, edits } = context;
  try {
    const recorded = await edits[way]();
    if (recorded === null) return say(store, 'plain', way === 'undo' ? 'Nothing to undo.' : 'Nothing to redo.');
    const { text, where } = await moveSentence(context, way, recorded);
    say(store, 'plain', text, where);
  } catch (error) {
    say(store, 'bad', isRefusal(error) ? sentence(error) : 'The host does not answer; nothing was taken back.');
  }
}

async function createLabels({ store, edits }: ActionContext, list: string) {
  const { fresh, known } = namesInList(store.getState().labels, list);
  const ids: number[] = [];
  for (const _ of fresh) ids.push(await edits.id());
  const diff = labelList(store.getState().labels, fresh, ids);
  const stored = diff === null || (await edits.commit(diff));
  return { added: stored ? fresh.length : 0, known };
}
