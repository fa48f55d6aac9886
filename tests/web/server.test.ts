import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { pictureAddress, thumbnailAddress, tileAddress } from '../../main/contract/addresses.ts';
import { BadInput } from '../../main/contract/badInput.ts';
import { Host } from '../../main/host.ts';
import { foldersBelow } from '../../main/settings.ts';
import { serve } from '../../main/web/server.ts';
import {
  bearer,
  type Caller,
  callerOf,
  ended,
  type Hosted,
  hosted,
  paint,
  refusal,
  temporary,
  until,
} from '../hosting.ts';

const { folder: page, remove } = temporary('page');
const hosts: Hosted[] = [];
afterAll(async () => {
  for (const one of hosts) await one.stop();
  remove();
});
beforeAll(() => {
  mkdirSync(path.join(page, 'built/assets'), { recursive: true });
  writeFileSync(path.join(page, 'built/index.html'), '<!doctype html><title>Loupe</title>');
  writeFileSync(path.join(page, 'built/assets/index-1a2b.js'), 'export {};');
  writeFileSync(path.join(page, 'secret.txt'), 'not of the page');
  symlinkSync(path.join(page, 'secret.txt'), path.join(page, 'built/link.txt'));
});

async function started(name: string, how: Parameters<typeof hosted>[1] = {}): Promise<Hosted> {
  const one = await hosted(name, { page: path.join(page, 'built'), ...how });
  hosts.push(one);
  return one;
}

/** A request that says exactly what it is told to, as `fetch` would not. */
function ask(base: string, target: string, headers: Record<string, string> = {}, method = 'GET') {
  const { hostname, port, host } = new URL(base);
  return new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const asked = request({ hostname, port, path: target, method, headers: { host, ...headers } }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }));
    });
    asked.once('error', reject);
    asked.end();
  });
}

