import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { example } from '../../main/commands/demo.ts';
import { decodeImage } from '../../main/flow/image.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-demo-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('takes the sample where one is listed, and draws nothing', async () => {
  const samples = path.join(folder, 'samples');
  mkdirSync(samples);
  writeFileSync(path.join(samples, 'demo.json'), JSON.stringify({ image: 'a.png', prompt: 'the rabbit' }));
  expect(await example(samples, path.join(folder, 'nowhere'))).toEqual({
    file: path.join(samples, 'a.png'),
    prompt: 'the rabbit',
  });
});

test('draws a scene where there is no sample', async () => {
  const { file, prompt } = await example(path.join(folder, 'none'), folder);
  expect(file).toBe(path.join(folder, 'scene.png'));
  expect(prompt.split(' ').length).toBeGreaterThan(2);
  expect((await decodeImage(file)).width).toBeGreaterThan(223);
});

test('a sample list of another form is a fault, not a guess', async () => {
  const samples = path.join(folder, 'bad');
  mkdirSync(samples);
  writeFileSync(path.join(samples, 'demo.json'), JSON.stringify({ image: 'a.png' }));
  await expect(example(samples, folder)).rejects.toThrow(/prompt/u);
});
