// Node lists in the order that makes ONNX Runtime use little memory, and a forecast of what it will use.
// ONNX Runtime runs nodes in reverse depth-first order from the leaves and visits the highest list position first;
// a reversed list therefore frees activations early and delays recomputed blocks until they are needed.
import { bytesOf, type OnnxGraph, type OnnxNode } from './lower.ts';

/** How a training graph's nodes are listed. ONNX asks for sorted lists; ONNX Runtime accepts reversed ones too. */
export type NodeOrder = 'natural' | 'reversed' | 'sorted';

export function orderNodes(graph: OnnxGraph, order: NodeOrder): OnnxGraph {
  if (order === 'natural') return graph;
  const reversed = [...graph.nodes].reverse();
  return { ...graph, nodes: order === 'reversed' ? reversed : sortLike(reversed, executionOrder(reversed)) };
}

/** For each node, the list positions of the nodes that feed it. */
function feeders(nodes: readonly OnnxNode[]): number[][] {
  const producer = new Map(nodes.map((n, i) => [n.output, i]));
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
  const rank = new Int32Array(nodes.length);
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
      waiting[j] = (waiting[j] ?? 0) - 1;
      if (waiting[j] === 0) ready.push(j);
    }
  }
  return sorted;
}

function takeLatest(ready: number[], rank: Int32Array): number {
  let best = 0;
  for (let k = 1; k < ready.length; k++) if ((rank[ready[k] ?? 0] ?? 0) > (rank[ready[best] ?? 0] ?? 0)) best = k;
  return ready.splice(best, 1)[0] ?? 0;
}

const views = new Set(['Reshape', 'Identity', 'Squeeze', 'Unsqueeze']);

/** Peak bytes of intermediate values and outputs while the graph runs once; inputs and constants are not counted. */
export function estimatePeakBytes(graph: OnnxGraph): number {
  const { nodes } = graph;
  const order = executionOrder(nodes);
  const owner = owners(nodes, order);
  const users = countUsers(
    nodes,
    owner,
    graph.outputs.map((o) => o.name),
  );
  const bytes = new Map(nodes.map((n) => [n.output, n.bytes]));
  let live = 0;
  let peak = 0;
  for (const i of order) {
    const node = nodes[i];
    if (!node) continue;
    if (!views.has(node.op)) live += node.bytes;
    peak = Math.max(peak, live);
    for (const name of distinct(node.inputs, owner)) {
      const left = (users.get(name) ?? 0) - 1;
      users.set(name, left);
      if (left === 0) live -= bytes.get(name) ?? 0;
    }
  }
  return peak;
}

const distinct = (names: readonly string[], owner: ReadonlyMap<string, string>): Set<string> =>
  new Set(names.map((n) => owner.get(n) ?? n));

/** Which value's buffer each view shares. */
function owners(nodes: readonly OnnxNode[], order: readonly number[]): Map<string, string> {
  const owner = new Map<string, string>();
  for (const i of order) {
    const node = nodes[i];
    const from = node?.inputs[0];
    if (node && from !== undefined && views.has(node.op)) owner.set(node.output, owner.get(from) ?? from);
  }
  return owner;
}

function countUsers(
  nodes: readonly OnnxNode[],
  owner: ReadonlyMap<string, string>,
  outputs: readonly string[],
): Map<string, number> {
  const users = new Map<string, number>(outputs.map((name) => [owner.get(name) ?? name, Number.POSITIVE_INFINITY]));
  for (const node of nodes)
    for (const name of distinct(node.inputs, owner)) users.set(name, (users.get(name) ?? 0) + 1);
  return users;
}

/** Bytes fed at run time: data and trainable parameters. */
export const inputBytes = (graph: OnnxGraph): number =>
  graph.inputs.reduce((sum, v) => sum + bytesOf(v.dtype, v.shape), 0);
