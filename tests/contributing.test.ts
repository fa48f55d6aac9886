// CONTRIBUTING.md names files; each of them is there.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const text = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8');
const quoted = [...text.matchAll(/`([^`\n]+)`/gu)].map(([, inner = '']) => inner);
const places = quoted
  .flatMap((one) => one.split(' '))
  .filter((one) => /^(?:main|models|renderer|electron|tests|tools|docs)\//u.test(one));

test('every file and folder that it names is there', () => {
  expect(places.length).toBeGreaterThan(25);
  expect(places.filter((place) => !existsSync(path.join(root, place)))).toEqual([]);
});

test.each(['an operator', 'a format', 'a tool', 'a handler', 'a migration', 'a model recipe', 'a reward'])(
  'it says how to add %s',
  (what) => expect(text).toContain(`| ${what} |`),
);
