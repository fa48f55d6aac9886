// Reads ReasonSeg's folders, GroundingSuite's lines, and prompts over annotated photographs as expressions.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../contract/badInput.ts';
import { parseRle } from '../contract/cocoMask.ts';
import type { Frame } from '../contract/geometry.ts';
import type { Mask } from '../contract/records.ts';
import { maskArea, maskBox, union } from '../contract/rle.ts';
import { jsonRows } from '../formats/files/jsonStream.ts';
import { isPictureName } from '../formats/reading/nameLists.ts';
import type { LeftOut } from '../formats/reading/reading.ts';
import { isFlag, reasonSegFields, reasonSegMasks } from '../formats/reasonSeg.ts';
import { type AnnotatedImage, readCocoTruth, readIsatTruth } from '../formats/trueMasks.ts';
import {
  checked,
  type Expression,
  type ExpressionSet,
  fitting,
  orLeftOut,
  type ReferringSource,
  seen,
  unlessEmpty,
} from './expressions.ts';

const Shape = z.object({ label: z.string(), points: z.array(z.tuple([z.number(), z.number()])) });
const Words = z.string().refine((words) => words.trim() !== '', 'asks nothing');
const Question = z.object({
  text: z.union([z.array(Words).min(1), Words.transform((one) => [one])], {
    // Other JSON files lie in such folders; zod has no words for what is not there.
    error: ({ input }) => (input === undefined ? 'is not there: this is no question of ReasonSeg' : undefined),
  }),
  shapes: z.array(Shape),
});

/** `data` is the folder with train, val and test in it, the one that ReasonSeg's archive unpacks to around it, or one of them. */
export async function readReasonSegSet({ data, split, images }: ReferringSource): Promise<ExpressionSet> {
  const folder = await splitFolder(data, split);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
  if (names.length === 0)
    throw new BadInput(`${folder}: has no questions (*.json) of ReasonSeg in it, nor a folder "${split}" of them`);
  const leftOut: LeftOut[] = [];
  const pictures = await picturesIn(images ?? folder);
  const expressions = names.flatMap((name) =>
    orLeftOut(path.basename(name, '.json'), leftOut, () => questionOf(path.join(folder, name), pictures)),
  );
  return unlessEmpty(folder, { expressions, leftOut });
}

/** The picture of a name without ending; those of the published set are JPEG, which go before others. */
async function picturesIn(folder: string): Promise<(stem: string) => string> {
  const names = (await readdir(folder).catch(() => [])).filter(isPictureName);
  const byStem = new Map(names.map((name) => [path.parse(name).name, name]));
  const published = new Set(names);
  return (stem) => {
    const jpeg = `${stem}.jpg`;
    return path.join(folder, published.has(jpeg) ? jpeg : (byStem.get(stem) ?? jpeg));
  };
}

async function splitFolder(data: string, split: string): Promise<string> {
  for (const folder of [path.join(data, split), path.join(data, 'ReasonSeg', split)])
    if ((await stat(folder).catch(() => null))?.isDirectory()) return folder;
  if (!(await stat(data).catch(() => null))?.isFile()) return data;
  throw new BadInput(
    `${data}: is a file; ReasonSeg is a folder of questions and pictures: unpack it and name the folder`,
  );
}

/** The papers' evaluation asks the first text, and counts what is to be ignored as background. */
function questionOf(file: string, pictureOf: (stem: string) => string): Expression {
  const name = path.basename(file, '.json');
  const { text, shapes } = checked(file, Question, reasonSegFields(file));
  const drawn = shapes.map(({ label, points }) => ({ label, points: points.flat() }));
  const [first = ''] = text;
  return {
    ...{ id: name, picture: pictureOf(name), text: { papers: first, whole: first } },
    truth: (frame) => {
      const { target, ignore } = reasonSegMasks(drawn, frame);
      const isDrawn = drawn.some(({ label }) => !isFlag(label));
      if (isDrawn && maskArea(target) + maskArea(ignore) === 0)
        throw new BadInput('no pixel of its polygons lies in the picture');
      return { papers: target, strict: target, ignored: ignore, box: maskArea(target) > 0 ? maskBox(target) : null };
    },
  };
}

const Line = z.object({
  idx: z.int(),
  image_path: z.string().min(1),
  class_id: z.int(),
  caption: Words,
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  segmentation: z.unknown(),
});

