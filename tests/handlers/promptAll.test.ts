// The job that asks one prompt of every image, as a window starts it: its title, its events and the sentence it ends in.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { finished, type StartedHost, startHost } from '../engine/startedHost.ts';
import { found, nothing } from '../engine/weights.ts';

const released = existsSync(path.join(embeddedWeights, 'model.safetensors'));
if (!released) console.warn('skipped: no released weights');

let bench: StartedHost;
beforeAll(async () => {
  bench = await startHost([found], 3);
});
afterAll(() => bench.stop());

const asked = async (text: string) => finished(bench, await bench.client.jobs.promptAll({ text }));

describe('promptAll', () => {
  it('asks every image and says where it was found', async () => {
    const started = await bench.client.jobs.promptAll({ text: 'the dog' });
    expect(started).toMatchObject({ kind: 'prompt all', title: 'Asking every image for “the dog”' });
    expect(await finished(bench, started)).toMatchObject({
      ...{ state: 'done', done: 3, total: 3, notes: [] },
      message: '3 images: found in 3, nothing in 0.',
    });
    const details = await Promise.all(bench.imageIds.map((id) => bench.client.images.detail({ id })));
    expect(details.map(({ prompts, proposals }) => [prompts[0]?.text, proposals[0]?.found])).toEqual(
      Array(3).fill(['the dog', 'objects']),
    );
    expect(details.flatMap(({ shapes }) => shapes)).toEqual([]);
  });

  it('asked again goes on where it was: everything was answered before', async () => {
    expect(await asked('the dog')).toMatchObject({
      ...{ state: 'done', done: 3, total: 3 },
      message: '3 images: found in 0, nothing in 0; 3 were answered before.',
    });
  });

  it('is one step, which undo takes back with its answers', async () => {
    expect(bench.host.project().info().undo).toBe('Prompt all images');
    await bench.client.edit.undo();
    const details = await Promise.all(bench.imageIds.map((id) => bench.client.images.detail({ id })));
    expect(details.flatMap(({ prompts }) => prompts)).toEqual([]);
    await bench.client.edit.redo();
    expect(
      bench.host
        .project()
        .promptsOf('the dog')
        .every(({ answered }) => answered),
    ).toBe(true);
  });

  it('tells every window of each image that was answered, and of the step', async () => {
    const heard: number[] = [];
    const titles: string[] = [];
    const stream = await bench.client.watch();
    const reading = (async () => {
      for await (const event of stream) {
        if (event.kind === 'images') heard.push(...event.ids);
        if (event.kind === 'recorded') titles.push(event.recorded.diff.title);
        if (new Set(heard).size === 3 && titles.length > 0) return;
      }
    })();
    await asked('the bird');
    await reading;
    expect(new Set(heard)).toEqual(new Set(bench.imageIds));
    expect(titles).toContain('Prompt all images');
  });

  it('lists every image that has no answer, with its reason', async () => {
    rmSync(bench.files[1] ?? '');
    const job = await asked('the cat');
    expect(job).toMatchObject({
      state: 'done',
      message: '3 images: found in 2, nothing in 0, 1 left without an answer.',
      notes: [expect.stringMatching(/^no answer: pictures\/disc-1\.png: .*disc-1\.png/)],
    });
  });

  it.each(['', '   ', 'x'.repeat(2001)])('a prompt of no use is refused before any job begins (%#)', async (text) => {
    const before = (await bench.client.jobs.list()).length;
    await expect(bench.client.jobs.promptAll({ text })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect((await bench.client.jobs.list()).length).toBe(before);
  });

  it('without a project there is nothing to ask', async () => {
    await bench.client.project.close();
    await expect(bench.client.jobs.promptAll({ text: 'the dog' })).rejects.toMatchObject({ code: 'NO_PROJECT' });
  });
});

describe('where nothing is', () => {
  let empty: StartedHost;
  beforeAll(async () => {
    empty = await startHost([nothing], 2);
  });
  afterAll(() => empty.stop());

  it('every image is listed, in this run and when it is asked again', async () => {
    const run = async () => finished(empty, await empty.client.jobs.promptAll({ text: 'the dog' }));
    const first = await run();
    expect(first.message).toBe('2 images: found in 0, nothing in 2.');
    expect(first.notes.toSorted()).toEqual([
      'nothing found: pictures/disc-0.png',
      'nothing found: pictures/disc-1.png',
    ]);
    expect((await run()).message).toBe('2 images: found in 0, nothing in 2; 2 were answered before.');
  });

  it.skipIf(!released)(
    'tells words that are not known, and photographs that it may have missed things on',
    async () => {
      const photographs = path.join(empty.root, 'photographs');
      cpSync(embeddedWeights, photographs, { recursive: true });
      const file = path.join(photographs, 'pictures.json');
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), bias: 1e6 }));
      await empty.client.settings.write({ weights: photographs });
      const run = async (text: string) => finished(empty, await empty.client.jobs.promptAll({ text }));
      const unknown = await run('the skier');
      expect(unknown.message).toBe(
        "2 images: found in 0, nothing in 0, not asked in 2, as 'skier' is not known there.",
      );
      expect(unknown.notes).toContain("not asked, as 'skier' is not known there: pictures/disc-0.png");
      const missed = await run('the giraffe');
      expect(missed.message).toBe('2 images: found in 0, nothing in 2 (on photographs it may still be there).');
      expect(missed.notes).toContain('nothing found, which may still be there: pictures/disc-0.png');
    },
  );
});
