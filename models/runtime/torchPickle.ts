// Reads the pickle inside a torch file as plain values and tensor views: only named rebuild rules exist, nothing is executed.
import { entry } from '../graph/tensor.ts';
import { PickleRefusal, type PickleRule, parseLeadingPickle, refuseObject } from './pickle.ts';
import type { StorageType } from './weightsFile.ts';

/** A strided view of a storage, both counted in elements. */
export class TorchView {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
    Object.freeze(this);
  }
}

/** `key` names the zip entry that holds the bytes; in a file of before torch 1.6 it is a number that the process had for them. */
class TorchStorage {
  readonly key: string;
  readonly dtype: StorageType;
  readonly count: number;

  constructor(key: string, dtype: StorageType, count: number) {
    this.key = key;
    this.dtype = dtype;
    this.count = count;
    Object.freeze(this);
  }
}

const storageNames: Readonly<Record<string, StorageType>> = {
  FloatStorage: 'float32',
  DoubleStorage: 'float64',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

/** Far above any real checkpoint's pickle (about 150 bytes a tensor). */
export const pickleLimit = 16_000_000;
const secondsAllowed = 10;

/** Returns nested Maps, arrays, numbers, texts, booleans, nulls and TorchViews; anything else is refused by name. */
export const parseTorchPickle = (bytes: Uint8Array): unknown => parseLeadingTorchPickle(bytes).value;

export interface LeadingPickle {
  readonly value: unknown;
  /** Bytes of it. */
  readonly length: number;
  /** All that it names, by key. */
  readonly storages: ReadonlyMap<string, TorchStorage>;
}

/** Parses a pickle at the beginning of bytes that go on behind it. */
export function parseLeadingTorchPickle(bytes: Uint8Array): LeadingPickle {
  const types = new Map<unknown, StorageType>();
  const storages = new Map<string, TorchStorage>();
  const persistent = (id: unknown) => {
    const storage = toStorage(id, types);
    const known = storages.get(storage.key) ?? storage;
    if (known.dtype !== storage.dtype) throw new PickleRefusal(`reads storage "${storage.key}" as two types`);
    storages.set(storage.key, storage);
    return storage;
  };
  const global = (name: string) => rule(name, types);
  const damaged = 'is damaged, or torch.save did not write it';
  return { ...parseLeadingPickle(bytes, { global, persistent, secondsAllowed, damaged }), storages };
}

/** Each look-up yields a fresh frozen arrow function: it cannot be constructed, and a pickle cannot alter it. */
function rule(name: string, storages: Map<unknown, StorageType>): PickleRule {
  const dtype = name.startsWith('torch.') ? storageNames[name.slice('torch.'.length)] : undefined;
  const made: PickleRule = dtype ? () => refuse(name) : (...args) => rebuild(name, args);
  if (dtype) storages.set(made, dtype);
  else if (!rebuildable.includes(name) && !readOver.includes(name)) refuse(name);
  return Object.freeze(made);
}

const rebuildable = [
  'collections.OrderedDict',
  'torch.Size',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_tensor',
  'torch._utils._rebuild_parameter',
  'torch._utils._rebuild_parameter_with_state',
];

/** Values that trainers leave beside the tensors, as a best score or a device: they are read over and nothing is made of them. */
const readOver: readonly string[] = [
  ...['torch.device', 'builtins.set', '__builtin__.set', '_codecs.encode', 'numpy.dtype'],
  ...['numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar'],
  ...['float64', 'float32', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'].map(
    (dtype) => `torch.${dtype}`,
  ),
];

const refuse = (name: string): never => refuseObject(name, 'a weight file');

function rebuild(name: string, args: readonly unknown[]): unknown {
  if (readOver.includes(name)) return {};
  if (name === 'collections.OrderedDict') return new Map(asEntries(args[0]));
  if (name === 'torch.Size') return args[0];
  if (!name.startsWith('torch._utils._rebuild_parameter')) return toView(args);
  if (args[0] instanceof TorchView) return args[0];
  throw new PickleRefusal('holds a parameter without a tensor');
}

function asEntries(value: unknown): [unknown, unknown][] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new PickleRefusal('holds a malformed dictionary');
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new PickleRefusal('holds a malformed dictionary');
    return [pair[0], pair[1]];
  });
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const areCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);

function toView([storage, offset, shape, strides]: readonly unknown[]): TorchView {
  if (!(storage instanceof TorchStorage) || !isCount(offset) || !areCounts(shape) || !areCounts(strides))
    throw new PickleRefusal('holds a tensor without storage, offset, shape and strides');
  if (shape.length !== strides.length)
    throw new PickleRefusal(`holds a tensor of ${shape.length} axes with ${strides.length} strides`);
  const last = shape.reduce((at, n, axis) => at + (n - 1) * entry(strides, axis, 'strides'), offset);
  if (!shape.includes(0) && last >= storage.count)
    throw new PickleRefusal(
      `holds a tensor that reaches element ${last} of the ${storage.count} in storage "${storage.key}"`,
    );
  return new TorchView(storage, offset, [...shape], [...strides]);
}

/** `('storage', type, key, device, count)`; a file of before torch 1.6 adds whether it is a part of another storage, which no torch since 0.4 writes. */
function toStorage(id: unknown, storages: ReadonlyMap<unknown, StorageType>): TorchStorage {
  const [kind, type, key, , count, part] = Array.isArray(id) ? id : [];
  if (part !== undefined && part !== null) throw new PickleRefusal('holds a storage that is a part of another');
  const dtype = storages.get(type);
  if (kind !== 'storage' || !dtype || typeof key !== 'string' || !isCount(count))
    throw new PickleRefusal('refers to something that is not a tensor storage');
  return new TorchStorage(key, dtype, count);
}
