// Makes nano's questions and answers about named boxes on a picture: its own list of all things, then the decision.
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { boxText, type ListedItem, writtenItems } from '../../contract/answer.ts';
import type { Random } from '../../contract/random.ts';
import type { Box } from '../../contract/records.ts';
import type { TaughtTurn } from '../samples/lesson.ts';
import { type Head, packedLength, type Turn } from '../turns/sequence.ts';
import { answeredTurn, type Conversation } from '../turns/turnTokens.ts';
import type { NamedBox } from './mixedPictures.ts';

/** Mostly the bare name, as labels are asked for. */
const questions = [
  '{it}',
  '{it}',
  '{it}',
  'the {it}',
  'find the {it}',
  'segment the {it}',
  'show me the {it}',
] as const;
/** A list of more things is longer than an answer may be. */
const mostListed = 10;

/** Everything from left to right, then what is meant by the words: "cat 1 [..], dog 2 [..]. dog 2.". */
export function taughtAnswer(things: readonly NamedBox[], wanted: string, tokenizer: NanoTokenizer): string {
  const listed = things
    .slice(0, mostListed)
    .map(({ name, box }, i) => ({ name, number: i + 1, box: sayable(box, tokenizer) }));
  const list = listed.map(({ name, number, box }) => `${name} ${number} ${boxText(box)}`).join(', ');
  const meant = listed.filter(({ name }) => name === wanted);
  const decision = `${wanted} ${meant.length > 0 ? meant.map(({ number }) => number).join(', ') : 'none'}.`;
  return answerText(`${list}. ${decision}`, meant);
}

export const answerText = (reasoning: string, meant: readonly ListedItem[]): string =>
  `<think>${reasoning}</think><answer>\`\`\`json\n[${writtenItems(meant)}]\n\`\`\`</answer>`;

/** Moves a box to numbers that have a token, at least one step wide and high. */
export function sayable({ x1, y1, x2, y2 }: Box, tokenizer: NanoTokenizer): Box {
  const { count, step } = tokenizer.vocabulary.coordinates;
  const start = (value: number) => Math.min(tokenizer.snap(value), (count - 2) * step);
  const [left, top] = [start(x1), start(y1)];
  const end = (value: number, from: number) => Math.max(tokenizer.snap(value), from + step);
  return { x1: left, y1: top, x2: end(x2, left), y2: end(y2, top) };
}

/** One question for each name on the picture, and one or two for names that are taught and not there. */
export function taughtTurns(
  things: readonly NamedBox[],
  names: readonly string[],
  { tokenizer, draw }: { tokenizer: NanoTokenizer; draw: Random },
): TaughtTurn[] {
  const there = [...new Set(things.slice(0, mostListed).map(({ name }) => name))];
  const absent = draw.shuffle(names.filter((name) => !things.some((thing) => thing.name === name)));
  const asked = draw.shuffle([...there, ...absent.slice(0, draw.int(1, 2))]);
  return asked.map((name) => ({
    question: draw.pick(questions).replace('{it}', () => name),
    answer: taughtAnswer(things, name, tokenizer),
  }));
}

/** Packs as many turns as fit into `tokens`, in this order; null where none does. */
export function packedTurns(
  taught: readonly TaughtTurn[],
  { tokenizer, side, tokens }: { tokenizer: NanoTokenizer; side: number; tokens: number },
): { head: Head; turns: Turn[] } | null {
  const conversations = taught.map(
    ({ question, answer }): Conversation => answeredTurn(tokenizer, question, { text: answer, side }),
  );
  const [first] = conversations;
  if (!first) return null;
  const turns: Turn[] = [];
  for (const { turn } of conversations) if (packedLength(first.head, [...turns, turn]) <= tokens) turns.push(turn);
  return turns.length > 0 ? { head: first.head, turns } : null;
}
