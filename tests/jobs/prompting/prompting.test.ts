// The batch over a project: crashes of the engine, and a person who undoes it while it runs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PromptAll, partOf, promptAll } from '../../../main/jobs/prompting/prompting.ts';
import { Meter } from '../../../main/jobs/queue/queue.ts';
import { type StartedHost, startHost } from '../../engine/startedHost.ts';
import { found, nothing } from '../../engine/weights.ts';

let bench: StartedHost;
beforeAll(async () => {
  bench = await startHost([found, nothing], 4);
});
afterAll(() => bench.stop());

const work = (text: string, more: Partial<PromptAll> = {}): PromptAll => ({
  ...{ project: bench.host.project(), engine: bench.host.engine, text },
  fileOf: (image) => bench.host.fileOf(image),
  recorded: () => {},
  answered: () => {},
  ...more,
});
const meter = (signal = new AbortController().signal) => new Meter(signal, () => {});

it.each([1, 2, 3, 4, 5, 8, 12])(
  'parts are as large as each other where ids go up by %i, as after an import',
  (step) => {
    const ids = Array.from({ length: 400 }, (_, i) => 2 + i * step);
    for (const count of [1, 2, 3, 4, 8]) {
      const sizes = Array.from(
        { length: count },
        (_, part) => ids.filter((id) => partOf(id, count) === part + 1).length,
      );
      expect(sizes.reduce((sum, size) => sum + size)).toBe(ids.length);
      for (const size of sizes) expect(Math.abs((size * count) / ids.length - 1)).toBeLessThan(0.15);
    }
  },
);

describe('promptAll', () => {
  it('counts every image once: found, nothing, unreadable or left', async () => {
    const progress = meter();
    const report = await promptAll(work('the dog'), progress);
    expect(report.images).toBe(4);
    expect(report.found + report.nothing.length).toBe(4);
    expect([report.unreadable, report.failed, report.before]).toEqual([[], [], 0]);
    expect(report.modelMs).toBeGreaterThan(0);
    expect(progress.fields()).toMatchObject({ done: 4, total: 4 });
    expect(progress.fields().notes).toEqual(report.nothing.map((name) => `nothing found: ${name}`));
  });

  it('asks again when the engine stops, and loses no image', async () => {
    const { engine } = bench.host;
    const killed = new Set<number>();
    const answered = () => {
      const pid = engine.pid ?? 0;
      if (killed.size < 1) process.kill(pid, 'SIGKILL');
      killed.add(pid);
    };
    const report = await promptAll(work('the cat', { answered }), meter());
    expect([report.failed, report.found + report.nothing.length]).toEqual([[], 4]);
    expect(killed.size).toBe(2);
  });

  it('leaves alone what a person undoes meanwhile', async () => {
    const { host, imageIds } = bench;
    const ids: number[] = [];
    const answered = (id: number) => {
      if (ids.length === 0) host.project().undo();
      ids.push(id);
    };
    const report = await promptAll(work('the bird', { answered }), meter());
    expect(ids.length).toBeLessThan(imageIds.length);
    expect(report.found + report.nothing.length).toBe(ids.length);
    expect(host.project().promptsOf('the bird')).toEqual([]);
    host.project().redo();
    const answers = host.project().promptsOf('the bird');
    expect(answers.filter((each) => each.answered).map(({ imageId }) => imageId)).toEqual(
      ids.toSorted((a, b) => a - b),
    );
  });

  it('has nothing to do where all is answered, without a model', async () => {
    await promptAll(work('the fish'), meter());
    await bench.client.settings.write({ weights: '/nowhere/at/all' });
    const report = await promptAll(work('the fish'), meter());
    expect([report.before, report.found]).toEqual([4, 0]);
    await expect(promptAll(work('the tree'), meter())).rejects.toThrow('/nowhere/at/all');
    await bench.client.settings.write({ weights: bench.weights });
    expect((await promptAll(work('the tree'), meter())).before).toBe(0);
  });

  it('stops when the signal says so', async () => {
    const abort = new AbortController();
    const stopped = promptAll(work('the stone', { answered: () => abort.abort() }), meter(abort.signal));
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(bench.host.project().promptsOf('the stone')).toHaveLength(4);
  });
});
