// Collects the tensors that graphs ask for, and says in what a file's tensor is not the one that was asked for.
import { input, type Shape } from '../../models/graph/tensor.ts';
import { type Params, paramsFrom } from '../../models/nn/params.ts';

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

/** "KEY [4, 4] is missing", or what its shape is instead; null: it fits. `found`: the shape in the file. */
export function misfit(key: string, shape: Shape, found: Shape | undefined): string | null {
  if (!found) return `${key} [${shape.join(', ')}] is missing`;
  return found.join() === shape.join() ? null : `${key} is [${found.join(', ')}], not [${shape.join(', ')}]`;
}
