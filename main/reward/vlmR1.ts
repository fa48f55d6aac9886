// The rewards of VLM-R1's grounding task for a text and one box: the form, and a soft overlap.

import { BLANK } from '../contract/answer.ts';
import { type Frame, rescale } from '../contract/geometry.ts';
import type { Box } from '../contract/records.ts';

const FOUR = new RegExp(`\\[\\d+,${BLANK}*\\d+,${BLANK}*\\d+,${BLANK}*\\d+\\]`);
/** What must follow each other, anything between: one after another, as a single pattern would backtrack for hours. */
const FORM = [new RegExp(`<think>.*?</think>${BLANK}*<answer>`, 's'), /\{/, FOUR, /\}/, /<\/answer>/];
const ANSWER = /<answer>(.*?)<\/answer>/s;

export interface VlmR1Target {
  readonly box: Box;
  /** The image as the model saw it, whose pixels the answer counts, and as it is, whose pixels `box` counts. */
  readonly input: Frame;
  readonly image: Frame;
}

/** `format` is 0 or 1; `iou` is that of the first four whole numbers in brackets in the answer. */
export function vlmR1Reward(text: string, target: VlmR1Target): { format: number; iou: number } {
  const format = inOrder(text, FORM) ? 1 : 0;
  const numbers = FOUR.exec(ANSWER.exec(text)?.[1] ?? '')?.[0].match(/\d+/g);
  if (!numbers) return { format, iou: 0 };
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = numbers.map(Number);
  return { format, iou: iou(rescale({ x1, y1, x2, y2 }, target.input, target.image), target.box) };
}

function inOrder(text: string, patterns: readonly RegExp[]): boolean {
  let rest = text;
  for (const pattern of patterns) {
    const match = pattern.exec(rest);
    if (match === null) return false;
    rest = rest.slice(match.index + match[0].length);
  }
  return true;
}

/** The last pixel is x2 - 1, yet an overlap of a single row or column counts as none. */
function iou(a: Box, b: Box): number {
  const wide = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const high = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  const shared = wide > 1 && high > 1 ? wide * high : 0;
  const union = area(a) + area(b) - shared;
  return union === 0 ? 0 : shared / union;
}

/** Signed: two reversed corners cancel, as in the original. */
const area = (box: Box): number => (box.x2 - box.x1) * (box.y2 - box.y1);
