// Starts a host as a program of its own, as a person does, and a client that asks it: for benches.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { api } from '../../contract/api.ts';

export interface ServedHost {
  readonly client: ContractRouterClient<typeof api>;
  /** From the start of the program to its address. */
  readonly startMs: number;
  /** Bytes of a picture, tile or thumbnail. */
  pixels(address: string): Promise<number>;
  /** The most memory that it has held so far, bytes; null where the system does not say. */
  peakBytes(): Promise<number | null>;
  stop(): Promise<void>;
}

/** `home` is where it keeps settings and cache. */
export async function startHost(home: string, project?: string): Promise<ServedHost> {
  const cli = path.join(import.meta.dirname, '../..', `cli${path.extname(import.meta.filename)}`);
  const words = [cli, 'serve', ...(project === undefined ? [] : [project])];
  const started = performance.now();
  const host = spawn(process.execPath, words, {
    env: { ...process.env, LOUPE_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [base = '', token = ''] = (await firstLine(host)).split('#');
  const startMs = performance.now() - started;
  const headers = { Authorization: `Bearer ${token}` };
  const socket = new WebSocket(new URL('rpc', base.replace('http', 'ws')), { headers });
  await once(socket, 'open');
  return {
    client: createORPCClient(new RPCLink({ websocket: socket })),
    startMs,
    async pixels(address) {
      const answer = await fetch(new URL(address, base), { headers });
      if (!answer.ok) throw new Error(`${address}: ${await answer.text()}`);
      return (await answer.arrayBuffer()).byteLength;
    },
    peakBytes: () => peakOf(host),
    async stop() {
      socket.close();
      host.kill('SIGTERM');
      if (host.exitCode === null && host.signalCode === null) await once(host, 'exit');
    },
  };
}

async function firstLine(host: ChildProcess): Promise<string> {
  let text = '';
  host.stdout?.setEncoding('utf8');
  for await (const piece of host.stdout ?? []) {
    text += piece;
    if (text.includes('\n')) return text.split('\n')[0] ?? '';
  }
  throw new Error('The host ended before it said where it is.');
}

async function peakOf({ pid }: ChildProcess): Promise<number | null> {
  if (pid === undefined) throw new Error('The host was not started.');
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/mu.exec(status) ?? [];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
