// Decodes the bytes of a text file: by their byte order mark, by what the text says of itself, else as UTF-8, or refuses them.
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import iconv from 'iconv-lite';
import { BadInput } from '../../contract/badInput.ts';

/** Longer than any declaration of XML. */
const DECLARED_IN = 200;

/** What `Buffer.toString` calls UTF-16; null where the bytes begin with neither a mark nor two plain letters of UTF-16. */
export function byteOrderMark(
  bytes: Uint8Array,
): { readonly encoding: 'utf8' | 'utf-16le' | 'utf-16be'; readonly length: number } | null {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return { encoding: 'utf-16le', length: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be', length: 2 };
  if (a && b === 0 && c && d === 0) return { encoding: 'utf-16le', length: 0 };
  if (a === 0 && b && c === 0 && d) return { encoding: 'utf-16be', length: 0 };
  return a === 0xef && b === 0xbb && c === 0xbf ? { encoding: 'utf8', length: 3 } : null;
}

/** Turns UTF-16 into text, piece by piece. */
export const decoderOf = (encoding: string): { write(bytes: Buffer): string } => iconv.getDecoder(encoding);

/** Decodes for a first look: bytes of an unknown encoding become other characters here, and are read exactly later. */
export function decodeRoughly(start: Buffer): string {
  const mark = byteOrderMark(start);
  const body = start.subarray(mark?.length ?? 0);
  return mark === null || mark.encoding === 'utf8' ? body.toString('utf8') : iconv.decode(body, mark.encoding);
}

export function readText(file: string): string {
  return decodeText(readFileSync(file), path.basename(file));
}

/** `name` is what a refusal calls it. Never gives a replacement character that the file does not hold. */
export function decodeText(bytes: Uint8Array, name: string): string {
  const mark = byteOrderMark(bytes);
  const declared = declaredIn(bytes) ?? 'utf-8';
  const encoding = mark?.encoding ?? (isUtf16(declared) ? guessed16(bytes) : declared);
  if (!iconv.encodingExists(encoding))
    throw new BadInput(`${name}: says that it is written in "${encoding}", which is not known; save it as UTF-8`);
  const body = Buffer.from(bytes.subarray(mark?.length ?? 0));
  if (isUtf(encoding)) {
    if (isUtf8(body)) return body.toString('utf8');
    throw new BadInput(`${name}: is not UTF-8 text (line ${lineOfFault(body)}); save it as UTF-8`);
  }
  const text = iconv.decode(body, encoding);
  if (!text.includes('\uFFFD')) return text;
  throw new BadInput(
    `${name}: holds bytes that are no ${encoding} (line ${text.slice(0, text.indexOf('\uFFFD')).split('\n').length}); save it as UTF-8`,
  );
}

const isUtf = (encoding: string): boolean => /^utf-?8$/iu.test(encoding) || /^(?:us-)?ascii$/iu.test(encoding);
const isUtf16 = (encoding: string): boolean => /^(?:utf-?16|ucs-?2|iso-10646-ucs-2)/iu.test(encoding);

/** A declaration that could be read byte by byte stands in no UTF-16, whatever it says. */
const guessed16 = (bytes: Uint8Array): string => (bytes[1] === 0 ? 'utf-16le' : bytes[0] === 0 ? 'utf-16be' : 'utf-8');

/** `<?xml ... encoding="gb2312"?>`. GB 2312 and GBK are read as GB 18030, which holds both. */
function declaredIn(bytes: Uint8Array): string | null {
  const start = Buffer.from(bytes.subarray(0, DECLARED_IN)).toString('latin1').replaceAll('\0', '');
  const given = /^\s*<\?xml[^>]*?encoding\s*=\s*["'](?<name>[\w.:-]+)["']/u.exec(start)?.groups?.name;
  if (given === undefined) return null;
  return /^gb(?:k|2312|_2312-80)$/iu.test(given) ? 'gb18030' : given;
}

/** No byte of a longer character is a line feed, so each line can be looked at alone. */
function lineOfFault(bytes: Buffer): number {
  let line = 1;
  for (let at = 0; ; line++) {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0 || !isUtf8(bytes.subarray(at, end))) return line;
    at = end + 1;
  }
}
