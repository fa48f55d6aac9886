// Where the reference fixtures and the real-world material are, and whether they are there at all.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const goldenRoot = path.resolve(root, process.env.LOUPE_GOLDEN ?? '../shared/golden');
const materialRoot = path.resolve(root, '../shared/material');

export const haveGolden = existsSync(goldenRoot);
export const haveMaterial = existsSync(materialRoot);
if (!haveGolden || !haveMaterial) console.warn('skipped: no ../shared');

/** Absolute path of a golden fixture. */
export const golden = (...parts: string[]): string => path.join(goldenRoot, ...parts);

/** Absolute path of a piece of real-world material. */
export const material = (...parts: string[]): string => path.join(materialRoot, ...parts);

/** Parsed JSON of a golden fixture; the caller states the type it expects. */
export const goldenJson = <T>(...parts: string[]): T => JSON.parse(readFileSync(golden(...parts), 'utf8')) as T;
