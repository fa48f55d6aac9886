// A server that gives files as the Hub does, and that cuts, stalls, lies and changes its mind where a test says so.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** One answer's fault; the answers after it are good ones again. */
export type Fault =
  | { readonly kind: 'cut' | 'stall'; readonly after: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'length'; readonly says: number }
  | { readonly kind: 'content'; readonly content: Buffer }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'no ranges' | 'other part' | 'too much' | 'slowly' };

export interface Asked {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorised: string | undefined;
}

export interface HubServer {
  readonly endpoint: string;
  readonly asked: Asked[];
  /** What a path gives from now on. */
  readonly files: Map<string, Buffer>;
  /** What the next answers to a path are, in this order. */
  readonly faults: Map<string, Fault[]>;
  etagOf: (content: Buffer) => string | null;
  close(): Promise<void>;
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
export const gitSha1 = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

export const commit = '0123456789abcdef0123456789abcdef01234567';

/** A repository's list of files, those over 1,000 bytes as large files, as the Hub answers. */
function listing(files: Readonly<Record<string, Buffer>>, sha = commit): Buffer {
  const siblings = Object.entries(files).map(([rfilename, content]) => ({
    ...{ rfilename, size: content.length, blobId: gitSha1(content) },
    ...(content.length > 1000 && { lfs: { sha256: sha256(content), size: content.length, pointerSize: 130 } }),
  }));
  return Buffer.from(JSON.stringify({ id: 'any/thing', sha, siblings }));
}

/** Files and list of a repository under the Hub's paths. */
export function publish(server: HubServer, name: string, files: Readonly<Record<string, Buffer>>, sha = commit): void {
  server.files.set(`/api/models/${name}/revision/main`, listing(files, sha));
  for (const [file, content] of Object.entries(files)) server.files.set(`/${name}/resolve/${sha}/${file}`, content);
}

export async function hubServer(): Promise<HubServer> {
  const server = createServer((request, response) => void answer(hub, request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const hub: HubServer = {
    ...{ endpoint: `http://127.0.0.1:${port}`, asked: [], files: new Map(), faults: new Map() },
    etagOf: (content) => `"${sha256(content)}"`,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
  return hub;
}

async function answer(hub: HubServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = decodeURIComponent(new URL(request.url ?? '/', hub.endpoint).pathname);
  const { range, authorization: authorised } = request.headers;
  hub.asked.push({ path, range, authorised });
  const fault = hub.faults.get(path)?.shift();
  if (fault?.kind === 'status') {
    const { status, retryAfter } = fault;
    return void response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
  }
  if (fault?.kind === 'redirect') return void response.writeHead(302, { location: fault.to }).end();
  const content = fault?.kind === 'content' ? fault.content : hub.files.get(path);
  if (content === undefined) return void response.writeHead(404).end();
  const etag = hub.etagOf(content);
  const from = fault?.kind === 'no ranges' ? 0 : startOf(request, etag);
  const part = content.subarray(fault?.kind === 'other part' ? from + 1 : from);
  const length = fault?.kind === 'length' ? fault.says : part.length + (fault?.kind === 'too much' ? 5 : 0);
  const isPart = from > 0;
  response.writeHead(isPart ? 206 : 200, {
    ...{ 'content-length': length, 'accept-ranges': 'bytes', ...(etag !== null && { etag }) },
    ...(isPart && { 'content-range': `bytes ${content.length - part.length}-${content.length - 1}/${content.length}` }),
  });
  await send(response, part, fault);
}

/** Where the asked part begins; 0 where the condition is not met. */
function startOf({ headers }: IncomingMessage, etag: string | null): number {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  return headers['if-range'] === undefined || headers['if-range'] === etag ? from : 0;
}

async function send(response: ServerResponse, part: Buffer, fault: Fault | undefined): Promise<void> {
  response.on('error', () => {});
  if (fault?.kind === 'cut' || fault?.kind === 'stall') {
    response.write(part.subarray(0, fault.after));
    await wait(50);
    // A stalled answer is left open.
    if (fault.kind === 'cut') response.destroy();
    return;
  }
  if (fault?.kind === 'slowly') {
    for (let at = 0; at < part.length && !response.destroyed; at += 1000) {
      response.write(part.subarray(at, at + 1000));
      await wait(20);
    }
    return void response.end();
  }
  response.end(fault?.kind === 'too much' ? Buffer.concat([part, Buffer.from('extra')]) : part);
}
