// Rules about words: the glossary's mean one thing each, types say what they are, and recipes are data.
import { exportsOf, perFile, wordsOf } from './habits.ts';
import { at, isTest, type Rule, type Source } from './source.ts';

// Words of the glossary's right column; file formats keep their own.
const foreignWords = new Set(['dataset', 'workspace', 'photo', 'bbox', 'annotation', 'segmentation', 'prediction']);

export const oneVocabulary = perFile((file, report) => {
  if (isTest(file) || file.path.startsWith('main/formats/')) return;
  for (const { name, start } of exportsOf(file)) {
    const word = /^[A-Z]/.test(name) && wordsOf(name).find((one) => foreignWords.has(one));
    if (word) report(start, `exports ${name}; the glossary has another word for ${word}`);
  }
});

/** A word of the glossary and the rooms that may call something by it; shapes of tensors are called so everywhere. */
export const glossary: Readonly<Record<string, readonly string[]>> = {
  Project: ['main/store/'],
  Image: ['main/contract/'],
  Prompt: ['main/contract/'],
  Answer: ['main/contract/'],
  Recipe: ['main/weights/', 'main/flow/'],
  Box: ['main/contract/'],
  Mask: ['main/contract/'],
  Proposal: ['main/contract/', 'main/flow/'],
  Shape: ['main/contract/', 'models/graph/'],
  Correction: ['main/contract/'],
  Sample: ['main/contract/', 'main/learn/'],
  Reward: ['main/contract/', 'main/reward/'],
  Run: ['main/contract/', 'main/learn/'],
  Weights: ['main/weights/'],
};

interface Declared {
  readonly name: string;
  readonly start: number;
}

/** Interfaces, type aliases and classes, exported or not. */
function typesOf(file: Source): Declared[] {
  const found: Declared[] = [];
  file.visit({
    TSInterfaceDeclaration: ({ id }) => void found.push(id),
    TSTypeAliasDeclaration: ({ id }) => void found.push(id),
    ClassDeclaration: ({ id }) => void (id && found.push(id)),
  });
  return found;
}

/** One word, one meaning: a type that is called by a word of the glossary is that thing, also where nobody imports it. */
export const glossaryIsMeant = perFile((file, report) => {
  // What a file format calls a shape is its own.
  const own = file.path.startsWith('main/formats/') ? new Set(exportsOf(file).map(({ name }) => name)) : null;
  if (isTest(file)) return;
  for (const { name, start } of typesOf(file)) {
    const rooms = Object.hasOwn(glossary, name) ? glossary[name] : undefined;
    if (rooms && (own?.has(name) ?? true) && !rooms.some((room) => file.path.startsWith(room)))
      report(start, `calls something ${name}, which the glossary means in another sense (${rooms.join(', ')})`);
  }
});

// Shapes of tensors and those that are drawn; whoever reads either knows which one is meant.
const twice = new Set(['Shape']);

/** A name that other files import stands for one thing in the whole tree. */
export const typesMeanOneThing: Rule = (files) => {
  const source = files.filter((file) => !isTest(file));
  const declared = source.flatMap((file) => {
    const taken = new Set(exportsOf(file).map(({ name }) => name));
    return typesOf(file)
      .filter(({ name }) => taken.has(name) && !twice.has(name))
      .map((one) => ({ ...one, file }));
  });
  return [...Map.groupBy(declared, ({ name }) => name)].flatMap(([name, [first, ...others]]) =>
    others.map(({ file, start }) => at(file, start, `exports ${name}, as ${first?.file.path} does for something else`)),
  );
};

const metaphors = new Set(
  'desk easel keeper told taking making asked kept heard doubt patience speaker whereabouts remembered'.split(' '),
);

/** A type says what it is in terms of the field. */
export const typesSayWhatTheyAre = perFile((file, report) => {
  if (isTest(file)) return;
  for (const { name, start } of typesOf(file)) {
    const word = wordsOf(name).find((one) => metaphors.has(one));
    if (word) report(start, `calls a type ${name}; "${word}" does not say what it is`);
  }
});

const dialects = new Set(['released', 'lens-released', 'lens-loupe', 'seg-zero', 'vision-reasoner', 'qwen-zero-shot']);

/** What makes one set of weights differ from another is its recipe, which flow and the screen take as it comes. */
export const recipesAreData = perFile((file, report) => {
  if (!/^(main\/flow|renderer)\//.test(file.path)) return;
  file.visit({
    Identifier({ start, name }) {
      if (name === 'NanoTokenizer') report(start, 'names the tokenizer of one model; take what the recipe says');
    },
    Literal({ start, value }) {
      if (typeof value === 'string' && dialects.has(value))
        report(start, `names the dialect ${value}; take the recipe`);
    },
    Property({ start, key, value }) {
      const isSquare = value.type === 'Literal' && value.value === 'square';
      if (isSquare && file.text.slice(key.start, key.end) === 'kind') report(start, 'asks for a square frame');
    },
  });
});
