// Reads the reasoner's text as reasoning and objects, writes such a text, and moves boxes between the reasoner's frame and the image.
import { z } from 'zod';
import { clampBox, type Frame, rescale } from './geometry.ts';
import type { Box, Point } from './records.ts';

/** `released` takes the first box anywhere, as LENS's own parser does; `loupe` reads those of the answer, all of them. */
export type AnswerDialect = 'released' | 'loupe';

/** The characters that \s means to Python, where the published formats were written. */
export const BLANK = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';

const NUMBER = '(-?\\d+(?:\\.\\d+)?)';
const FOUR = Array(4).fill(NUMBER).join(`,${BLANK}*`);
const PAIR = `\\(${BLANK}*${NUMBER},${BLANK}*${NUMBER}\\)`;
/** Patterns in the order of their use: a later one counts only where an earlier one is found nowhere in the text. */
const PATTERNS = [
  new RegExp(`\\[${BLANK}*${FOUR}${BLANK}*\\]`),
  new RegExp(`\\(${BLANK}*${FOUR}${BLANK}*\\)`),
  new RegExp(`${PAIR},${BLANK}*${PAIR}`),
];
const ANSWERED = new RegExp(`^${BLANK}*(?:<think>(.*?)</think>${BLANK}*)?<answer>(.*?)</answer>`, 's');
const FENCED = /^\s*```(?:json)?\s*(.*?)\s*```\s*$/s;

const FourNumbers = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const Item = z.object({
  bbox_2d: FourNumbers,
  point_2d: z.tuple([z.number(), z.number()]).optional(),
  label: z.string().optional(),
});

/** One object that a text names, in the reasoner's frame. */
export interface ReadObject {
  readonly box: Box;
  /** Where the text has the segmenter click. */
  readonly points?: readonly Point[];
  readonly label?: string;
}

/** What a text says: objects, that nothing matches, or neither in any readable way. */
export interface AnswerReading {
  readonly reasoning: string;
  readonly found: 'objects' | 'nothing' | 'unreadable';
  readonly objects: readonly ReadObject[];
}

/** LENS's `parse_float_sequence_within`: the first four numbers in brackets; four zeros when there are none. */
export function firstBox(text: string): Box {
  for (const pattern of PATTERNS) {
    const match = pattern.exec(text);
    if (match !== null) return toBox(match.slice(1).map(Number));
  }
  return toBox([0, 0, 0, 0]);
}

