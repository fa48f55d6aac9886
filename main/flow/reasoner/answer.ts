// Reads the objects that an answer's text names, in the reasoner's own frame: one reader for each way of writing.
import { z } from 'zod';
import {
  type AnswerReading,
  everyBox,
  firstBoxForm,
  listForm,
  parseJson,
  type ReadObject,
} from '../../contract/answer.ts';
import type { Box, Point } from '../../contract/records.ts';
import { listFormat, thinkFormat } from '../../reward/lens.ts';
import { wholeFormat } from '../../reward/segZero.ts';
import type { Parser } from '../../weights/recipe.ts';
import { answerPart, looseObjects } from './looseAnswer.ts';

export interface AnswerReader {
  read(text: string): AnswerReading;
  /** The boxes of a text that is still being written, as far as they are whole. */
  boxesSoFar(text: string): readonly Box[];
  /** 1 for a text of the form that was asked for, else 0: what can be known without truth. */
  format(text: string): number;
}

const Four = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const Two = z.tuple([z.number(), z.number()]);

export const answerReaders: Readonly<Record<Parser, AnswerReader>> = {
  'first box': { ...firstBoxForm, format: thinkFormat },
  loupe: { ...listForm, format: listFormat },
  'seg zero': { read: readSegZero, boxesSoFar: boxesOf(readSegZero), format: wholeFormat },
  'vision reasoner': { read: readVisionReasoner, boxesSoFar: boxesOf(readVisionReasoner), format: wholeFormat },
  grounding: { read: readGrounding, boxesSoFar: boxesOf(readGrounding), format: (text) => Number(isGrounded(text)) },
};

function boxesOf(read: AnswerReader['read']): AnswerReader['boxesSoFar'] {
  return (text) => read(text).objects.map(({ box }) => box);
}

/**
 * The first braces: one object with two points, as Seg-Zero's own code reads it. Here and below, a text that the published
 * code could not read is read loosely: a person who waited for it gains more by what it says than by a refusal.
 */
function readSegZero(text: string): AnswerReading {
  const thing = z
    .object({ bbox: Four, points_1: Two.optional(), points_2: Two.optional() })
    .safeParse(parseJson(/\{[^}]+\}/.exec(text)?.[0] ?? ''));
  const { bbox, points_1, points_2 } = thing.data ?? {};
  return reading(text, bbox ? [named(bbox, [points_1, points_2])] : looselyRead(text)?.slice(0, 1));
}

/** The list between the answer's tags: boxes with one point each. */
function readVisionReasoner(text: string): AnswerReading {
  const body = /<answer>(.*?)<\/answer>/s.exec(text)?.[1] ?? '';
  const list = z
    .array(z.object({ bbox_2d: Four, point_2d: Two.optional(), label: z.string().optional() }))
    .safeParse(parseJson(unfenced(body)));
  const listed = list.data?.map(({ bbox_2d, point_2d, label }) => named(bbox_2d, [point_2d], label));
  return reading(text, listed ?? looselyRead(text));
}

/**
 * What Qwen2.5-VL writes by itself: a JSON list, fenced or not, with words around it or not, or several of them; else
 * Qwen2-VL's pairs in brackets.
 */
function readGrounding(text: string): AnswerReading {
  const Item = z.object({ bbox_2d: Four, label: z.string().optional() });
  const items = z.union([z.array(Item), Item.transform((one) => [one])]).safeParse(parseJson(jsonIn(text)));
  const listed = items.data?.map(({ bbox_2d, label }) => named(bbox_2d, [], label));
  const loose = looselyRead(text)?.map(({ points: _, ...thing }) => thing);
  if (loose && loose.length > (listed?.length ?? 0)) return reading(text, loose);
  return reading(text, listed ?? bracketed(text));
}

function bracketed(text: string): ReadObject[] | undefined {
  const boxes = everyBox(answerPart(text));
  return boxes.length > 0 ? boxes.map((box) => ({ box })) : undefined;
}

/** Undefined where no box is whole. */
function looselyRead(text: string): ReadObject[] | undefined {
  const objects = looseObjects(answerPart(text));
  return objects.length > 0 ? objects : undefined;
}

const isGrounded = (text: string): boolean => readGrounding(text).found !== 'unreadable';

/**
 * Undefined objects: the text has no list. Boxes whose corners are not in order count for nothing, as everywhere; models that
 * lose their way write the same object again and again, which is one.
 */
function reading(text: string, objects: readonly ReadObject[] | undefined): AnswerReading {
  const reasoning = /<think>(.*?)(?:<\/think>|<answer>|$)/s.exec(text)?.[1]?.trim() ?? '';
  const good = objects?.filter(({ box }) => box.x1 < box.x2 && box.y1 < box.y2) ?? [];
  const once = [...new Map(good.map((one) => [JSON.stringify(one), one])).values()];
  if (once.length > 0) return { reasoning, found: 'objects', objects: once };
  return { reasoning, found: objects?.length === 0 ? 'nothing' : 'unreadable', objects: [] };
}

function named(
  [x1, y1, x2, y2]: z.infer<typeof Four>,
  points: readonly (z.infer<typeof Two> | undefined)[],
  label?: string,
): ReadObject {
  const at = points.flatMap((point): Point[] => (point ? [{ x: point[0], y: point[1], sign: '+' }] : []));
  return { box: { x1, y1, x2, y2 }, ...(at.length > 0 && { points: at }), ...(label !== undefined && { label }) };
}

const unfenced = (body: string): string => /```(?:json)?\s*(.*?)\s*```/s.exec(body)?.[1] ?? body;

/** Cuts out the text from its first bracket to its last. */
function jsonIn(text: string): string {
  const body = unfenced(text);
  const start = body.search(/[[{]/);
  const end = Math.max(body.lastIndexOf(']'), body.lastIndexOf('}'));
  return start < 0 ? '' : body.slice(start, end + 1);
}
