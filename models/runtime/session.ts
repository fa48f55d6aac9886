// A typed graph -> a running ONNX Runtime session. The only importer of onnxruntime-node.
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { lower, type OnnxGraph, type OnnxValue } from '../graph/lower.ts';
import { encodeModel } from '../graph/onnx.ts';
import { type NodeOrder, orderNodes } from '../graph/schedule.ts';
import { size, type Tensor } from '../graph/tensor.ts';

export type Data = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;
export type Provider = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';

export interface SessionOptions {
  /** Training keeps the node order that frees memory early; inference lets ONNX Runtime fuse. Default 'infer'. */
  purpose?: 'train' | 'infer';
  /** Default 'cpu'. A provider that cannot be had is replaced by CPU, with a warning in `warnings`. */
  provider?: Provider;
  /** Default: ONNX Runtime's choice, the physical cores. */
  threads?: number;
  /** Where external weights live; needed when the graph holds stored weights. */
  folder?: string;
  /** Default 'reversed' for training, 'natural' for inference. */
  order?: NodeOrder;
}

export class Session {
  /** The provider in use, which may differ from the one asked for. */
  readonly provider: Provider;
  readonly warnings: readonly string[];
  private readonly inner: InferenceSession;
  private readonly graph: OnnxGraph;

  private constructor(inner: InferenceSession, graph: OnnxGraph, provider: Provider, warnings: readonly string[]) {
    this.inner = inner;
    this.graph = graph;
    this.provider = provider;
    this.warnings = warnings;
  }

  static async create(outputs: Readonly<Record<string, Tensor>>, options: SessionOptions = {}): Promise<Session> {
    const wanted = options.provider ?? 'cpu';
    try {
      return await open(outputs, options, wanted, []);
    } catch (error) {
      if (wanted === 'cpu') throw error;
      const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      return open(outputs, options, 'cpu', [`${wanted} was asked for but refused (${reason}); running on cpu.`]);
    }
  }

  /** @internal Used by `open`. */
  static wrap(inner: InferenceSession, graph: OnnxGraph, provider: Provider, warnings: readonly string[]): Session {
    return new Session(inner, graph, provider, warnings);
  }

  /** Feeds are borrowed, not copied; every declared input must be there. Blocks the event loop while it runs. */
  async run(feeds: Readonly<Record<string, Data>>): Promise<Record<string, Data>> {
    const tensors = Object.fromEntries(this.graph.inputs.map((v) => [v.name, toOrt(v, feeds[v.name])]));
    const results = await this.inner.run(tensors);
    return Object.fromEntries(Object.entries(results).map(([name, t]) => [name, t.data as Data]));
  }

  async release(): Promise<void> {
    await this.inner.release();
  }
}

async function open(
  outputs: Readonly<Record<string, Tensor>>,
  options: SessionOptions,
  provider: Provider,
  warnings: readonly string[],
): Promise<Session> {
  const training = options.purpose === 'train';
  const lowered = lower(outputs, provider === 'cpu' ? 'cpu' : 'plain');
  const order = options.order ?? (training ? 'reversed' : 'natural');
  const make = async (nodeOrder: NodeOrder) => {
    const graph = orderNodes(lowered, nodeOrder);
    return Session.wrap(
      await InferenceSession.create(encodeModel(graph), ortOptions(options, provider)),
      graph,
      provider,
      warnings,
    );
  };
  try {
    return await make(order);
  } catch (error) {
    // An unsorted list is not promised by ONNX: fall back to the sorted one that costs a little more memory.
    if (order !== 'reversed') throw error;
    return make('sorted');
  }
}

function ortOptions(options: SessionOptions, provider: Provider): InferenceSession.SessionOptions {
  const training = options.purpose === 'train';
  const session: Record<string, string> = {};
  if (options.folder !== undefined) {
    session.model_external_initializers_file_folder_path = options.folder;
    session.disable_prepacking = '1';
  }
  return {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    // Merging equal nodes would undo recomputation.
    extra: training
      ? { session, optimization: { disable_specified_optimizers: 'CommonSubexpressionElimination' } }
      : { session },
  };
}

const arrayTypes = {
  ...{ float32: Float32Array, float64: Float64Array, int64: BigInt64Array, int32: Int32Array },
  ...{ bool: Uint8Array, uint8: Uint8Array },
} as const;

function toOrt(value: OnnxValue, data: Data | undefined): OrtTensor {
  const { name, dtype, shape } = value;
  if (!data) throw new Error(`Input ${name}: nothing was fed; it needs ${dtype}[${shape.join(',')}].`);
  if (dtype === 'float16' || dtype === 'bfloat16') throw new Error(`Input ${name}: 16-bit values cannot be fed.`);
  if (!(data instanceof arrayTypes[dtype]) || data.length !== size(shape))
    throw new Error(
      `Input ${name}: ${data.constructor.name}[${data.length}] was fed for ${dtype}[${shape.join(',')}].`,
    );
  return new OrtTensor(dtype, data as Float32Array, shape);
}
