// Says who answers a prompt about a picture unlike those that a reasoner learnt its words on: the reasoner by what it was taught there, a detector, or nobody.
import { type ClassPrompt, isNamed, type NamedClass, namedClasses, unknownOnPhotographs } from './classWords.ts';

export interface PhotographWords {
  /** Of the weights. */
  readonly name: string;
  /** Of the detector. */
  readonly classes: readonly NamedClass[];
  /** What the reasoner was taught to find on such pictures. */
  readonly taught: readonly string[];
  /** Whether the reasoner knows every word of the prompt, of whatever pictures. */
  readonly isUnderstood: boolean;
  /** False: nobody knows whether the picture is unlike, and the detector has only what the reasoner lacks. */
  readonly isUnlike: boolean;
}

export type PhotographAnswerer =
  | { readonly by: 'reasoner' }
  /** `label`: null where not just one class is named. */
  | { readonly by: 'detector'; readonly named: ClassPrompt; readonly label: string | null }
  | { readonly by: 'nobody'; readonly unknown: readonly string[]; readonly reasoning: string };

/** What the reasoner was taught goes first: a taught name may be a narrower one than a class of the detector that it holds. */
export function answererOf(text: string, words: PhotographWords): PhotographAnswerer {
  const { name, classes, isUnderstood, isUnlike } = words;
  if (isTaught(text, words.taught)) return { by: 'reasoner' };
  const named = namedClasses(text, classes);
  const [only, ...more] = named.classes.flatMap((at) => classes[at]?.name ?? []);
  if (isNamed(named)) return { by: 'detector', named, label: more.length === 0 && only ? only : null };
  const taught = words.taught.map(asClass);
  const own = namedClasses(text, taught);
  if ((own.classes.length > 0 && isUnderstood) || named.unknown.length === 0) return { by: 'reasoner' };
  if (!isUnlike && named.classes.length === 0) return { by: 'reasoner' };
  const both = [...classes, ...taught];
  const { classes: known, unknown } = own.classes.length > 0 ? namedClasses(text, both) : named;
  if (unknown.length > 0) return { by: 'nobody', unknown, reasoning: unknownOnPhotographs(name, unknown, both) };
  const nameAt = (at: number) => both[at]?.name ?? [];
  const others = known.filter((at) => at < classes.length).flatMap(nameAt);
  const ours = known.filter((at) => at >= classes.length).flatMap(nameAt);
  return { by: 'nobody', unknown: others, reasoning: apartSentence(name, ours, others) };
}

/** Whether a prompt asks for nothing but such names. */
export function isTaught(text: string, taught: readonly string[]): boolean {
  const own = namedClasses(text, taught.map(asClass));
  return isNamed(own) && !own.anything;
}

const asClass = (name: string): NamedClass => ({ name, also: [] });

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

const apartSentence = (name: string, taught: readonly string[], others: readonly string[]): string =>
  `On photographs ${name} was taught ${quoted(taught)}, and finds ${quoted(others)} in another way that cannot be asked with it: ` +
  'ask for one after the other.';
