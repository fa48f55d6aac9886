// Reads what a YOLO set says about its label files: the names of its classes by number, and whether its rows hold keypoints.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { BadInput } from '../../contract/badInput.ts';
import { decodeText } from '../files/textFile.ts';
import { type Fields, isFields, labelOf, slashed, textOf, wholeOf } from './values.ts';

export interface YoloSet {
  readonly names: ReadonlyMap<number, string>;
  /** How many numbers the keypoints of a row are, or why that is not known; null where the set has none. */
  readonly keypoints: number | { readonly why: string } | null;
  /** The file that says so; null where none was found. */
  readonly file: string | null;
  /** Why that file could not be read; its classes keep their numbers, as any other file could name them wrong. */
  readonly problem?: string;
  /** What of the file contradicts itself. */
  readonly odd?: string;
}

/** What each folder says, as it was read: a folder may hold a hundred thousand label files. */
export type YoloSets = Map<string, YoloSet | null>;

const LISTS = /^(?:classes|predefined_classes|labels|names|class[_-]?names|obj)\.txt$|\.names$/iu;
const YAML = /\.ya?ml$/iu;
/** A class and numbers: the file holds labels, though it is named as a list of classes. */
const ROW = /^\s*\d+(?:\s+[-+\d.e]+){4,}\s*$/iu;
const MOST_BYTES = 1e6;
const MOST_CLASSES = 100_000;
const nothing: YoloSet = { names: new Map(), keypoints: null, file: null };

/** Whether a file describes a set: what its classes are called or how many there are, and no objects of a picture. */
export function isYoloSet(file: string): boolean {
  if (YAML.test(file)) return describes(yamlIn(file));
  return isListName(file) && listIn(file) !== null;
}

/** A list that has a name of its own is one because a YAML beside it says so. */
export function isNamedList(file: string): boolean {
  const folder = path.dirname(file);
  const yamls = readdirSync(folder).filter((name) => YAML.test(name));
  return yamls.some((name) => {
    const fields = fieldsOrNull(path.join(folder, name));
    const given = isFields(fields) ? textOf(fields.names) : null;
    return given !== null && path.resolve(folder, slashed(given)) === path.resolve(file);
  });
}

/** The nearest description, from the label file's folder up to `root`. */
export function yoloSetOf(file: string, root: string, known: YoloSets = new Map()): YoloSet {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const found = known.get(folder) ?? (known.has(folder) ? null : setOfFolder(folder, root));
    known.set(folder, found);
    if (found !== null) return found;
    const relative = path.relative(root, folder);
    if (relative === '' || relative.startsWith('..') || path.dirname(folder) === folder) return nothing;
  }
}

function setOfFolder(folder: string, root: string): YoloSet | null {
  const names = readdirSync(folder).filter((name) => YAML.test(name) || isListName(name));
  for (const name of names.toSorted(descriptionsFirst)) {
    const found = setOrProblem(path.join(folder, name), root);
    if (found !== null) return found;
  }
  return null;
}

