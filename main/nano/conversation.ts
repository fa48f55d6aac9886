// A prompt of a scene and its true answer as token ids, cut where the picture ends so that turns can share the picture.
import { chatFor, encodeChat } from '../../models/qwen/chat.ts';
import type { NanoTokenizer } from '../../models/qwen/nanoTokenizer.ts';
import { understood } from '../flow/unknownWords.ts';
import type { Scene, ScenePrompt } from '../scenes/scene.ts';
import { answerText } from '../scenes/text.ts';
import { cells } from './layout.ts';
import type { Head, Turn } from './sequence.ts';

export interface Conversation {
  head: Head;
  turn: Turn;
}

/** A prompt and its true answer as ids, cut where the picture ends. */
export function conversation(tokenizer: NanoTokenizer, scene: Scene, prompt: ScenePrompt): Conversation {
  const end = specialId(tokenizer, '<|im_end|>');
  return exchange(tokenizer, prompt.text, [...tokenizer.encode(answerText(scene, prompt)), end]);
}

/** The whole request up to the point where the answer begins. */
export const requestIds = (tokenizer: NanoTokenizer, question: string): number[] =>
  encodeChat(tokenizer, chatFor('loupe', question), { reply: true, imageTokens: [cells * cells] });

export function specialId(tokenizer: NanoTokenizer, name: string): number {
  const id = tokenizer.special.get(name);
  if (id === undefined) throw new Error(`The tokenizer has no ${name}.`);
  return id;
}

/** A question, in the words that a prediction would ask it in, and what follows it, cut where the picture ends. */
export function exchange(tokenizer: NanoTokenizer, question: string, answer: readonly number[]): Conversation {
  const { text } = understood(question, { words: tokenizer.words, unfindable: new Set() });
  const ids = requestIds(tokenizer, text);
  const imageStart = ids.indexOf(specialId(tokenizer, '<|image_pad|>'));
  const headLength = ids.indexOf(specialId(tokenizer, '<|vision_end|>')) + 1;
  const head = { ids: ids.slice(0, headLength), imageStart, side: cells };
  return { head, turn: { prompt: ids.slice(headLength), answer } };
}
