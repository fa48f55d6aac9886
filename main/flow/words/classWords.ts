// Reads which classes of a detector a prompt names, and which of its words say something that a detector cannot know.
import { baseForms, WORD } from './englishWords.ts';
import { nearWords, PEOPLE } from './unknownWords.ts';

export interface NamedClass {
  readonly name: string;
  /** Other words for the same. */
  readonly also: readonly string[];
}

export interface ClassPrompt {
  /** Places in the detector's classes, in the order of the prompt, each once. */
  readonly classes: readonly number[];
  /** Whether "object" or "thing" stands there for a name, alone or beside names: then any class is meant. */
  readonly anything: boolean;
  /** Words that name no class and change what is meant, as they were written, each once. */
  readonly unknown: readonly string[];
}

/** Words around a name that ask for it and say nothing more of it; "without", "red" or "left" do. */
const ASKING = new Set(
  `a an the this that these those is are there here please could would you i me my we us want need in of all any some every
  each one mask masks segment find show select mark outline cut out give get pick detect locate highlight draw label where what
  which see image picture photo photograph and or both`.split(/\s+/u),
);

/** "Can you find" asks; "the can" is a thing. */
const WHO_CAN = new Set(['you', 'i', 'we']);

/** Stand for any name. */
const ANYTHING = new Set(['object', 'objects', 'thing', 'things', 'everything', 'anything']);

/** "Things that are people" are people; "each person and each thing" is everything. */
const SAME = new Set(['that', 'which', 'is', 'are']);
const APART = new Set(['and', 'or']);

/** "In" these asks where to look, and not for what lies in something. */
const PLACES = new Set(['picture', 'image', 'photo', 'photograph', 'here', 'there']);

interface Word {
  readonly text: string;
  /** What stands between it and the word before, less blanks. */
  readonly sign: string;
}

/**
 * The longest names first: a "coffee mug" is one class. Two names side by side, as "dog bed", name neither of both. What is "in"
 * something or "of" it is not known, and where all words ask and none names anything, the last of them ("the mask") is not.
 */
export function namedClasses(text: string, classes: readonly NamedClass[]): ClassPrompt {
  const [found, unknown] = [new Set<number>(), new Set<string>()];
  const names = namesOf(classes);
  const words = wordsOf(text);
  const mentions: Mention[] = [];
  let relation: string | null = null;
  let before: { readonly words: readonly Word[]; readonly index: number } | null = null;
  for (let i = 0; i < words.length; ) {
    const match = names.find(({ parts }) => begins(words.slice(i), parts));
    const taken = words.slice(i, i + (match?.parts.length ?? 1));
    const isThing = !match && ANYTHING.has(taken[0]?.text.toLowerCase() ?? '');
    if ((match || isThing) && relation !== null) unknown.add(relation);
    relation = match || isThing ? null : relationAfter(taken[0]?.text ?? '', relation, mentions.length > 0);
    if (match || isThing) mentions.push({ isThing, start: i, end: i + taken.length });
    if (match && before && taken[0]?.sign === '') {
      found.delete(before.index);
      for (const word of [...before.words, ...taken]) unknown.add(word.text);
    } else if (match) found.add(match.index);
    else if (!isThing) for (const { text: word } of taken) if (!isAsking(word, words[i + 1]?.text)) unknown.add(word);
    before = match ? { words: taken, index: match.index } : null;
    i += taken.length;
  }
  const last = words.at(-1)?.text;
  if (last !== undefined && mentions.length === 0 && unknown.size === 0) unknown.add(last);
  return { classes: [...found], anything: mentions.some((_, i) => isApart(mentions, i, words)), unknown: [...unknown] };
}

/** A name, or a "thing" in the place of one; places in the words of the prompt. */
interface Mention {
  readonly isThing: boolean;
  readonly start: number;
  readonly end: number;
}

