// CONTRIBUTING.md names files; each of them is there, and what its recipes ask for was done for all that stands.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

test.each(['tests/formats/detect.test.ts', 'tests/formats/hostile.test.ts'])(
  'every reader of a format has its row in %s',
  (file) => {
    const readers = [
      ...new Set(
        read('main/formats/detect.ts')
          .match(/\breader: read[A-Z]\w+/gu)
          ?.map((text) => text.slice(8)),
      ),
    ];
    expect(readers.length).toBeGreaterThan(10);
    expect(readers.filter((name) => !read(file).includes(name))).toEqual([]);
  },
);

test('every reward has a test that imports it', () => {
  const tests = readdirSync(path.join(root, 'tests/reward')).map((file) => read(`tests/reward/${file}`));
  const lacking = readdirSync(path.join(root, 'main/reward')).filter(
    (file) => !tests.some((test) => test.includes(`main/reward/${file}'`)),
  );
  expect(lacking).toEqual([]);
});