/** The status that an attempt to open the socket meets; 101 where it opens. */
function knock(base: string, headers: Record<string, string>, target = 'rpc'): Promise<number> {
  const socket = new WebSocket(`${base.replace('http', 'ws')}${target}`, { headers });
  return new Promise((resolve) => {
    socket.once('unexpected-response', (_, answer) => resolve(answer.statusCode ?? 0));
    socket.once('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.on('error', () => {});
  });
}

describe('the page', () => {
  let base = '';
  beforeAll(async () => {
    ({ base } = await started('static'));
  });

  test('is there for everybody, under its policy', async () => {
    const answer = await ask(base, '/');
    expect(answer).toMatchObject({ status: 200, text: expect.stringContaining('<title>Loupe') });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-cache',
    });
    const policy = String(answer.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(policy).not.toMatch(/script-src[^;]*'unsafe-(inline|eval)/u);
  });

  test('its hashed files may be kept for ever', async () => {
    const { headers } = await ask(base, '/assets/index-1a2b.js');
    expect(headers).toMatchObject({ 'content-type': 'text/javascript; charset=utf-8' });
    expect(headers['cache-control']).toContain('immutable');
  });

  test.each([
    ...['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '//etc/passwd'],
    ...['/link.txt', '/assets', '/nothing', '/%00', '/%ff', '/\\..\\secret.txt', '/assets/..%5c..%5csecret.txt'],
  ])('%s leads nowhere', async (target) => {
    const { status, text } = await ask(base, target);
    expect(status).toBe(404);
    expect(text).not.toContain('not of the page');
  });

  test('a page that is not built is said', async () => {
    const bare = await hosted('unbuilt', { page: path.join(page, 'nowhere') });
    hosts.push(bare);
    expect(await ask(bare.base, '/')).toMatchObject({ status: 404, text: expect.stringContaining('npm start') });
  });

  test('other methods and bodies are refused', async () => {
    expect((await ask(base, '/', {}, 'POST')).status).toBe(405);
    expect((await ask(base, '/', { 'content-length': '99999' })).status).toBe(413);
  });
});

describe('who is let in', () => {
  let one: Hosted;
  let origin = '';
  beforeAll(async () => {
    one = await started('doors');
    origin = one.base.slice(0, -1);
  });

  test('the token buys a session, whose cookie no script reads and no other site sends', async () => {
    const begun = await one.fetch('session', { method: 'POST' });
    expect(begun.status).toBe(204);
    const cookie = begun.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/u);
    expect(cookie).not.toContain(one.token);
    const [session = ''] = cookie.split(';');
    expect(await knock(one.base, { cookie: `other=1; ${session}`, origin })).toBe(101);
    expect((await ask(one.base, '/images/1/picture', { cookie: session })).status).not.toBe(401);
    expect(await knock(one.base, { cookie: session.slice(0, -1), origin })).toBe(401);
  });

  test('without token or session nothing is told', async () => {
    expect(await knock(one.base, {})).toBe(401);
    expect(await knock(one.base, { authorization: 'Bearer wrong' })).toBe(401);
    expect(await knock(one.base, { authorization: `Basic ${one.token}` })).toBe(401);
    for (const target of ['/images/1/picture', '/images/1/tiles/0/0/0', '/images/1/thumbnail?v=0']) {
      expect((await ask(one.base, target)).status).toBe(401);
    }
    const begun = await fetch(new URL('session', one.base), { method: 'POST' });
    expect([begun.status, begun.headers.get('set-cookie')]).toEqual([401, null]);
    expect((await one.fetch('session')).status).toBe(405);
  });

  test('pages of elsewhere are turned away, whatever they bring', async () => {
    const token = bearer(one.token);
    for (const stray of ['https://example.org', 'null', 'http://127.0.0.1:1', 'http://localhost']) {
      expect(await knock(one.base, { ...token, origin: stray })).toBe(403);
      expect((await ask(one.base, '/session', { ...token, origin: stray }, 'POST')).status).toBe(403);
    }
    expect((await ask(one.base, '/images/1/picture', { ...token, 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await ask(one.base, '/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' })).status).toBe(
      200,
    );
  });

  test('a name that was made to point here is not ours', async () => {
    const port = new URL(one.base).port;
    expect((await ask(one.base, '/', { host: `evil.example:${port}` })).status).toBe(403);
    expect(await knock(one.base, { ...bearer(one.token), host: 'evil.example' })).toBe(403);
    expect((await ask(one.base, '/', { host: `localhost:${port}` })).status).toBe(200);
  });

  test('only /rpc takes calls', async () => {
    expect(await knock(one.base, bearer(one.token), 'other')).toBe(404);
  });
});

describe.each([
  ['over a port', false],
  ['over a socket file', true],
] as const)('calls %s', (name, socket) => {
  let one: Hosted;
  let caller: Caller;
  beforeAll(async () => {
    one = await started(name.replaceAll(' ', '-'), { socket });
    caller = await one.call();
    await caller.client.project.create({ file: path.join(one.folder, 'calls.loupe') });
  });

  test('an answer, a refusal that is agreed on, and a breach of the contract', async () => {
    expect(await caller.client.project.labels()).toEqual([]);
    expect(await refusal(caller.client.images.detail({ id: 999 }))).toEqual({
      ...{ code: 'BAD_INPUT', message: 'there is no image 999 in the project', defined: true },
    });
    expect(await refusal(caller.client.images.detail({ id: -1 }))).toMatchObject({
      ...{ code: 'BAD_INPUT', message: expect.stringMatching(/^id: /u), defined: true },
    });
  });

  test('many calls at once each get their own answer', async () => {
    const firsts = await Promise.all(Array.from({ length: 100 }, () => caller.client.project.reserve({ count: 7 })));
    const numbers = firsts.map(({ first }) => first).sort((a, b) => a - b);
    for (const [i, number] of numbers.entries()) expect(number - (numbers[0] ?? 0)).toBe(7 * i);
  });

  test('a stream begins with the state of everything and goes on with what happens', async () => {
    const stream = await caller.client.watch();
    const first = await stream.next();
    expect(first.value).toMatchObject({ kind: 'project', project: { name: 'calls' } });
    const { first: id } = await caller.client.project.reserve({ count: 1 });
    const label = { id, name: `label ${id}`, colour: '#ff0000', digit: null, attributes: [], place: 1 };
    await caller.client.edit.apply({
      title: 'Add label',
      changes: [{ kind: 'label', id, before: null, after: label }],
    });
    const { recorded } = await until(stream, 'recorded');
    expect(recorded).toMatchObject({ diff: { title: 'Add label' }, undo: 'Add label' });
    await stream.return?.();
  });

  test('a stream that is left, aborted or cut off is closed in the host', async () => {
    const other = await callerOf(one.base, one.token, socket);
    const before = one.host.events.watched;
    const abort = new AbortController();
    const left = await caller.client.watch();
    const aborted = await caller.client.watch(undefined, { signal: abort.signal });
    const cut = await other.client.watch();
    for (const stream of [left, aborted, cut]) await stream.next();
    expect(one.host.events.watched).toBe(before + 3);
    const waiting = aborted.next().catch((error: unknown) => error);
    await left.return?.();
    abort.abort();
    other.socket.terminate();
    await waiting;
    await expect.poll(() => one.host.events.watched).toBe(before);
  });

  test('an aborted call rejects here at once', async () => {
    const abort = new AbortController();
    const asked = caller.client.jobs.list(undefined, { signal: abort.signal });
    abort.abort();
    await expect(asked).rejects.toThrow();
    expect(await caller.client.jobs.list()).toEqual(expect.any(Array));
  });

  test('frames that are none cost nobody anything', async () => {
    const other = await callerOf(one.base, one.token, socket);
    const silenced: unknown[] = [];
    const say = console.error;
    console.error = (...words) => silenced.push(words);
    try {
      for (const frame of ['', '{', 'null', '7', '[]', '{"i":1}', '{"i":1,"p":{"u":7}}', '{"i":{},"t":9,"p":null}']) {
        other.socket.send(frame);
      }
      other.socket.send(Buffer.from([0xff, 0xfe, 0, 1]));
      other.socket.send('{"i":5,"p":{"u":"/nothing/of/the/kind","b":{"json":{}}}}');
      expect(await other.client.project.labels()).toEqual(expect.any(Array));
    } finally {
      console.error = say;
      other.socket.terminate();
    }
  });

  test('a frame beyond measure closes its own connection', async () => {
    const other = await callerOf(one.base, one.token, socket);
    const closed = new Promise<number>((resolve) => other.socket.once('close', resolve));
    other.socket.on('error', () => {});
    other.socket.send(Buffer.alloc(65 * 1024 ** 2));
    expect(await closed).toBe(1009);
    expect(await caller.client.jobs.list()).toEqual(expect.any(Array));
  });
});

describe('pixels', () => {
  let one: Hosted;
  let image = { id: 0, hash: '' };
  beforeAll(async () => {
    one = await started('pixels');
    const { client } = await one.call();
    mkdirSync(path.join(one.folder, 'in'));
    await paint(path.join(one.folder, 'in/a.png'), { width: 1200, height: 700 });
    await client.project.create({ file: path.join(one.folder, 'p.loupe') });
    const job = await client.images.add({ paths: [path.join(one.folder, 'in')] });
    await ended(client, job.id);
    const { rows } = await client.images.list({ offset: 0, limit: 1 });
    const detail = await client.images.detail({ id: rows[0]?.id ?? 0 });
    image = { id: detail.image.id, hash: detail.image.hash ?? '' };
  });
  const get = (address: string, init?: RequestInit) => one.fetch(address.slice(1), init);

  test('the addresses of the contract lead to pictures that may be kept', async () => {
    const tile = tileAddress(image.id, image.hash, { level: 0, column: 2, row: 1 });
    const wanted = [
      [pictureAddress(image.id, image.hash), 'image/png'],
      [thumbnailAddress(image.id, image.hash), 'image/webp'],
      [tile, 'image/jpeg'],
    ] as const;
    for (const [address, type] of wanted) {
      const answer = await get(address);
      expect([address, answer.status, answer.headers.get('content-type')]).toEqual([address, 200, type]);
      expect(answer.headers.get('cache-control')).toContain('immutable');
      expect((await answer.arrayBuffer()).byteLength).toBe(Number(answer.headers.get('content-length')));
    }
    const stale = await get(pictureAddress(image.id, 'old'));
    expect(stale.headers.get('cache-control')).toBe('no-cache');
  });

  test('a part of a picture', async () => {
    const whole = new Uint8Array(await (await get(pictureAddress(image.id, image.hash))).arrayBuffer());
    const part = await get(pictureAddress(image.id, image.hash), { headers: { Range: 'bytes=4-9' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 4-9/${whole.length}`]);
    expect([...new Uint8Array(await part.arrayBuffer())]).toEqual([...whole.subarray(4, 10)]);
    const end = await get(pictureAddress(image.id, image.hash), { headers: { Range: 'bytes=-3' } });
    expect([...new Uint8Array(await end.arrayBuffer())]).toEqual([...whole.subarray(-3)]);
    expect((await get(pictureAddress(image.id, ''), { headers: { Range: 'bytes=9999999-' } })).status).toBe(416);
  });

  test.each([
    ...['/images/', '/images/x/picture', '/images/1', '/images/1/../../etc/passwd', '/images/1/picture/more'],
    ...['/images/99999/picture', '/images/1/tiles/0/0', '/images/1/tiles/-1/0/0', '/images/1/picture?v=../../x'],
    ...['/images/999999999999999999999/picture', '/images/1/tiles/99/0/0', '/images/1/tiles/0/9/9'],
  ])('%s is no picture', async (target) => {
    const answer = await ask(one.base, target.replace('/1/', `/${image.id}/`), bearer(one.token));
    expect(answer.status).toBe(404);
    expect(answer.text.trim().split('\n')).toHaveLength(1);
  });

  test('without a project there are none', async () => {
    const { base, token } = await started('empty');
    const answer = await ask(base, '/images/1/picture', bearer(token));
    expect([answer.status, answer.text]).toEqual([404, 'No project is open.\n']);
  });
});

describe('the place', () => {
  test('only this machine is listened to', async () => {
    const one = await started('loopback');
    expect(new URL(one.base).hostname).toBe('127.0.0.1');
  });

  test('a port that is taken is said', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { folder, remove: forget } = temporary('taken');
    const host = new Host(foldersBelow(folder));
    await expect(serve(host, { port })).rejects.toThrow(new BadInput(`port ${port} is in use; name another one`));
    await host.stop();
    taken.close();
    forget();
  });

  test.skipIf(process.platform === 'win32')(
    'a socket file is for its owner alone, and goes with the host',
    async () => {
      const { folder, remove: forget } = temporary('socket');
      const file = path.join(folder, 's');
      const host = new Host(foldersBelow(folder));
      const { address, stop } = await serve(host, { socket: file });
      expect(address).toMatch(/\/s#[\w-]{43}$/u);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      await expect(serve(host, { socket: file })).rejects.toThrow('is in use');
      await stop();
      expect(existsSync(file)).toBe(false);
      await host.stop();
      forget();
    },
  );

  test.skipIf(process.platform === 'win32')('a dead socket file is replaced, another file is not', async () => {
    const { folder, remove: forget } = temporary('dead');
    const host = new Host(foldersBelow(folder));
    const file = path.join(folder, 's');
    const dying = "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
    spawnSync(process.execPath, ['-e', dying, file]);
    expect(lstatSync(file).isSocket()).toBe(true);
    const { stop } = await serve(host, { socket: file });
    await stop();
    writeFileSync(file, 'mine');
    await expect(serve(host, { socket: file })).rejects.toThrow(BadInput);
    expect(statSync(file).size).toBe(4);
    await host.stop();
    forget();
  });
});
