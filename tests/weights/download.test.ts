// A model from the Hub into its cache: blobs, snapshots and refs as Python's tools keep them, nothing good fetched twice.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogueModel } from '../../main/weights/catalogue.ts';
import { downloadModel } from '../../main/weights/download.ts';
import { hubPlaces } from '../../main/weights/hub/hub.ts';
import { damaged } from '../../main/weights/hub/hubCache.ts';
import { commit, gitSha1, type HubServer, hubServer, publish, sha256 } from './hubServer.ts';

const weights = randomBytes(9000);
const config = Buffer.from('{"model_type": "none"}');
const nested = randomBytes(1500);
const files = { 'model.safetensors': weights, 'config.json': config, 'README.md': Buffer.from('read me') };

let server: HubServer;
let home: string;
beforeAll(async () => {
  server = await hubServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'loupe-download-'));
  server.files.clear();
  server.faults.clear();
  server.asked.length = 0;
  publish(server, 'some/model', files);
});
afterEach(() => rm(home, { recursive: true }));

const model: CatalogueModel = {
  ...{ id: 'mine', title: 'Mine', kind: 'segmenter', hub: 'some/model', bytes: 9022, memory: 1, licence: 'free' },
};

interface How {
  readonly env?: Readonly<Record<string, string>>;
  readonly mirrors?: readonly string[];
}

function counting() {
  const told = { total: null as number | null, done: 0, begun: 0 };
  const progress = {
    signal: AbortSignal.timeout(20_000),
    total: (bytes: number | null) => {
      told.total = bytes;
    },
    step: (bytes = 1) => {
      told.done += bytes;
    },
    resumeAt: (bytes: number) => {
      told.begun = bytes;
    },
  };
  return { told, progress };
}

async function download(one: CatalogueModel = model, { env = {}, mirrors = [] }: How = {}) {
  const { told, progress } = counting();
  const hub = hubPlaces({ HF_HOME: home, HF_ENDPOINT: server.endpoint, ...env });
  const settings = { hub, mirrors, folder: path.join(home, 'own'), stallMs: 300, backoffMs: 1 };
  const folder = await downloadModel(one, settings, progress);
  return { folder, told };
}

const repository = () => path.join(home, 'hub', 'models--some--model');
const fetchedFiles = () => server.asked.map((one) => one.path).filter((name) => name.includes('/resolve/'));

describe('a download', () => {
  it('lies in the cache as the Hub’s own client would have put it', async () => {
    const { folder, told } = await download();
    expect(folder).toBe(path.join(repository(), 'snapshots', commit));
    expect((await readdir(folder)).sort()).toEqual(['config.json', 'model.safetensors']);
    expect(await readFile(path.join(folder, 'model.safetensors'))).toEqual(weights);
    expect((await readdir(path.join(repository(), 'blobs'))).sort()).toEqual([gitSha1(config), sha256(weights)].sort());
    expect(await readFile(path.join(repository(), 'refs', 'main'), 'utf8')).toBe(commit);
    expect(await readlink(path.join(folder, 'config.json'))).toBe(path.join('..', '..', 'blobs', gitSha1(config)));
    expect(told).toEqual({ total: 9022, done: 9022, begun: 0 });
    expect(fetchedFiles()).not.toContain(`/some/model/resolve/${commit}/README.md`);
  });

  it('of files in folders links them from there', async () => {
    publish(server, 'some/model', { 'onnx/encoder.onnx': nested });
    const { folder } = await download();
    expect(await readFile(path.join(folder, 'onnx', 'encoder.onnx'))).toEqual(nested);
  });

  it('fetches nothing a second time, whoever put it there', async () => {
    await download();
    server.asked.length = 0;
    await download();
    expect(fetchedFiles()).toEqual([]);
    // Where links are not allowed, the Hub's client keeps the file itself in the snapshot.
    await rm(repository(), { recursive: true });
    const folder = path.join(repository(), 'snapshots', commit);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'model.safetensors'), weights);
    await download();
    expect(fetchedFiles()).toEqual([`/some/model/resolve/${commit}/config.json`]);
  });

  it('takes no bad blob for a good one: it is fetched anew, and the good ones are not', async () => {
    const { folder } = await download();
    expect(await damaged(folder)).toBeNull();
    await writeFile(path.join(repository(), 'blobs', sha256(weights)), Buffer.alloc(9000));
    expect(await damaged(folder)).toMatch(/model\.safetensors is damaged/);
    server.asked.length = 0;
    await download();
    expect(fetchedFiles()).toEqual([`/some/model/resolve/${commit}/model.safetensors`]);
    expect(await readFile(path.join(folder, 'model.safetensors'))).toEqual(weights);
  });

  it('goes on where the last one was stopped, and says how much was there', async () => {
    const address = `/some/model/resolve/${commit}/model.safetensors`;
    server.faults.set(address, [{ kind: 'cut', after: 6000 }, ...Array.from({ length: 9 }, () => failing)]);
    await expect(download()).rejects.toThrow(/model\.safetensors: could not be downloaded: .* 5 times in a row/);
    server.faults.clear();
    const { told } = await download();
    expect(told).toEqual({ total: 9000, done: 3000, begun: 6000 });
    expect(server.asked.at(-1)?.range).toBe('bytes=6000-');
  });

  it('of a repository that went on keeps what is the same', async () => {
    await download();
    const next = '89abcdef0123456789abcdef0123456789abcdef';
    publish(server, 'some/model', { ...files, 'config.json': Buffer.from('{"model_type": "other"}') }, next);
    server.asked.length = 0;
    const { folder } = await download();
    expect(path.basename(folder)).toBe(next);
    expect(fetchedFiles()).toEqual([`/some/model/resolve/${next}/config.json`]);
  });
});

