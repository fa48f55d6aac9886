// Rules about who imports whom: directions between folders, single importers of packages, cycles.
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { at, isTest, type Rule, type Source } from './source.ts';

export interface Import {
  readonly from: Source;
  readonly offset: number;
  readonly specifier: string;
  readonly target: string | undefined; // path of the file meant, none for a package
  readonly names: readonly string[] | 'all';
}

interface Layer {
  readonly may: readonly string[]; // other folders of ours
  readonly packages: readonly string[] | 'any'; // 'node' stands for what comes with Node
}

const parsers = ['zod'];
const models = ['graph', 'nn', 'qwen', 'sam2', 'sam', 'detector', 'lens', 'train', 'runtime'].map(
  (name) => `models/${name}`,
);
const predicting = ['contract', 'tasks', 'pictures', 'weights', 'flow', 'reward'].map((name) => `main/${name}`);
const learning = [...predicting, 'main/learn'];
const host = [
  ...learning,
  ...[
    'store',
    'formats',
    'scenes',
    'evaluate',
    'nano',
    'ablation',
    'engine',
    'jobs',
    'handlers',
    'web',
    'commands',
  ].map((name) => `main/${name}`),
];
const screen = ['state', 'tools', 'canvas', 'panels'].map((name) => `renderer/${name}`);

/** Left may import right. A new folder needs a line here, and with it a decision. */
const layers: Readonly<Record<string, Layer>> = {
  'models/graph': { may: [], packages: [] },
  'models/nn': { may: ['models/graph'], packages: [] },
  'models/train': { may: ['models/graph', 'models/nn'], packages: [] },
  'models/qwen': { may: ['models/graph', 'models/nn'], packages: [...parsers, '@huggingface/tokenizers', 'node'] },
  'models/sam2': { may: ['models/graph', 'models/nn'], packages: parsers },
  // SAM 1 has the prompt encoder and mask decoder of SAM 2, with less in them.
  'models/sam': { may: ['models/graph', 'models/nn', 'models/sam2'], packages: [] },
  'models/detector': { may: ['models/graph', 'models/nn'], packages: [] },
  'models/lens': { may: ['models/graph', 'models/nn', 'models/qwen', 'models/sam2'], packages: parsers },
  'models/runtime': { may: ['models/graph'], packages: 'any' },
  'main/contract': { may: [], packages: [...parsers, '@orpc/contract'] },
  'main/store': { may: ['main/contract'], packages: 'any' },
  // What may cost without end is done in a process that has one: nothing of ours is known there but refusals.
  'main/tasks': { may: ['main/contract'], packages: ['node'] },
  // Pictures are resized by the rule that the models' own processors have; drawings are drawn as tasks.
  'main/pictures': { may: ['main/contract', 'main/tasks', 'models/nn'], packages: 'any' },
  'main/scenes': { may: ['main/contract', 'main/pictures'], packages: 'any' },
  'main/reward': { may: ['main/contract'], packages: parsers },
  'main/weights': { may: ['main/contract', ...models], packages: 'any' },
  'main/flow': { may: [...predicting, ...models], packages: 'any' },
  // What is true of photographs is read from annotation files.
  'main/evaluate': { may: [...predicting, 'main/scenes', 'main/formats', ...models], packages: 'any' },
  // The gate of a run judges by the figures of evaluation.
  'main/learn': { may: [...learning, 'main/evaluate', ...models], packages: 'any' },
  'main/nano': { may: [...learning, 'main/scenes', 'main/evaluate', ...models], packages: 'any' },
  // What the papers vary is varied with nano's own scenes, first values and conversations, and on pictures in another style.
  'main/ablation': { may: [...learning, 'main/evaluate', 'main/scenes', 'main/nano', ...models], packages: 'any' },
  'main/formats': { may: ['main/contract'], packages: 'any' },
  'main/engine': { may: [...learning, 'models/runtime'], packages: 'any' },
  'main/jobs': { may: ['main', ...host, 'models/runtime'], packages: 'any' },
  'main/handlers': { may: ['main', ...host, 'models/runtime'], packages: 'any' },
  'main/web': { may: ['main', ...host], packages: 'any' },
  'main/commands': { may: ['main', ...host, 'models/runtime'], packages: 'any' },
  main: { may: [...host, 'models/runtime'], packages: 'any' },
  electron: { may: ['main/contract'], packages: 'any' },
  'renderer/state': { may: ['main/contract'], packages: ['zustand', '@orpc/client', '@orpc/contract'] },
  'renderer/tools': { may: ['main/contract', 'renderer/state'], packages: [] },
  'renderer/canvas': {
    may: ['main/contract', 'renderer/state', 'renderer/tools'],
    // react-dom mounts the page of the canvas bench.
    packages: ['react', 'react-dom', 'konva', 'react-konva'],
  },
  'renderer/panels': { may: ['main/contract', 'renderer/state'], packages: 'any' },
  renderer: { may: ['main/contract', ...screen], packages: 'any' },
  tools: { may: [], packages: 'any' },
  tests: { may: [], packages: 'any' },
};

