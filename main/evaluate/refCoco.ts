// Reads RefCOCO, RefCOCO+ and RefCOCOg as their authors published them (a pickle of references, COCO instances) as expressions.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { PickleRefusal, parsePlainPickle } from '../../models/runtime/pickle.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import { fromPolygon } from '../contract/polygon.ts';
import type { Box, Mask } from '../contract/records.ts';
import { fromBitmap, toBitmap, union } from '../contract/rle.ts';
import { parseSegmentation } from '../formats/coco/cocoRules.ts';
import { jsonFields, jsonPieces } from '../formats/files/jsonStream.ts';
import type { LeftOut } from '../formats/reading/reading.ts';
import {
  checked,
  type Expression,
  type ExpressionSet,
  type ExpressionTruth,
  fitting,
  orLeftOut,
  type ReferringSource,
  seen,
  unlessEmpty,
} from './expressions.ts';

/** The pickle of the largest of the three sets is a tenth of it. */
const MOST_BYTES = 2 ** 29;
const SECONDS = 120;

const Sentence = z.string().refine((words) => words.trim() !== '', 'asks nothing');
const Fields = z.map(z.unknown(), z.unknown()).transform((map) => Object.fromEntries(map));
const Reference = Fields.pipe(
  z.object({
    ref_id: z.int(),
    ann_id: z.int(),
    image_id: z.int(),
    sentences: z.array(Fields.pipe(z.object({ sent: z.string() }))).min(1, 'has no sentence'),
  }),
);
type Reference = z.infer<typeof Reference>;
const Division = Fields.pipe(z.object({ split: z.string() }));

/** Who divided the set; `google` is in no paper that is compared with. */
const dividedBy = { refcoco: 'unc', 'refcoco+': 'unc', refcocog: 'umd' } as const;

/** Expressions come picture by picture, so that each picture is read and encoded once. */
export async function readRefer(source: ReferringSource): Promise<ExpressionSet> {
  const folder = await folderOf(source);
  const leftOut: LeftOut[] = [];
  const { own, others } = await referencesIn(folder, source, leftOut);
  if (own.length === 0 && (others > 0 || leftOut.length === 0))
    throw new BadInput(`${folder}: has no references of the split "${source.split}"`);
  const references = source.sentences === null ? own : withSentences(own, source.sentences, leftOut);
  const instances = instancesIn(path.join(folder, 'instances.json'), references);
  const images = source.images ?? path.join(path.dirname(folder), 'images', 'mscoco', 'images', 'train2014');
  const expressions = references
    .toSorted((a, b) => a.image_id - b.image_id)
    .flatMap((one) => orLeftOut(named(one), leftOut, () => expressionsOf(one, instances, images)))
    .flat()
    .flatMap((one) => orLeftOut(one.id, leftOut, () => saying(one)));
  return unlessEmpty(folder, { expressions, leftOut });
}

/** Sentences are looked at one by one: a reference has several. */
function saying(expression: Expression): Expression {
  if (expression.text.whole.trim() === '') throw new BadInput('asks nothing');
  return expression;
}

const named = ({ ref_id }: Reference): string => `reference ${ref_id}`;

/** The folder itself, or that of the set in it. */
async function folderOf({ data, set }: ReferringSource): Promise<string> {
  for (const folder of [data, path.join(data, set)])
    if (await stat(path.join(folder, 'instances.json')).catch(() => null)) return path.resolve(folder);
  throw new BadInput(`${data}: holds no instances.json, nor does ${set} in it`);
}

/** Those of the split, where one that is there twice counts once, and how many others there are. */
async function referencesIn(
  folder: string,
  { set, split }: ReferringSource,
  leftOut: LeftOut[],
): Promise<{ own: Reference[]; others: number }> {
  const file = path.join(folder, `refs(${dividedBy[set as keyof typeof dividedBy]}).p`);
  const info = await stat(file).catch(() => null);
  if (!info?.isFile()) throw new BadInput(`${file}: does not exist; it comes with instances.json`);
  if (info.size > MOST_BYTES) throw new BadInput(`${file}: is ${info.size} bytes long, which no such file is`);
  const list = checked(file, z.array(z.unknown()), unpickled(file, await readFile(file)));
  const ids = new Set<number>();
  let others = 0;
  const own = list.flatMap((value, i) => {
    const apart = Division.safeParse(value);
    if (apart.success && !isIn(split, apart.data.split)) {
      others++;
      return [];
    }
    return orLeftOut(`entry ${i + 1}`, leftOut, () => {
      const reference = checked(file, Reference, value);
      if (ids.has(reference.ref_id))
        throw new BadInput(`${path.basename(file)}: reference ${reference.ref_id} is there before; the first counts`);
      ids.add(reference.ref_id);
      if (!apart.success) throw new BadInput(`${path.basename(file)}: says of no split that it is in it`);
      return reference;
    });
  });
  return { own, others };
}

function unpickled(file: string, bytes: Uint8Array): unknown {
  try {
    return parsePlainPickle(bytes, SECONDS);
  } catch (error) {
    if (error instanceof PickleRefusal) throw new BadInput(`${file}: ${error.message}`);
    throw error;
  }
}

