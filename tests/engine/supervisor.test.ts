// The engine in its own process: calls, streams, cancels, crashes and ends, with toy weights.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EngineStatus } from '../../main/contract/api.ts';
import { NoModel } from '../../main/contract/badInput.ts';
import { unpackMask } from '../../main/contract/project.ts';
import { maskArea, maskIou } from '../../main/contract/rle.ts';
import type { AskArguments, AskEvent } from '../../main/engine/protocol.ts';
import { Engine } from '../../main/engine/supervisor.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import { decodeImage } from '../../main/pictures/image.ts';
import { disc, HEIGHT, WIDTH } from '../pictures/disc.ts';
import { found, nothing, pictures, weightsSaying } from './weights.ts';

let root: string;
let weights: string;
let files: string[];
/** For the tests that leave it as it was. */
let engine: Engine;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-engine-'));
  weights = await weightsSaying(root, [found, nothing]);
  files = await pictures(path.join(root, 'pictures'), 4);
  engine = new Engine({ weights, device: 'cpu' });
});
afterAll(async () => {
  await engine.close();
  await rm(root, { recursive: true });
});

const engines: Engine[] = [];
afterEach(async () => {
  for (const each of engines.splice(0)) await each.close();
});

const habits = { firstDelayMs: 20, longestDelayMs: 200, patienceMs: 30_000 };
function engineWith(folder: string, onStatus: (status: EngineStatus) => void = () => {}, patienceMs = 30_000): Engine {
  const made = new Engine({ weights: folder, device: 'cpu' }, onStatus, { ...habits, patienceMs });
  engines.push(made);
  return made;
}

const pictureOf = (file: string | undefined): string => file ?? '';
const question = (more: Partial<AskArguments> = {}): AskArguments => ({
  ...{ picture: pictureOf(files[0]), text: 'the dog', points: [], box: null, samples: 1, seed: 0 },
  ...more,
});

