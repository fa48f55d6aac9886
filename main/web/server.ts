// Serves the host to the outside: the page's files, pixels and the contract's calls over HTTP and WebSocket.
import { chmodSync, existsSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
// This adapter leaves failures to us: the one for `ws` prints the stack of every broken frame.
import { RPCHandler } from '@orpc/server/bun-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { BadInput } from '../contract/badInput.ts';
import { asError } from '../handlers/contract.ts';
import { routerOf } from '../handlers/router.ts';
import type { Host } from '../host.ts';
import { Access, type Door } from './access.ts';
import { sayText } from './answer.ts';
import { pageFolder, sendPage } from './page.ts';
import { pixelsPath, sendPixels } from './pixels.ts';

/** A diff may hold masks of a whole page of shapes. */
const LARGEST_FRAME = 64 * 1024 ** 2;
/** Frames of one connection that are no calls. */
const MOST_JUNK = 20;
/** No call brings a body over HTTP. */
const LARGEST_BODY = 1024;

export type ListenAddress = { readonly port: number } | { readonly socket: string };

export interface Serving {
  /** What a browser opens, or what the shell reads: the token stands behind '#'. */
  readonly address: string;
  readonly door: Door;
  stop(): Promise<void>;
}

interface Parts {
  readonly host: Host;
  readonly access: Access;
  readonly folder: string;
}

/** Listens on this machine alone. Port 0: any that is free. */
export async function serve(
  host: Host,
  place: ListenAddress,
  { access = new Access(), folder = pageFolder }: { access?: Access; folder?: string } = {},
): Promise<Serving> {
  const server = createServer({ maxHeaderSize: 16 * 1024 });
  const door = await listen(server, place);
  const parts: Parts = { host, access, folder };
  server.on('request', (request, response) => void answer(request, response, { ...parts, door }));
  const sockets = takeCalls(server, { ...parts, door });
  const base = door.kind === 'port' ? `http://127.0.0.1:${door.port}/` : 'socket' in place ? place.socket : '';
  return { address: `${base}#${access.token}`, door, stop: () => stop(server, sockets) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { host, access, folder, door }: Parts & { door: Door },
): Promise<void> {
  for (const [name, value] of everywhere) response.setHeader(name, value);
  const stray = access.stray(request, door);
  if (stray !== null) return sayText(response, 403, stray);
  if (Number(request.headers['content-length'] ?? 0) > LARGEST_BODY || 'transfer-encoding' in request.headers) {
    return sayText(response, 413, 'That is too long.', { Connection: 'close' });
  }
  try {
    if (request.url === '/session/code') return giveCode(request, response, access);
    if (request.url === '/session') return beginSession(request, response, { access, door });
    if (request.method !== 'GET' && request.method !== 'HEAD') return sayText(response, 405, 'That cannot be asked.');
    if (!request.url?.startsWith(pixelsPath)) return await sendPage(request, response, folder);
    if (!access.known(request, door)) return sayText(response, 401, 'Open the address that Loupe printed.');
    await sendPixels(request, response, host);
  } catch (error) {
    sayText(response, 500, asError(error).message);
  }
}

const everywhere: readonly (readonly [string, string])[] = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
];

function beginSession(
  request: IncomingMessage,
  response: ServerResponse,
  { access, door }: { access: Access; door: Door },
): void {
  const cookie = (): Record<string, string> => (door.kind === 'port' ? { 'Set-Cookie': access.begin(door.port) } : {});
  if (request.method !== 'POST') sayText(response, 405, 'A session is begun by POST.');
  else if (access.bearer(request)) sayText(response, 204, '', cookie());
  // Who came by a code needs the token for coming back.
  else if (access.redeem(request)) sayText(response, 200, access.token, cookie());
  else sayText(response, 401, 'That is not the token of this host.');
}

function giveCode(request: IncomingMessage, response: ServerResponse, access: Access): void {
  if (request.method !== 'POST') sayText(response, 405, 'A code is asked for by POST.');
  else if (!access.bearer(request)) sayText(response, 401, 'That is not the token of this host.');
  else sayText(response, 200, access.code());
}

/** Calls come as frames of oRPC. */
function takeCalls(server: Server, { host, access, door }: Parts & { door: Door }): WebSocketServer {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_FRAME, perMessageDeflate: false });
  const handler = new RPCHandler(routerOf(host));
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    const stray = access.stray(request, door);
    if (request.url !== '/rpc') return turnAway(socket, '404 Not Found');
    if (stray !== null) return turnAway(socket, '403 Forbidden');
    if (!access.known(request, door)) return turnAway(socket, '401 Unauthorized');
    sockets.handleUpgrade(request, socket, head, (opened) => {
      // A frame that is too large or broken closes the connection, and nothing else.
      opened.on('error', () => {});
      answerFrames(opened, handler);
    });
  });
  return sockets;
}

/** A frame that is no call is dropped without an answer, and a client that sends nothing else is disconnected. */
function answerFrames(socket: WebSocket, handler: RPCHandler<Record<never, never>>): void {
  let junk = 0;
  const peer = {
    send(message: Parameters<WebSocket['send']>[0]) {
      socket.send(message);
      return 0;
    },
  };
  const dropped = () => {
    junk += 1;
    if (junk > MOST_JUNK) socket.close(1008);
  };
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    handler.message(peer, isBinary ? data : data.toString(), { context: {} }).catch(dropped);
  });
  socket.on('close', () => handler.close(peer));
}

const turnAway = (socket: Duplex, status: string): void =>
  void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);

async function stop(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

async function listen(server: Server, place: ListenAddress): Promise<Door> {
  if ('port' in place) {
    await listening(server, `port ${place.port}`, () => server.listen(place.port, '127.0.0.1'));
    const address = server.address();
    return { kind: 'port', port: typeof address === 'object' && address !== null ? address.port : place.port };
  }
  await makeRoom(place.socket);
  await listening(server, place.socket, () => server.listen(place.socket));
  if (process.platform !== 'win32') chmodSync(place.socket, 0o600);
  return { kind: 'socket' };
}

async function listening(server: Server, name: string, begin: () => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use; name another one' : `cannot be listened on (${error.code})`;
      reject(new BadInput(`${name} ${why}`));
    });
    server.once('listening', resolve);
    begin();
  });
}

/** A host that was killed leaves its socket file behind, and nobody answers there; any other file is left alone. */
async function makeRoom(socket: string): Promise<void> {
  if (process.platform === 'win32' || !existsSync(socket)) return;
  if (!lstatSync(socket).isSocket())
    throw new BadInput(`${socket} is there already and is no socket; name another one`);
  const isDead = await new Promise<boolean>((resolve) => {
    const caller = connect(socket);
    caller.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
    caller.once('connect', () => {
      caller.destroy();
      resolve(false);
    });
  });
  if (isDead) rmSync(socket);
}
