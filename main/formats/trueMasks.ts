// Reads the true mask of each thing in annotated photographs (a COCO file, or ISAT's file beside each photo).
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../contract/badInput.ts';
import { fromPolygon } from '../contract/polygon.ts';
import type { Mask } from '../contract/records.ts';
import { fromBitmap, toBitmap } from '../contract/rle.ts';
import { parseSegmentation } from './coco/cocoRules.ts';

export interface AnnotatedImage {
  readonly fileName: string;
  readonly masks: readonly Mask[];
  /** Name of each mask: its annotation's id, or "category#group". */
  readonly names: readonly string[];
}

const side = z.int().min(1);
const Coco = z.object({
  images: z.array(z.object({ id: z.int(), file_name: z.string(), width: side, height: side })),
  annotations: z.array(
    z.object({
      id: z.int().optional(),
      image_id: z.int(),
      segmentation: z.unknown(),
      iscrowd: z.union([z.number(), z.boolean()]).optional(),
    }),
  ),
});
const Isat = z.object({
  info: z.object({ name: z.string(), width: side, height: side }),
  objects: z.array(
    z.object({
      category: z.string(),
      group: z.union([z.number(), z.string()]),
      segmentation: z.array(z.tuple([z.number(), z.number()])),
      layer: z.number(),
      iscrowd: z.union([z.number(), z.boolean()]).optional(),
    }),
  ),
});
type IsatObject = z.infer<typeof Isat>['objects'][number];

/** Crowds are no single thing and are left out. */
export async function readCocoTruth(file: string): Promise<AnnotatedImage[]> {
  const { images, annotations } = await readJson(file, Coco);
  return images.map(({ id, file_name: fileName, width, height }) => {
    const own = annotations.filter((each) => each.image_id === id && !each.iscrowd);
    const masks = own.map(({ segmentation }) => parseSegmentation(segmentation, width, height));
    return { fileName, masks, names: own.map((each) => String(each.id)) };
  });
}

/** A thing is what of its group stays visible when all polygons are painted, higher layers over lower ones; crowds where they are wanted. */
export async function readIsatTruth(file: string, { crowds = false } = {}): Promise<AnnotatedImage> {
  const { info, objects } = await readJson(file, Isat);
  const { name: fileName, width, height } = info;
  const isThing = ({ category, iscrowd }: IsatObject): boolean => category !== '__background__' && (crowds || !iscrowd);
  const groups = [...new Set(objects.filter(isThing).map(({ group }) => group))];
  const painted = new Int32Array(width * height);
  for (const object of objects.toSorted((a, b) => a.layer - b.layer)) {
    const number = isThing(object) ? groups.indexOf(object.group) + 1 : 0;
    const inside = toBitmap(fromPolygon(object.segmentation.flat(), width, height));
    for (let i = 0; i < painted.length; i++) if (inside[i] === 1) painted[i] = number;
  }
  const only = (number: number) => Uint8Array.from(painted, (value) => (value === number ? 1 : 0));
  const names = groups.map(
    (group) => `${objects.find((one) => isThing(one) && one.group === group)?.category}#${group}`,
  );
  return { fileName, masks: groups.map((_, i) => fromBitmap(only(i + 1), width, height)), names };
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(parse(file, await readFile(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BadInput(`${path.basename(file)}: ${issue?.path.join('.')}: ${issue?.message}`);
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadInput(`${path.basename(file)}: is not JSON (${error instanceof Error ? error.message : error})`);
  }
}
