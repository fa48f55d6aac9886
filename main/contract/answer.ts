// The reasoner's text to its reasoning and box, and boxes between the reasoner's frame and image pixels.
import { z } from 'zod';
import { clampBox, type Frame, rescale } from './geometry.ts';
import type { Box } from './records.ts';

/** `released` takes the first box anywhere, as LENS's own parser does; `loupe` reads the one of the answer only. */
export type Dialect = 'released' | 'loupe';

/** The characters that \s means to Python, where the published formats were written. */
export const BLANK = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';

const NUMBER = '(-?\\d+(?:\\.\\d+)?)';
const FOUR = Array(4).fill(NUMBER).join(`,${BLANK}*`);
const PAIR = `\\(${BLANK}*${NUMBER},${BLANK}*${NUMBER}\\)`;
/** In this order: a later pattern counts only where an earlier one is found nowhere in the text. */
const PATTERNS = [
  new RegExp(`\\[${BLANK}*${FOUR}${BLANK}*\\]`),
  new RegExp(`\\(${BLANK}*${FOUR}${BLANK}*\\)`),
  new RegExp(`${PAIR},${BLANK}*${PAIR}`),
];
const ANSWERED = new RegExp(`^${BLANK}*(?:<think>(.*?)</think>${BLANK}*)?<answer>(.*?)</answer>`, 's');
const FENCED = /^\s*```(?:json)?\s*(.*?)\s*```\s*$/s;

const FourNumbers = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const Item = z.object({ bbox_2d: FourNumbers, label: z.string().optional() });

/** What a text says: a box in the reasoner's frame, that nothing matches, or neither in any readable way. */
export interface Reading {
  readonly reasoning: string;
  readonly found: 'box' | 'nothing' | 'unreadable';
  readonly box: Box | null;
  readonly label: string | null;
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

/** The box of a text that is still being written, once it is whole; null before. The reasoning's own boxes do not count. */
export function boxSoFar(text: string, dialect: Dialect): Box | null {
  const start = dialect === 'loupe' ? text.indexOf('<answer>') : 0;
  return start < 0 ? null : reading('', firstBox(text.slice(start)), null).box;
}

/** The text of a whole answer, special tokens and all, to what it says. */
export function readAnswer(text: string, dialect: Dialect): Reading {
  if (dialect === 'released') {
    const reasoning = /<think>(.*?)<\/think>/s.exec(text)?.[1] ?? '';
    return reading(reasoning, firstBox(text.replaceAll('<|endoftext|>', '')), null);
  }
  const match = ANSWERED.exec(text);
  if (match === null) return { reasoning: openReasoning(text), found: 'unreadable', box: null, label: null };
  return readBody(match[1]?.trim() ?? '', match[2] ?? '');
}

/** The reasoning so far of a text that was cut off or lost its form. */
const openReasoning = (text: string): string => /<think>(.*?)(?:<\/think>|<answer>|$)/s.exec(text)?.[1]?.trim() ?? '';

function readBody(reasoning: string, body: string): Reading {
  const parsed = parseJson(FENCED.exec(body)?.[1] ?? body);
  if (Array.isArray(parsed) && parsed.length === 0) return { reasoning, found: 'nothing', box: null, label: null };
  const four = FourNumbers.safeParse(parsed);
  if (four.success) return reading(reasoning, toBox(four.data), null);
  const item = Item.safeParse(Array.isArray(parsed) ? parsed[0] : parsed);
  if (item.success) return reading(reasoning, toBox(item.data.bbox_2d), item.data.label ?? null);
  return reading(reasoning, firstBox(body), null);
}

/** A box counts when its corners are in order; LENS repairs no reversed ones either. */
function reading(reasoning: string, box: Box, label: string | null): Reading {
  if (box.x1 < box.x2 && box.y1 < box.y2) return { reasoning, found: 'box', box, label };
  return { reasoning, found: 'unreadable', box: null, label: null };
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
