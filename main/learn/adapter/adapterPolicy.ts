// What low-rank updates beside a checkpoint's frozen language model are made of, and the source of parameters that puts them in place.
import type { ParamSource } from '../../../models/nn/params.ts';
import { initLora, type Lora } from '../../../models/train/lora.ts';
import { random } from '../../contract/random.ts';
import type { CheckpointWeights } from '../../weights/openCheckpoint.ts';
import type { Policy } from '../loop/loop.ts';
import { Parameters } from '../loop/parameters.ts';

/** What updates stand beside. */
type AdapterWeights = Pick<CheckpointWeights, 'reasoner' | 'params' | 'folder' | 'shapes' | 'adapter'>;

export interface AdapterPolicy extends Policy {
  readonly weights: AdapterWeights;
  /** How the updates count, in peft's words. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Scale of a linear's update, by the linear's path. */
  scaleOf(linear: string): number;
}

const attentionAndMlp = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
const lora: Lora = { rank: 16, alpha: 32, targets: attentionAndMlp, within: 'model.layers.' };

/** Goes on with the updates that the checkpoint has already; else with new ones, which change nothing yet. */
export async function adapterPolicy(weights: AdapterWeights, seed: number): Promise<AdapterPolicy> {
  const parameters = new Parameters((name) => {
    throw new Error(`There is no update "${name}".`);
  });
  const { adapter } = weights;
  if (adapter) {
    for (const [name, { shape }] of adapter.file.tensors) parameters.set(name, shape, await adapter.file.read(name));
    return { parameters, weights, config: adapter.config, scaleOf: (linear) => adapter.scaleOf(linear) };
  }
  const draw = random(seed, 71);
  const shapes = weights.shapes;
  for (const [name, values] of initLora(shapes, lora, () => draw.next())) {
    const [out = 0, wide = 0] = shapes.get(name.replace(/\.lora_[AB]\.weight$/u, '.weight')) ?? [];
    parameters.set(name, name.endsWith('lora_A.weight') ? [lora.rank, wide] : [out, lora.rank], values);
  }
  const { rank, alpha, targets } = lora;
  const config = {
    ...{ peft_type: 'LORA', task_type: 'CAUSAL_LM', r: rank, lora_alpha: alpha, lora_dropout: 0, bias: 'none' },
    target_modules: targets,
  };
  return { parameters, weights, config, scaleOf: () => alpha / rank };
}

/** The checkpoint's own parameters; what is trained, updates and whole tensors, stands in their place. */
export function sourceOf({ parameters, weights: { params }, scaleOf }: AdapterPolicy) {
  const factors = parameters.source();
  const source: ParamSource = {
    get: (key, shape) => (parameters.all.has(key) ? factors.get(key, shape) : params.get(key, ...shape)),
    has: (key) => params.has(key),
    quantised: (key, shape) => params.quantised(key, ...shape),
    side(key, [out = 0, wide = 0]) {
      const linear = key.replace(/\.weight$/u, '');
      const a = parameters.all.get(`${linear}.lora_A.weight`);
      if (!a) return null;
      const [rank = 0] = a.shape;
      const factor = (name: 'A' | 'B', ...shape: number[]) => factors.get(`${linear}.lora_${name}.weight`, shape);
      return { a: factor('A', rank, wide), b: factor('B', out, rank), scale: scaleOf(linear) };
    },
  };
  return { source, factors };
}
