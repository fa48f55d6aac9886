// The log of the engine's calls: what stands in it and what does not, and that work goes on without it.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logged, openCallLog, shapeOf } from '../../main/engine/callLog.ts';
import { Engine } from '../../main/engine/supervisor.ts';
import { found, pictures, weightsSaying } from './weights.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-log-'));
});
afterAll(() => rm(root, { recursive: true }));

const linesOf = async (file: string) =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Record<string, unknown> => JSON.parse(line));

const request = { name: 'prepare', arguments: { picture: '/pictures/a.jpg' } } as const;
const call = { program: 'serve', urgency: 'urgent', request } as const;

describe('openCallLog', () => {
  it('makes a file that only its owner can read, a new one each time', async () => {
    const folder = path.join(root, 'new', 'log');
    const first = openCallLog(folder, new Date(1000));
    const second = openCallLog(folder, new Date(2000));
    expect((await readdir(folder)).map((name) => path.join(folder, name))).toEqual([first.file, second.file]);
    if (process.platform !== 'win32') expect((await stat(first.file)).mode & 0o777).toBe(0o600);
  });

  it('says in a sentence where there can be none', async () => {
    const file = path.join(root, 'a file');
    await writeFile(file, '');
    expect(() => openCallLog(path.join(file, 'log'))).toThrow(/a file.*no log can be written there/u);
  });

  it('ends where nothing more can be written, and throws nothing', async () => {
    const log = openCallLog(path.join(root, 'taken'));
    await rm(log.file);
    await mkdir(log.file);
    log.write({ kind: 'state', program: 'serve', state: 'ready' });
    log.write({ kind: 'state', program: 'serve', state: 'failed' });
    expect(existsSync(log.file)).toBe(true);
  });
});

describe('logged', () => {
  it('writes how each call ended, and gives what it gave', async () => {
    const log = openCallLog(path.join(root, 'ends'));
    expect(await logged(log, call, Promise.resolve({ ms: 12.34567 }))).toEqual({ ms: 12.34567 });
    await expect(logged(log, call, Promise.reject(new Error('no such picture')))).rejects.toThrow('no such picture');
    const aborted = Promise.reject(new DOMException('Cancelled.', 'AbortError'));
    await expect(logged(log, call, aborted)).rejects.toThrow('Cancelled.');
    const common = { kind: 'call', call: 'prepare', program: 'serve', urgency: 'urgent', arguments: request.arguments };
    expect(await linesOf(log.file)).toMatchObject([
      { ...common, outcome: 'done', result: { ms: 12.346 } },
      { ...common, outcome: 'failed', problem: 'no such picture' },
      { ...common, outcome: 'cancelled' },
    ]);
  });
});

describe('shapeOf', () => {
  it('tells texts, masks and long lists by their sizes', () => {
    const points = Array.from({ length: 9 }, (_, x) => ({ x, y: 0, sign: '+' }));
    expect(shapeOf({ text: 'the dog', points, samples: 4, box: { x1: 0.123456789, y1: 2, x2: 3, y2: 4 } })).toEqual({
      ...{ text: 'length 7', points: 'length 9', samples: 4, box: { x1: 0.12346, y1: 2, x2: 3, y2: 4 } },
    });
    expect(shapeOf({ mask: { size: [480, 640], counts: 'abcdef' } })).toEqual({
      mask: { size: [480, 640], counts: 'length 6' },
    });
    expect(shapeOf(new Float32Array(3))).toBe('12 bytes');
    expect(shapeOf([null, true, 'cpu'])).toEqual([null, true, 'cpu']);
  });
});

describe('an engine with a log', () => {
  it('writes its states and calls without a word of prompt or answer', async () => {
    const log = openCallLog(path.join(root, 'whole'));
    const engine = new Engine({ weights: await weightsSaying(root, [found]), device: 'cpu' }, () => {}, { log });
    try {
      const [picture = ''] = await pictures(root, 1);
      await engine.call('ask', { picture, text: 'the secret dog', points: [], box: null, samples: 1, seed: 0 }, {});
      await engine.call('wand', { picture: path.join(root, 'gone.png'), x: 1, y: 1, tolerance: 9 }).catch(() => {});
    } finally {
      await engine.close();
    }
    const lines = await linesOf(log.file);
    const states = lines.filter(({ kind }) => kind === 'state').map(({ state }) => state);
    expect(states).toEqual(['starting', 'ready', 'absent']);
    const [ask, wand] = lines.filter(({ kind }) => kind === 'call');
    expect(ask).toMatchObject({ call: 'ask', outcome: 'done', arguments: { text: 'length 14', samples: 1 } });
    expect(ask?.ms).toBeGreaterThan(0);
    expect(wand).toMatchObject({ call: 'wand', outcome: 'failed', problem: expect.stringContaining('gone.png') });
    const text = await readFile(log.file, 'utf8');
    expect(text).not.toMatch(/secret|<think>|bbox/u);
  }, 60_000);
});