/** Heavy or native packages and the one place that may import them; tests make their own pictures. */
const soleImporters: Readonly<Record<string, string>> = {
  'onnxruntime-node': 'models/runtime/',
  'onnxruntime-common': 'models/runtime/',
  'better-sqlite3': 'main/store/db.ts',
  electron: 'electron/',
  konva: 'renderer/canvas/',
  'react-konva': 'renderer/canvas/',
};
const oneFileEach = [
  'onnxruntime-node',
  'better-sqlite3',
  'sharp',
  'pickleparser',
  '@huggingface/tokenizers',
  'iconv-lite',
  'saxes',
  'yaml',
  'csv-parse',
  'yazl',
  'uplot',
];

/** Divided folders, with their rooms from the ground up: a room may import those before it, and what lies beside the rooms all of them. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  'main/jobs': ['queue', 'opening', 'pictures', 'importing', 'exporting', 'prompting', 'teaching', 'models'],
  'main/commands': ['arguments', 'eval', 'bench'],
  'main/evaluate': ['bench'],
  'main/nano': ['parameters', 'reasoner', 'segmenter', 'detector', 'context'],
  'main/formats': ['files', 'reading', 'coco'],
  'renderer/panels': ['window', 'labels', 'answer', 'images', 'models', 'files', 'teaching', 'settings'],
  'main/weights': ['records', 'hub', 'bits'],
  'main/flow': ['sessions', 'words', 'reasoner', 'segmenter', 'onnx'],
  'main/learn': ['loop', 'samples', 'turns', 'gate', 'decoder', 'supervised', 'rl', 'adapter', 'calibration'],
};

// Folders of these may be divided further; in main and renderer every folder is a layer of its own.
const closed = new Set(['main', 'renderer']);
const byLength = Object.keys(layers).sort((a, b) => b.length - a.length);

export const layerOf = (file: string): string | undefined =>
  byLength.find((folder) => (closed.has(folder) ? path.posix.dirname(file) === folder : file.startsWith(`${folder}/`)));

/** Tests mirror the tree: their folders are called as the folder of the source that they test, and rooms as its rooms. */
export const testsMirrorTheTree: Rule = (files) => {
  const known = new Set([...byLength.map((folder) => path.posix.basename(folder)), 'layers', 'e2e']);
  const roomsOf = new Map(Object.entries(rooms).map(([folder, names]) => [path.posix.basename(folder), names]));
  const isStrange = (file: Source): boolean => {
    const [folder = 'tests', room, ...rest] = file.path.match(/^tests\/(.+)\//)?.[1]?.split('/') ?? [];
    const names = roomsOf.get(folder);
    return (
      !known.has(folder) || (names !== undefined && room !== undefined && (rest.length > 0 || !names.includes(room)))
    );
  };
  return files.filter(isStrange).map((file) => at(file, 0, 'lies in a folder that the source does not have'));
};

const packageOf = (specifier: string): string =>
  isBuiltin(specifier)
    ? 'node'
    : specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');

/** Every import of a file, static, dynamic or in a type, with the names it takes. */
export function importsOf(file: Source): Import[] {
  const found: Import[] = [];
  const push = (offset: number, specifier: string, names: Import['names']): void => {
    const target = specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file.path), specifier) : undefined;
    found.push({ from: file, offset, specifier, target, names });
  };
  file.visit({
    ImportDeclaration(node) {
      const names = node.specifiers.map((one) => {
        if (one.type === 'ImportNamespaceSpecifier') return '*';
        if (one.type === 'ImportDefaultSpecifier') return 'default';
        return one.imported.type === 'Literal' ? one.imported.value : one.imported.name;
      });
      push(node.start, node.source.value, names.includes('*') ? 'all' : names);
    },
    ExportNamedDeclaration: (node) => void (node.source && push(node.start, node.source.value, 'all')),
    ExportAllDeclaration: (node) => push(node.start, node.source.value, 'all'),
    ImportExpression({ start, source }) {
      if (source.type === 'Literal' && typeof source.value === 'string') push(start, source.value, 'all');
    },
    TSImportType: (node) => push(node.start, node.source.value, 'all'),
  });
  return found;
}

