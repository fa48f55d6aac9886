// Names of the Hub: its places by the environment, its lists of files, and which of them a model needs.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import {
  addressOf,
  type HubFile,
  hubCache,
  hubPlaces,
  listRepository,
  neededFiles,
} from '../../../main/weights/hub/hub.ts';
import { commit, gitSha1, type HubServer, hubServer, publish, sha256 } from '../hubServer.ts';

let server: HubServer;
beforeAll(async () => {
  server = await hubServer();
});
afterAll(() => server.close());

describe('the places of the Hub', () => {
  it('are its own at first', () => {
    expect(hubPlaces({}, '/users/me')).toEqual({
      ...{ endpoint: 'https://huggingface.co', cache: path.resolve('/users/me/.cache/huggingface/hub') },
      ...{ token: null, isOffline: false },
    });
  });

  it.each([
    [{ HF_HUB_CACHE: '/big/cache', HF_HOME: '/other' }, '/big/cache'],
    [{ HF_HOME: '/big' }, '/big/hub'],
    [{ HF_HOME: '~/models' }, '/users/me/models/hub'],
    [{ XDG_CACHE_HOME: '/cache', HF_HOME: '' }, '/cache/huggingface/hub'],
  ])('%j keep models in %s', (env, cache) => {
    expect(hubPlaces(env, '/users/me').cache).toBe(path.resolve(cache));
  });

  it('follow endpoint, token and the word that there is no network', () => {
    const env = { HF_ENDPOINT: 'https://mirror.example/', HF_TOKEN: 'secret', HF_HUB_OFFLINE: '1' };
    expect(hubPlaces(env)).toMatchObject({ endpoint: 'https://mirror.example', token: 'secret', isOffline: true });
  });
});

describe('a token of the Hub', () => {
  let home: string;
  const put = async (name: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(home, name)), { recursive: true });
    await writeFile(path.join(home, name), text);
  };
  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'loupe-token-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  it('is that of the variable, else of the file that the Hub’s own client writes', async () => {
    await put('.cache/huggingface/token', 'hf_file\n');
    await put('own/token', 'hf_own');
    await put('elsewhere', ' hf_elsewhere \n');
    const by = (env: Record<string, string>) => hubPlaces(env, home).token;
    expect(by({})).toBe('hf_file');
    expect(by({ HF_HOME: '~/own' })).toBe('hf_own');
    expect(by({ HF_HOME: path.join(home, 'own'), HF_TOKEN_PATH: '~/elsewhere' })).toBe('hf_elsewhere');
    expect(by({ HF_TOKEN: ' hf_variable\n', HUGGING_FACE_HUB_TOKEN: 'hf_old' })).toBe('hf_variable');
    expect(by({ HF_TOKEN: ' ', HUGGING_FACE_HUB_TOKEN: 'hf_old' })).toBe('hf_old');
    expect(by({ HF_TOKEN: 'hf_variable', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toBeNull();
    expect(by({ HF_HOME: path.join(home, 'nowhere') })).toBeNull();
    expect(by({ HF_TOKEN_PATH: home })).toBeNull();
    await put('elsewhere', 'x'.repeat(5000));
    expect(by({ HF_TOKEN_PATH: '~/elsewhere' })).toBeNull();
  });

  it('that cannot be sent is refused, and not repeated', () => {
    const refusal = (): string => {
      try {
        return `${hubPlaces({ HF_TOKEN: 'hf_secret\r\nx: y' }, home).token}`;
      } catch (error) {
        return error instanceof BadInput ? error.message : 'another failure';
      }
    };
    expect(refusal()).toBe('HF_TOKEN: holds no token of the Hub: it has blanks or other letters in it; copy it anew');
    expect(hubCache({ HF_TOKEN: 'a b', HF_HOME: home })).toBe(path.join(home, 'hub'));
  });
});

