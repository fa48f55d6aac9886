// A whole run through a host: promoted weights answer what nobody has reviewed anew, and one call goes back to the base.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRouterClient } from '@orpc/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainShape } from '../../main/commands/bench/picturedProject.ts';
import { created } from '../../main/contract/diff.ts';
import type { Job } from '../../main/contract/jobs.ts';
import type { TeachProgress } from '../../main/contract/learning.ts';
import { routerOf } from '../../main/handlers/router.ts';
import { Host } from '../../main/host.ts';
import { writePng } from '../../main/pictures/image.ts';
import { foldersBelow } from '../../main/settings.ts';
import { teachingImages, untaughtWeights } from '../learn/teaching.ts';

const taughtImages = 24;

let root: string;
let folder: string;
let host: Host;
const clientOf = () => createRouterClient(routerOf(host), { context: {} });
let client: ReturnType<typeof clientOf>;
let unreviewed = 0;
let promptId = 0;

/** Pictures with labelled ellipses, and one that nobody has drawn on. */
async function fill(): Promise<void> {
  const project = host.project();
  const images = teachingImages(taughtImages + 1);
  for (const { path: file, read } of images)
    await writePng(path.join(folder, file), { ...(await read()), channels: 3 });
  const ids = project.addImages(images.map(({ path: file }) => ({ path: file })));
  const labels = ['cat', 'dog'].map((name, place) => {
    return { id: project.reserve(1), name, colour: '#aa0000', digit: null, attributes: [], place };
  });
  const shapes = images.slice(0, taughtImages).flatMap(({ things }, i) =>
    things.map(({ name, box, mask }) => {
      const labelId = labels.find((label) => label.name === name)?.id ?? 0;
      return created('shape', { id: project.reserve(1), imageId: ids[i] ?? 0, labelId, box, mask, ...plainShape });
    }),
  );
  project.apply({ title: 'Draw', changes: [...labels.map((label) => created('label', label)), ...shapes] });
  unreviewed = ids[taughtImages] ?? 0;
  promptId = project.reserve(1);
  const prompt = { id: promptId, imageId: unreviewed, text: 'the dog', points: [], box: null, correction: null };
  await client.edit.apply({ title: 'Ask', changes: [created('prompt', prompt)] });
  for await (const _ of await client.model.ask({ promptId, samples: 1, seed: 0 }));
}

const drafts = () => host.project().detail(unreviewed)?.proposals ?? [];
const finished = ({ id }: Job): Promise<Job> => host.jobs.finished(id);

beforeAll(async () => {
  const toy = await untaughtWeights();
  root = toy.root;
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-promoted-'));
  host = new Host(foldersBelow(path.join(folder, 'home')));
  client = clientOf();
  await client.settings.write({ weights: toy.weights });
  await host.open(path.join(folder, 'p.loupe'), { create: true });
  await fill();
}, 120_000);
afterAll(async () => {
  await host.stop();
  for (const place of [root, folder]) await rm(place, { recursive: true, force: true });
});

