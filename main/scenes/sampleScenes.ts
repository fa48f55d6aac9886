// Draws the sample project's folder: scenes that no training has seen as JPEG, what may be asked of them, coarse masks to repair.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compress } from '../contract/cocoMask.ts';
import { type Random, random } from '../contract/random.ts';
import { fromBitmap, maskArea, maskBox } from '../contract/rle.ts';
import { rasterise, writeJpeg } from '../pictures/image.ts';
import { buildAtlas } from './atlas.ts';
import { coarsen } from './coarsen.ts';
import { makeScene } from './make.ts';
import { type PromptCategory, type Scene, visibleMask } from './scene.ts';
import { seedOf } from './split.ts';

/** Three times the side that the embedded weights see. */
const SIDE = 672;
const QUALITY = 86;
/** In the test split, far from the places that evaluations begin with. */
const FIRST_PLACE = 70_000;
const COARSE_STREAM = 9;
/** What a person is likely to ask first, simplest first. */
const offered: readonly PromptCategory[] = ['name', 'disambiguation', 'spatial', 'implicit'];

const fileOf = (index: number): string => `scene-${String(index + 1).padStart(2, '0')}.jpg`;

/** Names of the files, in order. The same count always gives the same bytes. */
export async function drawSampleScenes(folder: string, count: number): Promise<string[]> {
  const atlas = await buildAtlas(rasterise);
  const scenes = Array.from({ length: count }, (_, i) =>
    makeScene(atlas, seedOf('test', FIRST_PLACE + i), { width: SIDE, height: SIDE, things: [4, 7], side: [34, 92] }),
  );
  for (const [i, scene] of scenes.entries())
    await writeJpeg(path.join(folder, fileOf(i)), scene.image, { quality: QUALITY, mozjpeg: true });
  await writeFile(path.join(folder, 'prompts.json'), `${JSON.stringify(scenes.map(promptsOf), null, 1)}\n`);
  await writeFile(path.join(folder, 'coarse.json'), `${JSON.stringify(coarseFile(scenes))}\n`);
  return scenes.map((_, i) => fileOf(i));
}

/** Sentences of one scene. */
const promptsOf = ({ prompts }: Scene, index: number): { file: string; prompts: string[] } => ({
  file: fileOf(index),
  prompts: offered.flatMap((category) => prompts.find((one) => one.category === category)?.text ?? []),
});

/** COCO with one rough mask for each thing that has one, grown, shrunk, cornered, blocky or shifted. */
function coarseFile(scenes: readonly Scene[]): unknown {
  const names = [...new Set(scenes.flatMap((scene) => scene.things.map(({ name }) => name)))].sort();
  const rough = random(FIRST_PLACE, COARSE_STREAM);
  const annotations = scenes.flatMap((scene, i) =>
    scene.things.flatMap(({ name }, thing) => {
      const mask = coarseMask(scene, thing, rough);
      if (mask === null) return [];
      const { x1, y1, x2, y2 } = maskBox(mask);
      const segmentation = { size: mask.size, counts: compress(mask) };
      const bbox = [x1, y1, x2 - x1, y2 - y1];
      return [{ image_id: i + 1, category_id: names.indexOf(name) + 1, segmentation, area: maskArea(mask), bbox }];
    }),
  );
  return {
    info: { description: 'Coarse masks of the sample scenes, to be repaired', version: '1' },
    licenses: [],
    images: scenes.map((_, i) => ({ id: i + 1, file_name: fileOf(i), width: SIDE, height: SIDE })),
    annotations: annotations.map((each, i) => ({ id: i + 1, ...each, iscrowd: 0 })),
    categories: names.map((name, i) => ({ id: i + 1, name, supercategory: '' })),
  };
}

function coarseMask(scene: Scene, thing: number, rough: Random) {
  const bitmap = coarsen({ width: SIDE, height: SIDE, data: visibleMask(scene, thing) }, rough);
  return bitmap && fromBitmap(bitmap, SIDE, SIDE);
}
