// Opens a .safetensors file (or a sharded set of them) as named spans of bytes: the header is bounded and fully checked.
import { lstat, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { absence, isPointer, pointerWords } from './notFetched.ts';
import { repeatedKey } from './repeatedKey.ts';
import {
  bytesPer,
  readSpan,
  type StorageType,
  type WeightSpan,
  WeightsError,
  type WeightsFile,
  weightsFile,
  withFileNamed,
} from './weightsFile.ts';

/** The format's own limit on the length of its header. */
const headerLimit = 100_000_000;
const indexName = 'model.safetensors.index.json';

const storageTypes = new Map<unknown, StorageType>([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['U64', 'uint64'],
  ['I32', 'int32'],
  ['U32', 'uint32'],
  ['I16', 'int16'],
  ['U16', 'uint16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);

/** Opens `x.safetensors`, an `x.safetensors.index.json`, or the folder that holds either under Hugging Face's names. */
export function openSafetensors(file: string): Promise<WeightsFile> {
  return withFileNamed(file, async () => {
    const info = await stat(file).catch(() => null);
    if (!info) throw new Error(await absence(file));
    if (info.isDirectory()) return openFolder(file);
    return file.endsWith('.json') ? openIndex(file, info.size) : openOne(file, info.size);
  });
}

async function openFolder(folder: string): Promise<WeightsFile> {
  const index = path.join(folder, indexName);
  const single = path.join(folder, 'model.safetensors');
  for (const candidate of [index, single])
    if (await lstat(candidate).catch(() => null)) return openSafetensors(candidate);
  throw new Error(`holds neither model.safetensors nor ${indexName}.`);
}

async function openOne(file: string, bytes: number): Promise<WeightsFile> {
  const { header, dataStart } = await readHeader(file, bytes);
  // ONNX Runtime refuses external data behind a link, as in Hugging Face's cache: name the real file.
  const real = await realpath(file);
  const tensors = new Map<string, WeightSpan>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    tensors.set(name, toSpan(entry, { file: real, name, dataStart, dataLength: bytes - dataStart }));
  }
  checkCoverage(file, tensors, { dataStart, fileLength: bytes });
  return weightsFile(file, tensors, readMetadata(file, header.__metadata__));
}

interface Header {
  header: Readonly<Record<string, unknown>>;
  dataStart: number;
}

async function readHeader(file: string, bytes: number): Promise<Header> {
  if (bytes < 10) throw new Error(`is ${bytes} bytes long, too short for a safetensors file.`);
  const head = await readSpan(file, 0, 9);
  if (isPointer(head)) throw new Error(pointerWords);
  const length = new DataView(head.buffer).getBigUint64(0, true);
  if (length > BigInt(Math.min(headerLimit, bytes - 8)))
    throw new Error(`claims a header of ${length} bytes, more than the file (${bytes} bytes) or the format allows.`);
  if (head[8] !== 0x7b) throw new Error('is not a safetensors file: its header does not begin with "{".');
  const header = parseObject(await readSpan(file, 8, Number(length)), 'header');
  return { header, dataStart: 8 + Number(length) };
}

function parseObject(bytes: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new Error(`its ${what} is not valid JSON.`);
  }
  if (!isRecord(value)) throw new Error(`its ${what} is not a JSON object.`);
  const twice = repeatedKey(text);
  if (twice !== null) throw new Error(`its ${what} names "${twice}" twice.`);
  return value;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Floating point of eight bits and fewer, whose scales are tensors of their own. */
const fewBits = /^F[468]_/;

interface Place {
  file: string;
  name: string;
  dataStart: number;
  dataLength: number;
}

function toSpan(entry: unknown, { file, name, dataStart, dataLength }: Place): WeightSpan {
  const bad = (why: string) => new WeightsError(`${file}: tensor "${name}" ${why}.`);
  if (!isRecord(entry)) throw bad('has no description');
  const { dtype: dtypeName, shape, data_offsets: offsets } = entry;
  const dtype = storageTypes.get(dtypeName);
  if (fewBits.test(String(dtypeName)))
    throw bad(`is quantised (${dtypeName}), which is not read; take the checkpoint whose weights have 16 or 32 bits`);
  if (!dtype) throw bad(`has the unsupported dtype ${JSON.stringify(dtypeName)}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) throw bad('has a shape that is not a list of whole numbers');
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw bad('has malformed data_offsets');
  const [begin = 0, end = 0] = offsets;
  if (begin > end || end > dataLength)
    throw bad(`claims bytes ${begin} to ${end}, outside the ${dataLength} data bytes of the file (is it cut short?)`);
  const needed = shape.reduce((product, n) => product * n, bytesPer[dtype]);
  if (needed !== end - begin)
    throw bad(`is ${dtypeName} [${shape.join(', ')}], which needs ${needed} bytes, but spans ${end - begin}`);
  return { file, dtype, shape, offset: dataStart + begin, length: end - begin };
}

/** The format wants the data to be covered exactly: no overlap, no hole, nothing after the last tensor. */
function checkCoverage(
  file: string,
  tensors: ReadonlyMap<string, WeightSpan>,
  { dataStart, fileLength }: { dataStart: number; fileLength: number },
): void {
  const sorted = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  let position = dataStart;
  for (const [name, span] of sorted) {
    if (span.offset < position) throw new WeightsError(`${file}: tensor "${name}" overlaps the tensor before it.`);
    if (span.offset > position)
      throw new WeightsError(`${file}: ${span.offset - position} unused bytes before tensor "${name}".`);
    position = span.offset + span.length;
  }
  if (position !== fileLength)
    throw new WeightsError(`${file}: ${fileLength - position} bytes follow the last tensor.`);
}

function readMetadata(file: string, value: unknown): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  const entries = isRecord(value) ? Object.entries(value) : [['', null] as const];
  return new Map(
    entries.map(([key, text]) => {
      if (typeof text !== 'string') throw new WeightsError(`${file}: __metadata__ may hold only texts.`);
      return [key, text];
    }),
  );
}

/** `weight_map` sends each tensor to a shard beside the index; a shard outside that folder is refused. */
async function openIndex(file: string, bytes: number): Promise<WeightsFile> {
  if (bytes > headerLimit) throw new Error(`is ${bytes} bytes long, too long for an index.`);
  const { weight_map: map } = parseObject(await readSpan(file, 0, bytes), 'index');
  if (!isRecord(map)) throw new Error('has no "weight_map", so it is no safetensors index.');
  const shards = new Map<string, WeightsFile>();
  const tensors = new Map<string, WeightSpan>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== 'string' || !/^[^/\\]+\.safetensors$/.test(shard))
      throw new Error(
        `sends tensor "${name}" to ${JSON.stringify(shard)}, which is not a .safetensors file beside it.`,
      );
    const opened = shards.get(shard) ?? (await openSafetensors(path.join(path.dirname(file), shard)));
    shards.set(shard, opened);
    const span = opened.tensors.get(name);
    if (!span) throw new Error(`sends tensor "${name}" to ${shard}, which does not hold it.`);
    tensors.set(name, span);
  }
  return weightsFile(file, tensors, new Map());
}
