// Messages to the engine's server, in this process: what it answers, in which order, and what it refuses in which words.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packMask, unpackMask } from '../../main/contract/project.ts';
import { fromBitmap, maskArea, maskIou } from '../../main/contract/rle.ts';
import { CallServer } from '../../main/engine/callServer.ts';
import type { FromEngine, Request, Urgency } from '../../main/engine/protocol.ts';
import { disc, HEIGHT, WIDTH } from '../pictures/disc.ts';
import { found, nothing, pictures, weightsSaying } from './weights.ts';

let root: string;
let weights: { found: string; nothing: string };
let files: string[];
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-server-'));
  weights = { found: await weightsSaying(root, [found]), nothing: await weightsSaying(root, [nothing]) };
  files = await pictures(root, 3);
  await writeFile(path.join(root, 'broken.png'), 'no picture');
});
afterAll(() => rm(root, { recursive: true }));

/** A server, what it has said, and a way to wait for the next thing that it says. */
function opened(folder?: string) {
  const said: FromEngine[] = [];
  const waiting = new Set<() => void>();
  const server = new CallServer((message) => {
    said.push(message);
    for (const wake of waiting) wake();
  });
  let last = 0;
  const heard = async (fits: (message: FromEngine) => boolean): Promise<FromEngine> => {
    for (;;) {
      const message = said.find(fits);
      if (message) return message;
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
      });
    }
  };
  const ends = (id: number) => heard((one) => (one.kind === 'done' || one.kind === 'failed') && one.id === id);
  const send = (request: Request, urgency: Urgency = 'urgent'): number => {
    server.receive({ kind: 'call', id: ++last, urgency, request });
    return last;
  };
  const open = (name: string) =>
    server.receive({ kind: 'open', weights: name, segmenter: null, provider: 'cpu', features: null });
  if (folder !== undefined) open(folder);
  const call = (request: Request, urgency?: Urgency) => ends(send(request, urgency));
  return { server, said, heard, ends, send, call, open };
}

const box = { x1: 20, y1: 12, x2: 52, y2: 44 };
const picture = (i = 0): string => files[i] ?? '';
const wand = (more: object = {}): Request => ({
  name: 'wand',
  arguments: { picture: picture(), x: 36, y: 28, tolerance: 30, ...more },
});
const ask = (text = 'the dog'): Request => ({
  name: 'ask',
  arguments: { picture: picture(), text, points: [], box: null, samples: 1, seed: 0 },
});
const refine = (more: object = {}): Request => ({
  name: 'refine',
  arguments: { picture: picture(), points: [], box, rough: null, ...more },
});

describe('without weights', () => {
  it('what needs a model is refused, what needs none is done', async () => {
    const { call } = opened();
    expect(await call(ask())).toMatchObject({
      kind: 'failed',
      failure: { reason: 'no model', message: 'No weights were named.' },
    });
    const done = await call(wand());
    expect(done.kind).toBe('done');
    const { result } = done as Extract<FromEngine, { kind: 'done' }>;
    if (!('mask' in result)) throw new Error('a wand gives a mask');
    // The first disc has a radius of 8 pixels.
    expect(maskIou(unpackMask(result.mask), disc(8).truth)).toBe(1);
    expect(result.ms).toBeGreaterThanOrEqual(result.decodeMs);
  });

  it.each(['nowhere', ''])('weights in %j are refused in one sentence, at once and to each call', async (name) => {
    const { heard, call, open } = opened();
    open(path.join(root, name || 'broken.png'));
    const refused = await heard(({ kind }) => kind === 'refused');
    const { problem } = refused as Extract<FromEngine, { kind: 'refused' }>;
    expect(problem.split('\n')).toHaveLength(1);
    expect(await call(refine())).toMatchObject({ failure: { reason: 'no model', message: problem } });
  });
});

describe('with weights', () => {
  it('they are opened once, with the name that proposals carry', async () => {
    const { heard, call } = opened(weights.found);
    const told = await heard(({ kind }) => kind === 'opened');
    expect(told).toMatchObject({ kind: 'opened', device: 'cpu', warnings: [] });
    const answer = await call(ask());
    const name = (told as Extract<FromEngine, { kind: 'opened' }>).weights;
    expect(answer).toMatchObject({ kind: 'done', result: { proposals: [{ weights: name, found: 'objects' }] } });
  });

  it('an answer streams its text and its box before it ends', async () => {
    const { said, call } = opened(weights.found);
    const done = await call(ask());
    const events = said.flatMap((each) => (each.kind === 'event' ? [each.event] : []));
    expect(events.flatMap((event) => (event.kind === 'text' ? [event.text] : [])).join('')).toContain('think');
    expect(events.filter((event) => event.kind === 'box')).toHaveLength(1);
    expect(said.indexOf(done)).toBe(said.length - 1);
  });

  it('nothing found is an answer with neither box nor mask', async () => {
    const { call } = opened(weights.nothing);
    expect(await call(ask())).toMatchObject({
      result: { proposals: [{ found: 'nothing', objects: [], chosen: true }], spread: null },
    });
  });

  it('other weights take the place of the first', async () => {
    const { call, open } = opened(weights.found);
    expect(await call(ask())).toMatchObject({ result: { proposals: [{ found: 'objects' }] } });
    open(weights.nothing);
    expect(await call(ask())).toMatchObject({ result: { proposals: [{ found: 'nothing' }] } });
  });
});

