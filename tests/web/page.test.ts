// The page's folder over a real HTTP server: files inside it and nothing else, whatever the address says.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentPolicy } from '../../main/contract/contentPolicy.ts';
import { sendPage } from '../../main/web/page.ts';
import { saved } from '../formats/reads.ts';
import { temporary } from '../hosting.ts';

const { folder, remove } = temporary('page');
const page = path.join(folder, 'page');
const secret = 'nobody may read this';
let server: Server;
let port: number;

beforeAll(async () => {
  saved(page, 'index.html', '<p>Loupe</p>');
  saved(page, 'assets/app-1a2b.js', 'start()');
  saved(page, 'assets/app.CSS', 'p {}');
  saved(page, 'a b.txt', 'a space');
  saved(page, 'ü.svg', '<svg/>');
  saved(page, 'odd.xyz', 'what is this');
  saved(folder, 'secret.txt', secret);
  saved(folder, 'page-of-another/secret.txt', secret);
  mkdirSync(path.join(page, 'folder'));
  if (process.platform !== 'win32') {
    symlinkSync(path.join(folder, 'secret.txt'), path.join(page, 'link.txt'));
    symlinkSync(path.join(page, 'index.html'), path.join(page, 'inner.html'));
  }
  server = createServer((request, response) => {
    void sendPage(request, response, request.headers['x-none'] ? path.join(folder, 'none') : page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  remove();
});

/** The address goes out as it stands: fetch would tidy it. */
const raw = (address: string): Promise<{ status: number; body: string; head: string }> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (piece) => {
      text += piece;
    });
    socket.on('end', () => {
      const [head = '', ...body] = text.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1]), body: body.join('\r\n\r\n'), head });
    });
    socket.on('error', reject);
    socket.write(`GET ${address} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  });
const get = (address: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${port}${address}`, { headers });

describe('files of the page', () => {
  test.each([
    ['/', '<p>Loupe</p>', 'text/html; charset=utf-8', 'no-cache'],
    ['/?x=1', '<p>Loupe</p>', 'text/html; charset=utf-8', 'no-cache'],
    ['/index.html', '<p>Loupe</p>', 'text/html; charset=utf-8', 'no-cache'],
    ['/assets/app-1a2b.js', 'start()', 'text/javascript; charset=utf-8', 'private, max-age=31536000, immutable'],
    ['/assets/app.CSS', 'p {}', 'text/css; charset=utf-8', 'private, max-age=31536000, immutable'],
    ['/a%20b.txt', 'a space', 'text/plain; charset=utf-8', 'no-cache'],
    ['/%C3%BC.svg', '<svg/>', 'image/svg+xml', 'no-cache'],
    ['/odd.xyz', 'what is this', 'application/octet-stream', 'no-cache'],
  ])('%s', async (address, body, type, keeping) => {
    const answer = await get(address);
    expect([answer.status, await answer.text()]).toEqual([200, body]);
    expect([answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([type, keeping]);
    expect(answer.headers.get('content-security-policy')).toBe(contentPolicy);
  });

  test.each(['/none.html', '/folder', '/folder/', '/assets', '/index.html/x', '/assets/..%2f..'])(
    '%s is no file',
    async (address) => {
      const answer = await raw(address);
      expect([answer.status, answer.body.includes('There is no such file.')]).toEqual([404, true]);
    },
  );

  test('a page that is not built says how to build it', async () => {
    const answer = await get('/', { 'X-None': '1' });
    expect([answer.status, await answer.text()]).toEqual([404, 'The page is not built yet: run "npm start".\n']);
    expect(await (await get('/x.js', { 'X-None': '1' })).text()).toBe('There is no such file.\n');
  });
});

describe('what lies outside stays outside', () => {
  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..\\secret.txt',
    '/../page-of-another/secret.txt',
    '/link.txt',
    '//etc/passwd',
    '/%00',
    '/index.html%00.txt',
    '/%',
    '/%zz',
    '/%c3%28',
    '*',
    'http://elsewhere/secret.txt',
  ])('%s', async (address) => {
    const { status, body } = await raw(address);
    expect([status, body.includes(secret)]).toEqual([404, false]);
  });

  test.skipIf(process.platform === 'win32')('a link that stays inside is followed', async () => {
    expect(await (await get('/inner.html')).text()).toBe('<p>Loupe</p>');
  });

  test('any address ends in an answer without the secret', async () => {
    const step = fc.oneof(
      fc.constantFrom('..', '%2e%2e', 'assets', 'secret.txt', 'link.txt', '%2f', '%5c', '%00', '?', ';', '.'),
      fc.string({ unit: fc.constantFrom('a', '%', '2', 'e', '~', '/'), maxLength: 6 }),
    );
    const check = async (steps: string[]) => {
      const { status, body } = await raw(`/${steps.join('/')}`);
      expect([200, 404]).toContain(status);
      expect(body).not.toContain(secret);
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 6 }), check), { numRuns: 100 });
  });

  test.skipIf(process.platform === 'win32')('a file that was swapped for a link is judged each time', async () => {
    const late = path.join(page, 'late.txt');
    writeFileSync(late, 'mine');
    expect(await (await get('/late.txt')).text()).toBe('mine');
    rmSync(late);
    symlinkSync(path.join(folder, 'secret.txt'), late);
    expect((await get('/late.txt')).status).toBe(404);
  });
});
