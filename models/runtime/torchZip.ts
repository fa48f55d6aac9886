// Finds the span of bytes of each entry in a zip archive as torch.save writes it (entries stored, not compressed).
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { readSpan } from './weightsFile.ts';

export interface ZipSpan {
  offset: number;
  length: number;
  crc32: number;
}

const entryLimit = 200_000;
/** How the archive begins. */
export const zipMagic = [0x50, 0x4b, 0x03, 0x04];

/** Entry names below the archive's one top folder, with absolute file offsets. */
export async function listTorchZip(file: string): Promise<ReadonlyMap<string, ZipSpan>> {
  const zip = await openPromise(file, { autoClose: false });
  try {
    if (zip.entryCount > entryLimit) throw new Error(`claims ${zip.entryCount} entries, more than any checkpoint has.`);
    const spans = new Map<string, ZipSpan>();
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName.replace(/^[^/]*\//, '');
      if (spans.has(name)) throw new Error(`names the entry "${name}" twice.`);
      spans.set(name, await spanOf(zip, entry));
    }
    return spans;
  } finally {
    zip.close();
  }
}

async function spanOf(zip: ZipFile, entry: Entry): Promise<ZipSpan> {
  if (entry.compressionMethod !== 0 || entry.isEncrypted() || entry.compressedSize !== entry.uncompressedSize)
    throw new Error(`holds the entry "${entry.fileName}" compressed or encrypted, which torch.save never does.`);
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  if (fileDataStart + entry.uncompressedSize > zip.fileSize)
    throw new Error(`claims that the entry "${entry.fileName}" reaches past the end of the file.`);
  return { offset: fileDataStart, length: entry.uncompressedSize, crc32: entry.crc32 };
}

/** A small entry in full, with its checksum checked. */
export async function readZipEntry(file: string, span: ZipSpan, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  if (span.length > limit) throw new Error(`holds ${span.length} bytes where ${limit} are allowed.`);
  const bytes = await readSpan(file, span.offset, span.length);
  if (crc32(bytes) !== span.crc32) throw new Error('fails its checksum: the file is damaged.');
  return bytes;
}
