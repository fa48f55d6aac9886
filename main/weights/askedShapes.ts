// Collects the tensors that graphs ask for, and says in what a file's tensor is not the one that was asked for.
import { input, type Shape } from '../../models/graph/tensor.ts';
import { type Params, paramsFrom } from '../../models/nn/params.ts';
import type { WeightSpan } from '../../models/runtime/weightsFile.ts';

/** Most tensors that one sentence names; a wrong file lacks hundreds. */
export const mostNamed = 8;

/** Shapes by key, in the order in which `build` asks for them. */
export function askedShapes(build: (params: Params) => void): ReadonlyMap<string, Shape> {
  const asked = new Map<string, Shape>();
  build(
    paramsFrom({
      has: () => true,
      get(name, shape) {
        asked.set(name, shape);
        return input(name, shape);
      },
    }),
  );
  return asked;
}

/** What graphs compute in, or read as. */
const computed = ['float32', 'float16', 'bfloat16'];

/** "KEY [4, 4] is missing", or what its shape or type is instead; null: it fits. `found`: what the file holds. */
export function misfit(
  key: string,
  shape: Shape,
  found: Pick<WeightSpan, 'shape' | 'dtype' | 'strides'> | undefined,
): string | null {
  if (!found) return `${key} [${shape.join(', ')}] is missing`;
  if (found.shape.join() !== shape.join()) return `${key} is [${found.shape.join(', ')}], not [${shape.join(', ')}]`;
  // Graphs map a weight's bytes as they lie: read so, these would be other numbers without a word.
  if (found.strides) return `${key} is not stored row after row (save it again as contiguous)`;
  return computed.includes(found.dtype) ? null : `${key} is ${found.dtype}, not one of ${computed.join(', ')}`;
}
