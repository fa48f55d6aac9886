// Builds MobileSAM's TinyViT: convolutions with their batch norms folded in, and attention in windows with a bias for every distance.
import { conv } from '../graph/conv.ts';
import { add, div, gelu, mul, sqrt, sub } from '../graph/elementwise.ts';
import { gather } from '../graph/gather.ts';
import { layerNorm } from '../graph/norm.ts';
import { reshape, slice } from '../graph/shape.ts';
import { constant, dim, entry, GraphError, type Tensor } from '../graph/tensor.ts';
import { attention } from '../nn/attention.ts';
import { channelsFirst, channelsLast, cutWindows, joinWindows, padToWindows } from '../nn/featureMap.ts';
import { linear } from '../nn/linear.ts';
import { mlp } from '../nn/mlp.ts';
import type { Params } from '../nn/params.ts';
import type { TinyVitPlan } from './config.ts';

/** PyTorch's default, of batch norms and of TinyViT's layer norms. */
const epsilon = 1e-5;

/** image [B, 3, S, S] -> [B, S / 16, S / 16, widths[3]]. A stage ends with the step to the next one's width. */
export function tinyVit(p: Params, { widths, depths, heads, windows }: TinyVitPlan, image: Tensor): Tensor {
  const [first] = widths;
  const embed = p.at('patch_embed.seq');
  const half = gelu(folded(embed.at('0'), image, { out: first / 2, stride: 2 }));
  let x = folded(embed.at('2'), half, { out: first, stride: 2 }); // [B, first, S / 4, S / 4]
  for (const [stage, depth] of depths.entries()) {
    const own = p.at(`layers.${stage}`);
    for (let i = 0; i < depth; i++) {
      const block = own.at(`blocks.${i}`);
      if (stage === 0) x = convolutions(block, x);
      else
        x = attending(block, x, {
          heads: entry(heads, stage - 1, 'heads'),
          side: entry(windows, stage - 1, 'windows'),
        });
    }
    const next = widths[stage + 1];
    if (next !== undefined) x = merged(own.at('downsample'), x, { out: next, stride: stage === 2 ? 1 : 2 });
  }
  return channelsLast(x);
}

interface Folding {
  readonly out: number;
  /** Default 3; zeros around it keep the size. */
  readonly kernel?: 1 | 3;
  readonly stride?: 1 | 2;
  readonly isDepthwise?: boolean;
}

/** A convolution without bias and the batch norm behind it as one convolution: the norm's statistics are constants. */
function folded(p: Params, x: Tensor, { out, kernel = 3, stride = 1, isDepthwise = false }: Folding): Tensor {
  const [around, group] = [(kernel - 1) / 2, isDepthwise ? out : 1];
  const norm = (name: string) => p.get(`bn.${name}`, out);
  const scale = div(norm('weight'), sqrt(add(norm('running_var'), epsilon)));
  const weight = mul(p.get('c.weight', out, dim(x, 1) / group, kernel, kernel), reshape(scale, [out, 1, 1, 1]));
  const bias = sub(norm('bias'), mul(norm('running_mean'), scale));
  return conv(x, weight, bias, { strides: [stride, stride], pads: [around, around, around, around], group });
}

/** Wider by a product of channels, around each pixel, back again; four times as wide between. */
function convolutions(p: Params, x: Tensor): Tensor {
  const [width, inner] = [dim(x, 1), 4 * dim(x, 1)];
  const wide = gelu(folded(p.at('conv1'), x, { out: inner, kernel: 1 }));
  const around = gelu(folded(p.at('conv2'), wide, { out: inner, isDepthwise: true }));
  return gelu(add(x, folded(p.at('conv3'), around, { out: width, kernel: 1 })));
}

/** To the width of the next stage; halves the map where the stride is 2. */
function merged(p: Params, x: Tensor, { out, stride }: { out: number; stride: 1 | 2 }): Tensor {
  const wide = gelu(folded(p.at('conv1'), x, { out, kernel: 1 }));
  const less = gelu(folded(p.at('conv2'), wide, { out, stride, isDepthwise: true }));
  return folded(p.at('conv3'), less, { out, kernel: 1 });
}

interface Window {
  readonly heads: number;
  readonly side: number;
}

/** x [B, C, H, W]: attention in windows, a convolution of each channel, a feed-forward block. */
function attending(p: Params, x: Tensor, window: Window): Tensor {
  const width = dim(x, 1);
  const mixed = add(x, channelsFirst(windowAttention(p.at('attn'), channelsLast(x), window)));
  const around = channelsLast(folded(p.at('local_conv'), mixed, { out: width, isDepthwise: true }));
  const inner = p.at('mlp');
  const widths: [number, number] = [4 * width, width];
  return channelsFirst(
    add(around, mlp(inner, normalised(inner.at('norm'), around), gelu, { names: ['fc1', 'fc2'], widths })),
  );
}

const normalised = (p: Params, x: Tensor): Tensor =>
  layerNorm(x, p.get('weight', dim(x, -1)), p.get('bias', dim(x, -1)), epsilon);

/** x [B, H, W, C] -> the same. Zeros that fill up a window are normalised like all else, so they are attended to as the norm's bias. */
function windowAttention(p: Params, x: Tensor, { heads, side }: Window): Tensor {
  const [, height = 1, width = 1, channels = 1] = x.shape;
  const padded = normalised(p.at('norm'), padToWindows(x, [side, side]));
  const [batch = 1, down = 1, across = 1] = padded.shape;
  // The projections of one head lie together: [heads, (q, k, v), D].
  const all = reshape(linear(p.at('qkv'), padded, 3 * channels), [batch, down, across, heads, 3, channels / heads]);
  const [q, k, v] = [0, 1, 2].map((i) => {
    const one = reshape(slice(all, [i], [i + 1], [4]), padded.shape);
    return cutWindows(one, [side, side], heads);
  });
  if (!q || !k || !v) throw new GraphError('windowAttention: no projections.');
  const mixed = joinWindows(attention(q, k, v, { mask: distanceBiases(p, { heads, side }) }), padded.shape, [
    side,
    side,
  ]);
  return linear(p.at('proj'), slice(mixed, [0, 0], [height, width], [1, 2]), channels);
}

/** [1, heads, side * side, side * side]: one number for every distance down and across, whichever the direction. */
function distanceBiases(p: Params, { heads, side }: Window): Tensor {
  const cells = Array.from({ length: side * side }, (_, i) => [Math.floor(i / side), i % side] as const);
  const places = cells.flatMap(([y, x]) => cells.map(([v, u]) => Math.abs(y - v) * side + Math.abs(x - u)));
  const all = gather(p.get('attention_biases', heads, side * side), constant(places, [places.length], 'int64'), 1);
  return reshape(all, [1, heads, side * side, side * side]);
}
