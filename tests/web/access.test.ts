import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Access, type Door } from '../../main/web/access.ts';

const port: Door = { kind: 'port', port: 8123 };
const socket: Door = { kind: 'socket' };

function asking(headers: Record<string, string>): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  Object.assign(request.headers, headers);
  return request;
}

describe('the token', () => {
  test('is long, random and good for an address', () => {
    const tokens = Array.from({ length: 50 }, () => new Access().token);
    expect(new Set(tokens).size).toBe(50);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/u);
  });

  test.each([
    ['Bearer abc', true],
    ['Bearer abcd', false],
    ['Bearer ab', false],
    ['bearer abc', false],
    ['Bearer  abc', false],
    ['Bearer abc ', false],
    ['Basic abc', false],
    ['', false],
    [`Bearer ${'a'.repeat(5000)}`, false],
  ])('%j shows it: %s', (authorization, known) => {
    const access = new Access('abc');
    expect(access.bearer(asking({ authorization }))).toBe(known);
    expect(access.known(asking({ authorization }), socket)).toBe(known);
  });
});

describe('sessions', () => {
  const sessionOf = (cookie: string) => cookie.split(';')[0] ?? '';

  test('are known at their own port, beside other cookies', () => {
    const access = new Access();
    const session = sessionOf(access.begin(8123));
    expect(access.known(asking({ cookie: `a=b; ${session}; c=d` }), port)).toBe(true);
    expect(access.known(asking({ cookie: session }), { kind: 'port', port: 8124 })).toBe(false);
    expect(access.known(asking({ cookie: session }), socket)).toBe(false);
    expect(access.known(asking({ cookie: 'loupe-8123=' }), port)).toBe(false);
    expect(access.known(asking({}), port)).toBe(false);
  });

  test('of another start are not known', () => {
    const session = sessionOf(new Access().begin(8123));
    expect(new Access().known(asking({ cookie: session }), port)).toBe(false);
  });

  test('the oldest of very many ends', () => {
    const access = new Access();
    const sessions = Array.from({ length: 101 }, () => sessionOf(access.begin(8123)));
    const known = (session = '') => access.known(asking({ cookie: session }), port);
    expect([known(sessions[0]), known(sessions[1]), known(sessions[100])]).toEqual([false, true, true]);
  });
});

describe('strays', () => {
  const access = new Access();
  test.each([
    [{ host: '127.0.0.1:8123' }, true],
    [{ host: 'localhost:8123' }, true],
    [{ host: '[::1]:8123' }, true],
    [{ host: '127.0.0.1:8123', origin: 'http://127.0.0.1:8123' }, true],
    [{ host: '127.0.0.1:8123', 'sec-fetch-site': 'same-origin' }, true],
    [{ host: '127.0.0.1:8123', 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' }, true],
    [{ host: '127.0.0.1:8123', 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe' }, false],
    [{ host: '127.0.0.1:8123', 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'image' }, false],
    [{ host: '127.0.0.1:8123', origin: 'http://localhost:8123' }, false],
    [{ host: '127.0.0.1:8123', origin: 'https://127.0.0.1:8123' }, false],
    [{ host: '127.0.0.1:8123', origin: 'null' }, false],
    [{ host: '127.0.0.1:80' }, false],
    [{ host: '127.0.0.1' }, false],
    [{ host: 'loupe.example:8123' }, false],
    [{}, false],
  ])('%j comes from here: %s', (headers, ours) => {
    expect(access.stray(asking(headers), port) === null).toBe(ours);
    // Only who may open the file reaches the socket.
    expect(access.stray(asking(headers), socket)).toBeNull();
  });
});

describe('codes', () => {
  const shown = (code: string) => asking({ authorization: `Bearer ${code}` });

  test('are good once and for a minute, and never for anything but a session', () => {
    const access = new Access();
    const [code, late] = [access.code(0), access.code(0)];
    expect(access.known(shown(code), port)).toBe(false);
    expect([access.redeem(shown(code), 59_999), access.redeem(shown(code), 59_999)]).toEqual([true, false]);
    expect(access.redeem(shown(late), 60_000)).toBe(false);
    expect([access.redeem(shown('abc')), access.redeem(asking({}))]).toEqual([false, false]);
  });

  test('are few: the oldest of many ends', () => {
    const access = new Access();
    const codes = Array.from({ length: 11 }, () => access.code());
    expect(codes.map((code) => access.redeem(shown(code)))).toEqual([false, ...Array(10).fill(true)]);
  });
});