/** A YAML file goes before a list, and data.yaml before other YAML files. */
function descriptionsFirst(a: string, b: string): number {
  const rank = (name: string) => (/^data\.ya?ml$/iu.test(name) ? 0 : YAML.test(name) ? 1 : 2);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** Throws `BadInput` where the file may say that rows are poses: as polygons they would be something else. */
function setOrProblem(file: string, root: string): YoloSet | null {
  try {
    return YAML.test(file) ? setIn(file, root) : listIn(file);
  } catch (error) {
    if (!(error instanceof BadInput) || readFileSync(file).includes('kpt_shape')) throw error;
    return { ...nothing, file, problem: error.message };
  }
}

/** Where a description names no classes, the lists beside it do. */
function setIn(file: string, root: string): YoloSet | null {
  const fields = yamlIn(file);
  if (!isFields(fields)) return null;
  const elsewhere = textOf(fields.names);
  const listed = elsewhere === null ? null : namedList(file, elsewhere, root);
  const names = listed?.names ?? namesOf(fields.names);
  if (names.size === 0 && fields.kpt_shape === undefined) return null;
  return { names, keypoints: keypointsOf(fields), file: listed?.file ?? file, ...oddOf(fields, names, file) };
}

const describes = (fields: unknown): boolean =>
  isFields(fields) &&
  (fields.names !== undefined ||
    fields.kpt_shape !== undefined ||
    (fields.nc !== undefined && ['train', 'val', 'test', 'path'].some((key) => fields[key] !== undefined)));

/** The list that a YAML names instead of the classes; nothing outside of `root` counts. */
function namedList(yaml: string, given: string, root: string): YoloSet {
  const file = path.resolve(path.dirname(yaml), slashed(given));
  const from = path.relative(root, file);
  const isInside = from !== '' && !from.startsWith('..') && !path.isAbsolute(from);
  const found = isInside && existsSync(file) ? listIn(file) : null;
  if (found !== null) return found;
  const why = isInside ? 'which holds none' : 'which lies outside of what is imported';
  throw new BadInput(`${path.basename(yaml)}: says that the names of its classes stand in "${given}", ${why}`);
}

function oddOf({ nc }: Fields, names: ReadonlyMap<number, string>, file: string): Pick<YoloSet, 'odd'> {
  const count = wholeOf(nc);
  const fits = count === null || count === names.size || count === Math.max(...names.keys()) + 1;
  const said = `${path.basename(file)}: its nc is ${count}, but it names ${names.size} classes; the names were taken`;
  return fits || names.size === 0 ? {} : { odd: said };
}

const isListName = (file: string): boolean => LISTS.test(path.basename(file));
const textIn = (file: string): string => decodeText(readFileSync(file).subarray(0, MOST_BYTES), path.basename(file));
const listIn = (file: string): YoloSet | null => listed(textIn(file), file);
const yamlIn = (file: string): unknown => parsedYaml(textIn(file), file);

function fieldsOrNull(file: string): unknown {
  try {
    return yamlIn(file);
  } catch (error) {
    if (error instanceof BadInput) return null;
    throw error;
  }
}

/** One name a line; an empty line is a class without a name. */
function listed(text: string, file: string): YoloSet | null {
  const lines = text.split(/\r\n|\n|\r/u).slice(0, MOST_CLASSES);
  if (lines.every((line) => line.trim() === '' || ROW.test(line))) return null;
  const names = new Map(lines.flatMap((line, i) => (line.trim() === '' ? [] : [[i, line] as const])));
  return names.size > 0 ? { names, keypoints: null, file } : null;
}

function parsedYaml(text: string, file: string): unknown {
  try {
    // Every value stays the text that it is: "true", "1.50" and "null" are names like others.
    return parse(text, { schema: 'failsafe', merge: true, maxAliasCount: 100, logLevel: 'error', prettyErrors: false });
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : 'it is no YAML';
    throw new BadInput(`${path.basename(file)}: its class names cannot be read (${why})`);
  }
}

/** A list in order, numbers with names in any order and with gaps, or a list of entries that hold both. */
function namesOf(value: unknown): Map<number, string> {
  const named = (key: unknown, name: unknown): [number, string][] => {
    const [number, text] = isFields(name)
      ? [wholeOf(name.id ?? key), labelOf(name.name)]
      : [wholeOf(key), labelOf(name)];
    return number === null || number < 0 || text === null ? [] : [[number, text]];
  };
  if (Array.isArray(value)) return new Map(value.slice(0, MOST_CLASSES).flatMap((name, i) => named(i, name)));
  if (!isFields(value)) return new Map();
  const pairs = Object.entries(value).slice(0, MOST_CLASSES);
  return new Map(pairs.flatMap(([key, name]) => named(key, name)).toSorted(([a], [b]) => a - b));
}

/** A list of how many there are and of how many numbers each has, also as one text. */
function keypointsOf({ kpt_shape: value }: Fields): YoloSet['keypoints'] {
  if (value === undefined) return null;
  const given = typeof value === 'string' ? value.replaceAll(/[[\](){}]/gu, '').split(',') : value;
  const [count, numbers] = Array.isArray(given) ? given.map(wholeOf) : [];
  if (count && numbers && (numbers === 2 || numbers === 3)) return count * numbers;
  return { why: `the set has keypoints, but its kpt_shape is ${JSON.stringify(value)} and not like [17, 3]` };
}
