// Every word, number and mark that prompts and reasoning can hold beside boxes: the tables become one sorted list.
import { COLOURS } from './colours.ts';
import { DESCRIPTIONS } from './implicit.ts';
import {
  ASK,
  COARSE,
  COMPOSITIONAL,
  DECISIONS,
  DISAMBIGUATION,
  IMPLICIT,
  MISLEADING,
  ORDINALS,
  RELATIONS,
  SLOT_WORDS,
  SPATIAL,
  wordsOf,
} from './phrases.ts';
import { THINGS } from './things.ts';

/** The largest number of a list or of a clock face, and the largest measure in a frame of 224. */
const MOST = { listed: 12, measure: 225 };
const STEP = 5;

/** The nearest number that measures in the frame can be told by: 5, 10 ... 225. */
export const numeral = (value: number): number =>
  Math.min(MOST.measure, Math.max(STEP, STEP * Math.round(value / STEP)));

/** The numbers that can only be measures: smaller ones also tell places in a list, and hours. */
export const measures: readonly number[] = Array.from({ length: MOST.measure / STEP }, (_, i) => STEP * (i + 1)).filter(
  (value) => value > MOST.listed,
);

const sentences = (table: unknown): string[] => {
  if (typeof table === 'string') return [table];
  return table !== null && typeof table === 'object' ? Object.values(table).flatMap(sentences) : [];
};

const numerals = (): string[] => [
  ...Array.from({ length: MOST.listed }, (_, i) => String(i + 1)),
  ...Array.from({ length: MOST.measure / STEP }, (_, i) => String(STEP * (i + 1))),
];

/** For scenes of at most 12 things in a frame of 224, the default. */
export function vocabulary(): string[] {
  const tables = [ASK, COARSE, COMPOSITIONAL, DECISIONS, DISAMBIGUATION, IMPLICIT, MISLEADING, ORDINALS, RELATIONS];
  const said = sentences([...tables, SLOT_WORDS, SPATIAL]).map((template) => template.replace(/\{\w+\}/g, ' '));
  const named = [...COLOURS, ...THINGS.map(({ name }) => name), ...DESCRIPTIONS.map(({ says }) => says), ...numerals()];
  return [...new Set([...said, ...named].flatMap(wordsOf))].toSorted();
}
