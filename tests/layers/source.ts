// Turns files of the checkout into parsed sources that the layer rules judge.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Comment, parseSync, Visitor, type VisitorObject } from 'oxc-parser';

export interface Source {
  readonly path: string; // from the root, with forward slashes
  readonly text: string;
  readonly comments: readonly Comment[];
  visit(visitor: VisitorObject): void;
  lineAt(offset: number): number; // counts from 1
}

/** A rule names every offence as `path:line what is wrong`; no offence, no lines. */
export type Rule = (files: readonly Source[]) => string[];

const folders = ['electron', 'renderer', 'main', 'models', 'tools', 'tests'];
const notSource = new Set(['node_modules', 'fixtures']);

export function parseSource(file: string, text: string): Source {
  const { program, comments, errors } = parseSync(file, text);
  const [error] = errors;
  if (error) throw new Error(`${file} does not parse: ${error.message}`);
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  return { path: file, text, comments, lineAt, visit: (visitor) => new Visitor(visitor).visit(program) };
}

/** Paths of every file below a folder, from the root. */
export function filesBelow(root: string, folder: string): string[] {
  const entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (!entry.isDirectory()) return [file];
    return notSource.has(entry.name) ? [] : filesBelow(root, file);
  });
}

export function readTree(root: string): Source[] {
  const present = readdirSync(root).filter((name) => folders.includes(name));
  const files = present.flatMap((folder) => filesBelow(root, folder)).filter((file) => /\.(ts|tsx|mjs)$/.test(file));
  return files.map((file) => parseSource(file, readFileSync(path.join(root, file), 'utf8')));
}

export const isTest = (file: Source): boolean => file.path.startsWith('tests/');

export const at = (file: Source, offset: number, message: string): string =>
  `${file.path}:${file.lineAt(offset)} ${message}`;
