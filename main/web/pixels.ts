// Serves pictures, thumbnails and tiles by their addresses.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ORPCError } from '@orpc/server';
import type { Tile } from '../contract/addresses.ts';
import { BadInput } from '../contract/badInput.ts';
import { asError } from '../handlers/contract.ts';
import type { Host } from '../host.ts';
import type { HashedFile, PictureBytes } from '../pictures/tiles.ts';
import { askAgain, forEver, sayText, sendBytes, sendFile } from './answer.ts';

type Wanted = { readonly id: number; readonly version: string | null } & (
  | { readonly kind: 'picture' | 'thumbnail' }
  | { readonly kind: 'tile'; readonly tile: Tile }
);

export const pixelsPath = '/images/';

export async function sendPixels(request: IncomingMessage, response: ServerResponse, host: Host): Promise<void> {
  const wanted = wantedOf(request.url ?? '');
  if (wanted === null) return sayText(response, 404, 'There is no such picture.');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const source = await host.files().source(wanted.id, gone.signal);
    const picture = await pictureOf(host, wanted, { source, signal: gone.signal });
    if (picture === null) return sayText(response, 404, 'There is no such tile.');
    const keeping = wanted.version === source.hash ? forEver : askAgain;
    const headers = { 'Content-Type': picture.type, ...keeping };
    if ('bytes' in picture) return sendBytes(response, picture.bytes, headers);
    return await sendFile(request, response, { file: picture.file, headers });
  } catch (error) {
    if (gone.signal.aborted) return;
    const { status, text } = refusal(error);
    sayText(response, status, text);
  }
}

function pictureOf(
  host: Host,
  wanted: Wanted,
  { source, signal }: { source: HashedFile; signal: AbortSignal },
): Promise<PictureBytes | null> {
  if (wanted.kind === 'tile') return host.pictures.tile(source, wanted.tile);
  return wanted.kind === 'picture' ? host.pictures.whole(source) : host.pictures.thumbnail(source, signal);
}

const ADDRESS =
  /^\/images\/(\d{1,15})\/(picture|thumbnail|tiles\/(\d{1,2})\/(\d{1,6})\/(\d{1,6}))(?:\?v=([0-9a-z]*))?$/u;

function wantedOf(url: string): Wanted | null {
  const [, id, kind, level, column, row, version = null] = ADDRESS.exec(url) ?? [];
  if (id === undefined || kind === undefined) return null;
  const common = { id: Number(id), version };
  if (kind === 'picture' || kind === 'thumbnail') return { ...common, kind };
  return { ...common, kind: 'tile', tile: { level: Number(level), column: Number(column), row: Number(row) } };
}

function refusal(error: unknown): { status: number; text: string } {
  if (error instanceof BadInput) return { status: 404, text: error.message };
  const told = asError(error);
  // A page asks for thumbnails until it hears that the project was closed.
  if (told instanceof ORPCError && told.code === 'NO_PROJECT') return { status: 404, text: told.message };
  return { status: told instanceof ORPCError ? told.status : 500, text: told.message };
}
