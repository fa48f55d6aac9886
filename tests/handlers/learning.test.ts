// The learning group over a host: what a project has learnt, a refused run as a job, and nothing to go back to.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finished, type StartedHost, startHost } from '../engine/startedHost.ts';
import { nothing } from '../engine/weights.ts';

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
  });

  it('ends a run that nothing teaches with the sentence that says so', async () => {
    const job = await finished(bench, await bench.client.learning.teach({}));
    expect(job).toMatchObject({ kind: 'teach', state: 'failed' });
    expect(job.message).toContain('no image of the project has a correction');
  });
});
