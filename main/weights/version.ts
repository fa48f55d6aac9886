// Names the weights of a folder as proposals carry it: what they are called, and a digest that changes when they are trained further.
import { createHash, type Hash } from 'node:crypto';
import { open, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';

/** Read at each end of the tensors: further training changes every tensor, and gigabytes need not be read. */
const END_BYTES = 2 ** 20;
const DIGITS = 8;

/** "loupe-nano 3f2a9c1d". */
export async function weightsVersion(folder: string, name: string): Promise<string> {
  return `${name} ${await digestOf(folder, await weightsFiles(folder))}`;
}

/** Digest of a checkpoint's own files: copies in few bits that were written beside them make it no other checkpoint. */
export const checkpointDigest = async (folder: string): Promise<string> =>
  digestOf(
    folder,
    (await weightsFiles(folder)).filter((name) => !isBeside.test(name)),
  );

/** Digest of a checkpoint's own tensors, whatever its configuration says. */
export async function tensorsDigest(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await weightsFiles(folder)) if (!isBeside.test(name)) await addEnds(hash, path.join(folder, name));
  return hash.digest('hex').slice(0, DIGITS);
}

/** Digest of one file of weights, by its ends and its size. */
export async function fileDigest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await addEnds(hash, file);
  return hash.digest('hex').slice(0, DIGITS);
}

async function digestOf(folder: string, files: readonly string[]): Promise<string> {
  const config = await configOf(folder);
  const hash = createHash('sha256').update(config === null ? '' : await readFile(path.join(folder, config)));
  for (const file of files) await addEnds(hash, path.join(folder, file));
  return hash.digest('hex').slice(0, DIGITS);
}

const isBeside = /^loupe-(quantised|parts|segmenter)\.safetensors$/;

/**
 * The configuration; an adapter or a taught version has its own, which names the checkpoint that it changes. Null: ONNX
 * files need none.
 */
async function configOf(folder: string): Promise<string | null> {
  const names = await readdir(folder);
  const own = ['adapter_config.json', 'taught.json'].find((one) => names.includes(one));
  if (own !== undefined) return own;
  return names.includes('config.json') || (await onnxFiles(folder)).length === 0 ? 'config.json' : null;
}

/** Graphs and the weights beside them, which exporters call by the graph's name. */
async function onnxFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /\.onnx([._]data)?$/.test(name)).sort();
}

/** One file, its shards, or what torch saved; and what was written beside them in few bits, which is used in their place. */
async function weightsFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).sort();
  const kinds = [
    /^adapter_model\.safetensors$/,
    /^adapter_model\.bin$/,
    /^model\.safetensors$/,
    /^model-.*\.safetensors$/,
    /^pytorch_model.*\.(bin|pt)$/,
  ];
  const own = kinds.map((kind) => names.filter((one) => kind.test(one))).find((some) => some.length > 0);
  const beside = names.filter((one) => isBeside.test(one));
  const onnx = own ? [] : await onnxFiles(folder);
  if (onnx.length > 0) return onnx;
  if (!own && beside.length === 0)
    throw new BadInput(`${folder}: holds neither model.safetensors, nor its shards, nor pytorch_model.bin`);
  return [...(own ?? []), ...beside];
}

async function addEnds(hash: Hash, place: string): Promise<void> {
  const file = await open(place);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(END_BYTES);
    for (const position of [0, Math.max(0, size - END_BYTES)]) {
      const { bytesRead } = await file.read(buffer, 0, END_BYTES, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
    hash.update(`${size}`);
  } finally {
    await file.close();
  }
}
