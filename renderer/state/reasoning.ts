// The text of an answer as pieces of plain text and of boxes, each with its place on the image, so that boxes are live.
import { clampBox, type Frame, rescale } from '../../main/contract/geometry.ts';
import type { Box } from '../../main/contract/records.ts';

export interface Piece {
  readonly text: string;
  /** Image pixels; null: plain text. */
  readonly box: Box | null;
}

/** Side of the square that nano looks at. */
export const usualFrame = 224;

const number = String.raw`-?\d+(?:\.\d+)?`;
const four = Array(4).fill(`(${number})`).join(String.raw`\s*,\s*`);
const boxes = new RegExp(String.raw`[[(]\s*${four}\s*[\])]`, 'gu');

/** Numbers that name no box on the image stay plain text; the pieces' texts joined are the text. */
export function pieces(text: string, frameSide: number, image: Frame): Piece[] {
  const found: Piece[] = [];
  const frame = { width: frameSide, height: frameSide };
  let from = 0;
  for (const match of text.matchAll(boxes)) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = match.slice(1).map(Number);
    const box = clampBox(rescale({ x1, y1, x2, y2 }, frame, image), image);
    if (box === null) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), box: null });
    found.push({ text: match[0], box });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), box: null });
  return found;
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
