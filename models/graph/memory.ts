// Estimates the memory that a run of a lowered graph needs, by replaying ONNX Runtime's buffer plan and its arena.
import { bytesOf, type OnnxGraph, type OnnxNode } from './lower.ts';
import { executionOrder } from './schedule.ts';
import { size } from './tensor.ts';

/** Kernels whose output is their first input's memory, always. */
const views = new Set(['Reshape', 'Identity', 'Squeeze', 'Unsqueeze']);
/** Kernels that overwrite their first input when nobody else needs it (CPU provider of 1.30, found by probing each). */
const inPlace = new Set(['Sigmoid', 'Tanh', 'Relu', 'Clip', 'Softmax', 'LogSoftmax', 'Cast', 'ScatterElements']);
/** Temporary memory of a kernel, in outputs. */
const scratch = new Map([['Where', 2]]);

interface Step {
  buffer: string;
  /** 0 when the output lives in a buffer that exists already. */
  allocates: number;
  scratch: number;
  frees: readonly string[];
}

const bytesOfNode = (n: OnnxNode): number => bytesOf(n.dtype, n.shape);
/** Dead buffers serve again only for the same shape and element width. */
const kindOf = (n: OnnxNode): string => `${n.shape.join(',')}:${bytesOfNode(n)}`;

/** Decides, node by node in execution order, whose memory each output takes. */
class BufferPlanner {
  private readonly outputs: ReadonlySet<string>;
  private readonly uses = new Map<string, number>();
  private readonly owner = new Map<string, string>();
  private readonly kinds: ReadonlyMap<string, string>;
  /** Dead buffers, the latest first. */
  private readonly dead: string[] = [];

  constructor(graph: OnnxGraph) {
    this.kinds = new Map(graph.nodes.map((n) => [n.output, kindOf(n)]));
    this.outputs = new Set(graph.outputs.map((v) => v.name));
    for (const n of graph.nodes) for (const name of n.inputs) this.count(name, 1);
    // What comes from outside or goes there is never overwritten.
    for (const v of [...graph.inputs, ...graph.outputs, ...graph.initializers]) this.count(v.name, graph.nodes.length);
  }

  private count(name: string, by: number): number {
    const now = (this.uses.get(name) ?? 0) + by;
    this.uses.set(name, now);
    return now;
  }

  buffer(name: string): string {
    return this.owner.get(name) ?? name;
  }

  place(node: OnnxNode): void {
    const donor = this.outputs.has(node.output) ? null : this.donor(node);
    if (donor !== null) {
      this.owner.set(node.output, donor);
      this.count(donor, this.uses.get(node.output) ?? 0);
    }
    for (const name of node.inputs) {
      const owner = this.buffer(name);
      if (this.count(owner, -1) === 0) this.dead.unshift(owner);
    }
  }

  private donor(node: OnnxNode): string | null {
    const [first = ''] = node.inputs;
    const owner = this.buffer(first);
    if (views.has(node.op)) return owner;
    const kind = kindOf(node);
    if (inPlace.has(node.op) && this.uses.get(owner) === 1 && this.kinds.get(first) === kind) return owner;
    if (node.shape.length === 0) return null;
    const found = this.dead.findIndex((name) => this.kinds.get(name) === kind);
    return found < 0 ? null : (this.dead.splice(found, 1)[0] ?? null);
  }
}

/** A buffer is held until its last user is done, also while it waits to serve again. */
function planSteps(graph: OnnxGraph): Step[] {
  const planner = new BufferPlanner(graph);
  const nodes = executionOrder(graph.nodes).flatMap((i) => graph.nodes[i] ?? []);
  for (const node of nodes) planner.place(node);
  const kept = new Set(graph.outputs.map((v) => v.name));
  const last = new Map<string, number>();
  nodes.forEach((n, k) => {
    for (const name of [...n.inputs, n.output]) last.set(planner.buffer(name), k);
  });
  const frees: string[][] = nodes.map(() => []);
  for (const [name, k] of last) if (!kept.has(name)) frees[k]?.push(name);
  const born = new Set([...graph.inputs, ...graph.initializers].map((v) => v.name));
  return nodes.map((n, k) => {
    const buffer = planner.buffer(n.output);
    const fresh = !born.has(buffer);
    born.add(buffer);
    const bytes = bytesOfNode(n);
    const temporary = bytes * (scratch.get(n.op) ?? 0);
    return { buffer, allocates: fresh ? bytes : 0, scratch: temporary, frees: frees[k] ?? [] };
  });
}

/** Most bytes of intermediate values and outputs alive at once while the graph runs; inputs and constants not counted. */
export function estimatePeakBytes(graph: OnnxGraph): number {
  const sizes = new Map<string, number>();
  let live = 0;
  let peak = 0;
  for (const step of planSteps(graph)) {
    if (step.allocates > 0) sizes.set(step.buffer, step.allocates);
    live += step.allocates;
    peak = Math.max(peak, live + step.scratch);
    // What was never allocated lies in memory that is not counted: inputs and constants.
    for (const name of step.frees) live -= sizes.get(name) ?? 0;
  }
  return peak;
}

interface Chunk {
  region: number;
  offset: number;
  size: number;
  free: boolean;
}

/** Best fit with coalescing, regions that double: what ONNX Runtime keeps until the session is released. */
class Arena {
  private readonly regions: Chunk[][] = [];
  private readonly taken = new Map<string, Chunk>();
  /** The highest byte ever used of each region; the system lends pages only when they are touched. */
  private readonly touched: number[] = [];
  private next = 2 ** 20;

