// Packs one scene with several prompts as one token sequence: a shared head with the picture, then each prompt with its answer.
// A turn sees the head and itself only, so the picture's tokens are paid for once.
import type { Positions } from '../../../models/qwen/rope.ts';

export interface Turn {
  /** From after the picture up to where the answer begins. */
  prompt: readonly number[];
  /** Up to and including the end token. */
  answer: readonly number[];
}

export interface Head {
  /** Tokens before the picture, the picture's placeholders, and what closes it. */
  ids: readonly number[];
  /** Where the placeholders begin. */
  imageStart: number;
  /** Side of the merged grid: side * side placeholders. */
  side: number;
}

export interface PackedSequence {
  ids: Int32Array;
  positions: Positions;
  /** Which turn a token belongs to: 0 the head, 1.. the turns, -1 padding. */
  turn: Int32Array;
  /** Indices whose next token is part of an answer, in order. */
  predictors: number[];
  /** Indices of the context queries, turn after turn. */
  queries: number[];
}

/** Tokens that a scene needs, padding not counted; `queries` places follow each answer. */
export const packedLength = (head: Head, turns: readonly Turn[], queries = 0): number =>
  turns.reduce((n, t) => n + t.prompt.length + t.answer.length + queries, head.ids.length);

/** Places of queries hold token 0: their vectors are put in by the graph. */
export function packSequence(head: Head, turns: readonly Turn[], length: number, queries = 0): PackedSequence {
  const needed = packedLength(head, turns, queries);
  if (needed > length) throw new Error(`A scene of ${needed} tokens does not fit into ${length}.`);
  const packed = emptySequence(length);
  const next = writeHead(packed, head);
  let at = head.ids.length;
  turns.forEach((turn, k) => {
    const end = turn.prompt.length + turn.answer.length;
    const ids = [...turn.prompt, ...turn.answer, ...new Array<number>(queries).fill(0)];
    ids.forEach((id, i) => {
      packed.ids[at + i] = id;
      packed.turn[at + i] = k + 1;
      for (const axis of packed.positions) axis[at + i] = next + i;
    });
    for (let i = turn.prompt.length - 1; i < end - 1; i++) packed.predictors.push(at + i);
    for (let i = end; i < ids.length; i++) packed.queries.push(at + i);
    at += ids.length;
  });
  return packed;
}

/** A list, and questions about it of which each is decided without the others; no picture. */
export interface Drill {
  /** What a conversation begins with. */
  opening: readonly number[];
  list: readonly number[];
  /** The first token of an `answer` is given: it closes the list. */
  turns: readonly Turn[];
}

export const drillLength = ({ opening, list, turns }: Drill): number =>
  turns.reduce((n, { prompt, answer }) => n + prompt.length + answer.length, opening.length + list.length);

/**
 * The questions stand before the list and the decisions behind it, each turn at the places that it would have alone. The
 * list sees no question, so it is paid for once.
 */
export function packDrill(drill: Drill, length: number): PackedSequence {
  const needed = drillLength(drill);
  if (needed > length) throw new Error(`A drill of ${needed} tokens does not fit into ${length}.`);
  const { opening, list, turns } = drill;
  const packed = emptySequence(length);
  let at = 0;
  const write = (ids: readonly number[], turn: number, place: number) => {
    packed.ids.set(ids, at);
    packed.turn.fill(turn, at, at + ids.length);
    for (const axis of packed.positions) ids.forEach((_, i) => axis.set([place + i], at + i));
    at += ids.length;
  };
  const start = opening.length + Math.max(0, ...turns.map(({ prompt }) => prompt.length));
  write(opening, 0, 0);
  turns.forEach(({ prompt }, k) => write(prompt, k + 1, start - prompt.length));
  write(list, 0, start);
  turns.forEach(({ answer }, k) => {
    for (let i = 0; i < answer.length - 1; i++) packed.predictors.push(at + i);
    write(answer, k + 1, start + list.length);
  });
  return packed;
}

function emptySequence(length: number): PackedSequence {
  return {
    ids: new Int32Array(length),
    positions: [new Int32Array(length), new Int32Array(length), new Int32Array(length)],
    turn: new Int32Array(length).fill(-1),
    predictors: [],
    queries: [],
  };
}

/** M-RoPE: the picture's ids grow by row and column; the next text goes on after the largest. Returns what follows the head. */
function writeHead({ ids, positions: [t, h, w], turn }: PackedSequence, { ids: head, imageStart, side }: Head): number {
  const past = side * side - side;
  head.forEach((id, i) => {
    const cell = i - imageStart;
    const inside = cell >= 0 && cell < side * side;
    const text = cell < 0 ? i : i - past;
    ids[i] = id;
    turn[i] = 0;
    t[i] = inside ? imageStart : text;
    h[i] = inside ? imageStart + Math.floor(cell / side) : text;
    w[i] = inside ? imageStart + (cell % side) : text;
  });
  return head.length - past;
}

/** Added to the score of what may not be seen. */
export const hidden = -1e9;

/** Additive attention mask [length, length], row-major: 0 where row may see column, `hidden` elsewhere. */
export function attentionMask(turn: Int32Array): Float32Array {
  const length = turn.length;
  const mask = new Float32Array(length * length).fill(hidden);
  for (let row = 0; row < length; row++) {
    const own = turn[row] ?? -1;
    for (let column = 0; column <= row; column++) {
      const other = turn[column] ?? -1;
      if (other === own || (other === 0 && own > 0)) mask[row * length + column] = 0;
    }
  }
  return mask;
}
