// A host of the tests' own, with everything it keeps in a temporary folder, and clients that call it as windows do.
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import sharp from 'sharp';
import { WebSocket } from 'ws';
import type { api, HostEvent } from '../main/contract/api.ts';
import type { Job } from '../main/contract/jobs.ts';
import { Host } from '../main/host.ts';
import { foldersBelow } from '../main/settings.ts';
import { type ListenAddress, type Serving, serve } from '../main/web/server.ts';

export type Client = ContractRouterClient<typeof api>;

export interface Caller {
  readonly client: Client;
  readonly socket: WebSocket;
}

/** A folder that is gone when the tests are over. */
export function temporary(name: string): { folder: string; remove: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), `loupe-${name}-`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Hosted {
  readonly folder: string;
  readonly host: Host;
  readonly serving: Serving;
  readonly token: string;
  /** `http://127.0.0.1:PORT/`, or the socket file. */
  readonly base: string;
  call(): Promise<Caller>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export async function hosted(name: string, how: { socket?: boolean; page?: string } = {}): Promise<Hosted> {
  const { folder, remove } = temporary(name);
  const host = new Host(foldersBelow(path.join(folder, 'home')));
  const place: ListenAddress = how.socket ? { socket: path.join(folder, 'host.socket') } : { port: 0 };
  const serving = await serve(host, place, how.page === undefined ? {} : { folder: how.page });
  const [base = '', token = ''] = serving.address.split('#');
  const callers: WebSocket[] = [];
  return {
    ...{ folder, host, serving, token, base },
    async call() {
      const caller = await callerOf(base, token, how.socket === true);
      callers.push(caller.socket);
      return caller;
    },
    fetch: (below, init = {}) =>
      fetch(new URL(below, base), { ...init, headers: { ...bearer(token), ...init.headers } }),
    async stop() {
      for (const socket of callers) socket.terminate();
      await serving.stop();
      await host.stop();
      remove();
    },
  };
}

export const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** The relay's way where it is a socket file. */
export async function callerOf(base: string, token: string, overFile: boolean): Promise<Caller> {
  const headers = bearer(token);
  const socket = overFile
    ? new WebSocket('ws://loupe/rpc', { createConnection: () => createConnection(base), headers })
    : new WebSocket(`${base.replace('http', 'ws')}rpc`, { headers });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const link = new RPCLink({ websocket: socket });
  return { client: createORPCClient(link), socket };
}

/** A picture of one colour, in the format of its ending. */
export async function paint(file: string, { width = 40, height = 30, background = '#3366cc' } = {}): Promise<string> {
  await sharp({ create: { width, height, channels: 3, background } }).toFile(file);
  return file;
}

/** The job as it ended. */
export async function ended(client: Client, id: string): Promise<Job> {
  for (;;) {
    const job = (await client.jobs.list()).find((one) => one.id === id);
    if (job && job.state !== 'waiting' && job.state !== 'running') return job;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Reads a stream until one of its events is the one; the stream goes on. */
export async function until<K extends HostEvent['kind']>(
  stream: AsyncIterator<HostEvent>,
  kind: K,
  fits: (event: Extract<HostEvent, { kind: K }>) => boolean = () => true,
): Promise<Extract<HostEvent, { kind: K }>> {
  for (;;) {
    const { value, done } = await stream.next();
    if (done === true) throw new Error('the stream ended');
    const event = value as HostEvent;
    if (isKind(event, kind) && fits(event)) return event;
  }
}

const isKind = <K extends HostEvent['kind']>(event: HostEvent, kind: K): event is Extract<HostEvent, { kind: K }> =>
  event.kind === kind;

/** What a refused call says. */
export async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string; defined: boolean }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'defined' in error) {
      return { code: String(error.code), message: error.message, defined: error.defined === true };
    }
    throw error;
  }
  throw new Error('it was not refused');
}