describe('a run through the host', { timeout: 400_000 }, () => {
  it('tells while it runs how far it is, and is promoted by pictures that it did not learn from', async () => {
    const abort = new AbortController();
    const heard: TeachProgress[] = [];
    const events = await client.watch(undefined, { signal: abort.signal });
    const listening = (async () => {
      for await (const event of events) if (event.kind === 'teaching') heard.push(event);
    })().catch(() => {});
    const job = await finished(await client.learning.teach({ tier: 'decoder', minutes: 5, seed: 2 }));
    abort.abort();
    await listening;
    expect(job).toMatchObject({ state: 'done' });
    expect(job.message).toMatch(/^Held-out masks gained /u);
    const phases = [...new Set(heard.map(({ phase }) => phase))];
    expect(phases).toEqual(['looking', 'measuring', 'preparing', 'training', 'judging']);
    const trained = heard.filter(({ phase }) => phase === 'training');
    for (const { figures } of trained) expect(Object.keys(figures)).toContain('loss');
    expect(trained.at(-1)?.secondsLeft).toBe(0);

    const { versions, last, held, curve, stopped } = await client.learning.state();
    expect(versions).toMatchObject([{ inUse: true, parent: null, report: { gate: { promoted: true } } }]);
    expect(last?.gate.low).toBeGreaterThan(0);
    expect([held, stopped]).toEqual([last?.after && held, false]);
    expect(held).toBeGreaterThanOrEqual(5);
    expect(curve.map(({ pictures }) => pictures)).toEqual([0, taughtImages - held]);
  });

  it('shows its curves and its changes, the worst first', async () => {
    const curves = await client.learning.curves();
    expect(curves.map(({ name }) => name)).toContain('validation gIoU');
    const changes = await client.learning.changes();
    expect(changes.length).toBeGreaterThanOrEqual(5);
    const gains = changes.map(({ before, after }) => after - before);
    expect(gains).toEqual(gains.toSorted((a, b) => a - b));
    for (const { image, truth } of changes) {
      expect(image.path).toMatch(/^\d+\.png$/u);
      expect(truth).not.toBeNull();
    }
  });

  it('has what nobody has reviewed answered anew in the background, beside the draft of before', async () => {
    const anew = host.jobs.list().find(({ kind }) => kind === 'propose anew');
    if (!anew) throw new Error('no job proposes anew');
    const { state, message } = await finished(anew);
    expect(state).toBe('done');
    expect(message).toBe('1 prompts of unreviewed images were answered anew; the earlier answers stand beside them.');
    const [before, after, ...more] = drafts();
    expect(more).toEqual([]);
    const [version] = (await client.learning.state()).versions;
    expect(before?.weights).not.toBe(after?.weights);
    // The name of a version is the project's, the digest behind it that of its tensors.
    expect(after?.weights.split(' ').at(-1)).toBe(version?.name.split(' ').at(-1));
    expect([before?.chosen, after?.chosen]).toEqual([false, true]);
  });

  it('plans the next run by what it learnt from: nothing is new, and the last one says memory', async () => {
    const plan = await client.learning.plan({ tier: 'decoder' });
    expect(plan).toMatchObject({ images: taughtImages, fresh: 0, refusal: null });
    const { last } = await client.learning.state();
    expect(plan.memoryMB).toBe(last?.peakMB);
  });

  it('goes back in one call to the base, which answers again, and forward to the version by its number', async () => {
    const [version] = (await client.learning.state()).versions;
    const back = await client.learning.use({ versionId: null });
    expect(back.versions).toMatchObject([{ inUse: false }]);
    for await (const _ of await client.model.ask({ promptId, samples: 1, seed: 0 }));
    const [before, , now] = drafts();
    expect(now?.weights).toBe(before?.weights);
    expect(now?.answer.text).toBe(before?.answer.text);
    const forward = await client.learning.use({ versionId: version?.id ?? 0 });
    expect(forward.versions).toMatchObject([{ inUse: true }]);
    expect((await client.learning.setAside()).versions).toMatchObject([{ inUse: false }]);
    for await (const _ of await client.model.ask({ promptId, samples: 1, seed: 0 }));
    expect(drafts().at(-1)?.weights).toBe(before?.weights);
    await expect(client.learning.use({ versionId: null })).rejects.toThrow('nothing to go back to');
  });

  it('never uses a version whose files are gone, and keeps the one in use', async () => {
    const [version] = (await client.learning.state()).versions;
    const weights = path.join(folder, version?.folder ?? '');
    await rm(weights, { recursive: true });
    await writeFile(weights, 'not a folder');
    await expect(client.learning.use({ versionId: version?.id ?? 0 })).rejects.toThrow('is not there any more');
    expect((await client.learning.state()).versions).toMatchObject([{ inUse: false }]);
  });
});
