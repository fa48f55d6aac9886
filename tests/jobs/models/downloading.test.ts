// From a name of the catalogue to a model that is recognised and listed: through a proxy, by a mirror, after another state of it.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { download } from '../../../main/jobs/models/downloading.ts';
import { Meter } from '../../../main/jobs/queue/queue.ts';
import { readInstalled } from '../../../main/weights/catalogue.ts';
import { commit, type HubServer, hubServer, publish } from '../../weights/hubServer.ts';
import { writeToy } from '../../weights/toyCheckpoint.ts';

let hub: HubServer;
let proxy: Server;
let home: string;
const tunnels: string[] = [];
let files: Readonly<Record<string, Buffer>>;

beforeAll(async () => {
  [hub, home] = await Promise.all([hubServer(), mkdtemp(path.join(tmpdir(), 'loupe-downloading-'))]);
  // Whatever name is asked for, the proxy leads to the server of this test.
  proxy = createServer().on('connect', (request, socket, head) => {
    tunnels.push(request.url ?? '');
    const onward = connect(Number(new URL(hub.endpoint).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    for (const each of [socket, onward]) each.on('error', () => {});
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  const folder = await writeToy(path.join(home, 'Seg-Zero-3B'), { says: 'nothing' });
  files = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]));
  const toy = { ...{ id: 'toy', title: 'Toy', kind: 'reasoner', hub: 'some/Seg-Zero-toy' }, bytes: 9, memory: 10 };
  await writeFile(path.join(home, 'models.json'), JSON.stringify({ models: [{ ...toy, licence: 'free' }] }));
});
afterAll(async () => {
  proxy.closeAllConnections();
  await Promise.all([hub.close(), new Promise((closed) => proxy.close(closed)), rm(home, { recursive: true })]);
});
beforeEach(async () => {
  await rm(path.join(home, 'cache'), { recursive: true, force: true });
  publish(hub, 'some/Seg-Zero-toy', files);
});

const fetched = (env: Readonly<Record<string, string>>, mirrors: readonly string[] = []) =>
  download(
    { id: 'toy', config: home, data: home, mirrors, env: { HF_HOME: path.join(home, 'cache'), ...env } },
    new Meter(AbortSignal.timeout(60_000), () => {}),
  );

it('recognises what came, and lists it; another state of the repository takes its place', async () => {
  const first = await fetched({ HF_ENDPOINT: hub.endpoint });
  expect(first).toMatchObject({ name: 'toy', kind: 'Qwen2.5-VL checkpoint' });
  expect(first.detail).toContain('asked as seg-zero');
  const next = 'fedcba9876543210fedcba9876543210fedcba98';
  publish(hub, 'some/Seg-Zero-toy', { ...files, 'generation_config.json': Buffer.from('{}') }, next);
  const second = await fetched({ HF_ENDPOINT: hub.endpoint });
  expect([path.basename(first.place), path.basename(second.place)]).toEqual([commit, next]);
  expect(await readInstalled(home)).toEqual([second]);
}, 60_000);

it('goes through the proxy of the environment, and only while it downloads', async () => {
  const address = proxy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await fetched({ HF_ENDPOINT: 'http://hub.example', HTTP_PROXY: `http://127.0.0.1:${port}` });
  expect(new Set(tunnels)).toEqual(new Set(['hub.example:80']));
  // As many write it.
  await rm(path.join(home, 'cache'), { recursive: true, force: true });
  tunnels.length = 0;
  await fetched({ HF_ENDPOINT: 'http://hub.example', HTTP_PROXY: `127.0.0.1:${port}` });
  expect(new Set(tunnels)).toEqual(new Set(['hub.example:80']));
  await expect(fetched({ HF_ENDPOINT: 'http://hub.example', HTTP_PROXY: 'socks5://127.0.0.1:9' })).rejects.toThrow(
    'socks5://127.0.0.1:9: HTTP_PROXY is no address of a proxy; it begins with http://',
  );
  tunnels.length = 0;
  await expect(fetch('http://hub.example')).rejects.toThrow();
  expect(tunnels).toEqual([]);
}, 60_000);

it('is refused where HF_ENDPOINT is no address', async () => {
  for (const endpoint of ['localhost:8000', 'not an address', 'http://127.0.0.1:99999'])
    await expect(fetched({ HF_ENDPOINT: endpoint })).rejects.toThrow(`${endpoint}: HF_ENDPOINT is no address of a Hub`);
});

it('asks the mirrors of the environment where the Hub fails', async () => {
  const env = { HF_ENDPOINT: 'http://127.0.0.1:9', LOUPE_MIRRORS: ` ${hub.endpoint}/ ,` };
  expect((await fetched(env)).name).toBe('toy');
  await expect(fetched(env, ['ftp://other'])).rejects.toThrow(/ftp:\/\/other: is no address of a mirror/);
}, 60_000);