/** The first status that fits. */
function statusThat(fits: (status: EngineStatus) => boolean) {
  let tell: (status: EngineStatus) => void = () => {};
  const seen = new Promise<EngineStatus>((resolve) => {
    tell = resolve;
  });
  return { seen, onStatus: (status: EngineStatus) => void (fits(status) && tell(status)) };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('ask', () => {
  it('streams text and box, and ends in the proposals that the predictor itself makes', async () => {
    const events: AskEvent[] = [];
    const result = await engine.call('ask', question(), { onEvent: (event) => events.push(event) });
    const [proposal] = result.proposals;
    const text = events.map((event) => (event.kind === 'text' ? event.text : '')).join('');
    expect(text).toBe(proposal?.answer.text);
    const predictor = await loadPredictor(weights);
    const { answer, objects } = await predictor.predict(await decodeImage(files[0] ?? ''), { text: 'the dog' });
    await predictor.release();
    expect(proposal?.answer).toEqual(answer);
    const unpacked = proposal?.objects.map((one) => ({ ...one, mask: one.mask && unpackMask(one.mask) }));
    expect(unpacked).toEqual(objects);
    expect(result.spread).toBeNull();
    expect(engine.status).toMatchObject({
      state: 'ready',
      device: 'cpu',
      requested: 'cpu',
      warnings: [],
      problem: null,
    });
    expect(engine.status.weights).toMatch(/^\S+ [0-9a-f]{8}$/);
    expect(engine.status.lastCallMs).toBe(result.ms);
  });

  it('of several samples tells which one each text and box is of, and chooses one', async () => {
    const events: AskEvent[] = [];
    const asked = question({ samples: 4, seed: 3 });
    const { proposals, spread } = await engine.call('ask', asked, { onEvent: (event) => events.push(event) });
    expect(proposals.filter(({ chosen }) => chosen)).toHaveLength(1);
    expect(new Set(proposals.map((each) => each.found))).toEqual(new Set(['objects', 'nothing']));
    expect(events[0]).toEqual({ kind: 'frame', frame: { width: 224, height: 224 } });
    for (const [i, { answer, objects, found: kind }] of proposals.entries()) {
      const own = events.filter((event) => event.kind !== 'frame' && event.candidate === i);
      expect(own.map((event) => (event.kind === 'text' ? event.text : '')).join('')).toBe(answer.text);
      expect(own.flatMap((event) => (event.kind === 'box' ? [event.box] : []))).toEqual(objects.map(({ box }) => box));
      expect([answer.text, objects.length]).toEqual(kind === 'objects' ? [found, 1] : [nothing, 0]);
    }
    expect(spread).toBeGreaterThan(0);
    expect(spread).toBeLessThan(1);
  });

  it('tells the box before the text has ended', async () => {
    const kinds: string[] = [];
    const asked = question({ samples: 4, seed: 3 });
    await engine.call('ask', asked, {
      onEvent: (event) => event.kind !== 'frame' && kinds.push(`${event.kind} ${event.candidate}`),
    });
    const box = kinds.findIndex((kind) => kind.startsWith('box'));
    const candidate = kinds[box]?.at(-1);
    expect(kinds.lastIndexOf(`text ${candidate}`)).toBeGreaterThan(box);
  });

  it('that is cancelled rejects at once, stops between tokens and leaves the engine ready for the next', async () => {
    await engine.call('ask', question());
    const abort = new AbortController();
    let texts = 0;
    const onEvent = () => {
      texts++;
      abort.abort(new Error('enough'));
    };
    await expect(engine.call('ask', question(), { signal: abort.signal, onEvent })).rejects.toThrow('enough');
    const before = engine.pid;
    const again = await engine.call('ask', question());
    expect(again.proposals).toHaveLength(1);
    expect(engine.pid).toBe(before);
    expect(texts).toBeLessThan(5);
    await expect(engine.call('ask', question(), { signal: abort.signal })).rejects.toThrow('enough');
  });
});

describe('refine, prepare, cutOut and wand', () => {
  it('answer with masks at the picture’s size', async () => {
    const picture = pictureOf(files[3]);
    const { truth } = disc(11);
    const box = { x1: 18, y1: 8, x2: 56, y2: 50 };
    await engine.call('prepare', { picture });
    const points = [{ x: 36, y: 28, sign: '+' as const }];
    const refined = await engine.call('refine', { picture, points, box: null, rough: null });
    expect(refined.mask.size).toEqual([HEIGHT, WIDTH]);
    const cut = await engine.call('cutOut', { picture, box });
    expect(maskIou(unpackMask(cut.mask), truth)).toBeGreaterThan(0.9);
    const touched = await engine.call('wand', { picture, x: 36, y: 28, tolerance: 12 });
    expect(unpackMask(touched.mask)).toEqual(truth);
    const again = await engine.call('refine', { picture, points: [], box, rough: touched.mask });
    expect(maskArea(unpackMask(again.mask))).toBeGreaterThanOrEqual(0);
  });

  it('a picture that cannot be read is bad input, with its name', async () => {
    const file = path.join(root, 'broken.png');
    await writeFile(file, 'no picture');
    const call = engine.call('wand', { picture: pictureOf(file), x: 1, y: 1, tolerance: 1 });
    await expect(call).rejects.toMatchObject({ name: 'BadInput', message: expect.stringContaining(file) });
  });

  it('a changed file under the same path is read again', async () => {
    const picture = path.join(root, 'changing.png');
    const touch = () => engine.call('wand', { picture, x: 36, y: 28, tolerance: 12 });
    await copyFile(files[0] ?? '', picture);
    expect(unpackMask((await touch()).mask)).toEqual(disc(8).truth);
    await copyFile(files[3] ?? '', picture);
    expect(unpackMask((await touch()).mask)).toEqual(disc(11).truth);
  });
});

describe('weights that cannot be opened', () => {
  it('are a failed status with one sentence; what needs no model goes on, and other weights can be chosen', async () => {
    const missing = path.join(root, 'nowhere');
    const { seen, onStatus } = statusThat(({ state }) => state === 'failed');
    const engine = engineWith(missing, onStatus);
    const asked = engine.call('ask', question());
    await expect(asked).rejects.toThrow(NoModel);
    await expect(asked).rejects.toThrow(missing);
    expect((await seen).problem).toContain(missing);
    const touched = await engine.call('wand', { picture: pictureOf(files[0]), x: 36, y: 28, tolerance: 12 });
    expect(maskArea(unpackMask(touched.mask))).toBe(maskArea(disc(8).truth));
    engine.configure({ weights, device: 'cpu' });
    expect((await engine.call('ask', question())).proposals).toHaveLength(1);
    expect(engine.status).toMatchObject({ state: 'ready', problem: null });
  });
});

describe('another model', () => {
  it('takes over what is under way: an answer begins again with its frame, a click is drawn, what was cancelled is not', async () => {
    const other = await weightsSaying(root, [nothing]);
    const engine = engineWith(weights);
    await engine.call('ask', question());
    const events: AskEvent[] = [];
    const [abort, dropped] = [new AbortController(), question({ samples: 3 })];
    const begun = new Promise<void>((resolve) => {
      void engine
        .call('ask', question({ samples: 8 }), { onEvent: (event) => void (events.push(event) > 4 && resolve()) })
        .then(({ proposals }) => answered(proposals.map(({ answer }) => answer.text)));
    });
    let answered: (texts: string[]) => void = () => {};
    const texts = new Promise<string[]>((resolve) => {
      answered = resolve;
    });
    await begun;
    const clicked = engine.call('refine', {
      ...{ picture: pictureOf(files[1]), points: [{ x: 36, y: 28, sign: '+' }], box: null, rough: null },
    });
    const cancelled = engine.call('ask', dropped, { signal: abort.signal });
    abort.abort();
    await expect(cancelled).rejects.toHaveProperty('name', 'AbortError');
    engine.configure({ weights: other, device: 'cpu' });
    expect(await texts).toEqual(Array(8).fill(nothing));
    expect((await clicked).mask.size).toEqual([HEIGHT, WIDTH]);
    const last = events.findLastIndex(({ kind }) => kind === 'frame');
    expect(last).toBeGreaterThan(0);
    const again = events
      .slice(last)
      .flatMap((event) => (event.kind === 'text' && event.candidate === 0 ? event.text : []));
    expect(again.join('')).toBe(nothing);
  });
});

describe('weights that were written anew', () => {
  it('are opened by another process where they are in use, and what is under way begins again there', async () => {
    const engine = engineWith(weights);
    await engine.call('ask', question());
    const before = engine.pid;
    engine.reopen(path.join(root, 'elsewhere'));
    expect(engine.pid).toBe(before);
    const asked = engine.call('ask', question({ samples: 2 }));
    engine.reopen(weights);
    expect(engine.pid).not.toBe(before);
    expect((await asked).proposals).toHaveLength(2);
  });
});

describe('a device that cannot be had', () => {
  it('is named beside the one in use, with a warning', async () => {
    const engine = new Engine({ weights, device: 'coreml' });
    engines.push(engine);
    await engine.call('prepare', { picture: pictureOf(files[0]) });
    expect(engine.status).toMatchObject({ state: 'ready', requested: 'coreml', device: 'cpu' });
    expect(engine.status.warnings.join()).toContain('coreml');
  });
});

describe('the process that trains', () => {
  it('computes after what answers clicks, where both want the processor', async () => {
    const trainer = new Engine({ weights: null, device: 'cpu' }, () => {}, { ...habits, program: 'train' });
    engines.push(trainer);
    const nothing = path.join(root, 'no-such-run');
    await expect(trainer.call('teach', { folder: nothing })).rejects.toThrow('no-such-run');
    expect(getPriority(trainer.pid ?? 0)).toBeGreaterThan(getPriority());
    const answering = engineWith(weights);
    await answering.call('prepare', { picture: pictureOf(files[0]) });
    expect(getPriority(answering.pid ?? 0)).toBe(getPriority());
  });
});

describe('a process that stops', () => {
  it('fails what was under way with one sentence, and is there again for the next call', async () => {
    const { seen, onStatus } = statusThat(({ problem }) => problem !== null);
    const engine = engineWith(weights, onStatus);
    await engine.call('ask', question());
    const asked = engine.call('ask', question({ samples: 4 }), {
      onEvent: () => process.kill(engine.pid ?? 0, 'SIGKILL'),
    });
    await expect(asked).rejects.toMatchObject({ name: 'NoModel', stopped: true });
    const { state, problem } = await seen;
    expect([state, problem]).toEqual([
      'starting',
      expect.stringMatching(/^The model's process stopped \(SIGKILL.*\.$/),
    ]);
    expect((await engine.call('ask', question())).proposals).toHaveLength(1);
    expect(engine.status.state).toBe('ready');
  });

  it('again and again is left in peace for longer each time, and calls meanwhile are refused at once', async () => {
    const delays: number[] = [];
    const onStatus = ({ problem }: EngineStatus) => {
      const seconds = problem?.match(/again in ([\d.]+) s/)?.[1];
      if (seconds) delays.push(Number(seconds));
    };
    const engine = new Engine({ weights, device: 'cpu' }, onStatus, {
      ...habits,
      firstDelayMs: 200,
      longestDelayMs: 60_000,
    });
    engines.push(engine);
    for (let stop = 0; stop < 3; stop++) {
      const prepared = engine.call('ask', question(), { onEvent: () => process.kill(engine.pid ?? 0, 'SIGKILL') });
      await expect(prepared).rejects.toThrow('The model');
    }
    expect(delays).toEqual([0.2, 0.4, 0.8]);
    expect(engine.status.state).toBe('failed');
    await expect(engine.call('ask', question())).rejects.toThrow('3 times in a row');
  });

  it('is killed when a cancelled call does not end, and started again', async () => {
    const engine = engineWith(weights, () => {}, 50);
    await engine.call('ask', question());
    const first = engine.pid ?? 0;
    process.kill(first, 'SIGSTOP');
    const abort = new AbortController();
    const asked = engine.call('ask', question(), { signal: abort.signal });
    abort.abort();
    await expect(asked).rejects.toThrow();
    expect((await engine.call('ask', question()).catch(() => engine.call('ask', question()))).proposals).toHaveLength(
      1,
    );
    expect([engine.pid === first, isAlive(first)]).toEqual([false, false]);
  });

  it('ends with its host', async () => {
    const engine = engineWith(weights);
    engine.start();
    const pid = engine.pid ?? 0;
    await engine.call('prepare', { picture: pictureOf(files[0]) });
    const late = engine.call('ask', question());
    const closing = engine.close();
    await expect(late).rejects.toThrow('closing');
    await closing;
    expect(isAlive(pid)).toBe(false);
    await expect(engine.call('ask', question())).rejects.toThrow('closing');
  });
});

describe('a host that is killed', () => {
  it('leaves no engine behind', async () => {
    const program = path.join(import.meta.dirname, 'lonely.ts');
    const host = spawn(process.execPath, [program, weights], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(host.stdout, 'data');
    const pid = Number(said);
    expect(isAlive(pid)).toBe(true);
    host.kill('SIGKILL');
    await vi.waitUntil(() => !isAlive(pid), { timeout: 30_000 });
  });
});

describe('a batch', () => {
  it('gives way to a person’s call between two tokens', async () => {
    await engine.call('ask', question());
    const order: string[] = [];
    const batch = [1, 2, 3].map((i) =>
      engine
        .call('ask', question({ picture: pictureOf(files[i]), samples: 2 }), { urgency: 'batch' })
        .then(() => order.push(`batch ${i}`)),
    );
    const urgent = engine.call('ask', question()).then(() => order.push('urgent'));
    await Promise.all([...batch, urgent]);
    expect(order[0]).toBe('urgent');
    expect(order.slice(1)).toEqual(['batch 1', 'batch 2', 'batch 3']);
  });
});
