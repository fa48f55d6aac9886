// Joins what the COCO files of a project say of themselves into what one file says; whatever is dropped is named.
import path from 'node:path';
import { same } from '../../contract/equal.ts';
import { patched } from '../../formats/coco/cocoRecord.ts';
import { isFields, wholeOf } from '../../formats/reading/values.ts';
import type { Project } from '../../store/project.ts';
import type { SourceFile } from '../../store/sources.ts';

/** Names in one sentence. */
const MOST_NAMES = 3;

export interface ExportHead {
  /** Keys of the file but those of the three lists, their values as JSON. */
  readonly head: Readonly<Record<string, string>>;
  /** What a file says that cannot stand beside what an earlier one says. */
  readonly stated: readonly string[];
  /** The id that a licence of a file has in the one that is written. */
  licence(fileId: number, id: number): number;
}

/** The first file decides the value of a key. Licences of all are joined, under new ids where two files gave the same id. */
export function headOf(project: Project, onlyAccepted: boolean): ExportHead {
  const files = project.sourceFiles();
  const { head, owners, others } = firstOfEach(files);
  const licences = new Licences();
  for (const file of files) licences.add(file);
  const description = path.basename(project.file, path.extname(project.file));
  const own = JSON.stringify({ description, version: '1.0', contributor: 'Loupe', only_accepted: onlyAccepted });
  const info = head.info === undefined ? own : onlyAccepted ? patched(head.info, { only_accepted: true }) : head.info;
  const lost = [...others].map(
    ([key, names]) =>
      `"${key}" of ${namesIn(names)} is left out: the file has one, and ${owners.get(key)} came first with another`,
  );
  return {
    head: { ...head, info, licenses: licences.text(files) },
    stated: [...lost, ...licences.stated],
    licence: (fileId, id) => licences.idOf(fileId, id),
  };
}

interface Firsts {
  readonly head: Record<string, string>;
  /** The file whose value counts, by key. */
  readonly owners: ReadonlyMap<string, string>;
  /** Files whose value is another, by key. */
  readonly others: ReadonlyMap<string, string[]>;
}

function firstOfEach(files: readonly SourceFile[]): Firsts {
  const head: Record<string, string> = {};
  const [owners, others] = [new Map<string, string>(), new Map<string, string[]>()];
  for (const file of files) {
    const name = path.basename(file.path);
    for (const [key, text] of Object.entries(file.head)) {
      const first = head[key];
      if (first === undefined) {
        head[key] = text;
        owners.set(key, name);
      } else if (key !== 'licenses' && first !== text && !same(JSON.parse(first), JSON.parse(text)))
        namesOf(others, key).push(name);
    }
  }
  return { head, owners, others };
}

function namesOf(others: Map<string, string[]>, key: string): string[] {
  const names = others.get(key) ?? [];
  others.set(key, names);
  return names;
}

function namesIn(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return more > 0 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${more} more` : names.join(', ');
}

class Licences {
  readonly stated: string[] = [];
  readonly #all: unknown[] = [];
  readonly #byId = new Map<number, unknown>();
  /** New ids by file and id, where they differ. */
  readonly #changed = new Map<string, number>();

  add({ id: fileId, path: file, head }: SourceFile): void {
    const list: unknown = head.licenses === undefined ? [] : JSON.parse(head.licenses);
    for (const one of Array.isArray(list) ? list : []) {
      const id = isFields(one) ? wholeOf(one.id) : null;
      if (!isFields(one) || id === null) {
        if (!this.#all.some((known) => same(known, one))) this.#all.push(one);
      } else if (!this.#byId.has(id)) this.#keep(id, one);
      else if (!same(this.#byId.get(id), one)) {
        const number = this.#numberOf(one);
        this.#changed.set(`${fileId} ${id}`, number);
        this.stated.push(
          `licence ${id} of ${path.basename(file)} has the id ${number}: another file gave ${id} before`,
        );
      }
    }
  }

  idOf(fileId: number, id: number): number {
    return this.#changed.get(`${fileId} ${id}`) ?? id;
  }

  /** Keeps the form of the one file that has any; otherwise joins them all. */
  text(files: readonly SourceFile[]): string {
    const given = files.flatMap(({ head }) => head.licenses ?? []);
    const [first] = given;
    return first !== undefined && (given.length === 1 || same(JSON.parse(first), this.#all))
      ? first
      : JSON.stringify(this.#all);
  }

  #keep(id: number, one: unknown): void {
    this.#byId.set(id, one);
    this.#all.push(one);
  }

  /** The id of an equal licence that was renumbered before, or the next one above all. */
  #numberOf(one: Readonly<Record<string, unknown>>): number {
    const known = [...this.#byId].find(([number, each]) => same(each, { ...one, id: number }));
    if (known !== undefined) return known[0];
    const next = Math.max(...this.#byId.keys()) + 1;
    this.#keep(next, { ...one, id: next });
    return next;
  }
}