/** Whether it is a "thing" of which neither the name before nor the one behind says what it is. */
function isApart(mentions: readonly Mention[], at: number, words: readonly Word[]): boolean {
  const isSame = (before: Mention | undefined, after: Mention | undefined) => {
    if (!before || !after || before.isThing === after.isThing) return false;
    const [between, signs] = [words.slice(before.end, after.start), words.slice(before.end, after.start + 1)];
    const has = (some: ReadonlySet<string>) => between.some(({ text }) => some.has(text.toLowerCase()));
    return !has(APART) && !signs.some(({ sign }) => /[,;]/u.test(sign)) && (between.length === 0 || has(SAME));
  };
  const [own, before, after] = [mentions[at], mentions[at - 1], mentions[at + 1]];
  return own?.isThing === true && !isSame(before, own) && !isSame(own, after);
}

function isAsking(word: string, next: string | undefined): boolean {
  const lower = word.toLowerCase();
  return lower === 'can' ? WHO_CAN.has(next?.toLowerCase() ?? '') : ASKING.has(lower);
}

/** What a word leaves to be said of the next name: "in", or "of" where something is named before; null: nothing. */
function relationAfter(word: string, before: string | null, isNamedBefore: boolean): string | null {
  const lower = word.toLowerCase();
  if (lower === 'in' || (lower === 'of' && isNamedBefore)) return word;
  return PLACES.has(lower) ? null : before;
}

function wordsOf(text: string): Word[] {
  let end = 0;
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => {
    // Labels are written so: "fire_truck".
    const sign = text.slice(end, index).replaceAll('_', ' ').trim();
    end = index + word.length;
    return { text: word, sign };
  });
}

interface ClassName {
  readonly parts: readonly string[];
  readonly index: number;
}

function namesOf(classes: readonly NamedClass[]): ClassName[] {
  const all = classes.flatMap(({ name, also }, index) =>
    [name, ...also].map((each) => ({ parts: each.split(' '), index })),
  );
  return all.sort((a, b) => b.parts.length - a.parts.length);
}

/** Whether the words begin with a name; its last part may stand in the plural. */
function begins(words: readonly Word[], parts: readonly string[]): boolean {
  return parts.every((part, i) => {
    const word = words[i];
    if (!word || (i > 0 && word.sign !== '')) return false;
    const lower = word.text.toLowerCase().replaceAll('’', "'");
    return lower === part || (i === parts.length - 1 && baseForms(lower).includes(part));
  });
}

/** Whether something is named, and nothing said of it that a detector cannot know. */
export const isNamed = ({ classes, anything, unknown }: ClassPrompt): boolean =>
  unknown.length === 0 && (anything || classes.length > 0);

/** One sentence for a person: what is not known on photographs, what is near, and what to do. */
export function unknownOnPhotographs(name: string, unknown: readonly string[], classes: readonly NamedClass[]): string {
  const known = classes.flatMap((each) => [each.name, ...each.also]);
  const vocabulary = { words: new Set(known), unfindable: new Set<string>() };
  const isPeople = unknown.some((word) => baseForms(word.toLowerCase()).some((form) => PEOPLE.test(form)));
  const people = isPeople && known.includes('person') ? ['person'] : [];
  const longer = unknown.flatMap((word) => endingIn(word, classes));
  const near = [...new Set([...people, ...longer, ...unknown.flatMap((word) => nearWords(word, vocabulary))])];
  const quoted = unknown.map((word) => `'${word}'`).join(', ');
  const hint = near.length > 0 ? `; near words: ${near.join(', ')}` : '';
  return (
    `${name} does not know ${quoted} on photographs, where it finds things by their names alone${hint}. ` +
    'Click the thing or draw a box around it, or choose another model in the settings.'
  );
}

/** A "wine glass" is near to "glasses". */
function endingIn(word: string, classes: readonly NamedClass[]): string[] {
  const forms = baseForms(word.toLowerCase());
  return classes.flatMap(({ name }) => (forms.some((form) => name.endsWith(` ${form}`)) ? [name] : []));
}
