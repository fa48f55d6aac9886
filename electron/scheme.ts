// Answers app://loupe with the page's own files and, below /images/, with the host's pixels; nothing else is answered.
import { readFile } from 'node:fs/promises';
import { request as ask } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { contentPolicy } from '../main/contract/contentPolicy.ts';
import { contentTypeOf } from '../main/contract/contentTypes.ts';
import type { HostAddress } from './hostLife.ts';

const passedOn = ['range', 'if-none-match', 'accept'];

/** A file below `folder`, or null where the address leads out of it. */
export function fileBelow(folder: string, pathname: string): string | null {
  let name: string;
  try {
    name = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (name.includes('\0') || name.includes('\\')) return null;
  const file = path.resolve(folder, `.${name === '/' ? '/index.html' : name}`);
  return file.startsWith(path.resolve(folder) + path.sep) ? file : null;
}

/** Answers one request of the page. */
export async function answer(request: Request, folder: string, host: () => Promise<HostAddress>): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Only reading is answered here.');
  if (pathname.startsWith('/images/')) return pixels(request, pathname + search, host);
  const file = fileBelow(folder, pathname);
  if (file === null) return plain(403, 'That lies outside of the page.');
  try {
    return new Response(await readFile(file), { headers: headersFor(file) });
  } catch {
    return plain(404, 'There is no such file.');
  }
}

async function pixels(request: Request, address: string, host: () => Promise<HostAddress>): Promise<Response> {
  const there = await host().catch(() => null);
  return there === null ? plain(502, away) : fromHost(request, address, there);
}

const away = 'The host is not running.';

const headersFor = (file: string): Record<string, string> => ({
  'content-type': contentTypeOf(file),
  'content-security-policy': contentPolicy,
  'x-content-type-options': 'nosniff',
});

const plain = (status: number, text: string): Response =>
  new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });

function fromHost(request: Request, address: string, { socket, token }: HostAddress): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  for (const name of passedOn) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return new Promise((resolve) => {
    const asked = ask({ socketPath: socket, path: address, method: request.method, headers }, (answered) => {
      const { statusCode = 502, headers: given } = answered;
      const bare = statusCode === 204 || statusCode === 304 || request.method === 'HEAD';
      if (bare) answered.resume();
      const body = bare ? null : (Readable.toWeb(answered) as ReadableStream<Uint8Array>);
      const kept = Object.entries(given).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value] satisfies [string, string]] : [],
      );
      resolve(new Response(body, { status: statusCode, headers: kept }));
    });
    asked.on('error', () => resolve(plain(502, away)));
    request.signal.addEventListener('abort', () => asked.destroy());
    asked.end();
  });
}
