import { describe, expect, it } from 'vitest';
import { machinesNamed, placesGone } from './checkout.ts';
import * as habits from './habits.ts';
import * as imports from './imports.ts';
import * as measures from './measures.ts';
import { rules } from './rules.ts';
import { parseSource, type Rule } from './source.ts';
import * as words from './words.ts';

/** A tree of files by path; every rule must name the seeded fault and nothing in a tidy file. */
const offences = (rule: Rule, files: Record<string, string>): string[] =>
  rule(Object.entries(files).map(([file, text]) => parseSource(file, text)));

const lines = (count: number, line = '  work();'): string => `${line}\n`.repeat(count);

const tidy = {
  'models/graph/tensor.ts': [
    '// Makes tensors out of shapes.',
    'export const size = (shape: readonly number[]): number => shape.length;',
    '',
    '',
    ...lines(10, 'size([1]);').trim().split('\n'),
  ].join('\n'),
  'tests/graph/tensor.test.ts': `import { size } from '../../models/graph/tensor.ts';\n${lines(40, 'size([2]);')}`,
};

describe('a tidy tree', () => {
  it.each(rules)('passes: %s', (_name, rule) => expect(offences(rule, tidy)).toEqual([]));
});

describe('directions', () => {
  const crossing = (from: string, to: string): string[] => {
    const up = '../'.repeat(from.split('/').length - 1);
    return offences(imports.foldersKeepDirection, { [from]: `import { x } from '${up}${to}';\nx();` });
  };

  it.each([
    ['models/graph/a.ts', 'models/nn/b.ts'],
    ['models/nn/a.ts', 'models/qwen/b.ts'],
    ['models/qwen/a.ts', 'models/sam2/b.ts'],
    ['models/sam2/a.ts', 'models/runtime/b.ts'],
    ['models/train/a.ts', 'models/lens/b.ts'],
    ['models/runtime/a.ts', 'main/contract/b.ts'],
    ['main/contract/a.ts', 'models/graph/b.ts'],
    ['main/store/a.ts', 'models/lens/b.ts'],
    ['main/flow/a.ts', 'main/store/b.ts'],
    ['main/formats/a.ts', 'main/flow/b.ts'],
    ['main/scenes/a.ts', 'main/nano/b.ts'],
    ['main/cli.ts', 'models/qwen/b.ts'],
    ['main/cli.ts', 'electron/main.ts'],
    ['electron/main.ts', 'main/host.ts'],
    ['renderer/App.tsx', 'main/flow/b.ts'],
    ['renderer/state/a.ts', 'renderer/tools/b.ts'],
    ['renderer/tools/a.ts', 'renderer/canvas/b.tsx'],
    ['models/graph/a.ts', 'tests/golden.ts'],
  ])('%s may not import %s', (from, to) => {
    expect(crossing(from, to)).toEqual([expect.stringMatching(`^${from}:1 .* may not import .*${to}`)]);
  });

  it.each([
    ['models/lens/a.ts', 'models/qwen/b.ts'],
    ['main/flow/a.ts', 'models/runtime/session.ts'],
    ['main/cli.ts', 'main/commands/segment.ts'],
    ['renderer/tools/a.ts', 'renderer/state/b.ts'],
    ['renderer/state/a.ts', 'main/contract/diff.ts'],
    ['tests/flow/a.test.ts', 'models/runtime/session.ts'],
  ])('%s may import %s', (from, to) => expect(crossing(from, to)).toEqual([]));

  it('sees imports of types, dynamic imports and imports inside types', () => {
    const text = [
      "import type { A } from '../qwen/a.ts';",
      "const b = await import('../sam2/b.ts');",
      "export const c: import('../lens/c.ts').C = [b as A];",
    ].join('\n');
    const found = offences(imports.foldersKeepDirection, { 'models/nn/x.ts': text });
    expect(found.map((line) => line.split(' ')[0])).toEqual([
      'models/nn/x.ts:1',
      'models/nn/x.ts:2',
      'models/nn/x.ts:3',
    ]);
  });

  it('asks for a line in the table when a folder is new', () => {
    expect(offences(imports.foldersKeepDirection, { 'main/magic/x.ts': 'export {};\nimport "./y.ts";' })).toEqual([
      'main/magic/x.ts:1 lies in no folder of the architecture',
    ]);
  });
});