  take(name: string, bytes: number): void {
    const rounded = Math.ceil(bytes / 256) * 256;
    const chunk = this.bestFit(rounded) ?? this.extend(rounded);
    chunk.free = false;
    this.taken.set(name, chunk);
    // A chunk less than twice the size is handed out whole, unless that wastes 128 MiB.
    if (chunk.size >= 2 * rounded || chunk.size - rounded >= 2 ** 27) this.cut(chunk, rounded);
    this.touched[chunk.region] = Math.max(this.touched[chunk.region] ?? 0, chunk.offset + bytes);
  }

  private bestFit(bytes: number): Chunk | undefined {
    let best: Chunk | undefined;
    for (const region of this.regions)
      for (const chunk of region)
        if (chunk.free && chunk.size >= bytes && (best === undefined || chunk.size < best.size)) best = chunk;
    return best;
  }

  private extend(bytes: number): Chunk {
    const grown = bytes > this.next;
    while (bytes > this.next) this.next *= 2;
    const chunk = { region: this.regions.length, offset: 0, size: this.next, free: true };
    if (!grown) this.next *= 2;
    this.regions.push([chunk]);
    return chunk;
  }

  private cut(chunk: Chunk, bytes: number): void {
    const region = this.regions[chunk.region] ?? [];
    const rest = { ...chunk, offset: chunk.offset + bytes, size: chunk.size - bytes, free: true };
    region.splice(region.indexOf(chunk) + 1, 0, rest);
    chunk.size = bytes;
  }

  give(name: string): void {
    const chunk = this.taken.get(name);
    if (!chunk) return;
    this.taken.delete(name);
    chunk.free = true;
    const region = this.regions[chunk.region] ?? [];
    const at = region.indexOf(chunk);
    const [before, after] = [region[at - 1], region[at + 1]];
    if (after?.free) {
      chunk.size += after.size;
      region.splice(at + 1, 1);
    }
    if (before?.free) {
      before.size += chunk.size;
      region.splice(at, 1);
    }
  }

  touchedBytes(): number {
    return this.touched.reduce((a, b) => a + b, 0);
  }
}

/** Bytes the arena has touched after one run, holes between its chunks included. */
function arenaBytes(graph: OnnxGraph): number {
  const arena = new Arena();
  for (const step of planSteps(graph)) {
    if (step.allocates > 0) arena.take(step.buffer, step.allocates);
    if (step.scratch > 0) {
      arena.take('scratch', step.scratch);
      arena.give('scratch');
    }
    for (const name of step.frees) arena.give(name);
  }
  return arena.touchedBytes();
}

const sum = (values: readonly { dtype: OnnxNode['dtype']; shape: OnnxNode['shape'] }[]): number =>
  values.reduce((total, v) => total + bytesOf(v.dtype, v.shape), 0);

/** Bytes fed at run time: data and trainable parameters. */
export const inputBytes = (graph: OnnxGraph): number => sum(graph.inputs);

const isStored = (v: OnnxGraph['initializers'][number]): boolean => 'file' in v.data;

const packedUpTo = 64 * 2 ** 20;

/** Up to this many rows the kernel of a quantised product is fast only with packed weights. */
const fewRows = 64;

/** Rows of the widest quantised product; 0 when there is none. */
function quantisedRows({ nodes }: OnnxGraph): number {
  const rows = nodes.filter(({ op }) => op === 'MatMulNBits').map(({ shape }) => size(shape.slice(0, -1)));
  return Math.max(0, ...rows);
}

/** Small frozen weights are copied, converted and packed for speed; big ones stay mapped from their files. */
export const isSmall = (graph: OnnxGraph): boolean => sum(graph.initializers.filter(isStored)) <= packedUpTo;

/**
 * Big quantised weights are packed, a copy, where few rows pass. Without that, the kernel expands each matrix to float32
 * at each run: over one row that takes 38 times as long, over 256 two to four times.
 */
export function packsWeights(graph: OnnxGraph): boolean {
  const rows = quantisedRows(graph);
  return isSmall(graph) || (rows > 0 && rows <= fewRows);
}

/** Bytes of the copies that packing makes: of small graphs all weights, of big ones those of quantised products. */
export function packedBytes(graph: OnnxGraph): number {
  // Packing converts 16-bit weights; 4- and 8-bit ones stay as small as they are.
  const stored = graph.initializers
    .filter(isStored)
    .map((v) => (v.dtype === 'uint8' ? v : { ...v, dtype: 'float32' as const }));
  return sum(isSmall(graph) ? stored : stored.filter((v) => v.dtype === 'uint8'));
}

/** Of an opened graph: what it holds as long as it is open, and what a run takes for as long as it lasts. */
export interface GraphMemory {
  readonly held: number;
  readonly passing: number;
}

/** Constants, packed copies, and ONNX Runtime's own records of session and nodes (measured). */
function heldBytes(graph: OnnxGraph): number {
  const constants = sum(graph.initializers.filter((v) => !isStored(v)));
  const records = 2e6 + 6e3 * graph.nodes.length;
  return constants + records + (packsWeights(graph) ? packedBytes(graph) : 0);
}

/** What kernels take in passing, such as the panels of a product, is some 4 % on top. */
const withPanels = (bytes: number): number => 1.04 * bytes;

/** Of a session that keeps no memory between runs; `passing` counts the copies of outputs, but not what is fed. */
export const memoryOfRuns = (graph: OnnxGraph): GraphMemory => ({
  held: heldBytes(graph),
  passing: withPanels(estimatePeakBytes(graph)) + sum(graph.outputs),
});

/**
 * What the process grows by when the graph is loaded and run: what is fed, the arena, the copy of every output that the
 * binding makes, and what an open graph holds. Mapped weights are not counted: the system can drop them.
 */
export function forecastBytes(graph: OnnxGraph): number {
  return inputBytes(graph) + withPanels(arenaBytes(graph)) + sum(graph.outputs) + heldBytes(graph);
}
