// What a weight file is once its header is trusted: named spans of bytes, read as float32 or raw.
import { open } from 'node:fs/promises';
import type { DType, Source } from '../graph/tensor.ts';
import { bfloat16ToFloat32, float16ToFloat32 } from './float16.ts';

/** Element types that a file may store; the graph computes in fewer. */
export type StorageType = DType | 'int8' | 'int16' | 'uint16' | 'uint32' | 'uint64';

export const bytesPer: Readonly<Record<StorageType, number>> = {
  float64: 8,
  int64: 8,
  uint64: 8,
  float32: 4,
  int32: 4,
  uint32: 4,
  float16: 2,
  bfloat16: 2,
  int16: 2,
  uint16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** One tensor's bytes: `offset` counts from the start of `file`, so it can serve as ONNX external data. */
export interface WeightSpan {
  file: string;
  dtype: StorageType;
  shape: readonly number[];
  offset: number;
  length: number;
  /** Elements from one entry of each axis to the next, where a torch file does not have them row after row: no plain span of bytes. */
  strides?: readonly number[];
}

/** An opened weight file; it holds no handle, so there is nothing to close. */
export interface WeightsFile {
  readonly tensors: ReadonlyMap<string, WeightSpan>;
  readonly metadata: ReadonlyMap<string, string>;
  /** float32 values of a floating point (or bool, 8- or 16-bit integer) tensor. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** Little-endian bytes as stored, in a buffer of their own. */
  readRaw(name: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Where the graph finds the frozen weight. */
  source(name: string): Source;
}

/** A weight file that cannot be used; the message names the file, the tensor and the reason. */
export class WeightsError extends Error {
  override readonly name = 'WeightsError';
}

/** Runs `body`, turning any failure into a WeightsError that begins with the file. */
export async function withFileNamed<T>(file: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof WeightsError) throw error;
    throw new WeightsError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Exactly `length` bytes at `offset`, or an error. */
export async function readSpan(file: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(file, 'r');
  try {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 1 << 30), offset + done);
      if (bytesRead === 0) throw new Error(`ends after ${offset + done} bytes where ${offset + length} are needed.`);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

/** Null: the type does not fit float32 without loss. */
export function asFloat32(bytes: Uint8Array<ArrayBuffer>, dtype: StorageType): Float32Array<ArrayBuffer> | null {
  const { buffer } = bytes;
  if (dtype === 'float32') return new Float32Array(buffer);
  if (dtype === 'bfloat16') return bfloat16ToFloat32(new Uint16Array(buffer));
  if (dtype === 'float16') return float16ToFloat32(new Uint16Array(buffer));
  if (dtype === 'float64') return Float32Array.from(new Float64Array(buffer));
  if (dtype === 'uint8' || dtype === 'bool') return Float32Array.from(bytes);
  if (dtype === 'int8') return Float32Array.from(new Int8Array(buffer));
  if (dtype === 'int16') return Float32Array.from(new Int16Array(buffer));
  return dtype === 'uint16' ? Float32Array.from(new Uint16Array(buffer)) : null;
}

const graphTypes: readonly string[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'bool',
  'uint8',
] satisfies DType[];

const isGraphType = (dtype: StorageType): dtype is DType => graphTypes.includes(dtype);

/** The readers common to every format whose tensors are plain spans. */
export function weightsFile(
  label: string,
  tensors: ReadonlyMap<string, WeightSpan>,
  metadata: ReadonlyMap<string, string>,
): WeightsFile {
  const span = (name: string): WeightSpan => {
    const found = tensors.get(name);
    if (!found) throw new WeightsError(`${label}: holds no tensor "${name}".`);
    return found;
  };
  const inOnePiece = (name: string): WeightSpan => {
    const found = span(name);
    if (found.strides) throw new WeightsError(`${label}: tensor "${name}" is not stored in one piece.`);
    return found;
  };
  const readRaw = (name: string) => {
    const { file, offset, length } = inOnePiece(name);
    return withFileNamed(`${file}: tensor "${name}"`, () => readSpan(file, offset, length));
  };
  return {
    tensors,
    metadata,
    readRaw,
    async read(name) {
      const { dtype } = span(name);
      const values = asFloat32(await readRaw(name), dtype);
      if (!values)
        throw new WeightsError(`${label}: tensor "${name}" is ${dtype}, which float32 cannot hold; use readRaw.`);
      return values;
    },
    source(name) {
      const { file, offset, length, dtype } = inOnePiece(name);
      if (!isGraphType(dtype))
        throw new WeightsError(`${label}: tensor "${name}" is ${dtype}, which no graph computes in.`);
      return { file, offset, length, dtype };
    },
  };
}
