import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { plain } from '../vitest.config.ts';
import {
  allFiles,
  decisionsLacking,
  decisionsUnlisted,
  drawnFolders,
  foldersThatStand,
  machinesNamed,
  placesGone,
  readmeTable,
  readTexts,
  strangeFolders,
} from './layers/checkout.ts';
import { layerOf } from './layers/imports.ts';
import { rules } from './layers/rules.ts';
import { readTree } from './layers/source.ts';
import { glossary } from './layers/words.ts';

const root = path.resolve(import.meta.dirname, '..');
const tree = readTree(root);
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');

describe('the tree', () => {
  it.each(rules)('%s', (_title, rule) => expect(rule(tree)).toEqual([]));

  it('holds source and tests to judge', () => {
    const folders = new Set(tree.map((file) => layerOf(file.path)));
    for (const folder of ['models/graph', 'models/runtime', 'main/flow', 'tests']) expect(folders).toContain(folder);
  });
});

describe('the checkout', () => {
  it('has the top folders of the architecture', () => expect(strangeFolders(root)).toEqual([]));

  it('is the house that the README draws', () => {
    const drawn = drawnFolders(readme).filter((folder) => folder !== '.ci/run');
    expect(drawn.toSorted()).toEqual(foldersThatStand(root).toSorted());
  });

  it('holds its types to the words of the glossary in the README', () => {
    expect(readmeTable(readme, 'Glossary').map(([word]) => word)).toEqual(Object.keys(glossary));
  });

  it('names no machine', () => expect(machinesNamed(readTexts(root))).toEqual([]));

  it('has decisions with context, choice, rejected alternatives and a figure, all listed in the README', () => {
    const texts = readTexts(root);
    expect(texts.filter((file) => file.path.startsWith('docs/decisions/')).length).toBeGreaterThan(10);
    expect([...decisionsLacking(texts), ...decisionsUnlisted(texts)]).toEqual([]);
  });

  it('has what its pages name', () => expect(placesGone(readTexts(root), allFiles(root))).toEqual([]));

  it('has tests for each pattern of those that share a process', () => {
    expect(plain.filter((pattern) => globSync(pattern, { cwd: root }).length === 0)).toEqual([]);
  });

  it('has at most 10 npm scripts', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    expect(Object.keys(scripts).length).toBeLessThanOrEqual(10);
  });
});
