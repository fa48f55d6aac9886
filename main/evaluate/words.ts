// Asks prompts in words about photographs: is the named thing found, is what is absent said to be absent, is an unknown word never replaced.
import { boxIou } from '../contract/geometry.ts';
import type { Predictor, Proposal } from '../flow/predictor.ts';
import type { LabelledImage } from './cocoPhotos.ts';

export interface WordFigures {
  /** Share of prompts for a thing over 5 % of the picture whose box overlaps one of its kind by 0.5. */
  readonly box50: number;
  /** Share of prompts, in known words, for a category that the set knows and the picture lacks, that are said to match nothing. */
  readonly nothing: number;
  /** Prompts with a word that the model does not know, answered with a thing all the same. */
  readonly unknownSubstituted: number;
  /** Share of prompts in known words that are said to be unknown. */
  readonly falseAlarms: number;
  readonly counts: Readonly<Record<'present' | 'absent' | 'unknown' | 'known', number>>;
}

export interface WordsTask {
  /** Photographs that are asked about, evenly among all. */
  readonly photos: number;
  readonly signal?: AbortSignal;
  progress?(done: number, of: number): void;
}

type Speaks = Pick<Predictor, 'predict' | 'unknownWords'>;

/** Share of the picture from which on a thing is large; the bar counts large things. */
const LARGE = 0.05;
/** The reader of the photographs' files says that no more masks of a picture were kept: what has none may stand there. */
const CAPPED = 20;
/** Ways in which people ask the same question; they are used one after the other. */
const ways: readonly ((category: string) => string)[] = [
  (category) => `the ${category}`,
  (category) => `find the ${category}`,
  (category) => `the ${category} in this picture`,
  (category) => `Segment every ${category}.`,
];

interface WordFinding {
  readonly isPresent: boolean;
  readonly isKnown: boolean;
  readonly isFound: boolean;
  readonly said: 'objects' | 'nothing' | 'unknown' | 'unreadable';
}

/** One prompt for each large category of a photograph, and one for a category of its set that it lacks. */
export async function evaluateWords(
  predictor: Speaks,
  photos: readonly LabelledImage[],
  task: WordsTask,
): Promise<WordFigures> {
  const categories = categoriesOf(photos);
  const step = Math.max(1, photos.length / Math.max(1, task.photos));
  const chosen = photos.filter((_, i) => task.photos > 0 && Math.floor((i + 1) / step) > Math.floor(i / step));
  const asked: WordFinding[] = [];
  for (const [i, photo] of chosen.entries()) {
    const absent = absentFrom(photo, categories.get(photo.set) ?? new Set(), i);
    for (const category of [...largeOf(photo), ...absent]) {
      task.signal?.throwIfAborted();
      asked.push(await ask(predictor, photo, { category, way: asked.length }));
    }
    task.progress?.(i + 1, chosen.length);
  }
  return figuresOf(asked);
}

function categoriesOf(photos: readonly LabelledImage[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { set, things } of photos) {
    const names = found.get(set) ?? new Set();
    for (const { label } of things) names.add(label);
    found.set(set, names);
  }
  return found;
}

/** Labels of its large things. */
export function largeOf({ image, things }: LabelledImage): Set<string> {
  const least = LARGE * image.width * image.height;
  const large = things.filter(({ box }) => (box.x2 - box.x1) * (box.y2 - box.y1) >= least);
  return new Set(large.map(({ label }) => label));
}

function absentFrom({ things }: LabelledImage, categories: ReadonlySet<string>, turn: number): string[] {
  if (things.length >= CAPPED) return [];
  const here = new Set(things.map(({ label }) => label));
  const others = [...categories].filter((category) => !here.has(category));
  return others.slice(turn % Math.max(1, others.length)).slice(0, 1);
}

async function ask(
  predictor: Speaks,
  { image, things }: LabelledImage,
  { category, way }: { category: string; way: number },
): Promise<WordFinding> {
  const say = ways[way % ways.length];
  if (!say) throw new Error('There is no way to ask.');
  const spoken = category.replaceAll(/[_-]/gu, ' ');
  const proposal = await predictor.predict(image, { text: say(spoken) });
  const wanted = things.filter(({ label }) => label === category);
  return {
    isPresent: wanted.length > 0,
    isKnown: predictor.unknownWords(spoken).length === 0,
    isFound: proposal.objects.some(({ box }) => box && wanted.some((thing) => boxIou(box, thing.box) >= 0.5)),
    said: saidBy(proposal),
  };
}

const saidBy = ({ answer, found }: Proposal): WordFinding['said'] =>
  answer.unknownWords && answer.unknownWords.length > 0 ? 'unknown' : found;

function figuresOf(asked: readonly WordFinding[]): WordFigures {
  const present = asked.filter(({ isPresent }) => isPresent);
  const known = asked.filter(({ isKnown }) => isKnown);
  const absent = known.filter(({ isPresent }) => !isPresent);
  const unknown = asked.filter(({ isKnown }) => !isKnown);
  return {
    box50: share(present, ({ isFound }) => isFound),
    nothing: share(absent, ({ said }) => said === 'nothing'),
    unknownSubstituted: unknown.filter(({ said }) => said === 'objects').length,
    falseAlarms: share(known, ({ said }) => said === 'unknown'),
    counts: { present: present.length, absent: absent.length, unknown: unknown.length, known: known.length },
  };
}

const share = (asked: readonly WordFinding[], is: (one: WordFinding) => boolean): number =>
  asked.filter(is).length / Math.max(1, asked.length);
