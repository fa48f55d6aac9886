// A folder of photographs with annotations to decoded photos with true masks.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from '../contract/badinput.ts';
import type { Photo } from '../flow/evaluatePhotos.ts';
import { decodeImage } from '../flow/image.ts';
import { readCocoTruth, readIsatTruth, type TruePhoto } from '../formats/truth.ts';

/** Where the photos of each set lie below images/, and their annotations below annotations/. */
const COCO_SETS = ['coco_tiny', 'coco_person'];
const ISAT_SET = 'isat_coco';

/** Every photo of the three sets that is there. */
export async function readPhotos(material: string): Promise<Photo[]> {
  if (!(await stat(material).catch(() => null))?.isDirectory()) {
    throw new BadInput(`${material}: no such folder; --material takes one with images/ and annotations/ in it`);
  }
  const photos: Photo[] = [];
  for (const set of COCO_SETS) {
    const truths = await readCocoTruth(path.join(material, 'annotations', `${set}.json`));
    photos.push(...(await decoded(path.join(material, 'images', set), truths)));
  }
  const folder = path.join(material, 'annotations', ISAT_SET);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const truths = await Promise.all(names.map((name) => readIsatTruth(path.join(folder, name))));
  return [...photos, ...(await decoded(path.join(material, 'images', ISAT_SET), truths))];
}

/** The base name alone counts: an annotation file may not lead out of the folder. */
const decoded = (folder: string, truths: readonly TruePhoto[]): Promise<Photo[]> =>
  Promise.all(
    truths.map(async ({ fileName, masks }) => ({
      image: await decodeImage(path.join(folder, path.basename(fileName))),
      masks,
    })),
  );
