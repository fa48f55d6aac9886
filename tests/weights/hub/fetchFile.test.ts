// One file from a server that cuts, stalls, lies about lengths, changes the file and sends something else.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchFile, partialOf, type WantedFile } from '../../../main/weights/hub/fetchFile.ts';
import { type Fault, gitSha1, type HubServer, hubServer, sha256 } from '../hubServer.ts';

const content = randomBytes(20_000);
let server: HubServer;
let mirror: HubServer;
let folder: string;
let target: string;
beforeAll(async () => {
  [server, mirror] = await Promise.all([hubServer(), hubServer()]);
});
afterAll(() => Promise.all([server.close(), mirror.close()]));
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-fetch-'));
  target = path.join(folder, 'weights.bin');
  for (const each of [server, mirror]) {
    each.files.clear();
    each.faults.clear();
    each.asked.length = 0;
    each.etagOf = (bytes) => `"${sha256(bytes)}"`;
    each.files.set('/weights.bin', content);
  }
});
afterEach(() => rm(folder, { recursive: true }));

const wanted = (fields: Partial<WantedFile> = {}): WantedFile => ({
  ...{ name: 'weights.bin', addresses: [`${server.endpoint}/weights.bin`], bytes: content.length },
  ...{ digest: { kind: 'sha256', hex: sha256(content) }, ...fields },
});
const both = () => [`${server.endpoint}/weights.bin`, `${mirror.endpoint}/weights.bin`];

interface How {
  readonly signal?: AbortSignal;
  onPosition?(bytes: number): void;
}

const fetched = (fields: Partial<WantedFile> = {}, how: How = {}) =>
  fetchFile(wanted(fields), target, {
    ...{ signal: AbortSignal.timeout(20_000), stallMs: 300, backoffMs: 1, ...how },
  });

const faults = (...some: readonly Fault[]) => server.faults.set('/weights.bin', [...some]);
const ranges = () => server.asked.map(({ range }) => range);
const left = async () => (await readdir(folder)).sort();

/** The file is there, whole, and nothing beside it. */
async function expectGood(): Promise<void> {
  expect(sha256(await readFile(target))).toBe(sha256(content));
  expect(await left()).toEqual(['weights.bin']);
}

describe('a file', () => {
  it('comes whole, with its position told', async () => {
    const positions: number[] = [];
    await fetched({}, { onPosition: (bytes) => positions.push(bytes) });
    await expectGood();
    expect([positions.at(-1), ranges()]).toEqual([content.length, [undefined]]);
  });

  it('whose length nobody told comes whole too', async () => {
    await fetched({ bytes: null });
    await expectGood();
  });

  it('of no bytes is there, and nobody is asked for it', async () => {
    const digest = { kind: 'git-sha1', hex: gitSha1(Buffer.alloc(0)) } as const;
    await fetched({ bytes: 0, digest });
    expect([(await readFile(target)).length, await left(), ranges()]).toEqual([0, ['weights.bin'], []]);
  });

  it('is asked for again when its server says, and not before', async () => {
    faults({ kind: 'status', status: 429, retryAfter: '1' });
    const before = performance.now();
    await fetched();
    await expectGood();
    expect(performance.now() - before).toBeGreaterThan(990);
  });

  it('that was cut, twice, goes on where it was', async () => {
    faults({ kind: 'cut', after: 5000 }, { kind: 'cut', after: 5000 });
    await fetched();
    await expectGood();
    expect(ranges()).toEqual([undefined, 'bytes=5000-', 'bytes=10000-']);
  });

  it('that falls silent is asked for again', async () => {
    faults({ kind: 'stall', after: 7000 });
    await fetched();
    await expectGood();
    expect(ranges()).toEqual([undefined, 'bytes=7000-']);
  });

  it('goes on in another program where the first one was killed', async () => {
    faults({ kind: 'slowly' });
    const abort = new AbortController();
    const onPosition = (bytes: number) => void (bytes > 4000 && abort.abort());
    await expect(fetched({}, { signal: abort.signal, onPosition })).rejects.toThrow(/abort/i);
    expect(await left()).toEqual(['weights.bin.loupe.incomplete', 'weights.bin.loupe.incomplete.etag']);
    // A killed program leaves its lock as well.
    await writeFile(`${target}.loupe.lock`, '2147483646');
    await fetched();
    await expectGood();
    expect(server.asked[1]?.range).toMatch(/^bytes=\d{4,5}-$/);
  });

  it('is fetched by one program at a time', async () => {
    await writeFile(`${target}.loupe.lock`, `${process.ppid}`);
    await expect(fetched()).rejects.toThrow(new RegExp(`process id ${process.ppid} is at work there already`));
  });

  it.each([429, 500, 503])('is asked for again after an answer of %i', async (status) => {
    faults({ kind: 'status', status }, { kind: 'status', status });
    await fetched();
    await expectGood();
  });

  it('whose server knows no parts is begun anew', async () => {
    faults({ kind: 'cut', after: 5000 }, { kind: 'no ranges' });
    await fetched();
    await expectGood();
    expect(ranges()).toEqual([undefined, 'bytes=5000-']);
  });

  it('without a strong ETag is never joined from parts', async () => {
    server.etagOf = () => 'W/"weak"';
    faults({ kind: 'cut', after: 5000 });
    await fetched();
    await expectGood();
    expect(ranges()).toEqual([undefined, undefined]);
  });

  it('is asked for anew when another part comes than was asked for', async () => {
    faults({ kind: 'cut', after: 5000 }, { kind: 'other part' });
    await fetched();
    await expectGood();
    expect(ranges()).toEqual([undefined, 'bytes=5000-', undefined]);
  });

  it('whose part on disk is spoilt is fetched once more from the start', async () => {
    await writeFile(partialOf(target), Buffer.alloc(6000));
    await writeFile(`${partialOf(target)}.etag`, `"${sha256(content)}"`);
    await fetched();
    await expectGood();
    expect(ranges()).toEqual(['bytes=6000-', undefined]);
  });

  it('whose part is longer than it is, or has no ETag beside it, is begun anew', async () => {
    await writeFile(partialOf(target), Buffer.alloc(30_000));
    await fetched();
    await expectGood();
  });
});