/** Chooses as the authors' own loader does: testA and testB by their letter. */
function isIn(split: string, written: string): boolean {
  const letter = /^test([A-C])$/.exec(split)?.[1];
  if (letter !== undefined) return written.includes(letter);
  return split === 'test' ? written.includes('test') : written === split;
}

const Generated = z.object({ predictions: z.array(z.unknown()).min(1) });
const Written = z.object({ ref_id: z.int(), sent: Sentence });

/** As the authors' evaluation of generated expressions takes them. References that nothing was written of are left out. */
function withSentences(references: readonly Reference[], file: string, leftOut: LeftOut[]): Reference[] {
  const known = new Set(references.map(({ ref_id }) => ref_id));
  const sentences = new Map<number, { sent: string }[]>();
  for (const [i, value] of checked(file, Generated, jsonFields(file)).predictions.entries())
    orLeftOut(`prediction ${i + 1}`, leftOut, () => {
      const { ref_id, sent } = checked(file, Written, value);
      if (!known.has(ref_id))
        throw new BadInput(`${path.basename(file)}: speaks of reference ${ref_id}, which is not in this split`);
      sentences.set(ref_id, [...(sentences.get(ref_id) ?? []), { sent }]);
    });
  return references.flatMap((one) =>
    orLeftOut(named(one), leftOut, () => {
      const written = sentences.get(one.ref_id);
      if (!written) throw new BadInput(`${path.basename(file)}: says nothing of it`);
      return { ...one, sentences: written };
    }),
  );
}

const Instance = z.object({
  id: z.int(),
  segmentation: z.unknown(),
  bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
});
const Side = z.int().positive().optional();
const Picture = z.object({ id: z.int(), file_name: z.string().min(1), width: Side, height: Side });

/** Records as they stand in the file: what is wrong with one concerns the references to it alone. */
interface Instances {
  readonly annotations: ReadonlyMap<number, unknown>;
  readonly images: ReadonlyMap<number, unknown>;
}

/** Holds only what is referred to; of an id that is there more than once the last, as with the authors' own loader. */
function instancesIn(file: string, references: readonly Reference[]): Instances {
  const wanted = new Set(references.map(({ ann_id }) => ann_id));
  const shown = new Set(references.map(({ image_id }) => image_id));
  const annotations = new Map<number, unknown>();
  const images = new Map<number, unknown>();
  for (const { key, value } of jsonPieces(file, (name) => name === 'annotations' || name === 'images')) {
    const id = typeof value === 'object' && value !== null && 'id' in value ? Number(value.id) : Number.NaN;
    if (key === 'annotations' && wanted.has(id)) annotations.set(id, value);
    if (key === 'images' && shown.has(id)) images.set(id, value);
  }
  return { annotations, images };
}

const INSTANCES = 'instances.json';

function expressionsOf(reference: Reference, instances: Instances, folder: string): Expression[] {
  const { ref_id, ann_id, image_id, sentences } = reference;
  const [annotation, image] = [instances.annotations.get(ann_id), instances.images.get(image_id)];
  if (annotation === undefined) throw new BadInput(`${INSTANCES}: has no annotation ${ann_id}, which it is of`);
  if (image === undefined) throw new BadInput(`${INSTANCES}: has no image ${image_id}, which it is of`);
  const { bbox, segmentation } = checked(`${INSTANCES}: annotation ${ann_id}`, Instance, annotation);
  const { file_name, ...size } = checked(`${INSTANCES}: image ${image_id}`, Picture, image);
  const [x, y, width, height] = bbox;
  const box = { x1: x, y1: y, x2: x + width, y2: y + height };
  // The base name alone counts: a file may not lead out of the folder.
  const picture = path.join(folder, path.basename(file_name));
  const truth = (frame: Frame) => {
    if ((size.width ?? frame.width) !== frame.width || (size.height ?? frame.height) !== frame.height)
      throw new BadInput(
        `${picture}: is ${frame.width} x ${frame.height}, and ${INSTANCES} says ${size.width} x ${size.height}`,
      );
    return seen(truthOf(segmentation, box, frame));
  };
  return sentences.map(({ sent }, i) => ({
    ...{ id: `${ref_id}-${i}`, picture, text: { papers: sent, whole: sent }, truth },
  }));
}

/** The released code adds the parts up and compares with 1: a pixel of two parts is of neither class. */
export function truthOf(segmentation: unknown, box: Box, { width, height }: Frame): ExpressionTruth {
  if (!Array.isArray(segmentation)) {
    const mask = fitting(parseSegmentation(segmentation, width, height), { width, height });
    return { papers: mask, strict: mask, box };
  }
  const parts = segmentation.map((ring: unknown) => fromPolygon(checked(INSTANCES, Ring, ring), width, height));
  const nothing: Mask = { size: [height, width], counts: [height * width] };
  return { papers: once(parts, { width, height }), strict: union(nothing, ...parts), box };
}

const Ring = z.array(z.number());

function once(parts: readonly Mask[], { width, height }: Frame): Mask {
  const [only, ...others] = parts;
  if (only && others.length === 0) return only;
  const times = new Uint8Array(width * height);
  for (const bitmap of parts.map(toBitmap))
    for (let i = 0; i < times.length; i++) times[i] = (times[i] ?? 0) + (bitmap[i] ?? 0);
  return fromBitmap(
    times.map((count) => (count === 1 ? 1 : 0)),
    width,
    height,
  );
}
