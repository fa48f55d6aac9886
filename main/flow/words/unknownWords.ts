// Finds the words of a prompt that a model with a closed vocabulary does not know, and puts the others into the form that it knows.
import { baseForms, isContent, WORD } from './englishWords.ts';

/** The words that a model was trained on, and those among them that name nothing that it can find. */
export interface ClosedVocabulary {
  readonly words: ReadonlySet<string>;
  readonly unfindable: ReadonlySet<string>;
}

export interface UnderstoodPrompt {
  /** The prompt with inflected words in the form that the model knows. */
  readonly text: string;
  /** Unknown words as they were written, each once. Where there are any, the model must not be asked. */
  readonly unknown: readonly string[];
}

/** Words after which a phrase says more of the thing that it has named. */
const ENDS_PHRASE = new Set(
  `that which who whose with without on in of at to by from for near next beside between behind above below under left right
  over closest nearest used is are was has and or standing sitting lying wearing holding`.split(/\s+/u),
);

/** "The cat and the person" names two things. */
const NEXT_NAMED = /\s*(?:,|\b(?:and|or)\b)\s*(?=(?:the|a|an|all|every|each|both)\s)/iu;

export function understood(text: string, vocabulary: ClosedVocabulary): UnderstoodPrompt {
  const unknown = new Set<string>();
  const spoken = text.replace(WORD, (word) => {
    const form = knownForm(word, vocabulary.words);
    if (form !== null) return form;
    if (isContent(word)) unknown.add(word);
    return word;
  });
  for (const phrase of text.split(NEXT_NAMED)) {
    const named = headOf(phrase);
    const head = named && (knownForm(named, vocabulary.words) ?? named);
    if (named && head && [named.toLowerCase(), head].some((each) => vocabulary.unfindable.has(each)))
      unknown.add(named);
  }
  return { text: spoken, unknown: [...unknown] };
}

/** The word or a base form of it that the vocabulary has; null where it has none. */
function knownForm(word: string, words: ReadonlySet<string>): string | null {
  if (words.has(word)) return word;
  const lower = word.toLowerCase().replaceAll('’', "'");
  return [lower, ...baseForms(lower.replace(/'s?$/u, ''))].find((form) => words.has(form)) ?? null;
}

/** Questions that describe a thing and name none: "what is here that tea is poured from?" */
const DESCRIBES = /^\W*(?:what|which(?: one| thing)?)\s+(?:(?:is|are)\s+(?:here|there)\s+(?:that|which)|has|have)\b/iu;

/** "the old lady with a bag" names a lady: the last word of content before the phrase says more. */
function headOf(text: string): string | null {
  if (DESCRIBES.test(text)) return null;
  let head: string | null = null;
  for (const [word] of text.matchAll(WORD)) {
    if (head !== null && ENDS_PHRASE.has(word.toLowerCase())) break;
    if (isContent(word)) head = word;
  }
  return head;
}

export const PEOPLE = /(?:er|or|ist|man|woman|person|boy|girl|child)s?$/iu;

/** Known words that are written much alike or say the same less exactly, at most three; none rather than far ones. */
export function nearWords(word: string, { words, unfindable }: ClosedVocabulary): string[] {
  const lower = word.toLowerCase();
  const known = [...words].filter((each) => each.length > 2 && isContent(each) && !unfindable.has(each));
  const parts = known.filter((each) => each.length > 3 && (lower.endsWith(each) || lower.startsWith(each)));
  const most = Math.floor(lower.length / 4);
  const alike = known.filter((each) => most > 0 && distance(lower, each) <= most);
  return [...new Set([...parts, ...alike])].slice(0, 3);
}

/** One sentence for a person: what is not known, what is near, and what to do. */
export function unknownSentence(name: string, unknown: readonly string[], vocabulary: ClosedVocabulary): string {
  const quoted = unknown.map((word) => `'${word}'`).join(', ');
  const near = [...new Set(unknown.flatMap((word) => nearWords(word, vocabulary)))];
  const hint = near.length > 0 ? `; near words: ${near.join(', ')}` : '';
  const people = unknown.some((word) => PEOPLE.test(word)) ? ' It was not taught to find people.' : '';
  return `${name} does not know ${quoted}${hint}.${people} Click the thing or draw a box around it, or choose another model in the settings.`;
}

/** Letters to change, add or leave out (Levenshtein), counted row by row. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