describe('what is not the file', () => {
  const other = randomBytes(content.length);

  it('is refused with its digest, and nothing is left of it', async () => {
    faults({ kind: 'content', content: other });
    await expect(fetched()).rejects.toThrow(`sent something else (sha256 ${sha256(other)}, not ${sha256(content)})`);
    expect(await left()).toEqual([]);
  });

  it('is refused where it begins when the file changes half-way: parts of two files are not joined', async () => {
    faults({ kind: 'cut', after: 5000 });
    const changed = fetched();
    await expect.poll(() => server.asked.length).toBe(1);
    server.files.set('/weights.bin', other);
    await expect(changed).rejects.toThrow(/sent something else/);
    expect(ranges()[1]).toBe('bytes=5000-');
    expect(await left()).toEqual([]);
  });

  it('is refused by its length before it is read', async () => {
    faults({ kind: 'content', content: Buffer.alloc(50) });
    await expect(fetched()).rejects.toThrow(/says that the file has 50 bytes, not 20000/);
  });

  it.each([
    ['less than there is', { kind: 'length', says: 1000 }, /says that the file has 1000 bytes/],
    ['more than there is', { kind: 'length', says: 90_000 }, /says that the file has 90000 bytes/],
    ['a few bytes more', { kind: 'too much' }, /says that the file has 20005 bytes/],
  ] as const)('is refused from a server that says %s', async (_, fault, sentence) => {
    faults(fault);
    await expect(fetched()).rejects.toThrow(sentence);
    expect((await left()).filter((name) => name === 'weights.bin')).toEqual([]);
  });

  it('leaves a good file in place that stood there before', async () => {
    await writeFile(target, content);
    faults({ kind: 'content', content: other });
    await expect(fetched()).rejects.toThrow(/sent something else/);
    await expectGood();
  });
});

describe('a server that gives nothing', () => {
  it.each([
    [404, /127\.0\.0\.1:\d+ answers 404$/],
    [401, /gives it to known accounts alone \(401\): accept its licence at http\S+, and set HF_TOKEN/],
  ])('by %i is asked once', async (status, sentence) => {
    faults({ kind: 'status', status });
    await expect(fetched()).rejects.toThrow(sentence);
    expect(server.asked.length).toBe(1);
  });

  it('is asked a bounded number of times', async () => {
    faults(...Array.from({ length: 50 }, () => ({ kind: 'cut', after: 10 }) as const));
    await expect(fetched()).rejects.toThrow(/stops after|broke the connection|5 times in a row/);
    expect(server.asked.length).toBeLessThan(10);
  });

  it('is followed by its mirror, which goes on with the same content', async () => {
    faults(
      { kind: 'cut', after: 5000 },
      ...Array.from({ length: 9 }, () => ({ kind: 'status', status: 500 }) as const),
    );
    await fetched({ addresses: both() });
    await expectGood();
    expect(mirror.asked.map(({ range }) => range)).toEqual(['bytes=5000-']);
  });

  it('that fails is tried twice where a mirror is left, and five times where none is', async () => {
    faults(...Array.from({ length: 9 }, (): Fault => ({ kind: 'status', status: 503 })));
    await fetched({ addresses: both() });
    expect([server.asked.length, mirror.asked.length]).toEqual([2, 1]);
    await rm(target);
    server.asked.length = 0;
    await expect(fetched()).rejects.toThrow(/answers 503, 5 times in a row/);
    expect(server.asked).toHaveLength(5);
  });

  it('or something else is followed by its mirror; where both fail, both are told', async () => {
    const wrong = randomBytes(content.length);
    faults({ kind: 'content', content: wrong });
    await fetched({ addresses: both() });
    await expectGood();
    await rm(target);
    faults({ kind: 'content', content: wrong });
    mirror.files.clear();
    await expect(fetched({ addresses: both() })).rejects.toThrow(
      /sent something else .*; 127\.0\.0\.1:\d+ answers 404/,
    );
  });

  it('because nobody listens there is told by its reason', async () => {
    const away = await hubServer();
    await away.close();
    await expect(fetched({ addresses: [`${away.endpoint}/weights.bin`] })).rejects.toThrow(/cannot be reached \(ECONN/);
  });
});
