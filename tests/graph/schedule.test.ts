// Node order and memory: what the reversed list saves, that the sorted one is legal, and how good the forecast is.
import { describe, expect, it } from 'vitest';
import { transformerStep } from '../../main/evaluate/bench/engineBench.ts';
import { lower, type OnnxGraph } from '../../models/graph/lower.ts';
import { executionOrder, orderNodes } from '../../models/graph/schedule.ts';

const small = { layers: 6, width: 64, heads: 2, hidden: 128, tokens: 64, batch: 4, vocabulary: 64 };
const graphOf = (recompute: boolean): OnnxGraph => lower(transformerStep({ ...small, recompute }).outputs, 'cpu');

function isSorted(graph: OnnxGraph): boolean {
  const made = new Set([...graph.inputs, ...graph.initializers].map((v) => v.name));
  return graph.nodes.every((n) => {
    const ready = n.inputs.every((name) => made.has(name));
    for (const name of [n.output, n.second ?? n.output]) made.add(name);
    return ready;
  });
}

describe('orderNodes', () => {
  it('keeps every node once, whatever the order', () => {
    const graph = graphOf(true);
    const names = (g: OnnxGraph) => g.nodes.map((n) => n.output).sort();
    expect(names(orderNodes(graph, 'reversed'))).toEqual(names(graph));
    expect(names(orderNodes(graph, 'sorted'))).toEqual(names(graph));
  });

  it('lists legally when asked to', () => {
    const graph = graphOf(true);
    expect(isSorted(graph)).toBe(true);
    expect(isSorted(orderNodes(graph, 'reversed'))).toBe(false);
    expect(isSorted(orderNodes(graph, 'sorted'))).toBe(true);
  });

  it('is run in an order that respects every edge', () => {
    const { nodes } = orderNodes(graphOf(true), 'reversed');
    const step = new Map(executionOrder(nodes).map((i, k) => [nodes[i]?.output, k]));
    expect(step.size).toBe(nodes.length);
    for (const n of nodes)
      for (const name of n.inputs) expect(step.get(name) ?? -1).toBeLessThan(step.get(n.output) ?? 0);
  });
});
