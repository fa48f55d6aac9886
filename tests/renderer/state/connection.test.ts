import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  AccessRefused,
  type Connection,
  connect,
  isRefusal,
  NotConnected,
  portDial,
  sentence,
  sessionOf,
} from '../../../renderer/state/connection.ts';
import { type Hosted, hosted } from '../../hosting.ts';
import { dialled, patience } from '../dialled.ts';

let host: Hosted;
const open: Connection[] = [];

beforeAll(async () => {
  host = await hosted('connection');
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
afterAll(() => host.stop());

function connected(limits = patience) {
  const line = dialled(host);
  const connection = connect(line.dial, limits);
  open.push(connection);
  return { ...line, ...connection };
}

describe('a connection', () => {
  it('answers calls that were made before it stood', async () => {
    const { host: client } = connected();
    expect((await client.settings.read()).keys).toBe('Loupe');
  });

  it('comes back after it was cut, and calls made meanwhile wait for it', async () => {
    const { host: client, cut, count, onState } = connected();
    await client.settings.read();
    const states: boolean[] = [];
    onState((up) => states.push(up));
    cut();
    await expect.poll(() => states, { timeout: 10_000 }).toContain(false);
    expect((await client.settings.read()).keys).toBe('Loupe');
    expect(count()).toBe(2);
    expect(states).toEqual([true, false, true]);
  });

  it('gives up a call when the host stays away', async () => {
    const { host: client, setDown, cut } = connected({ ...patience, call: 400 });
    await expect.poll(() => client.settings.read().then(({ keys }) => keys), { timeout: 10_000 }).toBe('Loupe');
    setDown(true);
    cut();
    const failure = () => client.settings.read().catch((error: unknown) => error);
    await expect.poll(failure, { timeout: 10_000 }).toBeInstanceOf(NotConnected);
  });

  it('tells what the host refuses from what was lost on the way', async () => {
    const { host: client, cut } = connected();
    const refused: unknown = await client.project.labels().catch((error: unknown) => error);
    expect(isRefusal(refused)).toBe(true);
    expect(sentence(refused)).toBe('No project is open.');
    const stream = await client.watch();
    await stream.next();
    const reading = (async () => {
      for await (const _ of stream);
    })().catch((error: unknown) => error);
    cut();
    expect(isRefusal(await reading)).toBe(false);
  });

  it('says so when no attempt will ever succeed', async () => {
    const connection = connect(() => Promise.reject(new AccessRefused('Open the new address.')), patience);
    open.push(connection);
    const told: (string | null)[] = [];
    connection.onState((_, refused) => told.push(refused));
    await expect.poll(() => told, { timeout: 10_000 }).toContain('Open the new address.');
  });

  it('stops when it is closed', async () => {
    const { host: client, close, count } = connected();
    await client.settings.read();
    close();
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(count()).toBe(1);
    await expect(client.settings.read()).rejects.toThrow('does not answer');
  });
});

describe('a port of the shell', () => {
  it('is over when the other end closes it, and a new one is asked for', async () => {
    const ports: MessagePort[] = [];
    const dial = portDial(() => {
      const { port1, port2 } = new MessageChannel();
      ports.push(port2);
      return Promise.resolve(port1);
    });
    const connection = connect(dial, patience);
    open.push(connection);
    const states: boolean[] = [];
    connection.onState((up) => states.push(up));
    await expect.poll(() => ports.length, { timeout: 10_000 }).toBe(1);
    ports[0]?.close();
    await expect.poll(() => ports.length, { timeout: 10_000 }).toBe(2);
    expect(states).toContain(false);
    connection.close();
    for (const port of ports) port.close();
  });
});

describe('the session of a browser', () => {
  const through = async (token: string | null, answer: number) => {
    const asked: string[] = [];
    const real = globalThis.fetch;
    globalThis.fetch = (address, init) => {
      asked.push(`${init?.method} ${String(address)} ${new Headers(init?.headers).get('authorization')}`);
      return Promise.resolve(new Response(null, { status: answer }));
    };
    try {
      await sessionOf(token)();
    } finally {
      globalThis.fetch = real;
    }
    return asked;
  };

  it('is begun with the token, and without one not at all', async () => {
    expect(await through('abc', 204)).toEqual(['POST /session Bearer abc']);
    expect(await through(null, 204)).toEqual([]);
  });

  it('that was begun with a code comes back with the token', async () => {
    const real = globalThis.fetch;
    const shown: (string | null)[] = [];
    globalThis.fetch = async (_, init) => {
      shown.push(new Headers(init?.headers).get('authorization'));
      return shown.length === 1 ? new Response('the-token\n') : new Response(null, { status: 204 });
    };
    try {
      const enter = sessionOf('code');
      await enter();
      await enter();
    } finally {
      globalThis.fetch = real;
    }
    expect(shown).toEqual(['Bearer code', 'Bearer the-token']);
  });

  it('is not begun with a token that the host does not know', async () => {
    await expect(through('old', 401)).rejects.toBeInstanceOf(AccessRefused);
    await expect(through('abc', 500)).rejects.toBeInstanceOf(NotConnected);
  });
});
