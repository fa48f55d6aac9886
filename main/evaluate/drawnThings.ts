// Draws scenes with the true masks of the things in them, and the prompts of the scene with their whole answers.
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { fromBitmap } from '../contract/rle.ts';
import { rasterise } from '../pictures/image.ts';
import { answerText } from '../scenes/answerText.ts';
import { buildAtlas } from '../scenes/atlas.ts';
import { makeScene } from '../scenes/make.ts';
import { targetsOf, visibleMask } from '../scenes/scene.ts';
import { type Split, seedOf } from '../scenes/split.ts';

export interface NamedMask {
  readonly name: string;
  readonly box: Box;
  readonly mask: Mask;
}

export interface DrawnPicture {
  readonly image: DecodedImage;
  readonly things: readonly NamedMask[];
  readonly prompts: readonly {
    readonly text: string;
    readonly answer: string;
    /** Indices into things. */
    readonly targets: readonly number[];
  }[];
}

/** Scenes by split and index, drawn when they are asked for. */
export async function drawnPictures(): Promise<(split: Split, index: number) => DrawnPicture> {
  const atlas = await buildAtlas(rasterise);
  return (split, index) => {
    const scene = makeScene(atlas, seedOf(split, index));
    const { width, height } = scene.image;
    const things = scene.things.map(({ name, box }, k) => {
      return { name, box, mask: fromBitmap(visibleMask(scene, k), width, height) };
    });
    const prompts = scene.prompts.map((prompt) => {
      return { text: prompt.text, answer: answerText(scene, prompt), targets: targetsOf(prompt) };
    });
    return { image: scene.image, things, prompts };
  };
}

/** Draws `count` pictures, whatever is asked of them. */
export async function drawnThings(split: Split, first: number, count: number): Promise<DrawnPicture[]> {
  const drawn = await drawnPictures();
  return Array.from({ length: count }, (_, i) => drawn(split, first + i));
}
