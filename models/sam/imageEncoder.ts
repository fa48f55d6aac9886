// Builds the image encoder of SAM 1: a normalised picture to the one map that the mask decoder reads.
import { conv } from '../graph/conv.ts';
import { layerNorm, layerNorm2d } from '../graph/norm.ts';
import { dim, GraphError, type Tensor } from '../graph/tensor.ts';
import { channelsFirst, pointwise } from '../nn/featureMap.ts';
import type { Params } from '../nn/params.ts';
import type { Sam2Config } from '../sam2/config.ts';
import { imageEncoder as sam2ImageEncoder } from '../sam2/imageEncoder.ts';
import type { DecoderFeatures } from '../sam2/maskDecoder.ts';
import type { SamConfig } from './config.ts';
import { tinyVit } from './tinyVit.ts';
import { vit } from './vit.ts';

/** SAM 1's normalisations of maps, and its transformer's. */
const epsilon = 1e-6;

/** image [B, 3, S, S], zeros where the picture does not reach. Only `embed` is given: [B, width, S / 16, S / 16]. */
export function samImageEncoder(p: Params, config: SamConfig, image: Tensor): DecoderFeatures {
  const { encoder, imageSize, width } = config;
  if (dim(image, 2) !== imageSize || dim(image, 3) !== imageSize)
    throw new GraphError(`samImageEncoder: [${image.shape.join(',')}] is no picture of side ${imageSize}.`);
  const own = p.at('image_encoder');
  const map = encoder.kind === 'vit' ? vit(own, encoder, image) : tinyVit(own, encoder, image);
  return { embed: neck(own.at('neck'), map, width) };
}

/** x [B, g, g, C] -> [B, width, g, g]: a product, and a convolution of 3 x 3, each normalised. */
function neck(p: Params, x: Tensor, width: number): Tensor {
  const normal = (name: string) => [p.get(`${name}.weight`, width), p.get(`${name}.bias`, width)] as const;
  const mixed = layerNorm(pointwise(p.at('0'), x, width, { bias: false }), ...normal('1'), epsilon);
  const around = conv(channelsFirst(mixed), p.get('2.weight', width, width, 3, 3), null, { pads: [1, 1, 1, 1] });
  return layerNorm2d(around, ...normal('3'), epsilon);
}

/** Of whichever SAM the sizes are. */
export const anyImageEncoder = (p: Params, config: Sam2Config | SamConfig, image: Tensor): DecoderFeatures =>
  'encoder' in config ? samImageEncoder(p, config, image) : sam2ImageEncoder(p, config, image);
