// Orders nodes so that ONNX Runtime uses little memory.
// ONNX Runtime runs nodes in reverse depth-first order from the leaves and visits the highest list position first;
// a reversed list therefore frees activations early and delays recomputed blocks until they are needed.
import type { OnnxGraph, OnnxNode } from './lower.ts';
import { entry } from './tensor.ts';

/** How a training graph's nodes are listed. ONNX asks for sorted lists; ONNX Runtime accepts reversed ones too. */
export type NodeOrder = 'natural' | 'reversed' | 'sorted';

export function orderNodes(graph: OnnxGraph, order: NodeOrder): OnnxGraph {
  const { fixed, others } = splitFixed(graph);
  if (order === 'natural') return { ...graph, nodes: [...fixed, ...others] };
  const reversed = [...fixed.reverse(), ...others.reverse()];
  return { ...graph, nodes: order === 'reversed' ? reversed : sortLike(reversed, executionOrder(reversed)) };
}

/**
 * What is made of constants alone (a converted weight, zeros) leads the list in every order: the first in the list runs
 * just before its user; anywhere else it would be made early and held.
 */
function splitFixed({ nodes, initializers }: OnnxGraph): { fixed: OnnxNode[]; others: OnnxNode[] } {
  const known = new Set(initializers.map((v) => v.name));
  const fixed: OnnxNode[] = [];
  const others: OnnxNode[] = [];
  for (const node of nodes) {
    const isFixed = node.inputs.every((name) => known.has(name));
    (isFixed ? fixed : others).push(node);
    if (isFixed) for (const name of outputsOf(node)) known.add(name);
  }
  return { fixed, others };
}

const outputsOf = ({ output, second }: OnnxNode): string[] => (second === undefined ? [output] : [output, second]);

/** For each node, the list positions of the nodes that feed it. */
function feeders(nodes: readonly OnnxNode[]): number[][] {
  const producer = new Map(nodes.flatMap((n, i) => outputsOf(n).map((name) => [name, i] as const)));
  return nodes.map((n) => {
    const from = n.inputs.map((name) => producer.get(name)).filter((i) => i !== undefined);
    return [...new Set(from)].sort((a, b) => a - b);
  });
}

/** List positions in the order ONNX Runtime's sequential executor will run them. */
export function executionOrder(nodes: readonly OnnxNode[]): number[] {
  const from = feeders(nodes);
  const feedsNone = nodes.map(() => true);
  for (const list of from) for (const i of list) feedsNone[i] = false;
  const visited = new Uint8Array(nodes.length);
  const done: number[] = [];
  const stack = nodes.flatMap((_, i) => (feedsNone[i] ? [i] : []));
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    // A complemented entry marks "all feeders are done".
    if (top < 0) done.push(~top);
    else if (!visited[top]) {
      visited[top] = 1;
      stack.push(~top, ...(from[top] ?? []).filter((i) => !visited[i]));
    }
  }
  return done;
}

/** A sorted list whose execution order stays close to `wanted`: of the ready nodes, the latest wanted is listed first. */
function sortLike(nodes: readonly OnnxNode[], wanted: readonly number[]): OnnxNode[] {
  const rank = nodes.map(() => 0);
  wanted.forEach((i, k) => {
    rank[i] = k;
  });
  const from = feeders(nodes);
  const users: number[][] = nodes.map(() => []);
  from.forEach((list, i) => {
    for (const j of list) users[j]?.push(i);
  });
  const waiting = from.map((list) => list.length);
  const ready = waiting.flatMap((n, i) => (n === 0 ? [i] : []));
  const sorted: OnnxNode[] = [];
  while (ready.length > 0) {
    const i = takeLatest(ready, rank);
    const node = nodes[i];
    if (node) sorted.push(node);
    for (const j of users[i] ?? []) {
      const left = entry(waiting, j, 'waiting') - 1;
      waiting[j] = left;
      if (left === 0) ready.push(j);
    }
  }
  return sorted;
}

/** Removes the node of the highest rank from `ready`, which has at least one. */
function takeLatest(ready: number[], rank: readonly number[]): number {
  const latest = ready.reduce((best, i) => (entry(rank, i, 'rank') > entry(rank, best, 'rank') ? i : best));
  ready.splice(ready.indexOf(latest), 1);
  return latest;
}
