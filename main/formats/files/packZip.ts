// Writes the files of one folder, and texts, to a zip archive; stored as they are, as weights do not shrink.
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

export interface ToPack {
  readonly folder: string;
  readonly names: readonly string[];
  /** Texts by their name in the archive. */
  readonly texts: Readonly<Record<string, string>>;
}

/** `to` must not be there. */
export async function packZip({ folder, names, texts }: ToPack, to: string): Promise<void> {
  const zip = new ZipFile();
  const failed = new Promise<never>((_, reject) => zip.on('error', reject));
  for (const [name, text] of Object.entries(texts)) zip.addBuffer(Buffer.from(text), name, { compress: false });
  for (const name of names) zip.addFile(path.join(folder, name), name, { compress: false });
  zip.end();
  await Promise.race([pipeline(zip.outputStream, createWriteStream(to, { flags: 'wx' })), failed]);
}