const toBox = ([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[]): Box => ({ x1, y1, x2, y2 });

/** The first four numbers in brackets, and all that stand in brackets of the same kind. */
export function everyBox(text: string): Box[] {
  const pattern = PATTERNS.find((one) => one.test(text));
  if (!pattern) return [];
  return Array.from(text.matchAll(new RegExp(pattern, 'g')), (match) => toBox(match.slice(1).map(Number)));
}

/** The boxes of a text that is still being written, as far as they are whole. The reasoning's own boxes do not count. */
function boxesSoFar(text: string, dialect: AnswerDialect): Box[] {
  if (dialect === 'released') return [firstBox(text)].filter(isInOrder);
  const start = text.indexOf('<answer>');
  return start < 0 ? [] : everyBox(text.slice(start)).filter(isInOrder);
}

/** Tells a person that the picture is of a kind that the model did not learn. */
const unlikeSentence =
  'This picture is unlike those that the model learnt its words on: what it found is likely wrong. ' +
  'Click the thing or draw a box around it, or choose another model in the settings.';

/** Of such a picture, where nothing was found. */
const missedSentence =
  'On pictures of this kind the model misses many things: what it did not find may still be there. ' +
  'Look before you accept; click the thing or draw a box around it if you see it.';

/** What a person is told of an answer about a picture unlike those that the model learnt its words on. */
export const unlikeWords = (found: boolean): string => (found ? unlikeSentence : missedSentence);

/** What a person is told who asked for several answers and got one, as chance has no part in it. */
export const onceWords = (samples: number): string =>
  `One answer stands for the ${samples} that were asked for: things that are found by their names on photographs, or pointed at, are the same each time.`;

/** The end of a reasoning that found nothing: "none", "there is no dog", "not in the picture", in English and Chinese. */
const NONE =
  /\bnone\b(?! of| other)|\bnothing\b(?! else)|\bno (?:such|match)|\bthere(?:'s| is| are) no\b(?! other| doubt)|\bnot (?:present|visible|shown|found|in (?:the|this) (?:image|picture|photo))|没有|不存在|未找到|找不到/iu;

/** Whether the last sentence of a reasoning says that nothing matches. */
export function saysNone(reasoning: string): boolean {
  const sentences = reasoning.split(/(?<=[.!?])\s+|[。！？\n]/u).filter((one) => /\p{L}/u.test(one));
  return NONE.test(sentences.at(-1) ?? '');
}

/** What a person is told where the reasoning ends in "none" and the answer has boxes all the same. */
export const inconsistentSentence =
  'The reasoning ends in nothing that matches, and the answer has boxes all the same: one of the two is wrong. ' +
  'Look before you accept.';

/** "'skier' is", "'skier' and 'ski' are". */
export const quotedWords = (words: readonly string[]): string =>
  `${words.map((word) => `'${word}'`).join(' and ')} ${words.length === 1 ? 'is' : 'are'}`;

/** The text of a whole answer, special tokens and all, to what it says. */
export function readAnswer(text: string, dialect: AnswerDialect): AnswerReading {
  if (dialect === 'released') {
    return reading(openReasoning(text), [{ box: firstBox(text.replaceAll('<|endoftext|>', '')) }]);
  }
  const match = ANSWERED.exec(text);
  if (match === null) return { reasoning: openReasoning(text), found: 'unreadable', objects: [] };
  return readBody(match[1]?.trim() ?? '', match[2] ?? '');
}

/** How one way of writing is read, whole and while it is still being written. */
export interface AnswerForm {
  read(text: string): AnswerReading;
  boxesSoFar(text: string): Box[];
}

const formOf = (dialect: AnswerDialect): AnswerForm => ({
  read: (text) => readAnswer(text, dialect),
  boxesSoFar: (text) => boxesSoFar(text, dialect),
});

/** Reads as LENS's own code reads, and as nano writes. */
export const firstBoxForm = formOf('released');
export const listForm = formOf('loupe');

/** The reasoning so far of a text that was cut off or lost its form. */
const openReasoning = (text: string): string => /<think>(.*?)(?:<\/think>|<answer>|$)/s.exec(text)?.[1]?.trim() ?? '';

function readBody(reasoning: string, body: string): AnswerReading {
  const parsed = parseJson(FENCED.exec(body)?.[1] ?? body);
  if (Array.isArray(parsed) && parsed.length === 0) return { reasoning, found: 'nothing', objects: [] };
  const alone = readItem(parsed);
  const listed = alone ? [alone] : Array.isArray(parsed) ? parsed.flatMap((item) => readItem(item) ?? []) : [];
  return reading(reasoning, listed.length > 0 ? listed : everyBox(body).map((box) => ({ box })));
}

/** `{"bbox_2d": [..], "point_2d": [..], "label": ".."}` with or without the last two, or four numbers alone. */
function readItem(item: unknown): ReadObject | null {
  const four = FourNumbers.safeParse(item);
  if (four.success) return { box: toBox(four.data) };
  const parsed = Item.safeParse(item);
  if (!parsed.success) return null;
  const { bbox_2d, point_2d, label } = parsed.data;
  return {
    box: toBox(bbox_2d),
    ...(point_2d && { points: [{ x: point_2d[0], y: point_2d[1], sign: '+' }] }),
    ...(label !== undefined && { label }),
  };
}

/** One thing of a list that the reasoning wrote, numbered from 1; the box in the reasoner's frame. */
export interface ListedItem {
  readonly number: number;
  readonly name: string;
  readonly box: Box;
}

/**
 * The list of an answer as nano learns to write it, its brackets not counted. One of several first says which of the
 * reasoning's list it is: the number of a sole one was decided last, and a box alone does not tell which comes next.
 */
export function writtenItems(items: readonly ListedItem[]): string {
  const texts = items.map(({ number, name, box }) => {
    const listed = items.length > 1 ? `"listed": "${name} ${number}", ` : '';
    return `{${listed}"bbox_2d": ${boxText(box)}, "label": "${name}"}`;
  });
  return texts.join(', ');
}

export const boxText = ({ x1, y1, x2, y2 }: Box): string => `[${x1}, ${y1}, ${x2}, ${y2}]`;

const isInOrder = ({ x1, y1, x2, y2 }: Box): boolean => x1 < x2 && y1 < y2;

/** A box counts when its corners are in order; LENS repairs no reversed ones either. */
function reading(reasoning: string, objects: readonly ReadObject[]): AnswerReading {
  const whole = objects.filter(({ box }) => isInOrder(box));
  return { reasoning, found: whole.length > 0 ? 'objects' : 'unreadable', objects: whole };
}

/** Undefined for anything that is not JSON: models damage it in every way. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A box of the reasoner's frame in image pixels, cut at the image's edge; null when all of it lies outside. */
export const toImage = (box: Box, frame: Frame, image: Frame): Box | null =>
  clampBox(rescale(box, frame, image), image);

/** An object of the reasoner's frame in image pixels; null when its box lies outside. */
export function objectInImage({ box, points, label }: ReadObject, frame: Frame, image: Frame): ReadObject | null {
  const inside = toImage(box, frame, image);
  if (inside === null) return null;
  const moved = points?.map(({ x, y, sign }): Point => {
    const { x1, y1 } = rescale({ x1: x, y1: y, x2: x, y2: y }, frame, image);
    return { x: x1, y: y1, sign };
  });
  return { box: inside, ...(moved && { points: moved }), ...(label !== undefined && { label }) };
}

/** A box of the image in whole numbers of the reasoner's frame, as training targets are written. */
export function toFrame(box: Box, image: Frame, frame: Frame): Box {
  const { x1, y1, x2, y2 } = rescale(box, image, frame);
  return { x1: halfToEven(x1), y1: halfToEven(y1), x2: halfToEven(x2), y2: halfToEven(y2) };
}

/** Python's round, which the published targets were made with. */
function halfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