const importsIn = (files: readonly Source[]): Import[] => files.flatMap(importsOf);

export const endingsAreWritten: Rule = (files) =>
  importsIn(files)
    .filter(({ target }) => target !== undefined && path.posix.extname(target) === '')
    .map(({ from, offset, specifier }) => at(from, offset, `imports ${specifier} without its file ending`));

export const foldersKeepDirection: Rule = (files) =>
  importsIn(files).flatMap(({ from, offset, target }) => {
    const here = layerOf(from.path);
    const there = target && layerOf(target);
    if (here === undefined) return [at(from, 0, 'lies in no folder of the architecture')];
    if (!there || here === there || here === 'tests') return [];
    return layers[here]?.may.includes(there) ? [] : [at(from, offset, `${here} may not import ${there} (${target})`)];
  });

/** The divided folder that a file lies in, and how high its room is there: -1 for none, above all rooms for beside them. */
function floorOf(file: string): { readonly folder: string; readonly floor: number } | undefined {
  const folder = Object.keys(rooms).find((name) => file.startsWith(`${name}/`));
  const names = folder && rooms[folder];
  if (!names) return undefined;
  const isBeside = path.posix.dirname(file) === folder;
  return { folder, floor: isBeside ? names.length : names.indexOf(file.slice(folder.length + 1).split('/')[0] ?? '') };
}

export const roomsStandOnOthers: Rule = (files) =>
  importsIn(files).flatMap(({ from, offset, target }) => {
    const here = floorOf(from.path);
    const there = target === undefined ? undefined : floorOf(target);
    if (here === undefined) return [];
    if (here.floor < 0) return [at(from, 0, `lies in no room of ${here.folder}`)];
    if (there?.folder !== here.folder || there.floor <= here.floor) return [];
    return [at(from, offset, `may not import ${target}, which stands above it`)];
  });

export const packagesStayInPlace: Rule = (files) =>
  importsIn(files).flatMap(({ from, offset, specifier, target }) => {
    if (target !== undefined) return [];
    const name = packageOf(specifier);
    const here = layerOf(from.path) ?? '';
    const allowed = layers[here]?.packages ?? [];
    const sole = soleImporters[name];
    if (sole && !from.path.startsWith(sole)) return [at(from, offset, `only ${sole} may import ${name}`)];
    if (allowed === 'any' || allowed.includes(name)) return [];
    return [at(from, offset, `${here} may not import the package ${specifier}`)];
  });

export const oneFileImports: Rule = (files) => {
  const imports = importsIn(files.filter((file) => !isTest(file)));
  return oneFileEach.flatMap((name) => {
    const by = new Set(imports.filter((one) => packageOf(one.specifier) === name).map((one) => one.from.path));
    return by.size > 1 ? [`${[...by].join(', ')} all import ${name}; one file may`] : [];
  });
};

/** Each cycle once, as the path of files that closes it; type imports count as well. */
export const noCycles: Rule = (files) => {
  const targets = new Map(files.map((file) => [file.path, importsOf(file).flatMap((one) => one.target ?? [])]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) cycles.push([...trail.slice(start), file].join(' -> '));
    if (start >= 0 || done.has(file)) return;
    for (const next of targets.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return cycles;
};
