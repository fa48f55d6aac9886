// Draws the first values of the nano's parameters, from the seed and the checkpoint key.
import { type Shape, size } from '../../../models/graph/tensor.ts';
import { type Random, random } from '../../contract/random.ts';
import type { FirstValues } from '../../learn/loop/parameters.ts';
import { coordinates } from './layout.ts';
import type { NumberLine } from './numberLines.ts';

/** First values of a key, drawn with standard normal numbers. */
export type Initialiser = (name: string, shape: Shape, normal: () => number) => Float32Array<ArrayBuffer>;

/** First values that follow from the seed and the key alone, not from the order in which graphs are built. */
export function seeded(seed: number, initialise: Initialiser): FirstValues {
  return (name, shape) => {
    const draw = random(seed, hash(name));
    return initialise(name, shape, () => normal(draw));
  };
}

/** Box-Muller. */
const normal = ({ next }: Random): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** FNV-1a. */
const hash = (text: string): number =>
  [...text].reduce((h, c) => Math.imul(h ^ (c.codePointAt(0) ?? 0), 16777619) >>> 0, 2166136261);

/** Token rows whose first values are sines and cosines of what they stand for, so that near numbers start near. */
export interface LinedRows {
  name: string;
  lines: readonly NumberLine[];
}

/** Matrices by fan-in, scales 1, biases 0, embeddings small; the keys are those of the published checkpoints. */
export function nanoInitialiser(rows: LinedRows): Initialiser {
  return (name, shape, normal) => {
    const values = new Float32Array(size(shape));
    const spread = spreadOf(name, shape);
    if (spread === null) return values.fill(name.endsWith('bias') || name.endsWith('pos_embed') ? 0 : 1);
    for (let i = 0; i < values.length; i++) values[i] = spread * normal();
    if (name === rows.name)
      rows.lines.forEach((line, k) => writeSinusoids(values, shape[1] ?? 1, { line, apart: k > 0 }));
    return values;
  };
}

/** Standard deviation of the first values; null: constants. */
function spreadOf(name: string, shape: Shape): number | null {
  // What was added to the decoder begins as nothing: older weights go on from where they were.
  if (/output_upscaling\.(map|refine\.\d\.\d\.conv2)/.test(name)) return 0;
  if (/gaussian_matrix$/.test(name)) return 1;
  if (/(embed_tokens|learnable_query|pos_embed(_window)?|no_mem_embed)/.test(name))
    return name === 'connector.pos_embed' ? null : 0.02;
  if (/(point_embeddings|not_a_point_embed|no_mask_embed|_token(s)?\.weight)/.test(name)) return 0.3;
  if (shape.length < 2) return null;
  if (name === 'conv_1d.weight') return 0.02;
  const fanIn = size(shape.slice(1));
  const residual = /(o_proj|down_proj|attn\.proj|mlp\.fc2)\.weight$/.test(name);
  return (residual ? 0.4 : 1) / Math.sqrt(fanIn);
}

/** A line that stands `apart` from the first one keeps one random vector in all of its rows. */
function writeSinusoids(
  values: Float32Array,
  width: number,
  { line, apart }: { line: NumberLine; apart: boolean },
): void {
  const { count, step } = coordinates;
  const [one = 0] = line.ids;
  const offset = apart ? values.slice(one * width, (one + 1) * width) : new Float32Array(width);
  line.ids.forEach((id, k) => {
    for (let i = 0; i < width / 2; i++) {
      const angle = ((line.values[k] ?? 0) / step) * 1.2 * count ** (-(2 * i) / width);
      values[id * width + 2 * i] = (offset[2 * i] ?? 0) + 0.03 * Math.sin(angle);
      values[id * width + 2 * i + 1] = (offset[2 * i + 1] ?? 0) + 0.03 * Math.cos(angle);
    }
  });
}
