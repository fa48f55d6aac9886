// Builds an encoder of NanoSAM's size for the bench: a ResNet18, and a neck to the map that SAM's decoder reads.
import { conv, maxPool2x2, resizeBilinear } from '../../../models/graph/conv.ts';
import { add, gelu, relu } from '../../../models/graph/elementwise.ts';
import { dim, type Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import type { DecoderFeatures } from '../../../models/sam2/maskDecoder.ts';

/** Of the four stages, two blocks each (He et al., Deep Residual Learning, table 1). */
const widths = [64, 128, 256, 512];
const neckWidth = 256;

/**
 * image [B, 3, S, S] -> embed [B, 256, S / 16, S / 16]. Batch norms are folded into the kernels, as exports have them. The
 * stem's pooling is of 2 x 2 instead of 3 x 3, and the neck two convolutions of 3 x 3: time and size are meant, not masks.
 */
export function nanoSamEncoder(p: Params, image: Tensor): DecoderFeatures {
  let x = maxPool2x2(relu(convolved(p.at('stem'), image, { out: 64, kernel: 7, stride: 2 })));
  for (const [stage, out] of widths.entries()) {
    x = block(p.at(`layer${stage + 1}.0`), x, { out, stride: stage === 0 ? 1 : 2 });
    x = block(p.at(`layer${stage + 1}.1`), x, { out, stride: 1 });
  }
  const coarse = gelu(convolved(p.at('neck.0'), x, { out: neckWidth, kernel: 3, stride: 1 }));
  const fine = resizeBilinear(coarse, 2 * dim(x, 2), 2 * dim(x, 3));
  return { embed: convolved(p.at('neck.1'), fine, { out: neckWidth, kernel: 3, stride: 1 }) };
}

interface Step {
  readonly out: number;
  readonly stride: 1 | 2;
}

function block(p: Params, x: Tensor, { out, stride }: Step): Tensor {
  const first = relu(convolved(p.at('conv1'), x, { out, kernel: 3, stride }));
  const second = convolved(p.at('conv2'), first, { out, kernel: 3, stride: 1 });
  const past = dim(x, 1) === out ? x : convolved(p.at('downsample'), x, { out, kernel: 1, stride });
  return relu(add(second, past));
}

function convolved(p: Params, x: Tensor, { out, kernel, stride }: Step & { readonly kernel: number }): Tensor {
  const around = (kernel - 1) / 2;
  const weight = p.get('weight', out, dim(x, 1), kernel, kernel);
  return conv(x, weight, p.get('bias', out), { strides: [stride, stride], pads: [around, around, around, around] });
}
