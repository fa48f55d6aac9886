// The tiny SAM 2 of the golden fixtures: its configuration, weights and prompts.

import { input, type Tensor } from '../../models/graph/tensor.ts';
import type { Value } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { frozenWeights } from '../../models/runtime/frozen.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { parseSam2Config } from '../../models/sam2/config.ts';
import type { Prompts } from '../../models/sam2/promptEncoder.ts';
import { evaluate } from '../evaluate.ts';
import { golden, goldenJson } from '../golden.ts';
import { openFixture } from '../tensors.ts';

export interface PromptCase {
  readonly name: string;
  readonly iou: number[];
  readonly object_score: number;
  readonly stability: number;
  readonly single_eval_index: number;
  readonly multimask_by_iou: number[];
  readonly tokens: number;
  readonly inputs: {
    readonly points?: [number, number][];
    readonly labels?: number[];
    readonly box?: [number, number, number, number];
    readonly orig_box?: [number, number, number, number];
    readonly orig_points?: [number, number][];
  };
  readonly input_tensors: string[];
  readonly full_size: { readonly tensor: string; readonly hw: [number, number]; readonly mask_index: number }[];
}

interface FixtureConfig {
  readonly original_hw: [number, number];
  readonly hyper_parameters: unknown;
  readonly derived: {
    readonly blocks: { dim: number; dim_out: number; heads: number; window: number; pool: boolean }[];
  };
  readonly tolerance: Record<
    'encoder' | 'features' | 'masks' | 'tokens' | 'iou' | 'object_score' | 'sparse' | 'dense' | 'full_size',
    number
  >;
  readonly prompts: PromptCase[];
}

export async function tinySam2() {
  const json = goldenJson<FixtureConfig>('sam2-tiny', 'config.json');
  const file = await openSafetensors(golden('sam2-tiny', 'weights.safetensors'));
  const weights = frozenWeights([file]);
  return {
    json,
    config: parseSam2Config(json.hyper_parameters),
    file,
    params: paramsFrom(weights),
    encoder: await openFixture(golden('sam2-tiny', 'encoder.safetensors')),
    prompts: await openFixture(golden('sam2-tiny', 'prompts.safetensors')),
    run: (outputs: Record<string, Tensor>, feeds: Record<string, Value>) =>
      evaluate(outputs, feeds, { folder: weights.folder }),
  };
}

export type TinySam2 = Awaited<ReturnType<typeof tinySam2>>;

/** A prompt of the fixture as graph inputs and what they are fed. */
export async function promptInputs({ prompts: fixture }: TinySam2, { name, inputs, input_tensors }: PromptCase) {
  const { points, labels = [], box } = inputs;
  const feeds: Record<string, Value> = {};
  const prompts: { -readonly [K in keyof Prompts]: Prompts[K] } = {};
  if (points) {
    prompts.points = {
      at: input('points', [1, points.length, 2]),
      labels: input('labels', [1, points.length], 'int64'),
    };
    feeds.points = Float32Array.from(points.flat());
    feeds.labels = BigInt64Array.from(labels, BigInt);
  }
  if (box) {
    prompts.box = input('box', [1, 4]);
    feeds.box = Float32Array.from(box);
  }
  for (const kind of ['mask', 'text'] as const) {
    if (!input_tensors.includes(kind)) continue;
    prompts[kind] = input(kind, fixture.shape(`${name}.in_${kind}`));
    feeds[kind] = await fixture.floats(`${name}.in_${kind}`);
  }
  return { prompts, feeds };
}
