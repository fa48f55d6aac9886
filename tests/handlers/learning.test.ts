// The learning group over a host: what a project has learnt, a refused run as a job, and nothing to go back to.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changed } from '../../main/contract/diff.ts';
import type { Correction } from '../../main/contract/project.ts';
import { projectRewards } from '../../main/jobs/teaching/projectRewards.ts';
import { askedOf, finished, type StartedHost, startHost } from '../engine/startedHost.ts';
import { nothing } from '../engine/weights.ts';
import { writeToy, writeToySam } from '../weights/toyCheckpoint.ts';

let bench: StartedHost;
beforeAll(async () => {
  bench = await startHost([nothing], 2);
});
afterAll(() => bench.stop());

describe('learning', () => {
  it('has learnt nothing at first', async () => {
    expect(await bench.client.learning.state()).toEqual({
      ...{ versions: [], last: null, stopped: false, held: 0, curve: [] },
    });
    expect(await bench.client.learning.curves()).toEqual([]);
    expect(await bench.client.learning.changes()).toEqual([]);
    expect(await bench.client.learning.rollouts()).toBeNull();
    await expect(bench.client.learning.use({ versionId: null })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(bench.client.learning.use({ versionId: 4 })).rejects.toThrow('there are no weights 4');
    expect((await bench.client.learning.setAside()).versions).toEqual([]);
  });

  it('says what of the weights in use learns, by the words of the command line, and why nothing can', async () => {
    const { weights, client, root } = bench;
    expect(await client.learning.learns()).toMatch(/: tier decoder teaches its mask decoder .* its reasoner\.$/u);
    const checkpoint = await writeToy(path.join(root, 'Seg-Zero-toy'), { says: 'a' });
    await client.settings.write({ weights: checkpoint });
    expect(await client.learning.learns()).toContain(
      'has no segmenter of its own, by whose masks a run could be judged',
    );
    await writeToySam(path.join(root, 'sam2'));
    await client.settings.write({ segmenter: path.join(root, 'sam2') });
    expect(await client.learning.learns()).toMatch(
      /^Seg-Zero-toy: tier decoder teaches the mask decoder of the segmenter sam2, tier supervised .* stay as they are\.$/u,
    );
    await client.settings.write({ weights: path.join(root, 'sam2'), segmenter: null });
    await expect(client.learning.learns()).rejects.toThrow('answers no words, so it cannot be taught alone');
    await client.settings.write({ weights });
  });

  it('plans a run before it starts, or says why there is none', async () => {
    const plan = await bench.client.learning.plan({ tier: 'decoder', minutes: 3 });
    expect(plan).toMatchObject({ images: 0, tier: 'decoder', training: 3, minutes: null });
    expect(plan.refusal).toContain('0 different images with 0 prompts teach');
  });

  it('ends a run that nothing teaches with the sentence that says so', async () => {
    const job = await finished(bench, await bench.client.learning.teach({}));
    expect(job).toMatchObject({ kind: 'teach', state: 'failed' });
    expect(job.message).toContain('no image of the project has a correction');
  });

  it('says what proposals earned against what was kept, those of an image and those of all', async () => {
    const { client, imageIds, host } = bench;
    const [imageId = 0, other = 0] = imageIds;
    const promptId = await askedOf(bench, imageId);
    for await (const _ of await client.model.ask({ promptId, samples: 2, seed: 0 }));
    expect(await client.learning.rewardsOf({ imageId })).toEqual([]);
    const prompt = host.project().record('prompt', promptId);
    const [proposal] = host.project().detail(imageId)?.proposals ?? [];
    if (!prompt || !proposal) throw new Error('unreachable');
    const correction: Correction = {
      ...{ proposalId: proposal.id, objects: [] },
      found: { value: 'nothing', verdict: 'right' },
      reasoning: { text: proposal.answer.reasoning, verdict: null },
    };
    await client.edit.apply({ title: 'Judge', changes: [changed('prompt', prompt, { ...prompt, correction })] });
    const rewards = await client.learning.rewardsOf({ imageId });
    expect(rewards.map(({ box, mask }) => [box, mask])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(await client.learning.rewardsOf({ imageId: other })).toEqual([]);
    const { rows, total } = await client.learning.rewards();
    expect(total).toBe(2);
    expect(rows[0]).toMatchObject({ promptId, imageId, text: 'the dog', weights: proposal.weights });
    expect((await projectRewards(host.project(), 1)).rows).toHaveLength(1);
  });
});
