// Marks a block whose activations are dropped after the forward pass and computed again in the backward pass.
import { apply, fault, type Op, type Tensor } from './tensor.ts';

/** Inputs: the block's output, then what enters the block. Lowers to nothing; `grad` gives it its meaning. */
export const Recompute: Op = {
  name: 'Recompute',
  shape: (x) => x[0]?.shape ?? [],
  vjp: 'none',
  lower: (_, [y = '']) => y,
};

/** Gives the same value as `output`; everything between `inputs` and `output` is recomputed in the backward pass. */
export function recompute(inputs: readonly Tensor[], output: Tensor): Tensor {
  if (inputs.includes(output)) throw fault('Recompute', inputs, 'the output is one of the inputs');
  return apply(Recompute, [output, ...inputs]);
}

/** A fresh copy of the block's nodes, so that they run a second time. Nodes that no input reaches are shared. */
export function cloneBlock(node: Tensor): Tensor {
  const [output, ...boundary] = node.inputs;
  if (!output) throw fault('Recompute', node.inputs, 'has no output');
  const copies = new Map<Tensor, Tensor>(boundary.map((t) => [t, t]));
  for (const t of between(output, new Set(boundary))) {
    if (!t.inputs.some((x) => copies.has(x))) continue;
    copies.set(
      t,
      apply(
        t.op,
        t.inputs.map((x) => copies.get(x) ?? x),
        t.attrs,
      ),
    );
  }
  return copies.get(output) ?? output;
}

/** Nodes above the boundary, inputs first. */
function between(output: Tensor, boundary: ReadonlySet<Tensor>): Tensor[] {
  const seen = new Set<Tensor>();
  const stack = [output];
  for (let t = stack.pop(); t; t = stack.pop()) {
    if (seen.has(t) || boundary.has(t)) continue;
    seen.add(t);
    stack.push(...t.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
