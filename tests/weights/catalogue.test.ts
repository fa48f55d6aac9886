// The catalogue of models and the list of those that lie here: read, extended, kept, and refused in one sentence.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addInstalled, readCatalogue, readInstalled, removeInstalled } from '../../main/weights/catalogue.ts';

let config: string;
beforeAll(async () => {
  config = await mkdtemp(path.join(tmpdir(), 'loupe-catalogue-'));
});
afterAll(() => rm(config, { recursive: true }));

describe('the catalogue', () => {
  it('lists the published systems, each with size, licence and memory', async () => {
    const models = await readCatalogue(config);
    const ids = models.map(({ id }) => id);
    for (const id of [
      'lens-3b',
      'seg-zero-7b',
      'vision-reasoner-7b',
      'qwen2.5-vl-3b',
      'sam2.1-large',
      'sam-vit-base',
      'mobile-sam',
      'mobile-sam-onnx',
      'nano-sam-onnx',
      'edge-tam-onnx',
      'sam3-onnx',
    ])
      expect(ids).toContain(id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { memory, bytes, licence } of models) expect([memory > bytes, licence.length > 3]).toEqual([true, true]);
    expect(models.find(({ id }) => id === 'qwen2.5-vl-3b')?.licence).toMatch(/not for commercial use/);
  });

  it('is extended, and corrected, by a file of the person', async () => {
    const own = { id: 'sam2-tiny', title: 'Mine', kind: 'segmenter', hub: null, bytes: 5, memory: 6, licence: 'mine' };
    await writeFile(path.join(config, 'models.json'), JSON.stringify({ models: [own, { ...own, id: 'mine' }] }));
    const models = await readCatalogue(config);
    expect(models.find(({ id }) => id === 'sam2-tiny')?.title).toBe('Mine');
    expect(models.at(-1)?.id).toBe('mine');
  });

  it.each([
    ['not JSON', /models\.json: is not JSON/],
    ['{"models": [{"id": "A b"}]}', /models\.json: .*small letters/s],
    ['{"models": [], "more": 1}', /Unrecognized key/],
  ])('of %s is refused', async (text, wanted) => {
    await writeFile(path.join(config, 'models.json'), text);
    await expect(readCatalogue(config)).rejects.toThrow(wanted);
    await rm(path.join(config, 'models.json'));
  });
});

describe('what lies on this machine', () => {
  const sam = { name: 'sam', kind: 'SAM 2 checkpoint', place: '/models/sam.pt', detail: 'sam2-tiny' } as const;

  it('is nothing at first, then what was added, once; removing forgets it', async () => {
    expect(await readInstalled(config)).toEqual([]);
    await addInstalled(config, sam);
    await addInstalled(config, { ...sam, detail: 'sam2-small' });
    expect(await readInstalled(config)).toEqual([{ ...sam, detail: 'sam2-small' }]);
    await expect(addInstalled(config, { ...sam, place: '/other' })).rejects.toThrow(
      /sam is the name of \/models\/sam\.pt/,
    );
    // The list would be refused whole from then on.
    await expect(addInstalled(config, { ...sam, name: ' ' })).rejects.toThrow(/a model needs a name/);
    expect((await removeInstalled(config, 'sam')).place).toBe(sam.place);
    await expect(removeInstalled(config, 'sam')).rejects.toThrow(/no model is called sam/);
    expect(await readdir(config)).toEqual(['installed-models.json']);
  });
});
