// Builds the mask decoder over named inputs: the same graph whether one mask is asked for or a batch of them is trained.
import { input, type Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import type { DecoderConfig } from '../../../models/sam2/config.ts';
import { type DecodedMasks, maskDecoder } from '../../../models/sam2/maskDecoder.ts';
import { promptEncoder } from '../../../models/sam2/promptEncoder.ts';

export interface DecoderShape {
  /** Prompts at once, each with the features of its picture. */
  readonly asks: number;
  /** Points of each. */
  readonly slots: number;
  /** Whether a box is among the points; asked of SAM 1 alone. */
  readonly hasBox?: boolean;
  /** Whether a map of what is pointed at is fed. */
  readonly rough: boolean;
  /** Put before the names of the inputs. */
  readonly prefix?: string;
}

/** Inputs `embed`, `s0`, `s1` (neither for SAM 1), `at`, `labels` and `rough`; `token` [asks, 1, width] comes from the context module. */
export function decodedMasks(
  params: Params,
  config: DecoderConfig,
  { asks, slots, rough, hasBox = false, prefix = '' }: DecoderShape,
  token?: Tensor,
): DecodedMasks {
  const { imageSize, width, isSam1 } = config;
  const [fine, coarse] = [imageSize / 4, imageSize / 16];
  const fed = (name: string, ...shape: number[]) => input(prefix + name, [asks, ...shape]);
  const features = {
    embed: fed('embed', width, coarse, coarse),
    ...(!isSam1 && { s0: fed('s0', width / 8, fine, fine), s1: fed('s1', width / 4, fine / 2, fine / 2) }),
  };
  const at = () => ({ at: fed('at', slots, 2), labels: input(`${prefix}labels`, [asks, slots], 'int64'), hasBox });
  const map = rough ? { mask: fed('rough', 1, fine, fine) } : {};
  const prompts = promptEncoder(params.at('sam'), config, {
    ...(slots > 0 && { points: at() }),
    ...map,
    ...(token && { text: token }),
  });
  return maskDecoder(params.at('sam'), config, features, prompts);
}
