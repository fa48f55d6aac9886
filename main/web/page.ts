// Serves the built page: files of one folder, under a policy that lets no script in from elsewhere.
import { realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { contentPolicy } from '../contract/contentPolicy.ts';
import { contentTypeOf } from '../contract/contentTypes.ts';
import { askAgain, forEver, sayText, sendFile } from './answer.ts';

export const pageFolder = path.resolve(import.meta.dirname, '../../out/renderer');

export async function sendPage(request: IncomingMessage, response: ServerResponse, folder: string): Promise<void> {
  const asked = pathOf(request.url ?? '/');
  const file = asked === null ? null : await fileBelow(folder, asked === '/' ? '/index.html' : asked);
  if (file === null) {
    const missing = asked === '/' ? 'The page is not built yet: run "npm start".' : 'There is no such file.';
    return sayText(response, 404, missing);
  }
  // Vite writes a hash of the content into these names.
  const keeping = asked?.startsWith('/assets/') ? forEver : askAgain;
  const headers = { 'Content-Type': contentTypeOf(file), 'Content-Security-Policy': contentPolicy, ...keeping };
  return sendFile(request, response, { file, headers });
}

/** The decoded path of an address; null where it is none. */
function pathOf(url: string): string | null {
  try {
    const decoded = decodeURIComponent(url.split(/[?#]/u)[0] ?? '');
    return decoded.startsWith('/') && !decoded.includes('\0') ? decoded : null;
  } catch {
    return null;
  }
}

/** Links are followed before the place is judged. */
async function fileBelow(folder: string, asked: string): Promise<string | null> {
  try {
    const root = await realpath(folder);
    const file = await realpath(path.join(root, asked));
    const inside = file.startsWith(root + path.sep) && (await stat(file)).isFile();
    return inside ? file : null;
  } catch {
    return null;
  }
}
