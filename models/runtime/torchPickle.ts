// The pickle inside a torch file to plain values and tensor views: only named rebuild rules exist, nothing is executed.
import { BufferReader, Parser } from 'pickleparser';
import { entry } from '../graph/tensor.ts';
import type { StorageType } from './weightsFile.ts';

/** The end of a sentence about the pickle. */
class PickleRefusal extends Error {}

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

/** `key` names the zip entry that holds the bytes. */
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

type Rule = (...args: unknown[]) => unknown;

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

/** A hostile pickle can make the parser copy one long list again and again; the clock ends that. */
class TimedReader extends BufferReader {
  private readonly deadline = performance.now() + secondsAllowed * 1000;

  override byte(): number {
    if (performance.now() > this.deadline) throw new PickleRefusal(`took more than ${secondsAllowed} s`);
    return super.byte();
  }

  /** The original warns on the console beyond 2^53; no honest length is that long. */
  override uint64(): number {
    const [low, high] = [this.uint32(), this.uint32()];
    if (high >= 2 ** 21) throw new PickleRefusal('holds an absurd length');
    return low + high * 2 ** 32;
  }
}

/** Returns nested Maps, arrays, numbers, texts, booleans, nulls and TorchViews; anything else is refused by name. */
export function parseTorchPickle(bytes: Uint8Array): unknown {
  const storages = new Map<unknown, StorageType>();
  const parser = new Parser({
    unpicklingTypeOfDictionary: 'Map',
    nameResolver: { resolve: (module, name) => rule(`${module}.${name}`, storages) },
    persistentResolver: { resolve: (id: unknown) => toStorage(id, storages) },
    extensionResolver: {
      resolve: (code) => {
        throw new PickleRefusal(`uses pickle extension ${code}`);
      },
    },
  });
  try {
    return parser.read(new TimedReader(bytes));
  } catch (error) {
    if (error instanceof PickleRefusal) throw error;
    // The parser's own words are about its insides.
    throw new PickleRefusal('is damaged, or torch.save did not write it', { cause: error });
  }
}

/** Each look-up yields a fresh frozen arrow function: it cannot be constructed, and a pickle cannot alter it. */
function rule(name: string, storages: Map<unknown, StorageType>): Rule {
  const dtype = name.startsWith('torch.') ? storageNames[name.slice('torch.'.length)] : undefined;
  const made: Rule = dtype ? () => refuse(name) : (...args) => rebuild(name, args);
  if (dtype) storages.set(made, dtype);
  else if (!rebuildable.includes(name)) refuse(name);
  return Object.freeze(made);
}

const rebuildable = [
  'collections.OrderedDict',
  'torch.Size',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_tensor',
  'torch._utils._rebuild_parameter',
];

function refuse(name: string): never {
  throw new PickleRefusal(
    `wants the Python object ${JSON.stringify(name.slice(0, 100))}, which a weight file has no business with`,
  );
}

function rebuild(name: string, args: readonly unknown[]): unknown {
  if (name === 'collections.OrderedDict') return new Map(asEntries(args[0]));
  if (name === 'torch.Size') return args[0];
  if (name !== 'torch._utils._rebuild_parameter') return toView(args);
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

/** `('storage', type, key, device, count)` */
function toStorage(id: unknown, storages: ReadonlyMap<unknown, StorageType>): TorchStorage {
  const [kind, type, key, , count] = Array.isArray(id) ? id : [];
  const dtype = storages.get(type);
  if (kind !== 'storage' || !dtype || typeof key !== 'string' || !isCount(count))
    throw new PickleRefusal('refers to something that is not a tensor storage');
  return new TorchStorage(key, dtype, count);
}