describe('packages', () => {
  it.each([
    ['main/flow/a.ts', 'onnxruntime-node'],
    ['models/graph/a.ts', 'onnxruntime-node'],
    ['tests/a.test.ts', 'onnxruntime-node'],
    ['main/store/runs.ts', 'better-sqlite3'],
    ['main/host.ts', 'electron'],
    ['main/host.ts', 'electron/main'],
    ['renderer/panels/a.tsx', 'react-konva'],
    ['renderer/tools/a.ts', 'react'],
    ['models/graph/a.ts', 'node:fs'],
    ['main/contract/a.ts', 'fs'],
  ])('%s may not import %s', (from, name) => {
    const found = offences(imports.packagesStayInPlace, { [from]: `import * as x from '${name}';\nx.y();` });
    expect(found).toEqual([expect.stringMatching(`^${from}:1 `)]);
  });

  it('lets each into its place', () => {
    const files = {
      'models/runtime/session.ts': "import { InferenceSession } from 'onnxruntime-node';",
      'main/store/db.ts': "import { open } from 'better-sqlite3';",
      'electron/main.ts': "import { app } from 'electron';",
      'main/contract/records.ts': "import { z } from 'zod';",
    };
    expect(offences(imports.packagesStayInPlace, files)).toEqual([]);
  });

  it('allows one file to import a heavy package, tests aside', () => {
    const text = "import sharp from 'sharp';";
    expect(offences(imports.oneFileImports, { 'main/flow/a.ts': text, 'tests/a.test.ts': text })).toEqual([]);
    expect(offences(imports.oneFileImports, { 'main/flow/a.ts': text, 'main/flow/b.ts': text })).toEqual([
      'main/flow/a.ts, main/flow/b.ts all import sharp; one file may',
    ]);
  });
});

describe('cycles and endings', () => {
  it('names the files of a circle', () => {
    const files = {
      'models/nn/a.ts': "import './b.ts';",
      'models/nn/b.ts': "import type { C } from './c.ts';",
      'models/nn/c.ts': "import './a.ts';",
      'models/nn/d.ts': "import './a.ts';",
    };
    expect(offences(imports.noCycles, files)).toEqual([
      'models/nn/a.ts -> models/nn/b.ts -> models/nn/c.ts -> models/nn/a.ts',
    ]);
  });

  it('wants the ending of a file', () => {
    expect(offences(imports.endingsAreWritten, { 'models/nn/a.ts': "import './b';" })).toHaveLength(1);
  });

  it('wants tests in folders that the source has', () => {
    const files = { 'tests/magic/a.test.ts': '', 'tests/graph/b.test.ts': '', 'tests/tiny.test.ts': '' };
    expect(offences(imports.testsMirrorTheTree, files)).toEqual([expect.stringMatching(/^tests\/magic/)]);
  });

  it('wants tests of a divided folder in its rooms or beside them', () => {
    const files = { 'tests/learn/magic/a.test.ts': '', 'tests/learn/loop/b.test.ts': '', 'tests/learn/c.test.ts': '' };
    expect(offences(imports.testsMirrorTheTree, files)).toEqual([expect.stringMatching(/^tests\/learn\/magic/)]);
  });

  it.each([
    ['main/learn/loop/a.ts', './b.ts'],
    ['main/learn/rl/a.ts', '../loop/b.ts'],
    ['main/learn/a.ts', './adapter/b.ts'],
    ['main/learn/loop/a.ts', '../../contract/b.ts'],
    ['main/nano/a.ts', '../learn/adapter/b.ts'],
  ])('lets %s import %s', (from, to) => {
    expect(offences(imports.roomsStandOnOthers, { [from]: `import '${to}';` })).toEqual([]);
  });

  it.each([
    ['main/learn/loop/a.ts', '../rl/b.ts'],
    ['main/learn/rl/a.ts', '../b.ts'],
    ['main/learn/magic/a.ts', '../loop/b.ts'],
  ])('does not let %s import %s', (from, to) => {
    expect(offences(imports.roomsStandOnOthers, { [from]: `import '${to}';` })).toHaveLength(1);
  });
});

