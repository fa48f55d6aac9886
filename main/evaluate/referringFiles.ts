// Reads ReasonSeg's folders, GroundingSuite's lines, and prompts over annotated photographs as expressions.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../contract/badInput.ts';
import { parseRle } from '../contract/cocoMask.ts';
import type { Frame } from '../contract/geometry.ts';
import type { Mask } from '../contract/records.ts';
import { maskArea, maskBox, union } from '../contract/rle.ts';
import { jsonLines } from '../formats/jsonStream.ts';
import { reasonSegFields, reasonSegMasks } from '../formats/reasonSeg.ts';
import { type AnnotatedImage, readCocoTruth, readIsatTruth } from '../formats/trueMasks.ts';
import { checked, type Expression, type ReferringSource } from './expressions.ts';

const Shape = z.object({ label: z.string(), points: z.array(z.tuple([z.number(), z.number()])) });
const Words = z.string().refine((words) => words.trim() !== '', 'asks nothing');
const Question = z.object({
  text: z.union([z.array(Words).min(1), Words.transform((one) => [one])], {
    // Other JSON files lie in such folders; zod has no words for what is not there.
    error: ({ input }) => (input === undefined ? 'is not there: this is no question of ReasonSeg' : undefined),
  }),
  shapes: z.array(Shape),
});

/** `data` is the folder with train, val and test in it, or one of them. */
export async function readReasonSegSet({ data, split, images }: ReferringSource): Promise<Expression[]> {
  const below = path.join(data, split);
  const folder = (await stat(below).catch(() => null))?.isDirectory() ? below : data;
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
  if (names.length === 0) throw new BadInput(`${folder}: has no questions (*.json) of ReasonSeg in it`);
  return names.map((name) => questionOf(path.join(folder, name), images ?? folder));
}

/** The papers' evaluation asks the first text, and counts what is to be ignored as background. */
function questionOf(file: string, images: string): Expression {
  const name = path.basename(file, '.json');
  const { text, shapes } = checked(file, Question, reasonSegFields(file));
  const drawn = shapes.map(({ label, points }) => ({ label, points: points.flat() }));
  const [first = ''] = text;
  return {
    ...{ id: name, picture: path.join(images, `${name}.jpg`), text: { papers: first, whole: first } },
    truth: (frame) => {
      const { target, ignore } = reasonSegMasks(drawn, frame);
      return { papers: target, strict: target, ignored: ignore, box: maskArea(target) > 0 ? maskBox(target) : null };
    },
  };
}

const Line = z.object({
  idx: z.int(),
  image_path: z.string().min(1),
  class_id: z.int(),
  caption: z.string().min(1),
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  segmentation: z.unknown(),
});

/** The names of its classes are those that its captions suggest. */
const classes: Readonly<Record<number, string>> = { 1: 'stuff', 2: 'part', 3: 'several', 4: 'single' };

/** `data` is the jsonl; pictures lie below `images` as the lines say, with or without their first folder. */
export async function readGroundingSuiteSet({ data, images }: ReferringSource): Promise<Expression[]> {
  const folder = images ?? path.dirname(data);
  const lines = Array.from(jsonLines(data), (line, i) => checked(data, Line, line, i + 1));
  if (lines.length === 0) throw new BadInput(`${data}: has no line`);
  const inFolder = await stat(path.join(folder, 'unlabeled2017')).catch(() => null);
  return lines
    .toSorted((a, b) => (a.image_path < b.image_path ? -1 : Number(a.image_path > b.image_path)))
    .map((line) => captionOf(line, inFolder ? path.join(folder, 'unlabeled2017') : folder));
}

function captionOf(
  { idx, image_path, class_id, caption, box, segmentation }: z.infer<typeof Line>,
  folder: string,
): Expression {
  const [x1, y1, x2, y2] = box;
  return {
    ...{ id: String(idx), picture: path.join(folder, path.basename(image_path)), kind: classes[class_id] ?? 'other' },
    text: { papers: mangled(caption), whole: caption },
    truth: (frame) => {
      const mask = fitting(parseRle(segmentation), frame);
      return { papers: mask, strict: mask, box: { x1, y1, x2, y2 } };
    },
  };
}

function fitting<M extends { size: readonly [number, number] }>(mask: M, { width, height }: Frame): M {
  if (mask.size[0] === height && mask.size[1] === width) return mask;
  throw new BadInput(`its mask is ${mask.size[1]} x ${mask.size[0]}, its picture ${width} x ${height}`);
}

/** LENS's evaluation deletes these letters wherever they stand, inside of words too ("this" becomes "th"). */
export const mangled = (caption: string): string => caption.replaceAll('is', '').replaceAll('are', '').toLowerCase();

const PromptLine = z.object({
  id: z.string(),
  image: z.string().min(1),
  ground_truth: z.string().min(1),
  format: z.enum(['isat', 'coco-annotation-id']),
  kind: z.string(),
  expression: z.string().min(1),
  targets: z.array(z.union([z.string(), z.int()])),
});

/** Prompts over photographs that are annotated otherwise; paths are below the folder that `root` is. */
export async function readTextPrompts(file: string, root: string): Promise<Expression[]> {
  const lines = Array.from(jsonLines(file), (line, i) => checked(file, PromptLine, line, i + 1));
  const annotated = new Map<string, Promise<AnnotatedImage[]>>();
  for (const { ground_truth: name, format } of lines) {
    const read = () => annotatedIn(path.join(root, name), format);
    annotated.set(name, annotated.get(name) ?? read());
  }
  return Promise.all(lines.map(async (line) => promptOf(line, root, (await annotated.get(line.ground_truth)) ?? [])));
}

/** Crowds may be meant, too. */
const annotatedIn = async (file: string, format: z.infer<typeof PromptLine>['format']): Promise<AnnotatedImage[]> =>
  format === 'isat' ? [await readIsatTruth(file, { crowds: true })] : readCocoTruth(file);

function promptOf(
  { id, image, ground_truth, kind, expression, targets }: z.infer<typeof PromptLine>,
  root: string,
  annotated: readonly AnnotatedImage[],
): Expression {
  const own = annotated.find(({ fileName }) => path.parse(fileName).name === path.parse(image).name);
  const meant = targets.map((target): Mask => {
    const mask = own?.masks[own.names.indexOf(String(target))];
    if (!mask) throw new BadInput(`${ground_truth}: has no "${target}" in ${image}`);
    return mask;
  });
  const truth = ({ width, height }: Frame) => {
    const nothing: Mask = { size: [height, width], counts: [height * width] };
    const mask = fitting(union(nothing, ...meant), { width, height });
    return { papers: mask, strict: mask, box: meant.length > 0 ? maskBox(mask) : null };
  };
  return { id, picture: path.join(root, image), kind, text: { papers: expression, whole: expression }, truth };
}
