// Reads what stands beside the annotations of a COCO file: images, labels, and the texts that are written again as they were.
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import { type JsonPiece, jsonPieces, type Wanted } from '../files/jsonStream.ts';
import type { ReadContext, ReadingSource, SizedImage } from '../reading/reading.ts';
import { isFields, numberOf, sideOf, slashed, textOf, wholeOf } from '../reading/values.ts';

/** Characters of what stands beside images, annotations and categories. */
const LONGEST_HEAD = 2 ** 24;
/** Above larger ids there is no room for the ids of new things. */
const HIGHEST = 2 ** 51;

export interface CocoHeader {
  readonly images: Map<number, SizedImage>;
  readonly labels: Map<number, string>;
  /** Ids that two pictures share, with the names of both: nobody can tell whose the shapes are. */
  readonly shared: Map<number, Set<string>>;
  readonly head: Record<string, string>;
  readonly categories: ReadingSource['categories'][number][];
}

/** What stands beside the annotations. */
export async function cocoHeader(file: string, context: ReadContext): Promise<CocoHeader> {
  const header: CocoHeader = { images: new Map(), labels: new Map(), shared: new Map(), head: {}, categories: [] };
  const keys = new Set<string>();
  const head = new HeadTexts();
  const wanted = (key: string): Wanted => {
    keys.add(key);
    if (key === 'images' || key === 'categories') return true;
    return key !== 'annotations' && head.begin(key);
  };
  for (const piece of jsonPieces(file, wanted, 'null')) {
    const { key } = piece;
    if (key === 'images') await addImage(piece, header, { ...context, file });
    else if (key === 'categories') addCategory(piece, header, context);
    else if (key !== null) head.add(key, piece);
  }
  Object.assign(header.head, head.end(context.notes));
  for (const [id, names] of header.shared)
    context.notes.leave(`images ${[...names].join(', ')}`, `they share the id ${id}; give each its own`);
  for (const key of ['images', 'annotations', 'categories']) {
    if (!keys.has(key)) throw new BadInput(`${path.basename(file)}: the key "${key}" is missing from this COCO file`);
  }
  return header;
}

/** Values as text: whoever wrote them, they go out as they came in. */
class HeadTexts {
  readonly #lists = new Map<string, string[]>();
  readonly #values = new Map<string, string>();
  #length = 0;

  begin(key: string): 'text' {
    this.#lists.set(key, []);
    return 'text';
  }

  add(key: string, { listed, text }: JsonPiece): void {
    this.#length += text.length;
    if (this.#length > LONGEST_HEAD) return;
    if (listed) this.#lists.get(key)?.push(compact(text));
    else this.#values.set(key, compact(text));
  }

  end(notes: ReadContext['notes']): Record<string, string> {
    const keys = [...this.#lists.keys()];
    if (this.#length > LONGEST_HEAD) {
      notes.leave(`the keys ${keys.join(', ')}`, `they have more than ${LONGEST_HEAD / 2 ** 20} million characters`);
      return {};
    }
    const texts = keys.map((key) => [key, this.#values.get(key) ?? `[${this.#lists.get(key)?.join(',\n')}]`] as const);
    return Object.fromEntries(
      texts.filter(([key, text]) => {
        if (isJson(text)) return true;
        notes.leave(`"${key}"`, 'it is not JSON');
        return false;
      }),
    );
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Drops line breaks and the blanks around them, outside of texts. */
export const compact = (text: string): string =>
  text.includes('\n')
    ? text.replace(/("(?:[^"\\]|\\.)*")|\s+/gsu, (_, quoted: string | undefined) => quoted ?? '')
    : text;

/** An id that can be kept: whole, and with room above it. */
export const keptNumber = (id: number | null): number | null =>
  id !== null && id <= HIGHEST && id >= -HIGHEST ? id : null;

async function addImage(
  { value, text }: JsonPiece,
  header: CocoHeader,
  context: ReadContext & { file: string },
): Promise<void> {
  const { images, shared } = header;
  const { notes, pictures, file } = context;
  const id = isFields(value) ? wholeOf(value.id) : null;
  // LVIS gives the address of a picture instead of its name.
  const name = isFields(value) ? (textOf(value.file_name) ?? textOf(value.coco_url)) : null;
  if (!isFields(value) || id === null || name === null) {
    return notes.leave(`image ${JSON.stringify(value).slice(0, 80)}`, 'it has no whole id or no file_name');
  }
  const known = images.get(id);
  const earlier = shared.get(id) ?? (known && new Set([known.name]));
  if (earlier?.has(slashed(name)) && !shared.has(id)) return notes.say(`image ${name} stands twice in the file`);
  if (earlier !== undefined) {
    images.delete(id);
    shared.set(id, earlier.add(slashed(name)));
    return;
  }
  const [width, height] = [sideOf(value.width), sideOf(value.height)];
  const isSized = width !== null && height !== null;
  const part = textOf(value.split);
  const source = { number: keptNumber(id), record: compact(text) };
  const own = { name: slashed(name), source, ...(part === null ? {} : { split: part }) };
  const picture = isSized ? null : await pictures.find(slashed(name), file);
  if (isSized) images.set(id, { ...own, width, height });
  else if (picture) images.set(id, { ...own, width: picture.width, height: picture.height, picture });
  else notes.leave(`image ${name}`, 'its size is not given and the picture was not found');
}

function addCategory({ value, text }: JsonPiece, { labels, categories }: CocoHeader, { notes }: ReadContext): void {
  const id = isFields(value) ? wholeOf(value.id) : null;
  if (!isFields(value) || id === null) {
    notes.leave(`category ${JSON.stringify(value).slice(0, 80)}`, 'it has no whole id');
    return;
  }
  if (labels.has(id)) {
    notes.leave(`category ${id}`, `its id is that of "${labels.get(id)}"`);
    return;
  }
  const name = textOf(value.name) ?? numberOf(value.name)?.toString() ?? `category ${id}`;
  if ([...labels.values()].includes(name)) notes.say(`two categories are called "${name}"; they became one label`);
  labels.set(id, name);
  if (keptNumber(id) !== null) categories.push({ number: id, label: name, record: compact(text) });
}
