// Reads what a file says of a shape beside its place and its label as attributes; whatever cannot be one is reported.
import type { AttributeValue } from '../../contract/project.ts';
import type { Notes } from './reading.ts';
import { type Fields, isFields, LONGEST_ATTRIBUTE, MOST_ATTRIBUTES, numberOf } from './values.ts';

type Attributes = Record<string, AttributeValue>;

/** Null, empty texts, lists and objects say nothing. */
const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (typeof value === 'string' && value.trim() === '') ||
  (Array.isArray(value) && value.length === 0) ||
  (isFields(value) && Object.keys(value).length === 0);

/** Takes texts, numbers and yes or no as they are, lists and nested values as JSON; what is too long or too many is reported. */
export function readAttributes(fields: Fields, { what, notes }: { what: string; notes: Notes }): Attributes {
  const found: Attributes = {};
  let count = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (isEmpty(value)) continue;
    const shown = `"${name.slice(0, 40)}" of ${what}`;
    const kept = keptOf(value);
    if (name.trim() === '') notes.leave(shown, 'an attribute needs a name');
    else if (kept === null) notes.leave(shown, `it is longer than ${LONGEST_ATTRIBUTE} characters`);
    else if (count >= MOST_ATTRIBUTES) notes.leave(shown, `a shape has at most ${MOST_ATTRIBUTES} attributes`);
    else {
      define(found, name, kept);
      count++;
    }
  }
  return found;
}

function keptOf(value: unknown): AttributeValue | null {
  if (typeof value === 'boolean') return value;
  const kept = numberOf(value) ?? (typeof value === 'string' ? value : JSON.stringify(value));
  return typeof kept === 'string' && kept.length > LONGEST_ATTRIBUTE ? null : kept;
}

/** Defines the attribute also for a name like "__proto__", which an assignment would not take. */
const define = (found: Attributes, name: string, value: AttributeValue): void =>
  void Object.defineProperty(found, name, { value, enumerable: true, configurable: true, writable: true });

/** Several places of a file may use one name: a later value that differs is kept under its place's own. */
export function mergeFields(...groups: readonly (readonly [place: string, fields: Fields])[]): Fields {
  const found = new Map<string, unknown>();
  for (const [place, fields] of groups) {
    for (const [name, value] of Object.entries(fields)) {
      const earlier = found.get(name);
      if (isEmpty(earlier) || JSON.stringify(earlier) === JSON.stringify(value)) found.set(name, value);
      else if (!isEmpty(value)) found.set(`${place}.${name}`, value);
    }
  }
  return Object.fromEntries(found);
}

/** Where parts make one object, the first that has an attribute counts; where another part differs, that is reported. */
export function mergeAttributes(
  first: Attributes,
  other: Attributes,
  { what, notes }: { what: string; notes: Notes },
): Attributes {
  for (const [name, value] of Object.entries(other)) {
    if (Object.hasOwn(first, name) && first[name] !== value)
      notes.say(`${what}: its parts disagree about "${name.slice(0, 40)}"; ${JSON.stringify(first[name])} was taken`);
  }
  return { ...other, ...first };
}
