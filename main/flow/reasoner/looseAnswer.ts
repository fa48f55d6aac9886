// Reads the objects of a text that is no JSON any more: cut off, with commas or quotes out of place, or in several blocks.
import type { ReadObject } from '../../contract/answer.ts';
import type { Point } from '../../contract/records.ts';

const number = String.raw`\s*["']?(-?\d+(?:\.\d+)?)["']?\s*`;
const numbers = (count: number): string => String.raw`\[${Array(count).fill(number).join('[,，]')}[,，]?\s*\]`;
const keyed = (name: string, value: string): string => String.raw`["'“”]?\b${name}["'“”]?\s*[:：]\s*${value}`;
const BOX = new RegExp(keyed('(?:bbox|box|bounding_box)(?:_2d)?', numbers(4)), 'iu');
const POINTS = new RegExp(keyed(String.raw`points?(?:_2d|_\d+)?`, numbers(2)), 'giu');
const LABEL = new RegExp(keyed('label', `(?:"([^"]*)"|'([^']*)')`), 'iu');
/** From one brace to the next: the last one may never have been closed. */
const BRACES = /\{[^{}]*(?:\}|$)/gu;

/** Every object whose box is whole, in the order of the text. */
export const looseObjects = (text: string): ReadObject[] =>
  Array.from(text.matchAll(BRACES), ([one]) => looseObject(one)).flatMap((one) => one ?? []);

function looseObject(text: string): ReadObject | null {
  const box = BOX.exec(text);
  if (!box) return null;
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box.slice(1).map(Number);
  const points = Array.from(text.matchAll(POINTS), ([, x, y]): Point => ({ x: Number(x), y: Number(y), sign: '+' }));
  const [, double, single] = LABEL.exec(text) ?? [];
  const label = double ?? single;
  return { box: { x1, y1, x2, y2 }, ...(points.length > 0 && { points }), ...(label !== undefined && { label }) };
}

/** What stands where the answer is due: behind its tag; else behind the reasoning, which has boxes of its own. */
export function answerPart(text: string): string {
  const tag = text.indexOf('<answer>');
  if (tag >= 0) return text.slice(tag + '<answer>'.length);
  const end = text.lastIndexOf('</think>');
  if (end >= 0) return text.slice(end + '</think>'.length);
  return text.includes('<think>') ? '' : text;
}
