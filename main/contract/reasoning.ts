// Moves the coordinates in an answer's text from the reasoner's frame to picture pixels, which is what people read.
import { clampBox, type Frame, rescale } from './geometry.ts';
import type { Box } from './records.ts';

export interface ReasoningPiece {
  readonly text: string;
  /** Image pixels; null: plain text. */
  readonly box: Box | null;
}

const number = String.raw`-?\d+(?:\.\d+)?`;
const listed = (count: number): string => Array(count).fill(`(${number})`).join(String.raw`\s*,\s*`);
const boxes = new RegExp(String.raw`([[(]\s*)${listed(4)}(\s*[\])])`, 'gu');
/** Points count in square brackets only: round ones hold counts as often as points. */
const points = new RegExp(String.raw`(\[\s*)${listed(2)}(\s*\])`, 'gu');

/** Boxes on the image are pieces of their own, in its pixels; numbers that name no box on it stay plain text. */
export function pieces(text: string, frame: Frame, image: Frame): ReasoningPiece[] {
  const found: ReasoningPiece[] = [];
  let from = 0;
  for (const match of text.matchAll(boxes)) {
    const box = clampBox(rescale(boxIn(match), frame, image), image);
    if (box === null) continue;
    if (match.index > from) found.push({ text: pointsMoved(text.slice(from, match.index), frame, image), box: null });
    found.push({ text: boxText(match, frame, image), box });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: pointsMoved(text.slice(from), frame, image), box: null });
  return found;
}

/** The whole text as a person reads it. */
export const inPicture = (text: string, frame: Frame, image: Frame): string =>
  pieces(text, frame, image)
    .map((piece) => piece.text)
    .join('');

/** Moves what a person wrote in picture pixels into the frame; numbers that stood in the `original` get their own words back. */
export function inFrame(text: string, original: string, { frame, image }: { frame: Frame; image: Frame }): string {
  const known = new Map<string, string>();
  for (const pattern of [boxes, points])
    for (const [raw] of original.matchAll(pattern)) known.set(inPicture(raw, frame, image), raw);
  const back = (match: RegExpMatchArray, moved: () => string): string => known.get(match[0]) ?? moved();
  const withBoxes = replaced(text, boxes, (match) => back(match, () => boxText(match, image, frame)));
  return replaced(withBoxes, points, (match) => back(match, () => pointText(match, image, frame)));
}

const replaced = (text: string, pattern: RegExp, by: (match: RegExpMatchArray) => string): string => {
  let [result, from] = ['', 0];
  for (const match of text.matchAll(pattern)) {
    result += text.slice(from, match.index) + by(match);
    from = match.index + match[0].length;
  }
  return result + text.slice(from);
};

const pointsMoved = (text: string, from: Frame, to: Frame): string =>
  replaced(text, points, (match) => pointText(match, from, to));

function boxIn([, , x1, y1, x2, y2]: RegExpMatchArray): Box {
  return { x1: Number(x1), y1: Number(y1), x2: Number(x2), y2: Number(y2) };
}

function boxText(match: RegExpMatchArray, from: Frame, to: Frame): string {
  const { x1, y1, x2, y2 } = rescale(boxIn(match), from, to);
  return `${match[1]}${[x1, y1, x2, y2].map(Math.round).join(', ')}${match[6]}`;
}

function pointText(match: RegExpMatchArray, from: Frame, to: Frame): string {
  const [x, y] = [Number(match[2]), Number(match[3])];
  const moved = rescale({ x1: x, y1: y, x2: x, y2: y }, from, to);
  return `${match[1]}${Math.round(moved.x1)}, ${Math.round(moved.y1)}${match[4]}`;
}

/** What of an answer being written is worth reading: the reasoning without its tags, and whether it is complete. */
export function reasoningSoFar(text: string): { reasoning: string; complete: boolean } {
  const open = text.indexOf('<think>');
  const body = open >= 0 ? text.slice(open + '<think>'.length) : text.replace(/^\s*<[a-z]*$/u, '');
  const end = body.search(/<\/think>|<answer>/u);
  // A tag that is only half written yet is no part of the reasoning either.
  if (end < 0) return { reasoning: body.replace(/<\/?[a-z]*$/u, '').trim(), complete: false };
  return { reasoning: body.slice(0, end).trim(), complete: true };
}
