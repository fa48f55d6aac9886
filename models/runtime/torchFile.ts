// Reads a PyTorch .pt file as named tensors and plain values, from where torch.save stored them; nothing is executed.
import { open, realpath } from 'node:fs/promises';
import { entry } from '../graph/tensor.ts';
import { absence, isPointer, pointerWords } from './notFetched.ts';
import { parseTorchPickle, pickleLimit, TorchView } from './torchPickle.ts';
import { headBytes, readTorchSequence, type StoredTorch, sequenceStart } from './torchSequence.ts';
import { listTorchZip, readZipEntry, type ZipSpan, zipMagic } from './torchZip.ts';
import {
  asFloat32,
  bytesPer,
  readSpan,
  type WeightSpan,
  WeightsError,
  type WeightsFile,
  weightsFile,
  withFileNamed,
} from './weightsFile.ts';

export interface TorchFile extends WeightsFile {
  /** What stands beside the tensors: counters, settings, as JSON-like values. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Deeper or larger trees than any checkpoint's are refused (a pickle can fold a huge tree into few bytes). */
const depthLimit = 32;
const nodeLimit = 1_000_000;
/** An expanded tensor may be larger than its file, but not without end. */
const bytesAllowed = 2 ** 31;

/** What trainers put the tensors under, beside counters, optimisers and averaged copies. */
const wrappers = ['model', 'state_dict', 'model_state_dict', 'module'] as const;
/** What programs that train on several devices, or compile, put before every name. */
const prefix = /^(?:module\.|_orig_mod\.)+/;

/** Tensors are those of the innermost entry that a trainer wraps them in, if there is one, else all, named by their path. */
export function openTorchFile(file: string): Promise<TorchFile> {
  return withFileNamed(file, async () => {
    const real = await realpath(file).catch(() => null);
    if (real === null) throw new Error(await absence(file));
    const { tree, storages } = await storedIn(real);
    const { views, rest } = sortOut(tree);
    const spans = new Map([...views].map(([name, view]) => [name, toSpan(real, storages, { name, view })]));
    return torchFile(file, { views, spans, rest });
  });
}

async function storedIn(file: string): Promise<StoredTorch> {
  const head = await firstBytes(file, headBytes);
  if (isPointer(head)) throw new Error(pointerWords);
  const start = sequenceStart(head);
  if (start !== null) return readTorchSequence(file, start);
  if (!zipMagic.every((byte, i) => head[i] === byte))
    throw new Error('is not a PyTorch file: it is neither its zip nor its older format.');
  return readZip(file);
}

/** Fewer where the file is shorter. */
async function firstBytes(file: string, count: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function readZip(file: string): Promise<StoredTorch> {
  const entries = await listTorchZip(file);
  await checkByteOrder(file, entries);
  const inFolder = [...entries].filter(([name]) => name.startsWith('data/'));
  const storages = new Map(inFolder.map(([name, span]) => [name.slice('data/'.length), span]));
  return { tree: await readPickle(file, entries), storages };
}

async function checkByteOrder(file: string, entries: ReadonlyMap<string, ZipSpan>): Promise<void> {
  const entry = entries.get('byteorder');
  if (!entry) return;
  const order = new TextDecoder().decode(await readZipEntry(file, entry, 16));
  if (order !== 'little') throw new Error(`stores its numbers in byte order "${order}"; only "little" is read.`);
}

async function readPickle(file: string, entries: ReadonlyMap<string, ZipSpan>): Promise<unknown> {
  const entry = entries.get('data.pkl');
  if (!entry) throw new Error('has no data.pkl, so it is not a PyTorch checkpoint (a TorchScript archive?).');
  const bytes = await readZipEntry(file, entry, pickleLimit);
  try {
    return parseTorchPickle(bytes);
  } catch (error) {
    throw new Error(`its data.pkl ${error instanceof Error ? error.message : 'is malformed'}.`);
  }
}

interface Contents {
  views: Map<string, TorchView>;
  rest: Record<string, unknown>;
}

function sortOut(tree: unknown): Contents {
  const { state, beside } = unwrapped(tree);
  const found = new Map<string, TorchView>();
  const inside = asRecord(plainValues(state, found));
  const names = [...found.keys()];
  const isPrefixed = names.length > 0 && names.every((name) => prefix.test(name));
  const views = isPrefixed ? new Map([...found].map(([name, view]) => [name.replace(prefix, ''), view])) : found;
  return { views, rest: state === tree ? inside : asRecord(plainValues(beside, new Map())) };
}

/** The dictionary of tensors, and what stands beside the entries that lead to it. */
function unwrapped(tree: unknown): { state: Map<unknown, unknown>; beside: Map<unknown, unknown> } {
  const beside = new Map<unknown, unknown>();
  let state = asDictionary(tree);
  for (const _ of wrappers) {
    const key = wrappers.find((one) => holdsSome(state.get(one)));
    if (key === undefined) break;
    for (const [name, value] of state) if (name !== key && !beside.has(name)) beside.set(name, value);
    state = asDictionary(state.get(key));
  }
  return { state, beside };
}

const holdsSome = (value: unknown): boolean => value instanceof Map && value.size > 0;

function asDictionary(value: unknown): Map<unknown, unknown> {
  if (value instanceof Map) return value;
  throw new Error('holds no dictionary of tensors.');
}

/** JSON-like values of a tree; the tensors in it go to `views` under their path. */
function plainValues(tree: unknown, views: Map<string, TorchView>): unknown {
  let nodes = 0;
  const walk = (value: unknown, path: readonly string[]): unknown => {
    if (++nodes > nodeLimit || path.length > depthLimit) throw new Error('nests more values than any checkpoint does.');
    if (value instanceof TorchView) views.set(path.join('.'), value);
    if (Array.isArray(value)) return value.map((item: unknown, i) => walk(item, [...path, String(i)]));
    if (!(value instanceof Map)) return isPlain(value) ? value : undefined;
    const pairs = [...value].map(([key, item]) => [String(key), walk(item, [...path, String(key)])] as const);
    return Object.fromEntries(pairs.filter(([, item]) => item !== undefined));
  };
  return walk(tree, []);
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const isPlain = (value: unknown): boolean =>
  value === null || ['number', 'string', 'boolean', 'bigint'].includes(typeof value);

function toSpan(
  file: string,
  storages: StoredTorch['storages'],
  { name, view }: { name: string; view: TorchView },
): WeightSpan {
  const { storage, shape, offset } = view;
  const unit = bytesPer[storage.dtype];
  const bad = (why: string) => new WeightsError(`${file}: tensor "${name}" ${why}.`);
  const bytes = storages.get(storage.key);
  if (!bytes) throw bad(`lies in storage "${storage.key}", which is missing`);
  if (storage.count * unit > bytes.length)
    throw bad(`claims ${storage.count * unit} bytes of a storage of ${bytes.length}`);
  const length = shape.reduce((product, n) => product * n, unit);
  if (length > Math.max(bytes.length, bytesAllowed)) throw bad(`expands to ${length} bytes, which is not believable`);
  const span = { file, dtype: storage.dtype, shape, offset: bytes.offset + offset * unit, length };
  return isContiguous(view) ? span : { ...span, strides: view.strides };
}

function torchFile(label: string, { views, spans, rest }: Contents & { spans: Map<string, WeightSpan> }): TorchFile {
  const plain = weightsFile(label, spans, new Map());
  const readRaw = (name: string) => {
    const view = views.get(name);
    const span = spans.get(name);
    return view && span && !isContiguous(view) ? gatherView(view, span) : plain.readRaw(name);
  };
  return {
    ...plain,
    rest,
    readRaw,
    async read(name) {
      const dtype = spans.get(name)?.dtype ?? 'float32';
      const values = asFloat32(await readRaw(name), dtype);
      if (!values)
        throw new WeightsError(`${label}: tensor "${name}" is ${dtype}, which float32 cannot hold; use readRaw.`);
      return values;
    },
  };
}

function isContiguous({ shape, strides }: TorchView): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const n = shape[axis] ?? 1;
    if (n === 0) return true;
    if (n !== 1 && strides[axis] !== expected) return false;
    expected *= n;
  }
  return true;
}

/** Row-major copy of a strided view; only the bytes that the view spans are read. */
async function gatherView({ shape, strides, storage }: TorchView, span: WeightSpan): Promise<Uint8Array<ArrayBuffer>> {
  const unit = bytesPer[storage.dtype];
  const strideOf = (axis: number) => entry(strides, axis, 'strides');
  const reach = shape.reduce((sum, n, axis) => sum + (n - 1) * strideOf(axis), 1);
  const from = await withFileNamed(span.file, () => readSpan(span.file, span.offset, reach * unit));
  const out = new Uint8Array(span.length);
  const index = shape.map(() => 0);
  for (let at = 0, element = 0; at < span.length; at += unit) {
    for (let byte = 0; byte < unit; byte++) out[at + byte] = from[element * unit + byte] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strideOf(axis);
      const next = entry(index, axis, 'index') + 1;
      element += stride;
      index[axis] = next;
      if (next < entry(shape, axis, 'shape')) break;
      element -= stride * next;
      index[axis] = 0;
    }
  }
  return out;
}
