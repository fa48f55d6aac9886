// A weights folder to the name that proposals carry: what it is called, and a digest that changes when it is trained further.
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Read at each end of the tensors: further training changes every tensor, and gigabytes need not be read. */
const END_BYTES = 2 ** 20;
const DIGITS = 8;

/** "loupe-nano 3f2a9c1d". */
export async function weightsVersion(folder: string, name: string): Promise<string> {
  const hash = createHash('sha256').update(await readFile(path.join(folder, 'config.json')));
  const file = await open(path.join(folder, 'model.safetensors'));
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(END_BYTES);
    for (const position of [0, Math.max(0, size - END_BYTES)]) {
      const { bytesRead } = await file.read(buffer, 0, END_BYTES, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return `${name} ${hash.update(`${size}`).digest('hex').slice(0, DIGITS)}`;
  } finally {
    await file.close();
  }
}
