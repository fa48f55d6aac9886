import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { decodeImage } from '../../main/flow/image.ts';
import { drawSample } from '../../main/flow/sampleScene.ts';
import { splitOf } from '../../main/scenes/split.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-sample-'));
afterAll(() => rmSync(folder, { recursive: true }));

const named = (name: string) => path.join(folder, name);

test('a scene of the test split as a picture, and a sentence that does not name what it means', async () => {
  const { prompt, scene, target } = await drawSample(named('a.png'));
  expect(splitOf(scene.seed)).toBe('test');
  const meant = scene.things[target ?? -1];
  if (!meant) throw new Error('the sentence means a thing of the scene');
  expect(prompt).not.toContain(meant.name);
  expect(scene.things.length).toBeGreaterThanOrEqual(5);
  const image = await decodeImage(named('a.png'));
  expect([image.width, image.height]).toEqual([448, 448]);
  expect(Buffer.compare(image.data, scene.image.data)).toBe(0);
});

test('drawing again gives the same bytes and words', async () => {
  const [first, again] = [await drawSample(named('b.png')), await drawSample(named('c.png'))];
  expect(again.prompt).toBe(first.prompt);
  expect(readFileSync(named('c.png')).equals(readFileSync(named('b.png')))).toBe(true);
});

test('another place is another picture; another category another sentence about it', async () => {
  const usual = await drawSample(named('d.png'));
  const other = await drawSample(named('e.png'), { place: 21 });
  expect(readFileSync(named('e.png')).equals(readFileSync(named('d.png')))).toBe(false);
  const nothing = await drawSample(named('f.png'), { place: 21, category: 'nothing' });
  expect(nothing.target).toBeNull();
  expect(nothing.prompt).not.toBe(other.prompt);
  expect(usual.scene.seed).not.toBe(other.scene.seed);
  expect(readFileSync(named('f.png')).equals(readFileSync(named('e.png')))).toBe(true);
});
