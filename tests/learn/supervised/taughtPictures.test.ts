// What a version says that it was taught on photographs: labels and told prompts of pictures unlike those of the weights, and no others.
import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { packMask } from '../../../main/contract/project.ts';
import { loadPredictor } from '../../../main/flow/predict.ts';
import type { TeachingImage } from '../../../main/learn/samples/task.ts';
import { taughtPictures } from '../../../main/learn/supervised/taughtPictures.ts';
import { openWeights } from '../../../main/weights/open.ts';
import { writeToyDetector } from '../../flow/toyDetector.ts';
import { callsPictures } from '../pictureRecords.ts';
import { teachingImages, untaughtWeights } from '../teaching.ts';

let root: string;
let plain: string;
beforeAll(async () => {
  ({ root, weights: plain } = await untaughtWeights());
});
afterAll(() => rm(root, { recursive: true }));

let places = 0;
async function place(): Promise<string> {
  const folder = path.join(root, `place-${places++}`);
  await mkdir(folder);
  return folder;
}

async function weightsCalling(what: 'unlike' | 'like', taught?: string[]): Promise<string> {
  const folder = await place();
  await cp(plain, folder, { recursive: true });
  await callsPictures(folder, what, taught);
  return folder;
}

const images = (): TeachingImage[] =>
  teachingImages(3, undefined, (i) => ['Slotted_Turner', 'dog', 'a cup'][i] ?? '').map((image, i) => ({
    ...image,
    samples: image.samples.map((sample) => ({
      ...sample,
      prompt: { ...sample.prompt, text: `the dog on the left ${i}` },
      reasoning: i === 1 ? 'A dog.' : null,
    })),
  }));

const told = async (from: string, learnt: TeachingImage[], folder?: string): Promise<unknown> => {
  const texts = await taughtPictures({ folder: folder ?? (await place()) }, { from, learnt });
  const [name, ...more] = Object.keys(texts);
  if (name === undefined) return null;
  expect([name, more]).toEqual(['pictures.json', []]);
  return JSON.parse(texts[name] ?? '').taught;
};

describe('what was taught on pictures that are unlike', { timeout: 60_000 }, () => {
  it('are the labels there as they are said, and prompts whose reasoning a person wrote or confirmed', async () => {
    const names = ['slotted turner', 'dog', 'dog on the left 1', 'cup'];
    expect(await told(await weightsCalling('unlike'), images())).toEqual(names);
  });

  it('is added to what the weights were taught before', async () => {
    const from = await weightsCalling('unlike', ['fork', 'dog']);
    expect(await told(from, images().slice(1, 2))).toEqual(['dog', 'dog on the left 1', 'fork']);
  });

  it('is nothing on pictures of the kind that words were learnt on, where the record stays as it is', async () => {
    expect(await told(await weightsCalling('like'), images())).toBeNull();
    expect(await told(plain, images())).toBeNull();
  });

  it('leaves a name to a detector that finds it on these pictures, and takes one that it does not', async () => {
    const from = await weightsCalling('unlike');
    // Whatever it sees, all of the picture is a dog, and nothing a cup.
    const everywhere = { bias: 3, sides: [9, 9, 9, 9] };
    const { segmenter } = await openWeights(from);
    await writeToyDetector(from, segmenter.width, [{ name: 'dog', ...everywhere }, { name: 'cup' }]);
    const predictor = await loadPredictor(from);
    const [whole] = images();
    const picture = await whole?.read();
    if (!whole || !picture) throw new Error('unreachable');
    const { objects } = await predictor.predict(picture, { text: 'the dog' });
    await predictor.release();
    const labelled = (name: string): TeachingImage => ({
      ...whole,
      samples: [],
      things: objects.map(({ box, mask }) => ({ name, box, mask: packMask(mask) })),
    });
    expect(await told(from, [labelled('dog'), labelled('cup')])).toEqual(['cup']);
    const elsewhere = {
      ...labelled('dog'),
      things: whole.things.map((thing) => ({ ...thing, name: 'dog', mask: null })),
    };
    expect(await told(from, [elsewhere])).toEqual(['dog']);
  });

  it('stays what it was for a run that goes on, and is not of images that are gone', async () => {
    const from = await weightsCalling('unlike');
    const gone = images().map((image) => ({ ...image, read: () => Promise.reject(new BadInput('it is gone')) }));
    expect(await told(from, gone)).toBeNull();
    const folder = await place();
    await told(from, images(), folder);
    expect(await told(from, gone, folder)).toEqual(['slotted turner', 'dog', 'dog on the left 1', 'cup']);
  });
});
