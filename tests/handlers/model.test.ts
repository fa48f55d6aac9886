import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnswerEvent } from '../../main/contract/api.ts';
import { unpackWire, wayTo } from '../../main/contract/liveWire.ts';
import { fromPolygon } from '../../main/contract/polygon.ts';
import { packMask, unpackMask } from '../../main/contract/project.ts';
import { maskIou } from '../../main/contract/rle.ts';
import { askedOf, finished, type StartedHost, startHost } from '../engine/startedHost.ts';
import { found, nothing } from '../engine/weights.ts';
import { disc, HEIGHT, WIDTH } from '../pictures/disc.ts';

let bench: StartedHost;
beforeAll(async () => {
  bench = await startHost([found, nothing], 5);
});
afterAll(() => bench.stop());

async function read(stream: AsyncIterable<AnswerEvent>): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const first = (): number => bench.imageIds[0] ?? 0;
const proposalsIn = (events: readonly AnswerEvent[]) =>
  events.flatMap((event) => (event.kind === 'proposal' ? [event.proposal] : []));

describe('status', () => {
  it('starts the engine and says what runs where', async () => {
    const status = await bench.client.model.status();
    expect(['starting', 'ready']).toContain(status.state);
    const weights = await bench.host.engine.weights();
    expect(await bench.client.model.status()).toMatchObject({
      state: 'ready',
      weights,
      device: 'cpu',
      requested: 'cpu',
    });
  });
});

describe('ask', () => {
  it('streams text, then stores the group and tells it, the chosen one among them, and ends with times', async () => {
    const promptId = await askedOf(bench, first());
    const events = await read(await bench.client.model.ask({ promptId, samples: 4, seed: 3 }));
    const order = events.map(({ kind }) => kind).filter((kind, i, all) => kind !== all[i - 1]);
    expect(order.slice(-2)).toEqual(['proposal', 'done']);
    expect(order.slice(0, 2)).toEqual(['frame', 'text']);
    expect(order).toContain('box');
    const told = proposalsIn(events);
    expect(told).toHaveLength(4);
    expect(told.filter(({ chosen }) => chosen)).toHaveLength(1);
    const detail = await bench.client.images.detail({ id: first() });
    expect(detail.proposals.filter((each) => each.promptId === promptId)).toEqual(told);
    expect(new Set(told.map((each) => each.found))).toEqual(new Set(['objects', 'nothing']));
    const done = events.at(-1);
    expect(done?.kind === 'done' && done.ms >= done.firstTokenMs && done.firstTokenMs > 0).toBe(true);
    const { rows } = await bench.client.images.list({ offset: 0, limit: 5 });
    expect(rows.find(({ id }) => id === first())?.spread).toBeGreaterThan(0);
  });

  it('stores nothing as if a person had drawn it', async () => {
    const promptId = await askedOf(bench, first());
    const before = bench.host.project().info();
    await read(await bench.client.model.ask({ promptId, samples: 1, seed: 1 }));
    expect(bench.host.project().info()).toMatchObject({ shapes: before.shapes, undo: before.undo });
  });

  it('hears the person’s box', async () => {
    const box = { x1: 20, y1: 10, x2: 50, y2: 45 };
    const promptId = await askedOf(bench, first(), { box });
    const [proposal] = proposalsIn(await read(await bench.client.model.ask({ promptId, samples: 1, seed: 1 })));
    expect(proposal?.objects[0]?.mask?.size).toEqual([HEIGHT, WIDTH]);
  });

  it('stops the engine’s work and stores nothing when the caller stops reading', async () => {
    const promptId = await askedOf(bench, first());
    const stream = await bench.client.model.ask({ promptId, samples: 8, seed: 2 });
    for await (const event of stream) if (event.kind === 'text') break;
    const abort = new AbortController();
    const other = await askedOf(bench, first());
    const second = await bench.client.model.ask({ promptId: other, samples: 8, seed: 2 }, { signal: abort.signal });
    const reading = read(second).catch(() => []);
    abort.abort();
    await reading;
    // The engine answers the next one: it is not busy with what nobody reads.
    const third = await askedOf(bench, first());
    await read(await bench.client.model.ask({ promptId: third, samples: 1, seed: 1 }));
    const { proposals } = await bench.client.images.detail({ id: first() });
    expect(proposals.filter((each) => [promptId, other].includes(each.promptId))).toEqual([]);
  });

  it('refuses a prompt that is not there', async () => {
    const asked = bench.client.model.ask({ promptId: 99_999, samples: 1, seed: 0 }).then(read);
    await expect(asked).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: 'there is no prompt 99999 in the project',
    });
  });

  it('ends in NO_MODEL when the process stops, and the next one is answered', async () => {
    const promptId = await askedOf(bench, first());
    const failing = async () => {
      const stream = await bench.client.model.ask({ promptId, samples: 8, seed: 2 });
      for await (const event of stream) if (event.kind === 'text') process.kill(bench.host.engine.pid ?? 0, 'SIGKILL');
    };
    await expect(failing()).rejects.toMatchObject({ code: 'NO_MODEL', message: expect.stringContaining('stopped') });
    const events = await read(await bench.client.model.ask({ promptId, samples: 1, seed: 0 }));
    expect(proposalsIn(events)).toHaveLength(1);
  });
});