describe('a list of files', () => {
  const large = Buffer.alloc(2000, 7);
  const small = Buffer.from('{}');
  const list = (name: string, token: string | null = null) =>
    listRepository(
      server.endpoint,
      { name, revision: 'main' },
      { token, signal: AbortSignal.timeout(5000), backoffMs: 1 },
    );

  it('has sizes and digests: the sha256 of large files, git’s of small ones', async () => {
    publish(server, 'some/model', { 'model.safetensors': large, 'config.json': small });
    expect(await list('some/model', 'secret')).toEqual({
      commit,
      files: [
        { name: 'model.safetensors', bytes: 2000, digest: { kind: 'sha256', hex: sha256(large) } },
        { name: 'config.json', bytes: 2, digest: { kind: 'git-sha1', hex: gitSha1(small) } },
      ],
    });
    expect(server.asked.at(-1)?.authorised).toBe('Bearer secret');
  });

  it('whose names lead out of the folder is refused', async () => {
    for (const name of ['../evil', '/etc/passwd', 'a/../../b', 'a\\b']) {
      publish(server, 'some/evil', { [name]: small });
      await expect(list('some/evil')).rejects.toThrow(/is no name of a file below the folder/);
    }
  });

  it.each([
    [404, /some\/gone\/revision\/main\?blobs=true: is not there \(404\)/],
    [401, /127\.0\.0\.1:\d+ gives it to known accounts alone \(401\): accept its licence at http\S*, and set HF_TOKEN/],
    [500, /cannot be had \(500\)/],
  ])('that is answered by %i is refused in one sentence', async (status, sentence) => {
    server.faults.set('/api/models/some/gone/revision/main', Array(3).fill({ kind: 'status', status }));
    await expect(list('some/gone')).rejects.toThrow(sentence);
  });

  it('that is cut off or busy is asked for again, when the server says', async () => {
    publish(server, 'some/busy', { 'config.json': small });
    const [path, before] = ['/api/models/some/busy/revision/main', performance.now()];
    server.faults.set(path, [
      { kind: 'status', status: 503, retryAfter: '1' },
      { kind: 'cut', after: 10 },
    ]);
    expect((await list('some/busy')).files).toHaveLength(1);
    expect(performance.now() - before).toBeGreaterThan(990);
  });

  it('that is cut off every time is one sentence', async () => {
    publish(server, 'some/cut', { 'config.json': small });
    server.faults.set('/api/models/some/cut/revision/main', Array(3).fill({ kind: 'cut', after: 10 }));
    await expect(list('some/cut')).rejects.toThrow(/^127\.0\.0\.1:\d+: cannot be reached \(\w+\); HF_ENDPOINT/);
  });

  it('that does not end is not read to its end', async () => {
    server.files.set('/api/models/some/endless/revision/main', Buffer.alloc(40 * 2 ** 20, ' '));
    await expect(list('some/endless')).rejects.toThrow(/is longer than any list of files/);
  });

  it('that is a page of something else is refused', async () => {
    server.files.set('/api/models/some/page/revision/main', Buffer.from('<html>sign in to this network</html>'));
    await expect(list('some/page')).rejects.toThrow(/is no list of files as the Hub gives it/);
  });
});

describe('the files that a model needs', () => {
  const files = (...names: string[]): HubFile[] =>
    names.map((name) => ({ name, bytes: 1, digest: { kind: 'git-sha1', hex: '' } }));
  const chosen = (names: string[], patterns?: string[]) =>
    neededFiles(files(...names), patterns).map((one) => one.name);

  it('are its descriptions and one kind of weights', () => {
    const all = ['README.md', 'config.json', 'merges.txt', 'model-1.safetensors', 'model.safetensors.index.json'];
    expect(chosen([...all, 'sam2.pt', 'pytorch_model.bin', 'figure.png']).sort()).toEqual([
      ...['config.json', 'merges.txt', 'model-1.safetensors', 'model.safetensors.index.json'],
    ]);
    expect(chosen(['sam2.pt', 'pytorch_model.bin'])).toEqual(['sam2.pt']);
    expect(chosen(['a.md', 'pytorch_model-1.bin', 'training_args.bin'])).toEqual(['pytorch_model-1.bin']);
    expect(chosen(['adapter_config.json', 'adapter_model.bin', 'training_args.bin']).sort()).toEqual([
      ...['adapter_config.json', 'adapter_model.bin'],
    ]);
    expect(chosen(['onnx/encoder.onnx', 'onnx/encoder.onnx_data', 'decoder.onnx'])).toHaveLength(3);
  });

  it('are those that the catalogue names, where it does', () => {
    expect(chosen(['onnx/a.onnx', 'onnx/a_fp16.onnx', 'config.json'], ['onnx/a.onnx'])).toEqual(['onnx/a.onnx']);
  });

  it('have addresses that never change', () => {
    expect(addressOf('https://h', 'a/b', 'c0', 'x y/z.json')).toBe('https://h/a/b/resolve/c0/x%20y/z.json');
  });
});