/** Opened once: what these tests ask of it leaves it as it was. */
let ready: ReturnType<typeof opened>;
beforeAll(async () => {
  ready = opened(weights.found);
  await ready.heard(({ kind }) => kind === 'opened');
});

describe('bad input', () => {
  const blank = (width: number, height: number) => packMask(fromBitmap(new Uint8Array(width * height), width, height));

  it.each([
    ['a picture that is none', () => wand({ picture: path.join(root, 'broken.png') }), /broken\.png/],
    ['a picture that is not there', () => wand({ picture: path.join(root, 'none.png') }), /none\.png/],
    [
      'a point beside the picture',
      () => wand({ x: 400 }),
      /^the point 400,28 lies outside the picture \(72 x 60 pixels\)$/,
    ],
    [
      'a box beside the picture',
      () => refine({ box: { x1: 80, y1: 0, x2: 90, y2: 9 } }),
      /^the box lies outside the picture/,
    ],
    [
      'a mask of another size',
      () => refine({ rough: blank(5, 4) }),
      /^the mask is 5 x 4 and the picture 72 x 60 pixels$/,
    ],
    ['a mask that is none', () => refine({ rough: { size: [HEIGHT, WIDTH], counts: 'x' } }), /compressed mask/],
  ])('%s', async (_, request, message) => {
    const answer = await ready.call(request());
    expect(answer).toMatchObject({
      kind: 'failed',
      failure: { reason: 'bad input', message: expect.stringMatching(message) },
    });
  });

  it('leaves the server ready for the next', async () => {
    await ready.call(refine({ rough: blank(5, 4) }));
    const done = await ready.call(refine());
    if (done.kind !== 'done' || !('mask' in done.result)) throw new Error('it should have gone well');
    expect(unpackMask(done.result.mask).size).toEqual([HEIGHT, WIDTH]);
  });
});

describe('cancelling', () => {
  it('a call that waits ends in one word, and the next is answered', async () => {
    const { server, send, ends, call } = ready;
    const slow = send(ask(), 'batch');
    server.receive({ kind: 'cancel', id: slow });
    expect(await ends(slow)).toMatchObject({ failure: { reason: 'cancelled', message: 'Cancelled.' } });
    expect((await call(ask())).kind).toBe('done');
  });

  it('what is over or was never there is nobody’s business', async () => {
    const { server, call, said } = ready;
    const over = await call(wand());
    const before = said.length;
    if ('id' in over) server.receive({ kind: 'cancel', id: over.id });
    server.receive({ kind: 'cancel', id: 999 });
    expect(said.length).toBe(before);
    expect((await call(wand())).kind).toBe('done');
  });
});

describe('order', () => {
  it('a batch is answered one after the other, in the order asked', async () => {
    const { said, send, ends } = ready;
    const before = said.length;
    const ids = [0, 1, 2].map((i) => send({ name: 'prepare', arguments: { picture: picture(i) } }, 'batch'));
    await Promise.all(ids.map(ends));
    expect(said.slice(before).flatMap((each) => (each.kind === 'done' ? [each.id] : []))).toEqual(ids);
  });

  it('a person’s call overtakes a batch that waits', async () => {
    const { said, send, ends, call } = ready;
    await call(refine());
    const batch = [0, 1, 2].map((i) => send({ name: 'prepare', arguments: { picture: picture(i) } }, 'batch'));
    const urgent = send(wand());
    await Promise.all([...batch, urgent].map(ends));
    const order = said.flatMap((each) => (each.kind === 'done' ? [each.id] : []));
    expect(order.indexOf(urgent)).toBeLessThan(order.indexOf(batch[2] ?? 0));
  });

  it('cutting out needs no model and finds the disc', async () => {
    const done = await opened().call({
      name: 'cutOut',
      arguments: { picture: picture(2), box: { x1: 18, y1: 10, x2: 54, y2: 46 } },
    });
    if (done.kind !== 'done' || !('mask' in done.result)) throw new Error('it should have gone well');
    const mask = unpackMask(done.result.mask);
    expect(maskIou(mask, disc(10).truth)).toBeGreaterThan(0.9);
    expect(maskArea(mask)).toBeGreaterThan(0);
  });
});