describe('refine, prepare, cutOut and wand', () => {
  it('answer with masks of the image’s size', async () => {
    const { client } = bench;
    for (const ahead of [false, true]) {
      await expect(client.model.prepare({ imageId: first(), ahead })).resolves.toEqual({});
    }
    const point = { x: 36, y: 28, sign: '+' as const };
    const refined = await client.model.refine({ imageId: first(), points: [point], box: null, rough: null });
    expect(refined.mask.size).toEqual([HEIGHT, WIDTH]);
    expect(refined.ms).toBeGreaterThan(0);
    const { truth } = disc(8);
    const wand = await client.model.wand({ imageId: first(), x: 36, y: 28, tolerance: 12 });
    expect(unpackMask(wand.mask)).toEqual(truth);
    const { wire } = await client.model.wire({ imageId: first(), x: 44, y: 28, reach: 3, to: null });
    expect([wire.columns, wire.rows]).toEqual([WIDTH, HEIGHT]);
    const way = wayTo(unpackWire(wire), { x: 36, y: 20 });
    expect(way.every(({ x, y }) => Math.abs(Math.hypot(x - 36, y - 28) - 8) < 2)).toBe(true);
    const cut = await client.model.cutOut({ imageId: first(), box: { x1: 24, y1: 16, x2: 48, y2: 40 } });
    expect(maskIou(unpackMask(cut.mask), truth)).toBeGreaterThan(0.85);
  });

  it('need something to go by, and an image that is there', async () => {
    const { client } = bench;
    const bare = client.model.refine({ imageId: first(), points: [], box: null, rough: null });
    await expect(bare).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('click') });
    const away = client.model.wand({ imageId: 99_999, x: 1, y: 1, tolerance: 1 });
    await expect(away).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('99999') });
    const outside = client.model.wand({ imageId: first(), x: 500, y: 1, tolerance: 1 });
    await expect(outside).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('outside') });
    const gone = { x1: 900, y1: 10, x2: 950, y2: 40 };
    const boxed = client.model.refine({ imageId: first(), points: [], box: gone, rough: null });
    await expect(boxed).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('outside') });
    const rough = packMask(fromPolygon([1, 1, 5, 1, 5, 5, 1, 5], 9, 8));
    const foreign = client.model.refine({ imageId: first(), points: [], box: null, rough });
    await expect(foreign).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('9 x 8') });
  });
});

describe('promptAll', () => {
  it('asks every image once, in one step of undo, and goes on where it was stopped', async () => {
    const { client, host, imageIds } = bench;
    const text = 'the cat';
    const before = host.project().info().undo;
    const done = await finished(bench, await client.jobs.promptAll({ text }));
    expect(done).toMatchObject({ state: 'done', done: imageIds.length, total: imageIds.length });
    expect(done.message).toMatch(/^5 images: found in \d, nothing in \d\.$/);
    const asked = host.project().promptsOf(text);
    expect(asked.map(({ imageId, answered }) => [imageId, answered])).toEqual(imageIds.map((id) => [id, true]));
    const missing = done.notes.filter((note) => note.startsWith('nothing found: '));
    const { total } = await client.images.list({
      offset: 0,
      limit: 1,
      status: 'nothing found',
      search: missing[0]?.slice(15),
    });
    expect(missing.length === 0 || total === 1).toBe(true);
    const again = await finished(bench, await client.jobs.promptAll({ text }));
    expect(again.message).toContain('5 were answered before');
    expect(host.project().promptsOf(text)).toEqual(asked);
    expect(host.project().info().undo).toBe('Prompt all images');
    await client.edit.undo();
    expect(host.project().promptsOf(text)).toEqual([]);
    expect(host.project().info().undo).toBe(before);
  });

  it('leaves an image that cannot be read without an answer, says so, and asks it the next time', async () => {
    const { client, host, root } = bench;
    const broken = path.join(root, 'pictures', 'broken.png');
    await writeFile(broken, 'no picture');
    const [id = 0] = host.project().addImages([{ path: 'pictures/broken.png' }]);
    const done = await finished(bench, await client.jobs.promptAll({ text: 'the bird' }));
    expect(done.state).toBe('done');
    expect(done.message).toContain('1 left without an answer');
    expect(done.notes.find((note) => note.startsWith('no answer: '))).toContain('broken.png');
    expect(
      host
        .project()
        .promptsOf('the bird')
        .find(({ imageId }) => imageId === id)?.answered,
    ).toBe(false);
    await rm(broken);
  });

  it('is cancelled between two images, with nothing lost', async () => {
    const { client, host } = bench;
    const job = await client.jobs.promptAll({ text: 'the tree' });
    while (
      !host
        .project()
        .promptsOf('the tree')
        .some(({ answered }) => answered)
    )
      await new Promise(setImmediate);
    await client.jobs.cancel({ id: job.id });
    expect((await finished(bench, job)).state).toBe('cancelled');
    const answered = host
      .project()
      .promptsOf('the tree')
      .filter((each) => each.answered).length;
    expect(answered).toBeGreaterThan(0);
    const rest = await finished(bench, await client.jobs.promptAll({ text: 'the tree' }));
    expect(rest.message).toContain(`${answered} were answered before`);
  });
});
