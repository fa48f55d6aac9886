// Files and bytes over a real HTTP server of the test's own.
import { readdirSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askAgain, forEver, sayText, sendBytes, sendFile } from '../../main/web/answer.ts';
import { saved } from '../formats/reads.ts';
import { temporary } from '../hosting.ts';

const { folder, remove } = temporary('answer');
const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
const files = { whole: saved(folder, 'whole.bin', bytes), empty: saved(folder, 'empty.bin', '') };
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((asked, response) => {
    const name = (asked.url ?? '').slice(1);
    if (name === 'text') return sayText(response, 418, 'I am a teapot.', { 'X-Own': 'yes' });
    if (name === 'nothing') return sayText(response, 204, '');
    if (name === 'bytes') return sendBytes(response, bytes, { 'Content-Type': 'image/png', ...forEver });
    if (name === 'late') {
      response.writeHead(200).write('begun');
      return sayText(response, 500, 'too late to say so');
    }
    const file = name === 'empty' ? files.empty : files.whole;
    return void sendFile(asked, response, { file, headers: { 'Content-Type': 'x/y', ...askAgain } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  remove();
});

const got = async (name: string, range?: string) => {
  const answer = await fetch(`${base}${name}`, range === undefined ? {} : { headers: { Range: range } });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
};

describe('texts and bytes', () => {
  test('a sentence has its status, ends with its line and is not kept', async () => {
    const { status, headers, body } = await got('text');
    expect([status, body.toString(), headers.get('x-own')]).toEqual([418, 'I am a teapot.\n', 'yes']);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  test('no sentence is no body', async () => {
    const { status, body } = await got('nothing');
    expect([status, body.length]).toEqual([204, 0]);
  });

  test('bytes come with their length and may be kept for ever', async () => {
    const { body, headers } = await got('bytes');
    expect(body.equals(bytes)).toBe(true);
    expect([headers.get('content-length'), headers.get('cache-control')]).toEqual([
      '1000',
      'private, max-age=31536000, immutable',
    ]);
  });

  test('an answer that has begun is cut off rather than mixed with a sentence', async () => {
    await expect(fetch(`${base}late`).then((answer) => answer.text())).rejects.toThrow();
  });
});

describe('a file', () => {
  test('is whole where no part is asked for', async () => {
    const { status, headers, body } = await got('whole');
    expect([status, body.equals(bytes), headers.get('accept-ranges'), headers.get('content-type')]).toEqual([
      ...[200, true, 'bytes', 'x/y'],
    ]);
    expect(headers.get('cache-control')).toBe('no-cache');
  });

  test.each([
    ['bytes=0-9', 0, 10],
    ['bytes=990-', 990, 1000],
    ['bytes=-10', 990, 1000],
    ['bytes=-5000', 0, 1000],
    ['bytes=5-5', 5, 6],
    ['bytes=0-999', 0, 1000],
    ['bytes=500-100000', 500, 1000],
  ])('%s', async (range, start, end) => {
    const { status, headers, body } = await got('whole', range);
    expect([status, headers.get('content-range')]).toEqual([206, `bytes ${start}-${end - 1}/1000`]);
    expect(body.equals(bytes.subarray(start, end))).toBe(true);
  });

  test.each(['bytes=1000-', 'bytes=5-3', 'bytes=-0', 'bytes=99999-100000'])('%s is not there', async (range) => {
    const { status, headers, body } = await got('whole', range);
    expect([status, headers.get('content-range')]).toEqual([416, 'bytes */1000']);
    expect(body.toString()).toBe('there is no such part\n');
  });

  test.each(['', 'bytes=', 'bytes=-', 'bytes=0-1,5-6', 'lines=1-2', 'bytes=a-b'])(
    '%j asks for no part that is understood: the whole',
    async (range) => {
      const { status, body } = await got('whole', range);
      expect([status, body.length]).toEqual([200, 1000]);
    },
  );

  test('an empty one is empty, in parts too', async () => {
    expect(await got('empty')).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    expect((await got('empty', 'bytes=0-5')).status).toBe(416);
  });

  test('HEAD tells the length alone', async () => {
    const answer = await fetch(`${base}whole`, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '1000', '']);
  });

  test('any part is the part of the file that it names', async () => {
    const side = fc.option(fc.nat(1200), { nil: '' as const });
    const check = async (from: number | '', to: number | '') => {
      const { status, headers, body } = await got('whole', `bytes=${from}-${to}`);
      if (status === 416) return;
      const [, start = '0', end = '999'] = /^bytes (\d+)-(\d+)\/1000$/u.exec(headers.get('content-range') ?? '') ?? [];
      expect(body.equals(bytes.subarray(Number(start), Number(end) + 1))).toBe(true);
      if (from !== '') expect(Number(start)).toBe(status === 206 ? from : 0);
    };
    await fc.assert(fc.asyncProperty(side, side, check), { numRuns: 60 });
  });

  test('a reader who leaves stops nothing', async () => {
    await new Promise<void>((resolve) => {
      const asked = request(`${base}whole`, (answer) => {
        answer.once('data', () => {
          answer.destroy();
          resolve();
        });
      });
      asked.on('error', () => {});
      asked.end();
    });
    expect((await got('whole')).status).toBe(200);
  });
});

test.skipIf(process.platform !== 'linux')('a thousand readers who leave at once leave no open file', async () => {
  const open = () => readdirSync('/proc/self/fd').length;
  await got('whole');
  const before = open();
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: 50 }, () => {
        const asked = request(`${base}whole`);
        return new Promise((resolve) => {
          asked.once('close', resolve).once('error', () => {});
          asked.once('socket', (socket) => socket.once('connect', () => setImmediate(() => asked.destroy())));
          asked.end();
        });
      }),
    );
  }
  await expect.poll(() => open() - before).toBeLessThan(20);
});
