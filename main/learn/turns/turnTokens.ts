// Splits a question and its answer into token ids where the picture ends, so that several turns can share the picture.
import { chatFor, encodeChat } from '../../../models/qwen/chat.ts';
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { understood } from '../../flow/words/unknownWords.ts';
import type { Head, Turn } from './sequence.ts';

export interface Conversation {
  head: Head;
  turn: Turn;
}

/** The whole request up to the point where the answer begins; `side`: of the picture's merged grid. */
export const requestIds = (tokenizer: NanoTokenizer, question: string, side: number): number[] =>
  encodeChat(tokenizer, chatFor('loupe', question), { reply: true, imageTokens: [side * side] });

export function specialId(tokenizer: NanoTokenizer, name: string): number {
  const id = tokenizer.special.get(name);
  if (id === undefined) throw new Error(`The tokenizer has no ${name}.`);
  return id;
}

/** The question stands in the words that a prediction would ask it in. */
export function turnTokens(
  tokenizer: NanoTokenizer,
  question: string,
  { answer, side }: { answer: readonly number[]; side: number },
): Conversation {
  const { text } = understood(question, { words: tokenizer.words, unfindable: new Set() });
  const ids = requestIds(tokenizer, text, side);
  const imageStart = ids.indexOf(specialId(tokenizer, '<|image_pad|>'));
  const headLength = ids.indexOf(specialId(tokenizer, '<|vision_end|>')) + 1;
  const head = { ids: ids.slice(0, headLength), imageStart, side };
  return { head, turn: { prompt: ids.slice(headLength), answer } };
}

/** A question and its whole answer, which ends the turn. */
export const answeredTurn = (tokenizer: NanoTokenizer, question: string, told: { text: string; side: number }) =>
  turnTokens(tokenizer, question, {
    answer: [...tokenizer.encode(told.text), specialId(tokenizer, '<|im_end|>')],
    side: told.side,
  });
