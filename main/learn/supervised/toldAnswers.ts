// Writes the reasoning that a person wrote or confirmed as an answer of nano's own, where nano has a token for all of it.
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { boxText, type ListedItem, toFrame } from '../../contract/answer.ts';
import { boxIou, type Frame } from '../../contract/geometry.ts';
import { pieces } from '../../contract/reasoning.ts';
import type { Box } from '../../contract/records.ts';
import { understood } from '../../flow/words/unknownWords.ts';
import { contradictsItself } from '../../reward/objects.ts';
import type { TaughtTurn } from '../samples/lesson.ts';
import type { Sample } from '../samples/sample.ts';
import { answerText, sayable } from './taughtTurns.ts';
import { spoken } from './taughtWords.ts';

/** What is told of one picture, to a reasoner that is shown it in a frame. */
export interface Telling {
  readonly image: Frame;
  readonly frame: Frame;
  readonly tokenizer: NanoTokenizer;
}

/**
 * The question and the answer of a sample in the frame's numbers; null: nobody said how its objects are found, it is asked by
 * more than words, or nano cannot say it. Words are written small, as nano writes them.
 */
export function toldTurn({ prompt, objects, reasoning }: Sample, telling: Telling): TaughtTurn | null {
  const { tokenizer } = telling;
  const { words } = tokenizer;
  if (reasoning === null || prompt.points.length > 0 || prompt.box !== null) return null;
  if (understood(prompt.text, { words, unfindable: new Set() }).unknown.length > 0) return null;
  const told = inTokens(reasoning.toLowerCase(), telling);
  const name = spoken(prompt.text, words).replace(/^(?:the|a|an|all|every)\s+/u, '');
  const items = itemsOf(objects, { told, name, telling });
  const answer = items && answerText(told, items);
  return answer && isSaid(answer, tokenizer) && !contradictsItself(answer) ? { question: prompt.text, answer } : null;
}

/** Prompts by where their reasoning came from: a person's own, nano's own that a person took for right, the shapes. */
export function reasoningCounts(samples: readonly (readonly [Sample, Telling])[]) {
  const counts = { written: 0, confirmed: 0, composed: 0 };
  for (const [sample, telling] of samples) {
    const isTold = toldTurn(sample, telling) !== null;
    const kind = isTold ? (sample.verdicts.reasoning === 'corrected' ? 'written' : 'confirmed') : 'composed';
    counts[kind]++;
  }
  return counts;
}

const boxIn = (box: Box, { image, frame, tokenizer }: Telling): Box => sayable(toFrame(box, image, frame), tokenizer);

/** Its boxes, which are image pixels, in numbers of the frame that have a token. */
const inTokens = (reasoning: string, telling: Telling): string =>
  pieces(reasoning, telling.image, telling.image)
    .map(({ text, box }) => (box ? boxText(boxIn(box, telling)) : text))
    .join('');

/** "dog 2 [10, 20, 30, 40]": a thing of the reasoning's list. */
const listed = /([^\s\d.,:;[\]][^\d.,:;[\]]*?) (\d+) \[(\d+), (\d+), (\d+), (\d+)\]/gu;
/** From this overlap on, a box that was listed and one that was kept mean the same thing. */
const same = 0.5;

interface Naming {
  readonly told: string;
  /** What the prompt asks for. */
  readonly name: string;
  readonly telling: Telling;
}

/** Null: there are several, and the reasoning lists them not, so that nobody could say which of them comes next. */
function itemsOf(objects: Sample['objects'], { told, name, telling }: Naming): ListedItem[] | null {
  const all = Array.from(told.matchAll(listed), ([, its = '', number, ...sides]) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = sides.map(Number);
    return { name: its, number: Number(number), box: { x1, y1, x2, y2 } };
  });
  const items = objects.map(({ box: own }) => {
    const box = boxIn(own, telling);
    const found = all.find((item) => boxIou(item.box, box) >= same);
    return found ? { ...found, box } : objects.length === 1 ? { name, number: 1, box } : null;
  });
  const known = items.filter((item) => item !== null).toSorted((a, b) => a.number - b.number);
  return known.length === items.length ? known : null;
}

/** Marks are bytes that every answer has; letters, digits and blanks that come byte by byte were never learnt. */
const isSaid = (text: string, tokenizer: NanoTokenizer): boolean =>
  tokenizer.encode(text).every((id) => id >= 256 || /^[!-/:-@[-`{-~]$/u.test(String.fromCharCode(id)));