describe('sizes', () => {
  const long = `function long() {\n${lines(59)}}\n`;

  it('measures functions, methods and callbacks', () => {
    expect(offences(measures.functionsAreShort, { 'main/a.ts': long })).toEqual([
      'main/a.ts:1 long has 61 lines of 60',
    ]);
    const method = `class A {\n  far() {\n${lines(59)}  }\n}`;
    expect(offences(measures.functionsAreShort, { 'main/a.ts': method })).toEqual([
      'main/a.ts:2 far has 61 lines of 60',
    ]);
    const arrow = `const far =\n  () => {\n${lines(59)}};`;
    expect(offences(measures.functionsAreShort, { 'main/a.ts': arrow })).toEqual([
      'main/a.ts:1 far has 62 lines of 60',
    ]);
    expect(offences(measures.functionsAreShort, { 'main/a.ts': `run(() => {\n${lines(59)}});` })).toHaveLength(1);
  });

  it('lets a describe be long and a component have 100 lines', () => {
    expect(
      offences(measures.functionsAreShort, { 'tests/a.test.ts': `describe('a', () => {\n${lines(99)}});` }),
    ).toEqual([]);
    const component = `function Panel() {\n${lines(98)}}`;
    expect(offences(measures.functionsAreShort, { 'renderer/panels/Panel.tsx': component })).toEqual([]);
    expect(offences(measures.functionsAreShort, { 'renderer/panels/Panel.ts': component })).toHaveLength(1);
  });

  it('counts parameters', () => {
    const text = 'const f = (a, b, c, d, e) => a;\nfunction g(a, b, c, d) {}';
    expect(offences(measures.parametersAreFew, { 'main/a.ts': text })).toEqual([
      'main/a.ts:1 f has 5 parameters; take options',
    ]);
  });

  it('takes percentiles of the named functions of the source', () => {
    const nine = `function nine() {\n${lines(7)}}\n`;
    expect(offences(measures.functionsAreMostlyShort, { 'main/a.ts': nine, 'tests/a.ts': long })).toHaveLength(2);
    const eight = `function eight() {\n${lines(6)}}\n`;
    expect(offences(measures.functionsAreMostlyShort, { 'main/a.ts': eight, 'tests/a.ts': long })).toEqual([]);
    expect(measures.percentile([5, 1, 3, 2, 4], 0.5)).toBe(3);
    expect(measures.percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9)).toBe(9);
    expect(measures.percentile([], 0.9)).toBe(0);
  });

  it('measures files', () => {
    expect(offences(measures.filesAreShort, { 'main/a.ts': lines(400) })).toEqual([]);
    expect(offences(measures.filesAreShort, { 'main/a.ts': lines(401) })).toEqual(['main/a.ts has 401 lines of 400']);
    expect(offences(measures.filesAreMostlyShort, { 'main/a.ts': lines(251) })[0]).toContain('p90 251');
  });

  it('weighs tests against source', () => {
    const source = { 'main/a.ts': lines(9) };
    expect(offences(measures.testsOutweighSource, { ...source, 'tests/a.test.ts': lines(9) })).toEqual([]);
    expect(offences(measures.testsOutweighSource, { ...source, 'tests/a.test.ts': lines(8) })).toHaveLength(1);
  });

  it('counts lines that hold only a comment', () => {
    const text = '// one\nwork(); // beside\n\n/* two\n   three */\nwork(/* inside */);\n';
    expect(measures.commentLines(parseSource('main/a.ts', text))).toEqual({ comments: 3, lines: 5 });
    expect(offences(measures.commentsAreMeasured, { 'main/a.ts': lines(50) })).toHaveLength(1);
    expect(offences(measures.commentsAreMeasured, { 'main/a.ts': `// a\n${lines(4)}` })).toHaveLength(1);
    expect(offences(measures.commentsAreMeasured, { 'main/a.ts': `// a\n${lines(14)}` })).toEqual([]);
  });
});

