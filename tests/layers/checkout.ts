// Rules about the checkout as a whole: what lies at the top, and what no text in it may name.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow } from './source.ts';

const topFolders = ['electron', 'renderer', 'main', 'models', 'resources', 'tests', 'tools', 'docs', '.ci', '.git'];
const texts = /\.(ts|tsx|mjs|json|md|yml|svg|css|html|txt)$|^[^.]+$|^\.(ci\/run|npmrc|gitignore)$/;
// Written so that this file does not hold what it looks for.
const machines = /(^|[\s'"`(=:])(\/work\/|\/farm\/|\/root\/|\/home\/\w|\/Users\/\w|[A-Z]:\\Users)|\.[l]ibrary\//;

interface Text {
  readonly path: string;
  readonly text: string;
}

/** Folders at the top that are neither part of the architecture nor ignored. */
export function strangeFolders(root: string): string[] {
  const ignored = readFileSync(path.join(root, '.gitignore'), 'utf8').split('\n');
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => name).filter((name) => !topFolders.includes(name) && !ignored.includes(`${name}/`));
}

/** Every text of the checkout, the lock file aside. */
export function readTexts(root: string): Text[] {
  const entries = readdirSync(root, { withFileTypes: true });
  const here = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const below = topFolders.slice(0, -1).filter((folder) => entries.some(({ name }) => name === folder));
  const files = [...here, ...below.flatMap((folder) => filesBelow(root, folder))];
  return files
    .filter((file) => texts.test(file) && file !== 'package-lock.json')
    .map((file) => ({ path: file, text: readFileSync(path.join(root, file), 'utf8') }));
}

export const machinesNamed = (files: readonly Text[]): string[] =>
  files.flatMap(({ path: file, text }) =>
    text.split('\n').flatMap((line, index) => (machines.test(line) ? [`${file}:${index + 1} names a machine`] : [])),
  );

const named = /(?<![\w@./-])(?:main|models|renderer|electron|tests|tools|resources)\/[\w./-]*\w/gu;

/** Places of the checkout that pages name where nothing is. Words such as "tests/qwen/rope" stand for all that begins so, as for vitest. */
export const placesGone = (texts: readonly Text[], files: readonly string[]): string[] =>
  texts
    .filter(({ path: file }) => file.endsWith('.md'))
    .flatMap(({ path: file, text }) =>
      [...new Set(text.match(named) ?? [])]
        .filter((place) => !files.some((one) => one.startsWith(place)))
        .map((place) => `${file} names ${place}, which is not there`),
    );

/** Every file below the folders at the top. */
export const allFiles = (root: string): string[] =>
  topFolders.filter((folder) => !folder.startsWith('.')).flatMap((folder) => filesBelow(root, folder));

const decisionParts = ['Context', 'Choice', 'Rejected', 'Figure'];

/** Pages of decisions that lack a part, by name: one without a rejected alternative or a figure is an opinion. */
export const decisionsLacking = (files: readonly Text[]): string[] =>
  files
    .filter(({ path: file }) => file.startsWith('docs/decisions/'))
    .flatMap(({ path: file, text }) =>
      decisionParts.filter((part) => !text.includes(`**${part}.**`)).map((part) => `${file} lacks its ${part}`),
    );

/** Pages of decisions that the README does not name. */
export const decisionsUnlisted = (files: readonly Text[]): string[] => {
  const readme = files.find(({ path: file }) => file === 'README.md')?.text ?? '';
  return files
    .map(({ path: file }) => file)
    .filter((file) => file.startsWith('docs/decisions/') && !readme.includes(file));
};

/** The rows of the table under a heading of the README, cell by cell. */
export const readmeTable = (readme: string, heading: string): string[][] => {
  const [, after = ''] = readme.split(`\n## ${heading}\n`);
  const rows = after.split('\n## ')[0]?.match(/^\|.*\|$/gmu) ?? [];
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
};

/** Every folder of the tree that the README draws; rooms are indented, and one line may name several. */
export function drawnFolders(readme: string): string[] {
  const [, drawn = ''] = readme.match(/\n## The tree\n+```\n(.*?)\n```/su) ?? [];
  let top = '';
  return drawn.split('\n').flatMap((line) => {
    const [, indent, names = ''] = /^( *)((?:[\w./-]+ )*?[\w./-]+)(?: {2,}|$)/u.exec(line) ?? [];
    if (names === '') return [];
    if (indent === '') top = names.replace(/\/$/u, '');
    return indent === '' ? [top] : names.split(' ').map((name) => `${top}/${name}`);
  });
}

/** Folders whose rooms the README draws, and those rooms; tests mirror them and are drawn as one. */
export function foldersThatStand(root: string): string[] {
  const below = (folder: string): string[] =>
    readdirSync(path.join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => path.posix.join(folder, name));
  const tops = topFolders.filter((name) => !name.startsWith('.'));
  return [...tops, ...['models', 'main', 'renderer'].flatMap(below)];
}
