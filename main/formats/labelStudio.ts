// Reads a Label Studio export (JSON): of several people's work the one that counts; the rest is named.
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import { jsonPieces } from './files/jsonStream.ts';
import { isRegion, regionOf } from './labelStudioRegions.ts';
import { mergeFields, readAttributes } from './reading/attributes.ts';
import { isPictureName } from './reading/nameLists.ts';
import type { Notes, ReadContext, ReadImage, Reading, ReadShape } from './reading/reading.ts';
import {
  baseName,
  type Fields,
  isFields,
  labelOf,
  numberOf,
  sideOf,
  slashed,
  textOf,
  yesOf,
} from './reading/values.ts';

export async function readLabelStudio(file: string, { notes, pictures }: ReadContext): Promise<Reading> {
  const images: ReadImage[] = [];
  const shapes: ReadShape[] = [];
  const beside = new Beside();
  let place = 0;
  for (const { value: task } of jsonPieces(file)) {
    place++;
    if (!isFields(task)) continue;
    beside.add(task);
    const name = nameOf(task) ?? `task ${place}`;
    const chosen = chosenOf(task, name, notes);
    const results = chosen === null ? [] : resultsOf(chosen);
    const size = results.map(sizeOf).find((each) => each !== null);
    // Only regions state the size; without any, the picture itself has to.
    const picture = size ? null : await pictures.find(name, file);
    const frame = size ?? picture;
    const image: ReadImage = {
      ...{ name, width: frame?.width ?? null, height: frame?.height ?? null },
      ...(picture && { picture }),
      ...(chosen !== null && results.length === 0 && { reviewed: true }),
    };
    images.push(image);
    for (const [i, result] of results.entries()) {
      const shape = taken(result, image, { what: `result ${i + 1} of ${name}`, notes });
      if (shape !== null) shapes.push(shape);
    }
  }
  beside.tell(notes);
  return { format: 'Label Studio', images, labels: [...new Set(shapes.map(({ label }) => label))], shapes };
}

/**
 * Uploads are called 1a2b3c4d-name.jpg and lie in a folder of Label Studio's own. Local files stand behind ?d=; the folders
 * of these, of storages and of addresses tell equal names apart.
 */
