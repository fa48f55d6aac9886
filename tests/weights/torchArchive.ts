// Writes named float32 tensors as the zip that torch.save makes of a dictionary of them.
import { zip } from '../zip.ts';

const text = (words: string) => [...new TextEncoder().encode(words)];
const u32 = (count: number) => [count & 255, (count >> 8) & 255, (count >> 16) & 255, count >>> 24];

/** Pieces of a pickle of protocol 2: a text, a number, a tuple, a name of Python's. */
const str = (words: string) => [0x58, ...u32(text(words).length), ...text(words)];
const int = (count: number) => [0x4a, ...u32(count)];
const tuple = (...items: readonly number[][]) => [0x28, ...items.flat(), 0x74];
const global = (module: string, name: string) => [0x63, ...text(`${module}\n${name}\n`)];

interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export function torchArchive(tensors: Readonly<Record<string, Values>>): Uint8Array {
  const entries = Object.entries(tensors);
  const items = entries.flatMap(([name, { shape, data }], i) => [
    ...str(name),
    ...tensor(String(i), shape, data.length),
  ]);
  const pickle = Uint8Array.from([0x80, 2, 0x7d, 0x28, ...items, 0x75, 0x2e]);
  const bytes = ({ data }: Values) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const storages = entries.map(([, values], i) => [`archive/data/${i}`, bytes(values)] as const);
  return zip({ 'archive/data.pkl': pickle, ...Object.fromEntries(storages) });
}

function tensor(key: string, shape: readonly number[], count: number): number[] {
  const storage = tuple(str('storage'), global('torch', 'FloatStorage'), str(key), str('cpu'), int(count));
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  const sides = (some: readonly number[]) => tuple(...some.map(int));
  const hooks = [...global('collections', 'OrderedDict'), 0x29, 0x52];
  const args = tuple([...storage, 0x51], int(0), sides(shape), sides(strides), [0x89], hooks);
  return [...global('torch._utils', '_rebuild_tensor_v2'), ...args, 0x52];
}
