import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, fileBelow } from '../../electron/scheme.ts';
import { contentPolicy } from '../../main/contract/contentPolicy.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-scheme-'));
const socket = path.join(folder, 'host.socket');
const asked: { url?: string; headers: IncomingHttpHeaders }[] = [];
let server: Server;

beforeAll(async () => {
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(path.join(folder, 'a b.js'), 'let a;');
  server = createServer(({ url, headers }, response) => {
    asked.push({ url, headers });
    if (headers['if-none-match'] === '"same"') response.writeHead(304).end();
    else response.writeHead(206, { 'content-type': 'image/webp', 'content-range': 'bytes 0-2/9' }).end('abc');
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const host = async () => ({ socket, token: 'secret' });
const get = (address: string, init: RequestInit = {}) =>
  answer(new Request(`app://loupe${address}`, init), folder, host);

describe('addresses of the page', () => {
  it.each([
    ['/', 'index.html'],
    ['/assets/x.js', 'assets/x.js'],
    ['/a%20b.js', 'a b.js'],
  ])('%s is the file %s', (address, name) => expect(fileBelow('/page', address)).toBe(path.resolve('/page', name)));

  it.each(['/../x', '/%2e%2e/x', '/a/../../x', '/..%2fx', '/..\\x', '/%5c..%5cx', '/%00', '/%', '/.'])(
    '%s is none',
    (address) => expect(fileBelow('/page', address)).toBeNull(),
  );
});

describe('answers to the page', () => {
  it('are files with their type under the policy', async () => {
    const page = await get('/');
    expect([page.status, await page.text()]).toEqual([200, '<!doctype html>']);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toBe(contentPolicy);
    expect((await get('/a%20b.js')).headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  it('are refusals where nothing is or nothing may be', async () => {
    expect((await get('/nothing.js')).status).toBe(404);
    expect((await get('/', { method: 'POST' })).status).toBe(405);
    expect((await get('/rpc')).status).toBe(404);
  });

  it('are pixels of the host, asked with its token and a range', async () => {
    const answered = await get('/images/7/picture?v=ab', { headers: { range: 'bytes=0-2', cookie: 'a=b' } });
    expect([answered.status, await answered.text()]).toEqual([206, 'abc']);
    expect(answered.headers.get('content-range')).toBe('bytes 0-2/9');
    const last = asked.at(-1);
    expect(last?.url).toBe('/images/7/picture?v=ab');
    expect(last?.headers).toMatchObject({ authorization: 'Bearer secret', range: 'bytes=0-2' });
    expect(last?.headers).not.toHaveProperty('cookie');
  });

  it('keep what the browser has already', async () => {
    const answered = await get('/images/7/picture', { headers: { 'if-none-match': '"same"' } });
    expect(answered.status).toBe(304);
  });

  it('say so where the host is away', async () => {
    const away = async () => ({ socket: path.join(folder, 'none.socket'), token: '' });
    const answered = await answer(new Request('app://loupe/images/1/picture'), folder, away);
    expect([answered.status, await answered.text()]).toEqual([502, 'The host is not running.']);
    const closing = () => Promise.reject(new Error('Loupe is closing.'));
    expect((await answer(new Request('app://loupe/images/1/picture'), folder, closing)).status).toBe(502);
  });
});
