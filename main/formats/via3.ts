// Reads a project of VIA 3 (files, views and metadata apart).
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import { jsonFields } from './files/jsonStream.ts';
import type { ReadContext, Reading } from './reading/reading.ts';
import { type Fields, isFields, numberOf, textOf } from './reading/values.ts';
import { type Entry, type ViaRegion, viaReading } from './viaRegions.ts';

/** Numbers that VIA 3 gives to kinds of shapes, and what stands after them. */
const KINDS = new Map<unknown, readonly [name: string, ...fields: string[]]>([
  [1, ['point']],
  [2, ['rect', 'x', 'y', 'width', 'height']],
  [3, ['circle', 'cx', 'cy', 'r']],
  [4, ['ellipse', 'cx', 'cy', 'rx', 'ry']],
  [5, ['line']],
  [6, ['polyline']],
  [7, ['polygon']],
]);
const EXTREME_RECTANGLE = 8;
/** Numbers of the kinds of files: 2 is a picture, 4 a video, 8 sound. */
const PICTURE = 2;

export async function readVia3(file: string, context: ReadContext): Promise<Reading> {
  const { file: files, view, metadata, attribute } = jsonFields(file);
  const { notes } = context;
  const given = isFields(attribute) ? attribute : {};
  const entries = new Map<string, Entry & { regions: (ViaRegion | null)[] }>();
  for (const [id, each] of Object.entries(isFields(view) ? view : {})) {
    const fid = isFields(each) && Array.isArray(each.fid_list) ? String(each.fid_list[0]) : '';
    const named = isFields(files) && Object.hasOwn(files, fid) ? files[fid] : undefined;
    const name = isFields(named) ? textOf(named.fname) : null;
    if (!isFields(named) || name === null) notes.leave(`view ${id}`, 'it names no picture');
    else if ((numberOf(named.type) ?? PICTURE) !== PICTURE)
      notes.leave(name, 'it is no picture; only pictures are read');
    else entries.set(id, { name, regions: [], said: undefined });
  }
  for (const [id, each] of Object.entries(isFields(metadata) ? metadata : {})) {
    const entry = isFields(each) ? entries.get(String(each.vid)) : undefined;
    if (!isFields(each) || entry === undefined) notes.leave(`metadata ${id.slice(0, 40)}`, 'it belongs to no picture');
    else if (Array.isArray(each.xy) && each.xy.length > 0)
      entry.regions.push({ shape: shapeOf(each.xy), said: saidBy(each.av, given) });
    else notes.say('what is said of a whole image is not read');
  }
  if (entries.size === 0) throw new BadInput(`${path.basename(file)}: this VIA project holds no picture`);
  return viaReading([...entries.values()], { file, context, rules: {} });
}

/** The words that VIA 2 has for it. */
function shapeOf([kind, ...values]: readonly unknown[]): Fields {
  const [xs, ys] = [0, 1].map((odd) => values.filter((_, i) => i % 2 === odd));
  if (kind === EXTREME_RECTANGLE && values.every((each) => numberOf(each) !== null)) {
    const [left, top] = [Math.min(...(xs ?? []).map(Number)), Math.min(...(ys ?? []).map(Number))];
    const [right, foot] = [Math.max(...(xs ?? []).map(Number)), Math.max(...(ys ?? []).map(Number))];
    return { name: 'rect', x: left, y: top, width: right - left, height: foot - top };
  }
  const [name, ...fields] = KINDS.get(kind) ?? [`number ${String(kind)}`];
  const named = Object.fromEntries(fields.map((field, i) => [field, values[i]]));
  return { name, ...named, ...(name === 'polygon' && { all_points_x: xs, all_points_y: ys }) };
}

/** Values by the name of their attribute; a choice by what was chosen, and not by its number. */
function saidBy(values: unknown, attributes: Fields): Fields {
  const found = Object.entries(isFields(values) ? values : {}).map(([id, value]): [string, unknown] => {
    const rule = Object.hasOwn(attributes, id) ? attributes[id] : undefined;
    const options = isFields(rule) && isFields(rule.options) ? rule.options : {};
    const chosen = String(value)
      .split(',')
      .flatMap((key) => (Object.hasOwn(options, key) ? [textOf(options[key]) ?? key] : []));
    return [(isFields(rule) && textOf(rule.aname)) || id, chosen.length > 0 ? chosen.join(', ') : value];
  });
  return Object.fromEntries(found);
}
