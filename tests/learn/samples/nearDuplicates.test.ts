// Which pictures show the same: copies, crops of one scene and frames of one film, and which only have names that follow each other.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../../main/contract/records.ts';
import { fingerprintOf, nearGroups, pictureHash } from '../../../main/learn/samples/nearDuplicates.ts';
import { decodeImage } from '../../../main/pictures/image.ts';
import { resizePillow } from '../../../models/nn/resample.ts';
import { haveMaterial, material } from '../../golden.ts';
import { discs, partOf } from '../scenes.ts';

/** Groups of names, those alone left out. */
async function groupsOf(pictures: Readonly<Record<string, DecodedImage>>): Promise<string[][]> {
  const names = Object.keys(pictures);
  const prints = Object.entries(pictures).map(([name, image]) => fingerprintOf(name, image));
  const groups = (await nearGroups(prints)).map((group) => group.map((i) => names[i] ?? ''));
  expect(groups.flat().toSorted()).toEqual(names.toSorted());
  return groups.filter(({ length }) => length > 1);
}

/** Of a film that moves over a scene: each frame has moved by a twentieth of the picture. */
const frame = (seed: number, i: number) =>
  partOf(discs(seed, { width: 640, height: 240 }), { x1: 16 * i, y1: 0, x2: 16 * i + 320, y2: 240 });

describe('pictures that are one', () => {
  it('are copies in other sizes', async () => {
    const image = discs(1);
    const small = { ...resizePillow(image, { width: 160, height: 120 }, 'bilinear') };
    expect(await groupsOf({ a: image, b: discs(2), c: small })).toEqual([['a', 'c']]);
    expect(pictureHash(image)).toMatch(/^[0-9a-f]{16}$/u);
  });

  it('are crops of one scene, and two crops by the scene that both are of', async () => {
    const scene = discs(5);
    const left = partOf(scene, { x1: 0, y1: 20, x2: 150, y2: 180 });
    const right = partOf(scene, { x1: 170, y1: 60, x2: 310, y2: 230 }, 1.4);
    expect(await groupsOf({ left, other: discs(6), right })).toEqual([]);
    expect(await groupsOf({ left, other: discs(6), right, scene })).toEqual([['left', 'right', 'scene']]);
  });

  it('are frames of one film, each like the next', async () => {
    const film = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`shots/film_${8 + i}.png`, frame(7, i)]));
    const all = { ...film, 'shots/still_9.png': discs(8), 'film_9.png': discs(9), 'shots/film.png': discs(6) };
    expect((await groupsOf(all)).map((group) => group.toSorted())).toEqual([Object.keys(film).toSorted()]);
  });
});

describe('pictures that are not', () => {
  it('may have names that follow each other', async () => {
    expect(await groupsOf(Object.fromEntries([1, 2, 3, 4].map((i) => [`IMG_${i}.jpg`, discs(30 + i)])))).toEqual([]);
  });

  it('are compared until someone stops it', async () => {
    const prints = [1, 2].map((i) => fingerprintOf(`${i}`, discs(i)));
    await expect(nearGroups(prints, AbortSignal.abort())).rejects.toThrow();
  });

  it('are none at all', async () => {
    expect(await nearGroups([])).toEqual([]);
  });
});

const photos = path.resolve(import.meta.dirname, '../../../../shared/photos/coco128');
const film = material('images', 'bedroom_video');

const readFrom = async (folder: string, count: number) =>
  Object.fromEntries(
    await Promise.all(
      readdirSync(folder)
        .slice(0, count)
        .map(async (file) => [file, await decodeImage(path.join(folder, file))] as const),
    ),
  );

describe.skipIf(!existsSync(photos))('photographs (skipped: no ../shared)', () => {
  it('of different things are apart, and a crop goes with the one that it is of', async () => {
    const all = await readFrom(photos, 8);
    const [name = '', whole = discs(1)] = Object.entries(all)[2] ?? [];
    const [width, height] = [Math.round(whole.width * 0.5), Math.round(whole.height * 0.55)];
    const crop = partOf(whole, { x1: 30, y1: 40, x2: 30 + width, y2: 40 + height }, 0.8);
    expect(await groupsOf({ ...all, crop })).toEqual([[name, 'crop']]);
  });
});

describe.skipIf(!haveMaterial)('a film of a room (skipped: no ../shared)', () => {
  it('is one, of frames that are five to ten apart', async () => {
    const [group = []] = await groupsOf(await readFrom(film, 3));
    expect(group).toContain('00000.jpg');
    expect(group).toContain('00005.jpg');
  });
});
