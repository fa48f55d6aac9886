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
import { parseSegmentation } from '../formats/cocoRules.ts';
import { jsonFields, jsonPieces } from '../formats/jsonStream.ts';
import { checked, type Expression, type ExpressionTruth, type ReferringSource } from './expressions.ts';

/** The pickle of the largest of the three sets is a tenth of it. */
const MOST_BYTES = 2 ** 29;
const SECONDS = 120;

const Fields = z.map(z.unknown(), z.unknown()).transform((map) => Object.fromEntries(map));
const Reference = Fields.pipe(
  z.object({
    ref_id: z.int(),
    ann_id: z.int(),
    image_id: z.int(),
    split: z.string(),
    sentences: z.array(Fields.pipe(z.object({ sent: z.string() }))).min(1),
  }),
);
type Reference = z.infer<typeof Reference>;

/** Who divided the set; `google` is in no paper that is compared with. */
const dividedBy = { refcoco: 'unc', 'refcoco+': 'unc', refcocog: 'umd' } as const;

/** Expressions come picture by picture, so that each picture is read and encoded once. */
export async function readRefer(source: ReferringSource): Promise<Expression[]> {
  const folder = await folderOf(source);
  const own = (await referencesIn(folder, source)).filter(isIn(source.split));
  if (own.length === 0) throw new BadInput(`${folder}: has no references of the split "${source.split}"`);
  const references = source.sentences === null ? own : withSentences(own, source.sentences, source.split);
  const instances = instancesIn(path.join(folder, 'instances.json'), references);
  const images = source.images ?? path.join(path.dirname(folder), 'images', 'mscoco', 'images', 'train2014');
  return references
    .toSorted((a, b) => a.image_id - b.image_id)
    .flatMap((reference) => expressionsOf(reference, instances, images));
}

/** The folder itself, or that of the set in it. */
async function folderOf({ data, set }: ReferringSource): Promise<string> {
  for (const folder of [data, path.join(data, set)])
    if (await stat(path.join(folder, 'instances.json')).catch(() => null)) return path.resolve(folder);
  throw new BadInput(`${data}: holds no instances.json, nor does ${set} in it`);
}

async function referencesIn(folder: string, { set }: ReferringSource): Promise<Reference[]> {
  const file = path.join(folder, `refs(${dividedBy[set as keyof typeof dividedBy]}).p`);
  const info = await stat(file).catch(() => null);
  if (!info?.isFile()) throw new BadInput(`${file}: does not exist; it comes with instances.json`);
  if (info.size > MOST_BYTES) throw new BadInput(`${file}: is ${info.size} bytes long, which no such file is`);
  const list = z.array(Reference).safeParse(unpickled(file, await readFile(file)));
  if (list.success) return list.data;
  const [issue] = list.error.issues;
  throw new BadInput(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
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
function isIn(split: string): (reference: Reference) => boolean {
  const letter = /^test([A-C])$/.exec(split)?.[1];
  if (letter !== undefined) return (reference) => reference.split.includes(letter);
  return split === 'test' ? (reference) => reference.split.includes('test') : (reference) => reference.split === split;
}

const Generated = z.object({ predictions: z.array(z.object({ ref_id: z.int(), sent: z.string().min(1) })).min(1) });

/** As the authors' evaluation of generated expressions takes them. References that nothing was written of are left out. */
function withSentences(references: readonly Reference[], file: string, split: string): Reference[] {
  const known = new Set(references.map(({ ref_id }) => ref_id));
  const sentences = new Map<number, { sent: string }[]>();
  for (const { ref_id, sent } of checked(file, Generated, jsonFields(file)).predictions) {
    if (!known.has(ref_id)) throw new BadInput(`${file}: speaks of reference ${ref_id}, which is not in "${split}"`);
    sentences.set(ref_id, [...(sentences.get(ref_id) ?? []), { sent }]);
  }
  return references.flatMap((one) => {
    const written = sentences.get(one.ref_id);
    return written ? [{ ...one, sentences: written }] : [];
  });
}

const Instance = z.object({
  id: z.int(),
  segmentation: z.unknown(),
  bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
});
const Picture = z.object({ id: z.int(), file_name: z.string().min(1) });

interface Instances {
  readonly byId: ReadonlyMap<number, z.infer<typeof Instance>>;
  readonly files: ReadonlyMap<number, string>;
}

/** Holds only the annotations that are referred to. */
function instancesIn(file: string, references: readonly Reference[]): Instances {
  const wanted = new Set(references.map(({ ann_id }) => ann_id));
  const shown = new Set(references.map(({ image_id }) => image_id));
  const byId = new Map<number, z.infer<typeof Instance>>();
  const files = new Map<number, string>();
  for (const { key, value } of jsonPieces(file, (name) => name === 'annotations' || name === 'images')) {
    const id = typeof value === 'object' && value !== null && 'id' in value ? Number(value.id) : Number.NaN;
    if (key === 'annotations' && wanted.has(id)) byId.set(id, checked(file, Instance, value));
    if (key === 'images' && shown.has(id)) files.set(id, checked(file, Picture, value).file_name);
  }
  return { byId, files };
}

function expressionsOf(reference: Reference, { byId, files }: Instances, images: string): Expression[] {
  const { ref_id, ann_id, image_id, sentences } = reference;
  const instance = byId.get(ann_id);
  const file = files.get(image_id);
  if (!instance || file === undefined)
    throw new BadInput(
      `instances.json: has no ${instance ? `image ${image_id}` : `annotation ${ann_id}`}, which reference ${ref_id} is of`,
    );
  const [x, y, width, height] = instance.bbox;
  const box = { x1: x, y1: y, x2: x + width, y2: y + height };
  // The base name alone counts: a file may not lead out of the folder.
  const picture = path.join(images, path.basename(file));
  const truth = (frame: Frame) => truthOf(instance.segmentation, box, frame);
  return sentences.map(({ sent }, i) => ({
    ...{ id: `${ref_id}-${i}`, picture, text: { papers: sent, whole: sent }, truth },
  }));
}

/** The released code adds the parts up and compares with 1: a pixel of two parts is of neither class. */
export function truthOf(segmentation: unknown, box: Box, { width, height }: Frame): ExpressionTruth {
  if (!Array.isArray(segmentation)) {
    const mask = parseSegmentation(segmentation, width, height);
    return { papers: mask, strict: mask, box };
  }
  const parts = segmentation.map((ring: unknown) => fromPolygon(checked('instances.json', Ring, ring), width, height));
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
