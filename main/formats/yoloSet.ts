// What a YOLO set says about its label files: the names of its classes by number, and whether its rows hold keypoints.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { BadInput } from '../contract/badinput.ts';
import { decoded } from './text.ts';
import { type Fields, isFields, labelOf, wholeOf } from './values.ts';

export interface YoloSet {
  readonly names: ReadonlyMap<number, string>;
  /** Keypoints of a row and numbers of each; null where the set has none. */
  readonly keypoints: readonly [number, number] | null;
  /** The file that says so; null where none was found. */
  readonly file: string | null;
  /** Why that file could not be read; its classes keep their numbers, as any other file could name them wrong. */
  readonly problem?: string;
}

const LISTS = /^(?:classes|predefined_classes|labels|names|class[_-]?names|obj)\.txt$|\.names$/iu;
const YAML = /\.ya?ml$/iu;
/** A class and numbers: a label file that happens to be called like a list. */
const ROW = /^\s*\d+(?:\s+[-+\d.e]+){4,}\s*$/iu;
const MOST_BYTES = 1e6;
const MOST_CLASSES = 100_000;
const nothing: YoloSet = { names: new Map(), keypoints: null, file: null };

/** Whether a file says what classes are called, and no objects of a picture. */
export const isYoloSet = (file: string): boolean => setIn(file) !== null;

/** The nearest description, from the label file's folder up to `root`. */
export function yoloSetOf(file: string, root: string): YoloSet {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    for (const name of readdirSync(folder).toSorted(descriptionsFirst)) {
      const found = setOrProblem(path.join(folder, name));
      if (found !== null) return found;
    }
    const relative = path.relative(root, folder);
    if (relative === '' || relative.startsWith('..') || path.dirname(folder) === folder) return nothing;
  }
}

/** A YAML says more than a list, and one that is called data.yaml more than another. */
function descriptionsFirst(a: string, b: string): number {
  const rank = (name: string) => (/^data\.ya?ml$/iu.test(name) ? 0 : YAML.test(name) ? 1 : 2);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** Throws `BadInput` where the file may say that rows are poses: as polygons they would be something else. */
function setOrProblem(file: string): YoloSet | null {
  try {
    return setIn(file);
  } catch (error) {
    if (!(error instanceof BadInput) || readFileSync(file).includes('kpt_shape')) throw error;
    return { ...nothing, file, problem: error.message };
  }
}

function setIn(file: string): YoloSet | null {
  const isYaml = YAML.test(file);
  if (!isYaml && !LISTS.test(path.basename(file))) return null;
  const text = decoded(readFileSync(file).subarray(0, MOST_BYTES), path.basename(file));
  if (!isYaml) return listed(text, file);
  const fields = parsedYaml(text, file);
  const names = isFields(fields) ? namesOf(fields.names) : new Map<number, string>();
  if (!isFields(fields) || (names.size === 0 && fields.kpt_shape === undefined)) return null;
  return { names, keypoints: keypointsOf(fields), file };
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

/** A list in order, or numbers with names in any order and with gaps. */
function namesOf(value: unknown): Map<number, string> {
  const named = (key: unknown, name: unknown): [number, string][] => {
    const [number, text] = [wholeOf(key), labelOf(name)];
    return number === null || number < 0 || text === null ? [] : [[number, text]];
  };
  if (Array.isArray(value)) return new Map(value.slice(0, MOST_CLASSES).flatMap((name, i) => named(i, name)));
  if (!isFields(value)) return new Map();
  const pairs = Object.entries(value).slice(0, MOST_CLASSES);
  return new Map(pairs.flatMap(([key, name]) => named(key, name)).toSorted(([a], [b]) => a - b));
}

function keypointsOf({ kpt_shape: value }: Fields): readonly [number, number] | null {
  const [count, numbers] = Array.isArray(value) ? value.map(wholeOf) : [];
  return count && numbers && (numbers === 2 || numbers === 3) ? [count, numbers] : null;
}
