// Drawn scenes as pictures with the true masks of the things in them, whatever is asked of them.
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { fromBitmap } from '../contract/rle.ts';
import { rasterise } from '../pictures/image.ts';
import { buildAtlas } from '../scenes/atlas.ts';
import { makeScene } from '../scenes/make.ts';
import { visibleMask } from '../scenes/scene.ts';
import { type Split, seedOf } from '../scenes/split.ts';

export interface DrawnPicture {
  readonly image: DecodedImage;
  readonly things: readonly { readonly name: string; readonly box: Box; readonly mask: Mask }[];
}

export async function drawnThings(split: Split, first: number, count: number): Promise<DrawnPicture[]> {
  const atlas = await buildAtlas(rasterise);
  return Array.from({ length: count }, (_, i) => {
    const scene = makeScene(atlas, seedOf(split, first + i));
    const { width, height } = scene.image;
    const things = scene.things.map(({ name, box }, k) => {
      return { name, box, mask: fromBitmap(visibleMask(scene, k), width, height) };
    });
    return { image: scene.image, things };
  });
}
