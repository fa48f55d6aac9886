// Writes parts of a reading to a file and reads them back, one at a time: one process writes, another reads when all is there.
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';

const LENGTH_BYTES = 4;

/** Where the parts are, of which one process fills a folder of its own. */
export const spoolIn = (folder: string): string => path.join(folder, 'parts');

export class SpoolWriter<Part> {
  readonly #descriptor: number;

  constructor(file: string) {
    this.#descriptor = openSync(file, 'wx', 0o600);
  }

  add(part: Part): void {
    const bytes = serialize(part);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(bytes.length);
    writeFileSync(this.#descriptor, length);
    writeFileSync(this.#descriptor, bytes);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Reads parts in the order in which they were added, through one buffer: parts may be as large as their masks. */
export async function* spooled<Part>(file: string): AsyncGenerator<Part> {
  const handle = await open(file, 'r');
  let buffer = Buffer.alloc(2 ** 16);
  const read = async (at: number, length: number): Promise<Buffer | null> => {
    if (length > buffer.length) buffer = Buffer.alloc(length);
    const { bytesRead } = await handle.read(buffer, 0, length, at);
    return bytesRead < length ? null : buffer.subarray(0, length);
  };
  try {
    for (let at = 0; ; ) {
      const length = (await read(at, LENGTH_BYTES))?.readUInt32LE();
      if (length === undefined) return;
      const bytes = await read(at + LENGTH_BYTES, length);
      if (bytes === null) throw new Error(`${file} is cut short`);
      at += LENGTH_BYTES + length;
      yield deserialize(bytes) as Part;
    }
  } finally {
    await handle.close();
  }
}