function nameOf(task: Fields): string | null {
  const data = isFields(task.data) ? task.data : {};
  const texts = Object.values(data).flatMap((value) => textOf(value) ?? []);
  const address = texts.find((text) => isPictureName(withoutQuery(text)) || LOCAL.test(text)) ?? texts[0];
  const given = textOf(task.file_upload) ?? address;
  if (given === undefined) return null;
  const local = LOCAL.exec(given)?.groups?.path;
  const place = slashed(local === undefined ? withoutQuery(given) : decoded(local));
  const isUpload = local === undefined && !/^[a-z][\w+.-]+:/iu.test(place);
  if (isUpload) return baseName(place).replace(/^[\da-f]{8}-/u, '') || null;
  const rest = place.replace(/^[a-z][\w+.-]+:\/*/iu, '');
  // A path of another machine: its start means nothing on this one.
  return rest.includes('/') ? `/${rest}` : rest;
}

const LOCAL = /[?&]d=(?<path>[^&]+)/u;
const withoutQuery = (address: string): string => address.replace(/[?#].*$/u, '');

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Several people mark the same objects: those of the ground truth count, else the newest work; the others are named. */
function chosenOf({ annotations, completions }: Fields, name: string, notes: Notes): Fields | null {
  const all = [annotations, completions].flatMap((list) => (Array.isArray(list) ? list.filter(isFields) : []));
  const valid = all.filter(({ was_cancelled: skipped }) => !yesOf(skipped));
  const truths = valid.filter(({ ground_truth: truth }) => yesOf(truth));
  const inOrder = (truths.length > 0 ? truths : valid).toSorted(byDate);
  const chosen = inOrder.at(-1) ?? null;
  const taken = chosen && yesOf(chosen.ground_truth) ? 'the ground truth' : 'the newest';
  for (const other of all) {
    if (other === chosen) continue;
    const why = yesOf(other.was_cancelled)
      ? 'the task was skipped with it'
      : `${valid.length} people or passes marked this task; ${taken} was taken`;
    const number = other.id === undefined ? 'an annotation' : `annotation ${String(other.id)}`;
    notes.leave(`${number} of ${name} (${counted(resultsOf(other).length, 'result')})`, why);
  }
  return chosen;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** What a model said, and what a person has not handed in. */
const BESIDE = [
  { key: 'predictions', one: 'prediction', why: 'a model made them and nobody accepted them' },
  { key: 'drafts', one: 'draft', why: 'they were not submitted' },
] as const;

class Beside {
  readonly #counts = new Map(BESIDE.map(({ key }) => [key, { lists: 0, results: 0 }]));

  add(task: Fields): void {
    for (const [key, counts] of this.#counts) {
      const lists = Array.isArray(task[key]) ? task[key].filter(isFields) : [];
      counts.lists += lists.length;
      for (const list of lists) counts.results += resultsOf(list).length;
    }
  }

  tell(notes: Notes): void {
    for (const { key, one, why } of BESIDE) {
      const { lists, results } = this.#counts.get(key) ?? { lists: 0, results: 0 };
      if (lists > 0) notes.leave(`${counted(results, 'result')} of ${counted(lists, one)}`, why);
    }
  }
}

/** Times may name their zones; those within one thousandth of a second are told apart by their texts. */
function byDate(a: Fields, b: Fields): number {
  const [one, other] = [dateOf(a), dateOf(b)];
  return Date.parse(one) - Date.parse(other) || (one < other ? -1 : one > other ? 1 : 0);
}

const dateOf = ({ updated_at: updated, created_at: made }: Fields): string => textOf(updated) ?? textOf(made) ?? '';

/** A region and its label may be two results of one id: "polygon" says where it lies, "labels" what it is. */
function resultsOf({ result }: Fields): Fields[] {
  const all = Array.isArray(result) ? result.filter(isFields) : [];
  const isRegionOf = (each: Fields) => isRegion(`${String(each.type)}labels`) || isRegion(String(each.type));
  const regions = new Set(all.filter(isRegionOf).map(({ id }) => id));
  const saidOfIds = Map.groupBy(
    all.filter((each) => !isRegionOf(each) && each.id !== undefined && regions.has(each.id)),
    ({ id }) => id,
  );
  return all.flatMap((each) => {
    if (!isRegionOf(each)) return saidOfIds.has(each.id) ? [] : [each];
    const said = saidOfIds.get(each.id) ?? [];
    const others = said.filter(({ type }) => type !== 'labels');
    return [{ ...labelled(each, said), beside: Object.fromEntries(others.map(saidPair)) }];
  });
}

function labelled(region: Fields, said: readonly Fields[]): Fields {
  if (isRegion(String(region.type))) return region;
  const value = said.find(({ type }) => type === 'labels')?.value;
  const type = `${String(region.type)}labels`;
  const own = isFields(region.value) ? region.value : {};
  return { ...region, type, value: { ...own, [type]: isFields(value) ? value.labels : undefined } };
}

/** A text, a choice or a number that belongs to a region, by the name of its control. */
function saidPair({ from_name: name, type, value }: Fields): [string, unknown] {
  const given = isFields(value) ? saidIn(value, String(type)) : value;
  const isPlainList = Array.isArray(given) && given.every((each) => typeof each !== 'object');
  return [textOf(name) ?? String(type), isPlainList ? given.join(', ') : given];
}

/** What a region says again beside its control's own value: its place. */
const PLACED = new Set('x y width height rotation points closed radiusX radiusY'.split(' '));

function saidIn(value: Fields, type: string): unknown {
  if (Object.hasOwn(value, type)) return value[type];
  return Object.entries(value).find(([name]) => !PLACED.has(name))?.[1];
}

function sizeOf(result: Fields): Frame | null {
  const [width, height] = [sideOf(result.original_width), sideOf(result.original_height)];
  return width !== null && height !== null ? { width, height } : null;
}

function taken(result: Fields, image: ReadImage, { what, notes }: { what: string; notes: Notes }): ReadShape | null {
  try {
    const value = isFields(result.value) ? result.value : {};
    const type = String(result.type);
    if (!isRegion(type)) throw new BadInput(`a result of type "${type}" is not read`);
    const frame = sizeOf(result);
    if (frame === null) throw new BadInput('the size of its picture is not given');
    if (frame.width !== image.width || frame.height !== image.height)
      throw new BadInput('its picture has another size elsewhere');
    if (numberOf(result.image_rotation)) throw new BadInput('its picture was turned in Label Studio');
    const placed = regionOf(type, value, frame);
    const labels = Array.isArray(value[type]) ? value[type].flatMap((each) => labelOf(each) ?? []) : [];
    const [label = 'object', ...others] = labels;
    if (others.length > 0) notes.say(`${what} has several labels; the first, "${label}", was taken`);
    const { score, beside, meta } = result;
    const texts = isFields(meta) && Array.isArray(meta.text) ? meta.text.join('\n') : undefined;
    const own = mergeFields(['result', { score, note: texts }], ['said', isFields(beside) ? beside : {}]);
    return { image, label, ...placed, crowd: false, attributes: readAttributes(own, { what, notes }) };
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    notes.leave(what, error.message);
    return null;
  }
}
