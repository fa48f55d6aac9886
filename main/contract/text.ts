// Cuts and cleans what people and files write, so that every part of the program stores and compares whole characters.
import { z } from 'zod';

/**
 * Half of a character outside the basic plane (an emoji that was cut in two, "\ud800" in a JSON file) becomes U+FFFD.
 * SQLite would store that in its place, and then nothing that was remembered of it would equal what is stored.
 */
export const text = () => z.string().overwrite((given) => given.toWellFormed());

/** Cuts a text to so many UTF-16 units, and never leaves half a character at the end. */
export function cut(whole: string, most: number): string {
  const end = whole.slice(0, most);
  return end.length < whole.length && /[\ud800-\udbff]$/u.test(end) ? end.slice(0, -1) : end;
}

/** A value of JSON with all of its texts made whole. */
export function wellFormed<T>(value: T): T;
export function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toWellFormed(), wellFormed(inner)]));
}
