// Small pictures of coloured shapes with true masks, and weights that learnt nothing, for tests of teaching.
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packMask } from '../../main/contract/project.ts';
import { random } from '../../main/contract/random.ts';
import type { DecodedImage, Mask } from '../../main/contract/records.ts';
import { fromBitmap, maskBox } from '../../main/contract/rle.ts';
import type { Sample, SampleObject } from '../../main/learn/samples/sample.ts';
import type { TeachingImage, TeachTask } from '../../main/learn/samples/task.ts';
import { exportNano } from '../../main/nano/export.ts';
import { speak, toyNano } from '../nano/toy.ts';

export const side = 64;

/** One ellipse on a background of two colours, all of it drawn from the seed. */
function picture(seed: number): { image: DecodedImage; mask: Mask } {
  const draw = random(seed, 3);
  const [cx, cy, rx, ry] = [draw.int(18, 46), draw.int(18, 46), draw.int(8, 16), draw.int(8, 16)];
  const colour = () => [draw.int(0, 255), draw.int(0, 255), draw.int(0, 255)];
  const [thing, left, right] = [colour(), colour(), colour()];
  const edge = draw.int(10, 54);
  const bitmap = new Uint8Array(side * side);
  const data = new Uint8Array(side * side * 3);
  for (let i = 0; i < bitmap.length; i++) {
    const [x, y] = [i % side, Math.floor(i / side)];
    const inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1;
    bitmap[i] = inside ? 1 : 0;
    data.set(inside ? thing : x + draw.int(-6, 6) < edge ? left : right, i * 3);
  }
  return { image: { width: side, height: side, data }, mask: fromBitmap(bitmap, side, side) };
}

export const objectOf = (mask: Mask, box = maskBox(mask)): SampleObject => ({
  ...{ box, mask: packMask(mask), verdicts: { box: null, mask: null } },
});

export const sampleOf = (imageId: number, text: string, objects: readonly SampleObject[]): Sample => ({
  ...{ imageId, prompt: { text, points: [], box: null }, objects, reasoning: null, source: 'labelled shapes' },
  draftedBy: null,
  verdicts: { reasoning: null, found: null },
});

/** `objects` makes what is said to be true of a picture. */
export function teachingImages(
  count: number,
  objects: (mask: Mask, seed: number) => SampleObject = (mask) => objectOf(mask),
  text: (i: number) => string = (i) => (i % 2 === 0 ? 'cat' : 'dog'),
): TeachingImage[] {
  return Array.from({ length: count }, (_, i) => {
    const { image, mask } = picture(i + 1);
    const samples = [sampleOf(i + 1, text(i), [objects(mask, i)])];
    const things = samples.flatMap(({ prompt, objects: some }) =>
      some.map(({ box, mask: own }) => ({ name: prompt.text, box, mask: own })),
    );
    return { imageId: i + 1, path: `${i + 1}.png`, samples, things, read: async () => image };
  });
}

/** Weights of toy widths that write an answer without a box. */
export async function untaughtWeights(): Promise<{ root: string; weights: string }> {
  const root = await mkdtemp(path.join(tmpdir(), 'loupe-teach-'));
  const nano = toyNano({ seed: 5 });
  speak(nano, ['<think>1 red dog [10, 12, 14, 16]</think><answer>```json\n[]\n```</answer>']);
  const weights = path.join(root, 'toy');
  await exportNano(nano, weights);
  // Another name: nobody draws and measures the scenes that loupe-nano came with.
  const config = path.join(weights, 'config.json');
  await writeFile(config, (await readFile(config, 'utf8')).replace('loupe-nano', 'toy'));
  return { root, weights };
}

export const noBase = { replayed: [], measured: [], worded: [], chosenBy: [], lesson: null } as const;

export const taskOf = (folder: string, weights: string, images: readonly TeachingImage[]): TeachTask => ({
  ...{ weights, segmenter: null, folder, images, held: [], taught: [], folds: null },
  ...{ tier: 'decoder', base: noBase, minutes: 5, seed: 1 },
});
