// Reads a VGG Image Annotator file (VIA 1 and 2: project, or regions as JSON or CSV).
import { statSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { BadInput } from '../contract/badInput.ts';
import { jsonFields } from './files/jsonStream.ts';
import { readText } from './files/textFile.ts';
import type { ReadContext, Reading } from './reading/reading.ts';
import { type Fields, isFields, textOf } from './reading/values.ts';
import { type Entry, type ViaRegion, viaReading } from './viaRegions.ts';

const MOST_BYTES = 256e6;

/** A project, or what "Export annotations (as json)" wrote: one entry for each picture. */
export async function readVia(file: string, context: ReadContext): Promise<Reading> {
  const fields = jsonFields(file);
  const images = isFields(fields._via_img_metadata) ? fields._via_img_metadata : fields;
  const rules = isFields(fields._via_attributes) ? fields._via_attributes.region : undefined;
  const entries = Object.entries(images).flatMap(([key, value]): Entry[] => {
    const name = isFields(value) ? textOf(value.filename) : null;
    if (isFields(value) && name !== null)
      return [{ name, regions: regionsIn(value.regions), said: value.file_attributes }];
    context.notes.leave(`entry "${key.slice(0, 60)}"`, 'it names no picture');
    return [];
  });
  return viaReading(entries, { file, context, rules: isFields(rules) ? rules : {} });
}

/** A list, or in VIA 1 an object by number. */
function regionsIn(value: unknown): (ViaRegion | null)[] {
  const list = Array.isArray(value) ? value : Object.values(isFields(value) ? value : {});
  return list.map((each) =>
    isFields(each) && isFields(each.shape_attributes)
      ? { shape: each.shape_attributes, said: isFields(each.region_attributes) ? each.region_attributes : {} }
      : null,
  );
}

const COLUMNS = ['filename', 'region_shape_attributes', 'region_attributes'];

/** Whether a table's first line is that of VIA. */
export const isViaTable = (line: string): boolean =>
  COLUMNS.every((name) => line.split(',').map(columnOf).includes(name));

/** VIA 1 puts a # before the first. */
const columnOf = (name: string): string => name.trim().replaceAll(/^["#]+|"$/gu, '');

/** One line for each region; a picture without any has one line of its own. */
export async function readViaTable(file: string, context: ReadContext): Promise<Reading> {
  const name = path.basename(file);
  if (statSync(file).size > MOST_BYTES) throw new BadInput(`${name}: is larger than ${MOST_BYTES / 1e6} MB`);
  const [head = [], ...rows] = rowsOf(readText(file), name);
  const at = new Map(head.map((column, i) => [columnOf(column), i]));
  const entries = new Map<string, Entry & { regions: (ViaRegion | null)[] }>();
  for (const [i, row] of rows.entries()) {
    const cell = (column: string): string => row[at.get(column) ?? -1] ?? '';
    const picture = textOf(cell('filename'));
    if (picture === null) {
      context.notes.leave(`line ${i + 2} of ${name}`, 'it names no picture');
      continue;
    }
    const entry = entries.get(picture) ?? { name: picture, regions: [], said: parsed(cell('file_attributes')) };
    entries.set(picture, entry);
    const [shape, said] = [parsed(cell('region_shape_attributes')), parsed(cell('region_attributes'))];
    if (cell('region_count').trim() === '0' || (shape !== null && Object.keys(shape).length === 0)) continue;
    entry.regions.push(shape === null ? null : { shape, said: said ?? {} });
  }
  return viaReading([...entries.values()], { file, context, rules: {} });
}

/** JSON in a cell; null where it is none. */
function parsed(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

function rowsOf(text: string, name: string): string[][] {
  try {
    return parse(text, { relax_column_count: true, skip_empty_lines: true });
  } catch (error) {
    throw new BadInput(`${name}: is no whole table (${error instanceof Error ? error.message.split('\n')[0] : error})`);
  }
}
