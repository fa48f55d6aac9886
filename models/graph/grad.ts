// Reverse-mode gradients, built as ordinary nodes: a walk over the graph, newest node first.
import { add } from './elementwise.ts';
import { cloneBlock } from './recompute.ts';
import { sumTo } from './reduce.ts';
import { zeros } from './shape.ts';
import { fault, reachable, scalar, type Tensor } from './tensor.ts';

type Cotangents = Map<Tensor, Tensor>;

/** d(loss)/d(each of wrt); zeros where the loss does not depend on it. `loss` must hold one element. */
export function grad(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0) throw fault('grad', [loss], 'the loss must be a scalar []');
  const cotangents: Cotangents = new Map();
  flow(new Map([[loss, scalar(1, loss.dtype)]]), { wrt: new Set(wrt), stop: new Set() }, cotangents);
  return wrt.map((t) => cotangents.get(t) ?? zeros(t.shape, t.dtype));
}

interface Ends {
  /** Tensors whose cotangents are wanted. */
  wrt: ReadonlySet<Tensor>;
  /** Where the walk ends: the boundary of a recomputed block. */
  stop: ReadonlySet<Tensor>;
}

/** Sends the seeds backwards and leaves the cotangent of every tensor of `ends` in `out`. */
function flow(seeds: Cotangents, ends: Ends, out: Cotangents): void {
  const order = reachable([...seeds.keys()]);
  const useful = dependents(order, ends);
  const cotangents: Cotangents = new Map(seeds);
  for (const t of order.reverse()) {
    const g = cotangents.get(t);
    if (!g || !useful.has(t)) continue;
    cotangents.delete(t);
    if (ends.wrt.has(t) || ends.stop.has(t)) accumulate(out, t, g);
    if (ends.stop.has(t) || t.inputs.length === 0) continue;
    if (t.op.name === 'Recompute') flowThroughBlock(t, g, ends, { cotangents, out });
    else flowThroughNode(t, g, useful, cotangents);
  }
}

/** The tensors through which a change of a wanted tensor reaches the seeds. */
function dependents(order: readonly Tensor[], { wrt, stop }: Ends): Set<Tensor> {
  const useful = new Set<Tensor>();
  for (const t of order) {
    const passes = !stop.has(t) && (t.op.vjp !== 'none' || t.op.name === 'Recompute');
    if (wrt.has(t) || stop.has(t) || (passes && t.inputs.some((x) => useful.has(x)))) useful.add(t);
  }
  return useful;
}

function flowThroughNode(t: Tensor, g: Tensor, useful: ReadonlySet<Tensor>, cotangents: Cotangents): void {
  if (t.op.vjp === 'none') return;
  const contributions = t.op.vjp({ g, y: t, x: t.inputs, attrs: t.attrs });
  t.inputs.forEach((x, i) => {
    const contribution = contributions[i];
    if (contribution && useful.has(x)) accumulate(cotangents, x, contribution);
  });
}

/** Differentiates a fresh copy of the block, so that the first one's activations can be dropped. */
function flowThroughBlock(t: Tensor, g: Tensor, ends: Ends, to: { cotangents: Cotangents; out: Cotangents }): void {
  const boundary = new Set(t.inputs.slice(1));
  const inner: Cotangents = new Map();
  flow(new Map([[cloneBlock(t), g]]), { wrt: ends.wrt, stop: new Set([...ends.stop, ...boundary]) }, inner);
  for (const [x, contribution] of inner) accumulate(boundary.has(x) ? to.cotangents : to.out, x, contribution);
}

/** Broadcasting is undone here, once, so that no rule has to. */
function accumulate(into: Cotangents, t: Tensor, contribution: Tensor): void {
  const fitted = sumTo(contribution, t.shape);
  const before = into.get(t);
  into.set(t, before ? add(before, fitted) : fitted);
}