describe('habits', () => {
  it.each([
    { rule: habits.typesAreHonest, text: 'const a: any = 1;' },
    { rule: habits.typesAreHonest, text: 'const a = b!.c;' },
    { rule: habits.typesAreHonest, text: 'let a!: number;' },
    { rule: habits.typesAreHonest, text: 'class A {\n  b!: number;\n}' },
    { rule: habits.typesAreHonest, text: 'const a = b as unknown as string;' },
    { rule: habits.nothingIsSuppressed, text: '// @ts-expect-error\nwork();' },
    { rule: habits.nothingIsSuppressed, text: '// biome-ignore lint: no\nwork();' },
    { rule: habits.nothingIsSuppressed, text: '/* eslint-disable */\nwork();' },
    { rule: habits.nothingIsSuppressed, text: '/* v8 ignore next */\nwork();' },
    { rule: habits.filesSayWhatTheyDo, text: 'work();' },
    { rule: habits.exportsAreNamed, text: 'export default 1;' },
    { rule: habits.exportsAreNamed, text: "export * from './b.ts';" },
    { rule: habits.exportsAreNamed, text: "export { b } from './b.ts';" },
    { rule: words.oneVocabulary, text: 'export interface PhotoDataset {}' },
    { rule: words.glossaryIsMeant, text: 'export interface Run {}' },
    { rule: words.glossaryIsMeant, text: 'interface Prompt {}' },
    { rule: words.glossaryIsMeant, text: 'class Sample {}' },
    { rule: words.typesSayWhatTheyAre, text: 'interface ToldPrompt {}' },
    { rule: words.typesSayWhatTheyAre, text: 'type Desk = string;' },
    { rule: habits.noScatterND, text: "const op = 'ScatterND';" },
    { rule: habits.noScatterND, text: 'const table = { ScatterND: row };' },
    { rule: habits.environmentStaysOutside, text: 'const fast = process.env.FAST;' },
    { rule: habits.testsAreReal, text: "vi.mock('../a.ts');" },
    { rule: habits.testsAreReal, text: "it.only('a', () => {});" },
  ])('sees $text', ({ rule, text }) => {
    expect(offences(rule, { 'models/graph/a.ts': text })).toEqual([
      expect.stringMatching(/^models\/graph\/a\.ts:[12] /),
    ]);
  });

  it('lets the native adapters deal with types that their packages state wrongly', () => {
    expect(offences(habits.typesAreHonest, { 'models/runtime/session.ts': 'const a: any = 1;' })).toEqual([]);
  });

  it.each(['main/flow/utils.ts', 'models/nn/mathHelpers.ts', 'main/common/a.ts', 'models/graph/index.ts'])(
    'refuses the name %s',
    (file) => expect(offences(habits.namesSayWhat, { [file]: '' })).toHaveLength(1),
  );

  it('lets renderer/index.tsx mount the screen', () => {
    expect(offences(habits.namesSayWhat, { 'renderer/index.tsx': '', 'main/flow/communeal.ts': '' })).toEqual([]);
  });

  it('lets a format call its own things by the words of the glossary, where nobody else imports them', () => {
    const files = (text: string) => ({ 'main/formats/labelme.ts': text });
    expect(offences(words.glossaryIsMeant, files('interface Shape {}'))).toEqual([]);
    expect(offences(words.glossaryIsMeant, files('export interface Shape {}'))).toHaveLength(1);
  });

  it('finds a name that two files export for two things', () => {
    const files = {
      'main/learn/samples/split.ts': 'export interface Side {}',
      'main/scenes/relations.ts': 'export type Side = string;',
      'main/scenes/layout.ts': 'interface Side {}',
    };
    expect(offences(words.typesMeanOneThing, files)).toEqual([
      'main/scenes/relations.ts:1 exports Side, as main/learn/samples/split.ts does for something else',
    ]);
  });

  it.each(['new NanoTokenizer();', "const how = 'released';", "const framing = { kind: 'square', side: 224 };"])(
    'refuses %s where recipes are data',
    (text) => {
      expect(offences(words.recipesAreData, { 'main/flow/a.ts': text })).toHaveLength(1);
      expect(offences(words.recipesAreData, { 'main/nano/a.ts': text })).toEqual([]);
    },
  );

  it('finds exports that nobody imports', () => {
    const files = {
      'models/nn/a.ts':
        'export const used = 1, spare = 2;\nexport interface Spare {}\nconst c = 1;\nexport { c as d };',
      'models/nn/b.ts': "import { used } from './a.ts';\nexport function alone() {}",
      'models/nn/c.ts': "import * as b from './b.ts';\nb.alone();",
    };
    expect(offences(habits.exportsAreUsed, files)).toEqual([
      'models/nn/a.ts:1 exports spare, which no other file imports',
      'models/nn/a.ts:2 exports Spare, which no other file imports',
      'models/nn/a.ts:4 exports d, which no other file imports',
    ]);
  });

  it('takes a type in a signature of its own file for part of that signature', () => {
    const files = {
      'models/nn/a.ts': 'export interface Options {}\nexport function run(options: Options): void {}',
      'models/nn/b.ts': "import { run } from './a.ts';\nrun({});",
    };
    expect(offences(habits.exportsAreUsed, files)).toEqual([]);
  });
});

describe('texts', () => {
  it('may not name a folder of one machine', () => {
    const folder = ['', 'work', 'shared'].join('/');
    const text = `see it\nsee ${folder}\nsee network/shared and https://example.org${folder}`;
    expect(machinesNamed([{ path: 'README.md', text }])).toEqual(['README.md:2 names a machine']);
  });

  it('names only files, folders and beginnings of tests that are there', () => {
    const text = 'see `main/flow/a.ts`, main/flow and tests/flow/a; not main/flow/b.ts, nor ../main/c.ts';
    const files = ['main/flow/a.ts', 'tests/flow/a.test.ts'];
    const gone = placesGone([{ path: 'docs/a.md', text }], files);
    expect(gone).toEqual(['docs/a.md names main/flow/b.ts, which is not there']);
  });
});
