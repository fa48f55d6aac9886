// Finds names and folders for the pictures of a CVAT file: a project's tasks may call different pictures alike.

import { childOf, childrenOf, type Element, textIn } from './files/xml.ts';
import type { ReadImage } from './reading/reading.ts';
import { sideOf, slashed, textOf, wholeOf } from './reading/values.ts';

/** What the head of the file says of one task. */
export interface CvatTask {
  readonly size: { readonly width: string; readonly height: string } | null;
  /** Frames from one to the next that CVAT shows. */
  readonly step: number;
  /** Its last frame; null where the file does not say. */
  readonly stop: number | null;
}

/** A name, and what else says which picture it means. */
type Named = Pick<ReadImage, 'name' | 'folder' | 'split'>;

type Attributes = Element['attributes'];

export class CvatNames {
  /** Tasks by `task_id`; files of one task have no such attribute. */
  readonly #tasks = new Map<string, CvatTask & { readonly title: string; readonly subset: string }>();
  readonly #only: CvatTask;
  /** Which tasks have a picture of a name. */
  readonly #owners = new Map<string, Set<string>>();
  readonly #perSubset = new Map<string, Set<string>>();

  constructor(root: Element) {
    const meta = childOf(root, 'meta');
    const heads = childrenOf(childOf(childOf(meta, 'project'), 'tasks'), 'task');
    const titles = new Map<string, number>();
    for (const head of heads) {
      const [title, subset] = [textIn(head, 'name'), textIn(head, 'subset')];
      titles.set(title, (titles.get(title) ?? 0) + 1);
      this.#tasks.set(textIn(head, 'id'), { ...taskOf(head), title, subset });
    }
    for (const [id, task] of this.#tasks)
      if (task.title === '' || (titles.get(task.title) ?? 0) > 1) this.#tasks.set(id, { ...task, title: `task_${id}` });
    const head = meta?.children.find(({ name }) => name === 'task' || name === 'job');
    this.#only = { ...taskOf(head), size: sizeIn(meta) };
    for (const { attributes } of [...childrenOf(root, 'image'), ...childrenOf(root, 'track')]) this.#count(attributes);
  }

  #count({ name, subset = '', task_id: id = subset }: Attributes): void {
    add(this.#perSubset, subset, id);
    if (name !== undefined) add(this.#owners, slashed(name), id);
  }

  taskOf({ task_id: id = '' }: Attributes): CvatTask {
    return this.#tasks.get(id) ?? this.#only;
  }

  /** Whether the file is of several tasks: then a frame's number alone tells no picture. */
  get areSeveral(): boolean {
    return new Set([...this.#perSubset.values()].flatMap((ids) => [...ids])).size > 1;
  }

  /** Names a picture as CVAT lays a project's pictures: in a folder of their subset. Null where no name is given. */
  of(attributes: Attributes): Named | null {
    const given = textOf(attributes.name);
    if (given === null) return null;
    const [name, subset] = [slashed(given), textOf(attributes.subset)];
    const split = subset === null ? {} : { split: subset.toLowerCase() };
    if ((this.#owners.get(name)?.size ?? 0) > 1) return { name: `${this.folderOf(attributes)}/${name}`, ...split };
    return { name, ...split, ...(subset !== null && { folder: subset }) };
  }

  /** Names the folder that tells one task's pictures from another's: its subset, if no other task has that, else its own name too. */
  folderOf({ subset = '', task_id: id = subset }: Attributes): string {
    const isAlone = (this.#perSubset.get(subset)?.size ?? 0) < 2;
    const own = this.#tasks.get(id)?.title ?? `task_${id}`;
    return (isAlone ? [subset || own] : [subset, own]).filter(Boolean).map(plain).join('/');
  }
}

/** Takes separators out, so that the name of a task leads nowhere else. */
const plain = (title: string): string => title.replaceAll(/[\\/:]/gu, '_').replace(/^\.+$/u, '_');

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

function taskOf(head: Element | undefined): CvatTask {
  const step = sideOf(/step\s*=\s*(\d+)/u.exec(textIn(head, 'frame_filter'))?.[1]) ?? 1;
  return { size: sizeIn(head), step, stop: wholeOf(textIn(head, 'stop_frame')) };
}

/** Reads the size in the element or in one of its parts. */
function sizeIn(head: Element | undefined): CvatTask['size'] {
  const stated = [head, ...(head?.children ?? [])].map((part) => childOf(part, 'original_size')).find(Boolean);
  return stated ? { width: textIn(stated, 'width'), height: textIn(stated, 'height') } : null;
}
