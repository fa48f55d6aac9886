// Writes named tensors to a .safetensors file: beside the old one, and then renamed over it, or over it where it lies.
import { closeSync, constants, ftruncateSync, openSync, writevSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { toBfloat16, toFloat16 } from './float16.ts';

/** Element type is the array's own: Float32Array is F32 unless `storage` narrows it. */
export interface TensorToWrite {
  shape: readonly number[];
  data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;
}

export interface WriteOptions {
  metadata?: Readonly<Record<string, string>>;
  storage?: 'float32' | 'bfloat16' | 'float16';
}

type Bytes = Uint8Array | Uint16Array | TensorToWrite['data'];

interface Entry {
  name: string;
  dtype: string;
  shape: readonly number[];
  data: Bytes;
}

const widestFirst = ['F64', 'I64', 'F32', 'I32', 'F16', 'BF16', 'U8'];

function dtypeOf({ data }: TensorToWrite, storage: NonNullable<WriteOptions['storage']>): string {
  if (data instanceof Float32Array) return { float32: 'F32', bfloat16: 'BF16', float16: 'F16' }[storage];
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof BigInt64Array) return 'I64';
  return data instanceof Int32Array ? 'I32' : 'U8';
}

/** Narrowed one tensor at a time while writing, so that the peak is one tensor more than the caller holds. */
function bytesOf({ data, dtype }: Entry): Uint8Array {
  if (!(data instanceof Float32Array) || dtype === 'F32') return view(data);
  return view(dtype === 'BF16' ? toBfloat16(data) : toFloat16(data));
}

const view = (data: Bytes): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function makeEntries(record: Readonly<Record<string, TensorToWrite>>, storage: WriteOptions['storage']): Entry[] {
  const entries = Object.entries(record).map(([name, tensor]) => {
    const count = tensor.shape.reduce((product, n) => product * n, 1);
    if (count !== tensor.data.length)
      throw new Error(`Tensor "${name}": ${tensor.data.length} values do not fill [${tensor.shape.join(', ')}].`);
    return { name, dtype: dtypeOf(tensor, storage ?? 'float32'), shape: tensor.shape, data: tensor.data };
  });
  // Widest element first keeps every tensor aligned to its element without holes, which the format forbids.
  return entries.sort(
    (a, b) => widestFirst.indexOf(a.dtype) - widestFirst.indexOf(b.dtype) || (a.name < b.name ? -1 : 1),
  );
}

const byteLength = ({ data, dtype }: Entry): number =>
  dtype === 'BF16' || dtype === 'F16' ? data.length * 2 : data.byteLength;

interface Announced {
  name: string;
  dtype: string;
  shape: readonly number[];
  bytes: number;
}

function makeHeader(entries: readonly Announced[], metadata: WriteOptions['metadata']): Uint8Array {
  const header: [string, unknown][] = metadata ? [['__metadata__', metadata]] : [];
  let position = 0;
  for (const { name, dtype, shape, bytes } of entries) {
    const end = position + bytes;
    header.push([name, { dtype, shape, data_offsets: [position, end] }]);
    position = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(json, 8);
  return padded;
}

export async function writeSafetensors(
  file: string,
  record: Readonly<Record<string, TensorToWrite>>,
  { metadata, storage }: WriteOptions = {},
): Promise<void> {
  const entries = makeEntries(record, storage);
  const announced = entries.map((entry) => ({ ...entry, bytes: byteLength(entry) }));
  await replaceFile(file, async function* () {
    yield makeHeader(announced, metadata);
    for (const entry of entries) yield bytesOf(entry);
  });
}

/**
 * Writes over `file` where it lies, and leaves it to the system when that reaches the disk: a kill or a power cut can leave
 * half of it, so whoever reads it needs a checksum. Far cheaper than a new file each time.
 */
export function overwriteSafetensors(
  file: string,
  record: Readonly<Record<string, TensorToWrite>>,
  { metadata }: Pick<WriteOptions, 'metadata'> = {},
): void {
  const entries = makeEntries(record, 'float32');
  const announced = entries.map((entry) => ({ ...entry, bytes: byteLength(entry) }));
  const handle = openSync(file, constants.O_WRONLY + constants.O_CREAT);
  try {
    const end = writeAll(handle, [makeHeader(announced, metadata), ...entries.map(bytesOf)]);
    ftruncateSync(handle, end);
  } finally {
    closeSync(handle);
  }
}

/** In one call as far as the system takes it: hundreds of tensors one by one take twice as long. The bytes that were written. */
function writeAll(handle: number, pieces: readonly Uint8Array[]): number {
  let end = 0;
  let left = pieces.filter(({ length }) => length > 0);
  while (left.length > 0) {
    let written = writevSync(handle, left, end);
    end += written;
    left = left.flatMap((piece) => {
      const done = Math.min(written, piece.length);
      written -= done;
      return done < piece.length ? [piece.subarray(done)] : [];
    });
  }
  return end;
}

const width = { F32: 4, BF16: 2, F16: 2, U8: 1 } as const;

/** A tensor whose values are made when it is its turn to be written. */
export interface TensorToMake {
  name: string;
  shape: readonly number[];
  dtype: keyof typeof width;
  /** Halves as bits. */
  make(): Promise<Float32Array | Uint16Array | Uint8Array> | Float32Array | Uint16Array | Uint8Array;
}

/** Files larger than memory: one tensor at a time, in this order. Sizes of bytes must leave float32 aligned. */
export async function writeLargeSafetensors(
  file: string,
  tensors: readonly TensorToMake[],
  { metadata, keepIf }: Pick<WriteOptions, 'metadata'> & { keepIf?: (written: string) => Promise<void> } = {},
): Promise<void> {
  const announced = tensors.map(({ name, shape, dtype }) => {
    const count = shape.reduce((product, n) => product * n, 1);
    return { name, dtype, shape, bytes: width[dtype] * count };
  });
  const makeAll = async function* () {
    yield makeHeader(announced, metadata);
    for (const [i, tensor] of tensors.entries()) {
      const bytes = view(await tensor.make());
      if (bytes.length !== announced[i]?.bytes)
        throw new Error(`Tensor "${tensor.name}": ${bytes.length} bytes were made for [${tensor.shape.join(', ')}].`);
      yield bytes;
    }
  };
  await replaceFile(file, makeAll, keepIf);
}

/**
 * Writes the pieces beside `file`, flushes them to the disk and renames: a kill leaves the old file or the new one. What
 * `keepIf` throws at leaves the old one too.
 */
async function replaceFile(
  file: string,
  pieces: () => AsyncIterable<Uint8Array>,
  keepIf?: (written: string) => Promise<void>,
): Promise<void> {
  await removeLeft(file);
  const beside = `${file}.${process.pid}.part`;
  const handle = await open(beside, 'w');
  try {
    for await (const piece of pieces()) await handle.writeFile(piece);
    await handle.datasync();
    await handle.close();
    await keepIf?.(beside);
    await rename(beside, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(beside, { force: true });
    throw error;
  }
}

/** Removes what killed processes left of the same file: it may be gigabytes, and nothing reads it. */
export async function removeLeft(file: string): Promise<void> {
  const [folder, own] = [path.dirname(file), `${path.basename(file)}.`];
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = name.startsWith(own) ? /^(\d{1,10})\.part$/.exec(name.slice(own.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) await rm(path.join(folder, name), { force: true });
  }
}

/** A process that we may not signal exists, too. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
