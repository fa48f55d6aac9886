// Proposals of new weights for what nobody has reviewed: earlier drafts stay, and what a person has judged is left alone.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changed } from '../../../main/contract/diff.ts';
import { proposeAnew } from '../../../main/jobs/prompting/proposingAnew.ts';
import { Meter } from '../../../main/jobs/queue/queue.ts';
import { askedOf, type StartedHost, startHost } from '../../engine/startedHost.ts';
import { found, nothing, weightsSaying } from '../../engine/weights.ts';

let bench: StartedHost;
beforeAll(async () => {
  bench = await startHost([nothing], 4);
});
afterAll(() => bench.stop());

const drafts = (imageId: number) => bench.host.project().detail(imageId)?.proposals ?? [];
const answered: number[] = [];
const anew = (signal = new AbortController().signal) =>
  proposeAnew(
    {
      ...{ project: bench.host.project(), engine: bench.host.engine, answered: (id) => void answered.push(id) },
      fileOf: (image) => bench.host.fileOf(image),
    },
    new Meter(signal, () => {}),
  );

async function answeredBy(promptId: number): Promise<void> {
  for await (const _ of await bench.client.model.ask({ promptId, samples: 1, seed: 0 }));
}

describe('proposing anew', () => {
  it('answers what is unreviewed by the weights of now, beside the drafts of before', async () => {
    const { client, imageIds, root, host } = bench;
    const prompts: number[] = [];
    for (const imageId of imageIds.slice(0, 3)) {
      prompts.push(await askedOf(bench, imageId));
      await answeredBy(prompts.at(-1) ?? 0);
    }
    const [unreviewed = 0, accepted = 0, judged = 0, unasked = 0] = imageIds;
    const review = { id: accepted, status: 'unreviewed', note: '' } as const;
    await client.edit.apply({
      title: 'Accept',
      changes: [changed('review', review, { ...review, status: 'accepted' })],
    });
    const prompt = host.project().record('prompt', prompts[2] ?? 0);
    if (!prompt) throw new Error('unreachable');
    const correction = {
      ...{ proposalId: drafts(judged)[0]?.id ?? null, objects: [] },
      found: { value: 'nothing', verdict: 'right' },
      reasoning: { text: '', verdict: null },
    } as const;
    await client.edit.apply({ title: 'Judge', changes: [changed('prompt', prompt, { ...prompt, correction })] });
    expect(await anew()).toBe(0);

    await client.settings.write({ weights: await weightsSaying(path.join(root, 'taught'), [found]) });
    const [old] = drafts(unreviewed);
    expect(await anew()).toBe(1);
    expect(answered).toEqual([unreviewed]);
    const [first, second, ...more] = drafts(unreviewed);
    expect(first).toEqual({ ...old, chosen: false });
    expect(second).toMatchObject({ found: 'objects', chosen: true });
    expect(second?.weights).not.toBe(first?.weights);
    expect(more).toEqual([]);
    expect([accepted, judged, unasked].map((id) => drafts(id).length)).toEqual([1, 1, 0]);
    expect(await anew()).toBe(0);
  });

  it('stops when the signal says so, and rejects where there is no model', async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(anew(abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    await bench.client.settings.write({ weights: '/nowhere/at/all' });
    await expect(anew()).rejects.toThrow('/nowhere/at/all');
  });
});