/** The names of its classes are those that its captions suggest. */
const classes: Readonly<Record<number, string>> = { 1: 'stuff', 2: 'part', 3: 'several', 4: 'single' };

/** `data` is the jsonl; pictures lie below `images` as the lines say, with or without their first folder. */
export async function readGroundingSuiteSet({ data, images }: ReferringSource): Promise<ExpressionSet> {
  const folder = images ?? path.dirname(data);
  const { rows, leftOut } = linesOf(data, Line);
  const inFolder = await stat(path.join(folder, 'unlabeled2017')).catch(() => null);
  const times = new Map<number, number>();
  const expressions = rows
    .toSorted((a, b) => (a.image_path < b.image_path ? -1 : Number(a.image_path > b.image_path)))
    .map((line) => {
      const time = (times.get(line.idx) ?? 0) + 1;
      times.set(line.idx, time);
      const id = time === 1 ? String(line.idx) : `${line.idx} (${time})`;
      return captionOf(line, id, inFolder ? path.join(folder, 'unlabeled2017') : folder);
    });
  return unlessEmpty(data, { expressions, leftOut });
}

/** A line that is broken, or is none of the set, is left out by its number. */
function linesOf<T>(file: string, schema: z.ZodType<T>): { rows: T[]; leftOut: LeftOut[] } {
  const leftOut: LeftOut[] = [];
  const rows = Array.from(jsonRows(file)).flatMap(({ value, fault }, i) =>
    orLeftOut(`entry ${i + 1}`, leftOut, () => {
      if (fault !== null) throw new BadInput(fault);
      return checked(file, schema, value);
    }),
  );
  return { rows, leftOut };
}

function captionOf(
  { image_path, class_id, caption, box, segmentation }: z.infer<typeof Line>,
  id: string,
  folder: string,
): Expression {
  const [x1, y1, x2, y2] = box;
  return {
    ...{ id, picture: path.join(folder, path.basename(image_path)), kind: classes[class_id] ?? 'other' },
    text: { papers: mangled(caption), whole: caption },
    truth: (frame) => {
      const mask = fitting(parseRle(segmentation), frame);
      return seen({ papers: mask, strict: mask, box: { x1, y1, x2, y2 } });
    },
  };
}

/** LENS's evaluation deletes these letters wherever they stand, inside of words too ("this" becomes "th"). */
export const mangled = (caption: string): string => caption.replaceAll('is', '').replaceAll('are', '').toLowerCase();

const PromptLine = z.object({
  id: z.string(),
  image: z.string().min(1),
  ground_truth: z.string().min(1),
  format: z.enum(['isat', 'coco-annotation-id']),
  kind: z.string(),
  expression: Words,
  targets: z.array(z.union([z.string(), z.int()])),
});

type Annotated = z.infer<typeof PromptLine>['format'];

/** Prompts over photographs that are annotated otherwise; paths are below the folder that `root` is. */
export async function readTextPrompts(file: string, root: string): Promise<ExpressionSet> {
  const { rows, leftOut } = linesOf(file, PromptLine);
  const annotated = new Map<string, readonly AnnotatedImage[] | BadInput>();
  for (const { ground_truth: name, format } of rows)
    annotated.set(name, annotated.get(name) ?? (await annotatedOrNot(path.join(root, name), format)));
  const expressions = rows.flatMap((line) =>
    orLeftOut(line.id, leftOut, () => promptOf(line, root, annotated.get(line.ground_truth) ?? [])),
  );
  return unlessEmpty(file, { expressions, leftOut });
}

async function annotatedOrNot(file: string, format: Annotated): Promise<AnnotatedImage[] | BadInput> {
  try {
    return await annotatedIn(file, format);
  } catch (error) {
    if (error instanceof BadInput) return error;
    throw error;
  }
}

/** Crowds may be meant, too. */
const annotatedIn = async (file: string, format: Annotated): Promise<AnnotatedImage[]> =>
  format === 'isat' ? [await readIsatTruth(file, { crowds: true })] : readCocoTruth(file);

function promptOf(
  { id, image, ground_truth, kind, expression, targets }: z.infer<typeof PromptLine>,
  root: string,
  annotated: readonly AnnotatedImage[] | BadInput,
): Expression {
  if (annotated instanceof BadInput) throw annotated;
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