const failing = { kind: 'status', status: 500 } as const;

describe('elsewhere', () => {
  it('a mirror answers for a Hub that does not, and is not given the token', async () => {
    const away = await hubServer();
    await away.close();
    const env = { HF_ENDPOINT: away.endpoint, HF_TOKEN: 'secret' };
    await download(model, { env, mirrors: [`${server.endpoint}/`] });
    expect(server.asked.map(({ authorised }) => authorised)).toEqual([undefined, undefined, undefined]);
    await rm(repository(), { recursive: true });
    server.asked.length = 0;
    await download(model, { env: { HF_TOKEN: 'secret' } });
    expect(server.asked.map(({ authorised }) => authorised)).toEqual(Array(3).fill('Bearer secret'));
  });

  it('the token is not sent on to where an answer leads', async () => {
    const store = await hubServer();
    store.files.set('/signed', weights);
    const file = `/some/model/resolve/${commit}/model.safetensors`;
    server.faults.set(file, [{ kind: 'redirect', to: `${store.endpoint}/signed` }]);
    await download(model, { env: { HF_TOKEN: 'secret' } });
    expect(server.asked.map(({ authorised }) => authorised)).toEqual(Array(3).fill('Bearer secret'));
    expect(store.asked).toEqual([{ path: '/signed', range: undefined, authorised: undefined }]);
    await store.close();
  });

  it('the token of the file in the folder of the Hub’s tools opens what is not for everybody', async () => {
    await writeFile(path.join(home, 'token'), 'hf_file\n');
    await download();
    expect(new Set(server.asked.map(({ authorised }) => authorised))).toEqual(new Set(['Bearer hf_file']));
  });

  const listing = '/api/models/some/model/revision/main';
  const status = (code: number) => ({ kind: 'status', status: code }) as const;

  it('a token that is too old does not keep from what everybody may have', async () => {
    server.faults.set(listing, [status(401)]);
    await download(model, { env: { HF_TOKEN: 'old' } });
    expect(server.asked.map(({ authorised }) => authorised)).toEqual(['Bearer old', undefined, undefined, undefined]);
  });

  const file = `/some/model/resolve/${commit}/config.json`;
  it.each([
    [
      'without a token',
      {},
      [[file, [401]]],
      /^config\.json: .* gives it to known accounts alone \(401\): accept its licence at http:\S+\/some\/model, and set HF_TOKEN/,
    ],
    [
      'with a token',
      { HF_TOKEN: 'secret' },
      [[file, [403]]],
      /does not give it to the account of the token \(403\): accept its licence at \S+\/some\/model by that account/,
    ],
    [
      'with a token that is too old for the file, too',
      { HF_TOKEN: 'secret' },
      [
        [listing, [401]],
        [file, [401]],
      ],
      /^config\.json: .* gives it to known accounts alone \(401\).*; \S+ does not take the token \(401\): set HF_TOKEN/,
    ],
    [
      'with a token that is none',
      { HF_TOKEN: 'secret' },
      [[listing, [401, 401]]],
      /does not take the token \(401\): set HF_TOKEN to a token of your account, or log in/,
    ],
  ] as const)('what is closed is told with what to do, and the token is not: %s', async (_, env, faults, sentence) => {
    for (const [at, codes] of faults) server.faults.set(at, codes.map(status));
    const refused = await download(model, { env }).catch((error: Error) => error);
    expect(String(refused instanceof Error && refused.message)).toMatch(sentence);
    expect(String(refused instanceof Error && refused.message)).not.toMatch(/secret|\n/);
  });

  it('files with addresses of their own come into a folder of their name', async () => {
    server.files.set('/encoder.onnx', nested);
    const direct = [{ name: 'encoder.onnx', sha256: sha256(nested), addresses: [`${server.endpoint}/encoder.onnx`] }];
    const { folder } = await download({ ...model, hub: null, direct });
    expect(folder).toBe(path.join(home, 'own', 'mine'));
    expect(await readFile(path.join(folder, 'encoder.onnx'))).toEqual(nested);
    server.asked.length = 0;
    await download({ ...model, hub: null, direct });
    expect(server.asked).toEqual([]);
  });
});

describe('no download', () => {
  it('is begun of what has no known address', async () => {
    await expect(download({ ...model, hub: null })).rejects.toThrow(/give their folder to "loupe model import"/);
  });

  it('is begun where the disk has no room for it', async () => {
    const huge = JSON.parse(server.files.get('/api/models/some/model/revision/main')?.toString() ?? '');
    huge.siblings[0].lfs.size = 1e15;
    server.files.set('/api/models/some/model/revision/main', Buffer.from(JSON.stringify(huge)));
    await expect(download()).rejects.toThrow(
      /1000000\.0 GB are still to be downloaded, and .* GB are free there; make room/,
    );
    expect(fetchedFiles()).toEqual([]);
  });

  it('makes a call where the network is forbidden', async () => {
    const env = { HF_HUB_OFFLINE: '1' };
    await expect(download(model, { env })).rejects.toThrow(/mine: is not on this machine, and HF_HUB_OFFLINE forbids/);
    const { folder } = await download();
    server.asked.length = 0;
    expect((await download(model, { env })).folder).toBe(folder);
    expect(server.asked).toEqual([]);
  });

  it('of a repository without weights is taken for one', async () => {
    publish(server, 'some/model', { 'README.md': Buffer.from('no') });
    await expect(download()).rejects.toThrow(/holds none of the files that a model is made of/);
  });
});
