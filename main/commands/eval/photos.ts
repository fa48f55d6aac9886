// Reads a folder of annotated photographs: decoded photos with their true masks.
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import type { TrueImage } from '../../evaluate/photos.ts';
import { type AnnotatedImage, readCocoTruth, readIsatTruth } from '../../formats/trueMasks.ts';
import { decodeImage } from '../../pictures/image.ts';

/** Where the photos of each set lie below images/, and their annotations below annotations/. */
const COCO_SETS = ['coco_tiny', 'coco_person'];
const ISAT_SET = 'isat_coco';

/** The COCO files of a folder in which photographs lie beside them, by name. */
export async function cocoFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => null);
  if (!names) throw new BadInput(`${folder}: no such folder; it takes one with COCO files in it`);
  const files = names.filter((name) => /\.json$/iu.test(name)).sort();
  if (files.length === 0) throw new BadInput(`${folder}: has no COCO file (*.json) in it`);
  return files.map((name) => path.resolve(folder, name));
}

/** Every photo of the three sets that is there. */
export async function readPhotos(material: string): Promise<TrueImage[]> {
  if (!(await stat(material).catch(() => null))?.isDirectory()) {
    throw new BadInput(`${material}: no such folder; --material takes one with images/ and annotations/ in it`);
  }
  const missing = [...COCO_SETS.map((set) => `${set}.json`), ISAT_SET].find(
    (name) => !existsSync(annotated(material, name)),
  );
  if (missing) throw new BadInput(`${material}: has no annotations/${missing}; it is one of the three sets measured`);
  const photos: TrueImage[] = [];
  for (const set of COCO_SETS) {
    const truths = await readCocoTruth(annotated(material, `${set}.json`));
    photos.push(...(await decoded(material, set, truths)));
  }
  const folder = annotated(material, ISAT_SET);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const truths = await Promise.all(names.map((name) => readIsatTruth(path.join(folder, name))));
  return [...photos, ...(await decoded(material, ISAT_SET, truths))];
}

const annotated = (material: string, name: string): string => path.join(material, 'annotations', name);

/** The base name alone counts: an annotation file may not lead out of the folder. */
const decoded = (material: string, set: string, truths: readonly AnnotatedImage[]): Promise<TrueImage[]> =>
  Promise.all(
    truths.map(async ({ fileName, masks }) => ({
      set,
      image: await decodeImage(path.join(material, 'images', set, path.basename(fileName))),
      masks,
    })),
  );
