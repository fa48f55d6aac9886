// Rules about size: lengths of functions and files, parameters, comments, tests against source.
import type { ArrowFunctionExpression, Function as PlainFunction } from 'oxc-parser';
import { at, isTest, type Rule, type Source } from './source.ts';

interface Measured {
  readonly file: Source;
  readonly offset: number;
  readonly name: string | undefined; // none for an anonymous callback
  readonly lines: number;
  readonly parameters: number;
  readonly describes: boolean; // the callback of a describe, which is a chapter of a test file and no function
}

interface Place {
  readonly name: string;
  readonly start: number;
}

const longestFunction = 60;
const longestComponent = 100;
const longestFile = 400;
const mostParameters = 4;

/** Where functions are given a name or stand in a describe, by the offset at which the function starts. */
function surroundings(file: Source): { names: Map<number, Place>; chapters: Set<number> } {
  const names = new Map<number, Place>();
  const chapters = new Set<number>();
  const keyText = (key: { start: number; end: number }): string => file.text.slice(key.start, key.end);
  file.visit({
    VariableDeclarator({ id, init, start }) {
      if (init && id.type === 'Identifier') names.set(init.start, { name: id.name, start });
    },
    MethodDefinition: ({ key, value, start }) => void names.set(value.start, { name: keyText(key), start }),
    PropertyDefinition: ({ key, value, start }) =>
      void (value && names.set(value.start, { name: keyText(key), start })),
    Property: ({ key, value, start }) => void names.set(value.start, { name: keyText(key), start }),
    CallExpression({ callee, arguments: args }) {
      if (keyText(callee).startsWith('describe')) for (const one of args) chapters.add(one.start);
    },
  });
  return { names, chapters };
}

function functionsOf(file: Source): Measured[] {
  const { names, chapters } = surroundings(file);
  const found: Measured[] = [];
  const measure = (node: PlainFunction | ArrowFunctionExpression): void => {
    if (!node.body) return;
    const place = names.get(node.start) ?? (node.id ? { name: node.id.name, start: node.start } : undefined);
    const offset = place?.start ?? node.start;
    found.push({
      file,
      offset,
      name: place?.name,
      lines: file.lineAt(node.end) - file.lineAt(offset) + 1,
      parameters: node.params.length,
      describes: chapters.has(node.start),
    });
  };
  file.visit({ FunctionDeclaration: measure, FunctionExpression: measure, ArrowFunctionExpression: measure });
  return found;
}

/** The value that a share of the sorted values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

const limitOf = ({ file, name = '' }: Measured): number =>
  file.path.endsWith('.tsx') && /^[A-Z]/.test(name) ? longestComponent : longestFunction;

const linesOf = (file: Source): number => file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);

const total = (files: readonly Source[]): number => files.reduce((sum, file) => sum + linesOf(file), 0);

export const functionsAreShort: Rule = (files) =>
  files
    .flatMap(functionsOf)
    .filter((one) => !one.describes && one.lines > limitOf(one))
    .map((one) => at(one.file, one.offset, `${one.name ?? 'a callback'} has ${one.lines} lines of ${limitOf(one)}`));

export const parametersAreFew: Rule = (files) =>
  files
    .flatMap(functionsOf)
    .filter(({ parameters }) => parameters > mostParameters)
    .map((one) =>
      at(one.file, one.offset, `${one.name ?? 'a callback'} has ${one.parameters} parameters; take options`),
    );

/** Over the named functions of the source; the longest ones are told when the bar is missed. */
export const functionsAreMostlyShort: Rule = (files) => {
  const named = files.filter((file) => !isTest(file)).flatMap((file) => functionsOf(file).filter((one) => one.name));
  const lengths = named.map(({ lines }) => lines);
  const [half, tenth] = [percentile(lengths, 0.5), percentile(lengths, 0.9)];
  if (half <= 8 && tenth <= 30) return [];
  const longest = named.sort((a, b) => b.lines - a.lines).slice(0, 10);
  return [
    `functions have p50 ${half} (bar 8) and p90 ${tenth} (bar 30) lines`,
    ...longest.map((one) => at(one.file, one.offset, `${one.name} has ${one.lines} lines`)),
  ];
};

export const filesAreShort: Rule = (files) =>
  files
    .filter((file) => linesOf(file) > longestFile)
    .map((file) => `${file.path} has ${linesOf(file)} lines of ${longestFile}`);

export const filesAreMostlyShort: Rule = (files) => {
  const tenth = percentile(files.map(linesOf), 0.9);
  if (tenth <= 250) return [];
  const longest = [...files].sort((a, b) => linesOf(b) - linesOf(a)).slice(0, 10);
  return [
    `files have p90 ${tenth} lines (bar 250)`,
    ...longest.map((file) => `${file.path} has ${linesOf(file)} lines`),
  ];
};

export const testsOutweighSource: Rule = (files) => {
  const [tests, source] = [total(files.filter(isTest)), total(files.filter((file) => !isTest(file)))];
  return tests < source ? [`tests have ${tests} lines for ${source} lines of source`] : [];
};

/** Lines that hold only a comment, and lines that hold anything. */
export function commentLines(file: Source): { comments: number; lines: number } {
  const lines = file.text.split('\n').filter((line) => line.trim() !== '').length;
  const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
  const code = file.comments.reduceRight(
    (text, { start, end }) => text.slice(0, start) + blank(text.slice(start, end)) + text.slice(end),
    file.text,
  );
  return { lines, comments: lines - code.split('\n').filter((line) => line.trim() !== '').length };
}

/** The house aims at 5 to 10 %; a tree in the middle of a change may be a little off. */
export const commentsAreMeasured: Rule = (files) => {
  const counts = files.filter((file) => !isTest(file)).map(commentLines);
  const sum = (key: 'comments' | 'lines'): number => counts.reduce((all, one) => all + one[key], 0);
  const percent = (100 * sum('comments')) / sum('lines');
  return percent < 4 || percent > 12 ? [`${percent.toFixed(1)} % of the source lines are comments, not 4 to 12 %`] : [];
};
