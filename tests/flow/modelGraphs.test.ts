// The graphs of a model, part by part, against what is computed with it, and sentences for what has no graph.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelGraphs } from '../../main/flow/modelGraphs.ts';
import { exportNano } from '../../main/nano/export.ts';
import { allParameters, toyNano } from '../nano/toy.ts';
import { writeToy } from '../weights/toyCheckpoint.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-graphs-'));
  const nano = toyNano();
  allParameters(nano);
  await exportNano(nano, path.join(folder, 'toy'));
});
afterAll(() => rm(folder, { recursive: true }));

const toy = () => path.join(folder, 'toy');

describe('modelGraphs', () => {
  it('has a graph of every part, the segmenter in two', async () => {
    const titles = (await modelGraphs(toy())).map(({ title }) => title);
    expect(titles).toEqual(['vision', 'reasoner', 'context', 'segmenter, encoder', 'segmenter, decoder']);
    for (const part of ['vision', 'reasoner', 'context', 'segmenter'] as const)
      for (const { title } of await modelGraphs(toy(), part)) expect(title.startsWith(part)).toBe(true);
  });

  it('names parameters as the checkpoint does, and what each part gives', async () => {
    const [reasoner] = await modelGraphs(toy(), 'reasoner');
    const text = reasoner?.text;
    expect(text).toContain('model.layers.1.mlp.down_proj.weight');
    expect(text?.split('\n').at(-1)).toMatch(/^logits = %\d+$/u);
    const [context] = await modelGraphs(toy(), 'context');
    expect(context?.text.split('\n').at(-1)).toMatch(/^token = %/u);
    const [, decoder] = await modelGraphs(toy(), 'segmenter');
    expect(decoder?.text).toMatch(/\nmasks = %\d+\niou = %\d+$/u);
  });

  it('is the same text each time', async () => {
    const text = async () => (await modelGraphs(toy())).map(({ text: whole }) => whole);
    expect(await text()).toEqual(await text());
  });

  it('knows the embedded weights by name', async () => {
    const [vision] = await modelGraphs('loupe-nano', 'vision');
    expect(vision?.text).toContain('visual.blocks.5.');
    expect(vision?.nodes).toBe(vision?.text.match(/^%/gmu)?.length);
  });

  it('has what a checkpoint has, and says which parts those are where another is asked for', async () => {
    const checkpoint = await writeToy(path.join(folder, 'qwen'), { says: 'dog', kind: 'qwen2_5_vl' });
    const titles = (await modelGraphs(checkpoint)).map(({ title }) => title);
    expect(titles).toEqual(['vision', 'reasoner']);
    await expect(modelGraphs(checkpoint, 'context')).rejects.toThrow(
      'is a Qwen2.5-VL checkpoint and has no context; it has vision, reasoner',
    );
  });

  it('says in a sentence what has no graph', async () => {
    await expect(modelGraphs(path.join(folder, 'gone'))).rejects.toThrow(/gone: there is no such file or folder$/u);
    await writeFile(path.join(folder, 'notes.txt'), 'x');
    await expect(modelGraphs(folder)).rejects.toThrow(folder);
  });
});
