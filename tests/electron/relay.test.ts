import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HostLife, type HostState } from '../../electron/hostLife.ts';
import { type FramePort, relay } from '../../electron/relay.ts';
import { answer } from '../../electron/scheme.ts';
import type { api } from '../../main/contract/api.ts';
import { makeSampleProject } from '../../main/jobs/opening/sampleProject.ts';

type Host = ContractRouterClient<typeof api>;

const root = path.resolve(import.meta.dirname, '../..');
const home = mkdtempSync(path.join(tmpdir(), 'loupe-relay-'));
const states: HostState[] = [];
const cli = ['--disable-warning=ExperimentalWarning', path.join(root, 'main/cli.ts')];
let life: HostLife;
let project = '';
const ports: MessagePort[] = [];

beforeAll(() => {
  // The host keeps settings and recent projects below this folder instead of the person's own.
  process.env.LOUPE_HOME = home;
  project = makeSampleProject(home);
  life = new HostLife({ node: process.execPath, arguments: cli, folder: root }, (state) => states.push(state));
  life.start();
});
afterAll(async () => {
  for (const port of ports) port.close();
  await life.stop();
  delete process.env.LOUPE_HOME;
  rmSync(home, { recursive: true, force: true });
});

/** Node's port in the form of Electron's. */
const inElectronsForm = (port: MessagePort): FramePort => ({
  on(event: 'message' | 'close', listener: (event: { data: unknown }) => void) {
    if (event === 'message') port.on('message', (data) => listener({ data }));
    else port.on('close', () => listener({ data: undefined }));
    return this;
  },
  postMessage: (data) => port.postMessage(data),
  start: () => {},
  close: () => port.close(),
});

/** A page's end of a relayed port. */
function page(): { host: Host; port: MessagePort } {
  const { port1, port2 } = new MessageChannel();
  relay(inElectronsForm(port2), life.address);
  ports.push(port1);
  return { host: createORPCClient(new RPCLink({ port: port1 })), port: port1 };
}

describe('a page behind the relay', () => {
  it('may ask before the host is there', async () => {
    const { host } = page();
    const { file } = await host.project.open({ file: project });
    expect(file).toBe(project);
  });

  it('lists images and fetches their pixels', async () => {
    const { host } = page();
    const { total, rows } = await host.images.list({ offset: 0, limit: 5 });
    expect([total, rows.length]).toEqual([12, 5]);
    const request = new Request(`app://loupe/images/${rows[0]?.id}/thumbnail?v=1`);
    const answered = await answer(request, root, () => life.address);
    expect(answered.status).toBe(200);
    expect(answered.headers.get('content-type')).toMatch(/^image\//);
    expect((await answered.arrayBuffer()).byteLength).toBeGreaterThan(500);
  });

  it('gets the refusals of the host as they are', async () => {
    const { host } = page();
    await expect(host.project.open({ file: path.join(home, 'none.loupe') })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
  });

  it('reads streams, and ends them by leaving', async () => {
    const { host } = page();
    const kinds: string[] = [];
    for await (const event of await host.watch()) {
      kinds.push(event.kind);
      if (event.kind === 'project') break;
    }
    expect(kinds.at(-1)).toBe('project');
  });

  it('sends and gets what is too long for one piece of a pipe', async () => {
    const { host } = page();
    const { first } = await host.project.reserve({ count: 2000 });
    const labels = Array.from({ length: 2000 }, (_, i) => ({
      ...{ id: first + i, name: `${i} ${'word '.repeat(195)}end`, colour: '#a0b0c0' },
      ...{ digit: null, attributes: [], place: i + 1 },
    }));
    const changes = labels.map((after) => ({ kind: 'label' as const, id: after.id, before: null, after }));
    await host.edit.apply({ title: 'Labels', changes });
    expect((await host.project.labels()).filter(({ id }) => id >= first)).toEqual(labels);
    await host.edit.undo();
  });

  it('is told when the host is killed, and finds the next one with everything saved', async () => {
    const { host, port } = page();
    const { rows } = await host.images.list({ offset: 0, limit: 1 });
    const id = rows[0]?.id ?? 0;
    await host.edit.apply({
      title: 'Note',
      changes: [{ kind: 'review', id, before: { note: '' }, after: { note: 'kept' } }],
    });
    const closed = new Promise((resolve) => port.once('close', resolve));
    const before = await life.address;
    process.kill(life.pid ?? 0, 'SIGKILL');
    await closed;
    await vi.waitFor(async () => expect((await life.address).socket).not.toBe(before.socket), 120_000);
    const again = page().host;
    await again.project.open({ file: project });
    expect((await again.images.detail({ id })).review.note).toBe('kept');
    expect(states.filter(({ state }) => state === 'stopped')).toHaveLength(1);
  }, 240_000);

  it('closes its port where the host is gone for good', async () => {
    const { port1, port2 } = new MessageChannel();
    const closed = new Promise((resolve) => port1.once('close', resolve));
    relay(inElectronsForm(port2), Promise.reject(new Error('Loupe is closing.')));
    await closed;
  });

  it('knows only text and bytes', () => {
    let hear: (event: { data: unknown }) => void = () => {};
    const port: FramePort = {
      on: (event, listener) => {
        if (event === 'message') hear = listener as typeof hear;
      },
      postMessage: () => {},
      start: () => {},
      close: () => {},
    };
    relay(port, new Promise(() => {}));
    expect(() => hear({ data: { a: 1 } })).toThrow('A frame is text or bytes.');
    expect(() => hear({ data: new Uint8Array(2) })).not.toThrow();
  });
});
