// One scene with several prompts -> one token sequence: a shared head with the picture, then each prompt with its answer.
// A turn sees the head and itself only, so the picture's tokens are paid for once.

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
  /** [3, length]: time, height, width ids of M-RoPE. */
  positions: Int32Array;
  /** Which turn a token belongs to: 0 the head, 1.. the turns, -1 padding. */
  turn: Int32Array;
  /** Indices whose next token is part of an answer, in order. */
  predictors: number[];
}

/** Tokens that a scene needs, padding not counted. */
export const packedLength = (head: Head, turns: readonly Turn[]): number =>
  turns.reduce((n, t) => n + t.prompt.length + t.answer.length, head.ids.length);

export function packSequence(head: Head, turns: readonly Turn[], length: number): PackedSequence {
  const needed = packedLength(head, turns);
  if (needed > length) throw new Error(`A scene of ${needed} tokens does not fit into ${length}.`);
  const packed: PackedSequence = {
    ids: new Int32Array(length),
    positions: new Int32Array(3 * length),
    turn: new Int32Array(length).fill(-1),
    predictors: [],
  };
  const next = writeHead(packed, head, length);
  let at = head.ids.length;
  turns.forEach((turn, k) => {
    const ids = [...turn.prompt, ...turn.answer];
    ids.forEach((id, i) => {
      packed.ids[at + i] = id;
      packed.turn[at + i] = k + 1;
      for (let axis = 0; axis < 3; axis++) packed.positions[axis * length + at + i] = next + i;
    });
    for (let i = turn.prompt.length - 1; i < ids.length - 1; i++) packed.predictors.push(at + i);
    at += ids.length;
  });
  return packed;
}

/** Returns the position id of the first token after the head. */
function writeHead(packed: PackedSequence, head: Head, length: number): number {
  const { imageStart, side } = head;
  head.ids.forEach((id, i) => {
    packed.ids[i] = id;
    packed.turn[i] = 0;
    const cell = i - imageStart;
    const inside = cell >= 0 && cell < side * side;
    const after = i - side * side + side;
    const [t, h, w] = inside
      ? [imageStart, imageStart + Math.floor(cell / side), imageStart + (cell % side)]
      : cell < 0
        ? [i, i, i]
        : [after, after, after];
    packed.positions.set([t ?? 0], i);
    packed.positions.set([h ?? 0], length + i);
    packed.positions.set([w ?? 0], 2 * length + i);
  });
  return head.ids.length - side * side + side;
}

/** Additive attention mask [length, length], row-major: 0 where row may see column, `hidden` elsewhere. */
export function attentionMask(turn: Int32Array, hidden = -1e9): Float32Array {
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
