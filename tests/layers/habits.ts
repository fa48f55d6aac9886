// Rules about what may stand in a file: opt-outs, exports, names, forbidden operators.
import path from 'node:path';
import { importsOf } from './imports.ts';
import { at, isTest, type Rule, type Source } from './source.ts';

const nativeAdapters = new Set(['models/runtime/session.ts', 'main/store/db.ts']);
const suppression =
  /@ts-(ignore|expect-error|nocheck)|(eslint|oxlint|biome|prettier|knip|v8|c8|istanbul)[- ]?(disable|ignore)/;
const bannedNames = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'legacy', 'index']);

/** Collects what a visitor finds, file by file. */
export const perFile =
  (find: (file: Source, report: (offset: number, message: string) => void) => void): Rule =>
  (files) =>
    files.flatMap((file) => {
      const found: string[] = [];
      find(file, (offset, message) => found.push(at(file, offset, message)));
      return found;
    });

export const typesAreHonest = perFile((file, report) => {
  if (nativeAdapters.has(file.path)) return;
  file.visit({
    TSAnyKeyword: ({ start }) => report(start, 'uses any'),
    TSNonNullExpression: ({ start }) => report(start, 'uses a non-null !'),
    TSAsExpression({ start, expression }) {
      if (expression.type === 'TSAsExpression') report(start, 'casts twice');
    },
    VariableDeclarator({ start, definite }) {
      if (definite) report(start, 'asserts that a variable is assigned');
    },
    PropertyDefinition({ start, definite }) {
      if (definite) report(start, 'asserts that a property is assigned');
    },
  });
});

export const nothingIsSuppressed = perFile((file, report) => {
  if (nativeAdapters.has(file.path)) return;
  for (const { start, value } of file.comments) if (suppression.test(value)) report(start, 'silences a check');
});

export const filesSayWhatTheyDo = perFile((file, report) => {
  const body = file.text.replace(/^#!.*\n/, '');
  if (!isTest(file) && !/^\/[/*]/.test(body)) report(0, 'lacks its header sentence');
});

export const exportsAreNamed = perFile((file, report) => {
  file.visit({
    ExportDefaultDeclaration: ({ start }) => report(start, 'has a default export'),
    ExportAllDeclaration: ({ start }) => report(start, 'is a barrel: import the file that defines the thing'),
    ExportNamedDeclaration({ start, source }) {
      if (source) report(start, 'exports again what another file defines');
    },
  });
});

/** The words of a name: `maskUtils.test.ts` has mask, utils, test, ts. */
export const wordsOf = (name: string): string[] =>
  name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/).map((word) => word.toLowerCase());

export const namesSayWhat: Rule = (files) =>
  files.flatMap(({ path: file }) => {
    const mount = file === 'renderer/index.tsx';
    const word = mount
      ? undefined
      : file
          .split('/')
          .flatMap(wordsOf)
          .find((one) => bannedNames.has(one));
    return word ? [`${file}:1 is called ${word}`] : [];
  });

interface Export {
  readonly name: string;
  readonly start: number;
  readonly isType: boolean;
}

export function exportsOf(file: Source): Export[] {
  const found: Export[] = [];
  file.visit({
    ExportNamedDeclaration({ declaration, specifiers, start, exportKind }) {
      const isType = exportKind === 'type';
      for (const { exported } of specifiers) {
        found.push({ start, isType, name: exported.type === 'Literal' ? exported.value : exported.name });
      }
      if (declaration?.type === 'VariableDeclaration') {
        for (const { id } of declaration.declarations) {
          if (id.type === 'Identifier') found.push({ start, isType, name: id.name });
        }
      } else if (declaration && 'id' in declaration && declaration.id && 'name' in declaration.id) {
        found.push({ start, isType, name: declaration.id.name });
      }
    },
  });
  return found;
}

/** A type that the file's own signatures name is part of their agreement, imported by name or not. */
const isInSignature = (file: Source, { name, isType }: Export): boolean =>
  isType && (file.text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0) > 1;

/** An export that no other file takes by name, tests included, is not part of any agreement. */
export const exportsAreUsed: Rule = (files) => {
  const taken = new Map<string, Set<string>>();
  for (const { target, names } of files.flatMap(importsOf)) {
    if (target === undefined) continue;
    const already = taken.get(target) ?? new Set();
    taken.set(target, already);
    for (const name of names === 'all' ? ['*'] : names) already.add(name);
  }
  return files.flatMap((file) => {
    const used = taken.get(file.path) ?? new Set();
    const spare = exportsOf(file).filter((one) => !used.has(one.name) && !used.has('*') && !isInSignature(file, one));
    return spare.map(({ name, start }) => at(file, start, `exports ${name}, which no other file imports`));
  });
};

/** On the CPU, ScatterND with reduction add loses sums where indices repeat. */
export const noScatterND = perFile((file, report) => {
  if (isTest(file)) return;
  const isBanned = (name: unknown): boolean => name === 'ScatterND';
  file.visit({
    Literal: ({ start, value }) => void (isBanned(value) && report(start, 'names ScatterND; use ScatterElements')),
    Property({ start, key }) {
      if (key.type === 'Identifier' && isBanned(key.name))
        report(start, 'has a row for ScatterND; use ScatterElements');
    },
  });
});

/** Results depend on what a caller passes, so only programs read the environment. */
export const environmentStaysOutside = perFile((file, report) => {
  const folder = path.posix.dirname(file.path);
  if (!folder.startsWith('models') && !/^main\/(contract|store|flow|formats)/.test(folder)) return;
  file.visit({
    MemberExpression({ start, end }) {
      if (file.text.slice(start, end) === 'process.env') report(start, 'reads the environment');
    },
  });
});

/** Our own modules run in their own tests: nothing of ours is mocked, no test runs alone. */
export const testsAreReal = perFile((file, report) => {
  file.visit({
    CallExpression({ start, callee, arguments: [first] }) {
      const called = file.text.slice(callee.start, callee.end);
      const ours = first?.type === 'Literal' && String(first.value).startsWith('.');
      if (/^vi\.(do)?[mM]ock$/.test(called) && ours) report(start, 'mocks a module of ours');
      if (/^(it|test|describe)\.only$/.test(called)) report(start, 'runs alone');
    },
  });
});
