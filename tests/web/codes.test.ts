// Codes that stand for the token once, and connections that send what is no call.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addressFor } from '../../tools/start.mjs';
import { bearer, type Hosted, hosted } from '../hosting.ts';

let one: Hosted;
beforeAll(async () => {
  one = await hosted('codes');
});
afterAll(() => one.stop());

describe('a code', () => {
  test('the token buys a code, which buys one session and the token', async () => {
    const post = (below: string, shown: string) =>
      fetch(new URL(below, one.base), { method: 'POST', headers: bearer(shown) });
    const code = (await (await post('session/code', one.token)).text()).trim();
    expect(code).not.toBe(one.token);
    expect((await fetch(new URL('images/1/picture', one.base), { headers: bearer(code) })).status).toBe(401);
    const begun = await post('session', code);
    expect([begun.status, await begun.text()]).toEqual([200, `${one.token}\n`]);
    expect(begun.headers.get('set-cookie')).toContain('HttpOnly; SameSite=Strict');
    expect((await post('session', code)).status).toBe(401);
    expect((await post('session/code', code)).status).toBe(401);
    expect((await one.fetch('session/code')).status).toBe(405);
  });

  test('what is handed to a browser is not the token', async () => {
    const address = await addressFor(`${one.base}#${one.token}`);
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}$/u);
    expect(address).not.toContain(one.token);
    await expect(addressFor(`${one.base}#wrong`)).rejects.toThrow('The host gives no code');
  });
});

describe('a connection', () => {
  test('frames that are no calls are dropped without a word, and very many end the connection', async () => {
    const printed = vi.spyOn(console, 'error');
    const { socket, client } = await one.call();
    const junk = ['x', '{', '{}', 'null', '[]', Buffer.from([1, 2, 3]), '{"i":"999","t":1,"p":{"u":"/nope"}}'];
    for (const frame of junk) socket.send(frame);
    expect(await client.jobs.list()).toEqual([]);
    const closed = once(socket, 'close');
    for (let i = 0; i < 50; i++) socket.send('x');
    expect((await closed)[0]).toBe(1008);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });
});
