// Writes a checkpoint of exactly the parameters that graphs ask for, with random values: speed does not depend on values.
import { createHash } from 'node:crypto';
import type { Quantised } from '../../../models/graph/quantised.ts';
import { input, type Shape, size, type Tensor } from '../../../models/graph/tensor.ts';
import type { ParamSource } from '../../../models/nn/params.ts';
import { quantisedKeys } from '../../../models/runtime/frozen.ts';
import { type TensorToMake, writeLargeSafetensors } from '../../../models/runtime/writeSafetensors.ts';

/** How weights are stored: linear ones in blocks of few bits and all else in 16, all in 16 (bfloat16); null: in float32. */
export type Storage = { bits: 4 | 8; block: number } | { bits: 16 } | null;

/** Notes what builders ask for. Keys that are looked up as tables too stay in 16 bits beside their quantised form. */
export class RandomWeights implements ParamSource {
  private readonly storage: Storage;
  private readonly plain = new Map<string, Shape>();
  private readonly products = new Map<string, Shape>();

  constructor(storage: Storage) {
    this.storage = storage;
  }

  has(): boolean {
    return true;
  }

  get(name: string, shape: Shape): Tensor {
    this.plain.set(name, shape);
    return input(name, shape);
  }

  quantised(name: string, shape: Shape): Quantised | null {
    if (!this.storage || this.storage.bits === 16) return null;
    this.products.set(name, shape);
    const { bits, block } = this.storage;
    const [rows = 0, columns = 0] = shape;
    const blocks = Math.ceil(columns / block);
    const keys = quantisedKeys(name);
    const values = input(keys.values, [rows, blocks, (block * bits) / 8], 'uint8');
    return { values, scales: input(keys.scales, [rows, blocks]), columns, bits };
  }

  /** Shapes of all that was asked for, however it is stored. */
  shapes(): ReadonlyMap<string, Shape> {
    return new Map([...this.plain, ...this.products]);
  }

  async write(file: string): Promise<void> {
    const blocks = this.storage && 'block' in this.storage ? this.storage : null;
    const metadata = blocks ? { bits: String(blocks.bits), block: String(blocks.block) } : undefined;
    const products = [...this.products].flatMap(([name, shape]) => this.quantisedTensors(name, shape));
    const plain = [...this.plain].map(([name, shape]) => (this.storage ? halves(name, shape) : whole(name, shape)));
    await writeLargeSafetensors(file, [...products, ...plain], { metadata });
  }

  private quantisedTensors(name: string, [rows = 0, columns = 0]: Shape): TensorToMake[] {
    const { bits, block } = this.storage && 'block' in this.storage ? this.storage : { bits: 8, block: 1 };
    const blocks = Math.ceil(columns / block);
    const keys = quantisedKeys(name);
    const bytes = [rows, blocks, (block * bits) / 8];
    return [
      whole(keys.scales, [rows, blocks], 0.001),
      {
        name: keys.values,
        dtype: 'U8',
        shape: bytes,
        make: () => repeated(new Uint8Array(size(bytes)), noiseOf(name)),
      },
    ];
  }
}

const noiseLength = 2 ** 16;

/** Noise that no other key has: ONNX Runtime packs equal weights once, and then reads many layers' from the cache. */
const noiseOf = (key: string): Uint8Array => createHash('shake256', { outputLength: noiseLength }).update(key).digest();

function whole(name: string, shape: Shape, spread = 0.02): TensorToMake {
  // The root of a batch norm's variance is taken.
  const value = (byte: number) => (name.endsWith('.running_var') ? 1 : ((byte - 127.5) / 128) * spread);
  return {
    ...{ name, shape, dtype: 'F32' },
    make: () => repeated(new Float32Array(size(shape)), Float32Array.from(noiseOf(name), value)),
  };
}

/** bfloat16 of about 0.01. */
function halves(name: string, shape: Shape): TensorToMake {
  const value = (byte: number) => 0x3c00 | byte;
  return {
    ...{ name, shape, dtype: 'BF16' },
    make: () => repeated(new Uint16Array(size(shape)), Uint16Array.from(noiseOf(name), value)),
  };
}

/** Fills `array` with the pattern again and again. */
function repeated<T extends Float32Array | Uint16Array | Uint8Array>(array: T, pattern: T): T {
  for (let at = 0; at < array.length; at += pattern.length)
    array.set(pattern.subarray(0, Math.min(pattern.length, array.length - at)), at);
  return array;
}
