// A digest of what a session computes: a graph, or files of another program, and every byte of the weights that it reads.
import { createHash, type Hash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { lower } from '../graph/lower.ts';
import { encodeModel } from '../graph/onnx.ts';
import type { Tensor } from '../graph/tensor.ts';
import { WeightsError } from './weightsFile.ts';

const CHUNK_BYTES = 2 ** 20;

interface Span {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** SHA-256 as hexadecimal digits. `folder`: where external weights live, as for a session. */
export async function graphDigest(outputs: Readonly<Record<string, Tensor>>, folder: string): Promise<string> {
  const graph = lower(outputs, 'plain');
  const hash = createHash('sha256').update(encodeModel(graph));
  for (const { data } of graph.initializers) if ('file' in data) await addSpan(hash, folder, data);
  return hash.digest('hex');
}

/** The digest of ONNX files and the files of weights beside them. */
export async function filesDigest(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    const { size } = await stat(file);
    hash.update(`${size} `);
    await addSpan(hash, path.dirname(file), { file: path.basename(file), offset: 0, length: size });
  }
  return hash.digest('hex');
}

async function addSpan(hash: Hash, folder: string, { file, offset, length }: Span): Promise<void> {
  const place = path.join(folder, file);
  const handle = await open(place);
  try {
    const buffer = Buffer.alloc(Math.min(length, CHUNK_BYTES));
    for (let done = 0; done < length; ) {
      const wanted = Math.min(buffer.length, length - done);
      const { bytesRead } = await handle.read(buffer, 0, wanted, offset + done);
      if (bytesRead === 0) throw new WeightsError(`${place}: ends where weights should be; it is cut off.`);
      hash.update(buffer.subarray(0, bytesRead));
      done += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
