// Answers HTTP requests with files, bytes or sentences.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

type Headers = Readonly<Record<string, string>>;

/** A picture never changes under an address that holds its hash. */
export const forEver: Headers = { 'Cache-Control': 'private, max-age=31536000, immutable' };
export const askAgain: Headers = { 'Cache-Control': 'no-cache' };

export function sayText(response: ServerResponse, status: number, text: string, headers: Headers = {}): void {
  if (response.headersSent) return void response.destroy();
  const own = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', ...headers };
  response.writeHead(status, own).end(text === '' ? '' : `${text}\n`);
}

export function sendBytes(response: ServerResponse, bytes: Uint8Array, headers: Headers): void {
  response.writeHead(200, { ...headers, 'Content-Length': `${bytes.length}` }).end(bytes);
}

/** The file or the part of it that was asked for. A reader who leaves is no fault. */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { file, headers }: { file: string; headers: Headers },
): Promise<void> {
  const { size } = await stat(file);
  // A client that left meanwhile gets no stream: nobody would ever close its file.
  if (response.destroyed || response.closed) return;
  const part = partOf(request.headers.range, size);
  if (part === 'outside')
    return sayText(response, 416, 'there is no such part', { 'Content-Range': `bytes */${size}` });
  const { start, end } = part ?? { start: 0, end: size - 1 };
  const range: Headers = part ? { 'Content-Range': `bytes ${start}-${end}/${size}` } : {};
  const length = { 'Content-Length': `${end - start + 1}`, 'Accept-Ranges': 'bytes' };
  response.writeHead(part ? 206 : 200, { ...headers, ...range, ...length });
  if (request.method === 'HEAD' || size === 0) return void response.end();
  await pipeline(createReadStream(file, { start, end }), response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') response.destroy(error);
  });
}

/** One range of bytes; null, the whole file, where none is asked for or several are. */
function partOf(header: string | undefined, size: number): { start: number; end: number } | 'outside' | null {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/u.exec(header ?? '') ?? [];
  if (from === '' && to === '') return null;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return start > end ? 'outside' : { start, end };
}
