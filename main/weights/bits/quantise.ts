// Writes the linear maps of opened weights in 4 or 8 bits into a file beside them, and checks it against the source before it counts.

import { quantisedKeys } from '../../../models/runtime/frozen.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import {
  asFloat32,
  bytesPer,
  readSpan,
  type WeightSpan,
  WeightsError,
  type WeightsFile,
} from '../../../models/runtime/weightsFile.ts';
import { type TensorToMake, writeLargeSafetensors } from '../../../models/runtime/writeSafetensors.ts';
import { type Blocks, encodeRow, exceedsRounding } from './quantisedRow.ts';

/** How a copy of weights is written beside them. */
export interface WritePlan {
  /** The file to write. An old one is replaced only when the new one is whole and checked. */
  to: string;
  /** Digest of the source (`tensorsDigest`), so that the copy is not taken for one of other weights. */
  from?: string;
  /** Which weights; default `isLinearWeight`. */
  chooses?: (key: string, shape: readonly number[]) => boolean;
  /** Called after each weight is written, and again after each is checked. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

export type QuantisePlan = WritePlan & Blocks;

/** About this many bytes of a weight are held as float32 at once. */
const sliceBytes = 64 * 2 ** 20;

/** A matrix that is large enough to gain by it; tables of tokens and points that SAM 2 stores as `.weight` are small. */
export const isLinearWeight = (key: string, shape: readonly number[]): boolean =>
  key.endsWith('.weight') && shape.length === 2 && shape.every((n) => n >= 32);

/** Returns the keys of the weights that were written, in the order of the source. */
export async function quantiseWeights(source: WeightsFile, plan: QuantisePlan): Promise<string[]> {
  const { to, bits, block } = plan;
  // Where the output matrix is not the embedding, the embedding is only looked up.
  const lookedUp = source.tensors.has('lm_head.weight') ? 'model.embed_tokens.weight' : null;
  const { chooses = isLinearWeight } = plan;
  const chosen = [...source.tensors].filter(([key, { shape }]) => key !== lookedUp && chooses(key, shape));
  if (chosen.length === 0) throw new WeightsError(`${to}: the source holds no linear weight that could be quantised.`);
  const report = progress(plan, 2 * chosen.length);
  const tensors = chosen.flatMap(([key, span]) => tensorsOf(key, span, { bits, block }, report));
  const metadata = { bits: String(bits), block: String(block), ...(plan.from !== undefined && { from: plan.from }) };
  await writeLargeSafetensors(to, tensors, {
    metadata,
    keepIf: async (written) => {
      const copy = await openSafetensors(written);
      for (const [key, span] of chosen) {
        await checkWeight(copy, { key, span, bits, block });
        report();
      }
    },
  });
  return chosen.map(([key]) => key);
}

/** Counts to `total`; throws where the run was cancelled. */
export function progress({ onProgress, signal }: WritePlan, total: number): () => void {
  let done = 0;
  return () => {
    signal?.throwIfAborted();
    onProgress?.(++done, total);
  };
}

/** Scales first: they are float32, and their bytes and those of the values leave what follows aligned. */
function tensorsOf(key: string, span: WeightSpan, kind: Blocks, report: () => void): TensorToMake[] {
  const [rows = 0, columns = 0] = span.shape;
  const blocks = Math.ceil(columns / kind.block);
  const bytes = (kind.block * kind.bits) / 8;
  const keys = quantisedKeys(key);
  let values = new Uint8Array();
  return [
    {
      ...{ name: keys.scales, dtype: 'F32', shape: [rows, blocks] },
      async make() {
        const scales = new Float32Array(rows * blocks);
        values = new Uint8Array(rows * blocks * bytes);
        await eachRow(span, (row, weights) => {
          const into = values.subarray(row * blocks * bytes, (row + 1) * blocks * bytes);
          encodeRow(weights, kind, { values: into, scales: scales.subarray(row * blocks, (row + 1) * blocks) });
        });
        return scales;
      },
    },
    {
      ...{ name: keys.values, dtype: 'U8', shape: [rows, blocks, bytes] },
      make() {
        const made = values;
        values = new Uint8Array();
        report();
        return made;
      },
    },
  ];
}

/** Reads a weight a slice of rows at a time. */
export async function eachRow(span: WeightSpan, visit: (row: number, weights: Float32Array) => void): Promise<void> {
  if (span.strides)
    throw new WeightsError(
      `${span.file}: holds a weight that is not stored row after row; save it again as contiguous.`,
    );
  const [rows = 0, columns = 0] = span.shape;
  const rowBytes = columns * bytesPer[span.dtype];
  const step = Math.max(1, Math.floor(sliceBytes / (4 * columns)));
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first);
    const bytes = await readSpan(span.file, span.offset + first * rowBytes, count * rowBytes);
    const weights = asFloat32(bytes, span.dtype);
    if (!weights) throw new WeightsError(`${span.file}: holds ${span.dtype} where a weight is floating point.`);
    for (let i = 0; i < count; i++) visit(first + i, weights.subarray(i * columns, (i + 1) * columns));
  }
}

/** Every weight of the written file lies within one rounding step of the source. */
async function checkWeight(copy: WeightsFile, { key, span, ...kind }: Blocks & { key: string; span: WeightSpan }) {
  const keys = quantisedKeys(key);
  const [scales, values] = [await copy.read(keys.scales), await copy.readRaw(keys.values)];
  const [rows] = span.shape;
  if (!rows) throw new Error(`${key}: has no rows.`);
  const [perRow, bytesPerRow] = [scales.length / rows, values.length / rows];
  await eachRow(span, (row, weights) => {
    const written = {
      scales: scales.subarray(row * perRow, (row + 1) * perRow),
      values: values.subarray(row * bytesPerRow, (row + 1) * bytesPerRow),
    };
    const at = exceedsRounding(weights, kind, written);
    if (at >= 0)
      throw new WeightsError(
        `${span.file}: element ${at} of row ${row} of "${key}" is ${weights[at]}, which ${kind.bits} bits cannot hold; ` +
          `nothing was written.`,
      );
  });
}
