// Turns a typed graph into a running ONNX Runtime session. The only importer of onnxruntime-node.

import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { lower, type OnnxGraph, type OnnxPort } from '../graph/lower.ts';
import { isSmall, packedBytes, packsWeights } from '../graph/memory.ts';
import { encodeModel } from '../graph/onnx.ts';
import { type NodeOrder, orderNodes } from '../graph/schedule.ts';
import { input, size, type Tensor } from '../graph/tensor.ts';
import {
  type DeviceTensor,
  type Fed,
  type Feeds,
  floats,
  type Results,
  type Runner,
  type Value,
} from '../graph/value.ts';
import { refusal, sentence } from './refusal.ts';
import { checkStored } from './storedFiles.ts';
import { usualThreads } from './threads.ts';
import { WeightsError } from './weightsFile.ts';

export type Provider = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';

export interface SessionOptions {
  /** Training keeps the node order that frees memory early; inference lets ONNX Runtime fuse. Default 'infer'. */
  purpose?: 'train' | 'infer';
  /** Default 'cpu'. A provider that cannot be had is replaced by CPU, with a warning in `warnings`. */
  provider?: Provider;
  /** Default: those of the program, see `setThreads`. */
  threads?: number;
  /** Where external weights live; needed when the graph holds stored weights. */
  folder?: string;
  /**
   * Packed for speed, and copied, all or those of quantised products alone; or mapped from their files. Default: see
   * `packsWeights`.
   */
  weights?: 'packed' | 'quantised packed' | 'mapped';
  /** Default 'reversed' for training, 'natural' for inference. */
  order?: NodeOrder;
  /** Whether what a run took is kept for the next one, which is faster, or given back to the system. Default true. */
  keepsMemory?: boolean;
  /** 'device' for `runOnDevice`: of all providers, the binding can leave results with WebGPU alone. Default 'memory'. */
  results?: Results;
}

// Every failure is thrown; ONNX Runtime's own log would say it a second time.
env.logLevel = 'fatal';

export class Session implements Runner {
  /** The provider in use, which may differ from the one asked for. */
  readonly provider: Provider;
  /** How the nodes are listed, which may differ from what was asked for. */
  readonly order: NodeOrder;
  /** Sentences for the person: what was asked for and could not be had. */
  readonly warnings: readonly string[];
  readonly copiedBytes: number;
  private readonly inner: InferenceSession;
  private readonly graph: OnnxGraph;

  private constructor(inner: InferenceSession, graph: OnnxGraph, settings: Settings & { copiedBytes: number }) {
    this.inner = inner;
    this.copiedBytes = settings.copiedBytes;
    this.graph = graph;
    this.provider = settings.provider;
    this.order = settings.order;
    this.warnings = settings.warnings;
  }

  static async create(outputs: Readonly<Record<string, Tensor>>, options: SessionOptions = {}): Promise<Session> {
    const { provider = 'cpu' } = options;
    const order = await chooseOrder(options);
    try {
      return await Session.open(outputs, options, { ...order, provider });
    } catch (error) {
      if (provider === 'cpu') throw error;
      const warnings = [...order.warnings, refusal(provider, error)];
      return Session.open(outputs, options, { ...order, provider: 'cpu', warnings });
    }
  }

  private static async open(
    outputs: Readonly<Record<string, Tensor>>,
    options: SessionOptions,
    settings: Settings,
  ): Promise<Session> {
    const graph = orderNodes(lower(outputs, settings.provider === 'cpu' ? 'cpu' : 'plain'), settings.order);
    await checkStored(graph, options.folder);
    const inner = await InferenceSession.create(encodeModel(graph), ortOptions(graph, options, settings.provider));
    return new Session(inner, graph, { ...settings, copiedBytes: packs(graph, options) ? packedBytes(graph) : 0 });
  }

  /** Feeds are borrowed, not copied; every declared input must be there. Blocks the event loop while it runs. */
  async run(feeds: Feeds): Promise<Record<string, Value>> {
    const results = await this.computed(feeds);
    return Object.fromEntries(this.graph.outputs.map((v) => [v.name, fromOrt(v, results[v.name])]));
  }

  async runOnDevice(feeds: Feeds): Promise<Record<string, DeviceTensor>> {
    const other = this.graph.outputs.find(({ declared }) => declared !== 'float32');
    if (other) throw new Error(`Output ${other.name}: ${other.declared} values do not stay on a device.`);
    const results = await this.computed(feeds);
    return Object.fromEntries(this.graph.outputs.map((v) => [v.name, ResultTensor.of(v, results[v.name])]));
  }

  private async computed(feeds: Feeds): Promise<InferenceSession.ReturnType> {
    const tensors: Record<string, OrtTensor> = {};
    for (const port of this.graph.inputs) {
      const fed = feeds[port.name];
      tensors[port.name] = fed instanceof ResultTensor ? await fed.asFeed(port, this.provider) : toOrt(port, fed);
    }
    return this.inner.run(tensors).catch((error: unknown) => {
      throw new Error(sentence(error), { cause: error });
    });
  }

  async release(): Promise<void> {
    await this.inner.release();
  }
}

let held = 0;

/** Device tensors of this process that nobody has disposed of yet. */
export const heldTensors = (): number => held;

/** A result as ONNX Runtime holds it. */
class ResultTensor implements DeviceTensor {
  private readonly inner: OrtTensor;

  private constructor(inner: OrtTensor) {
    this.inner = inner;
    held++;
  }

  static of({ name }: OnnxPort, tensor: OrtTensor | undefined): ResultTensor {
    if (!tensor) throw new Error(`Output ${name}: ONNX Runtime returned nothing.`);
    return new ResultTensor(tensor);
  }

  get shape(): readonly number[] {
    return this.inner.dims;
  }

  get location(): DeviceTensor['location'] {
    return this.inner.location === 'gpu-buffer' ? 'gpu-buffer' : 'cpu';
  }

  /** ONNX Runtime's own way to read such a tensor (`getData`) ends the process. */
  async read(): Promise<Float32Array> {
    if (this.location === 'cpu') return this.inner.data as Float32Array;
    const session = await Session.create({ read: input('kept', this.shape) }, { provider: 'webgpu' });
    try {
      if (session.provider !== 'webgpu') throw new Error(`What WebGPU computed is lost: ${session.warnings.join(' ')}`);
      return floats(await session.run({ kept: this }), 'read');
    } finally {
      await session.release();
    }
  }

  /** A session of another provider would take a buffer of WebGPU and read other numbers from it. */
  async asFeed(port: OnnxPort, provider: Provider): Promise<OrtTensor> {
    const { shape, name, declared } = port;
    if (this.inner.location === 'none') throw new Error(`Input ${name}: the tensor that was fed has been disposed of.`);
    if (declared !== 'float32' || shape.join() !== this.shape.join())
      throw new Error(`Input ${name}: float32[${this.shape.join(',')}] was fed for ${declared}[${shape.join(',')}].`);
    return this.location === 'cpu' || provider === 'webgpu' ? this.inner : toOrt(port, await this.read());
  }

  [Symbol.dispose](): void {
    if (this.inner.location !== 'none') held--;
    this.inner.dispose();
  }
}

/** A tensor of a file that is not ours: shapes are known at the run. */
export interface ShapedValue {
  readonly data: Value;
  readonly shape: readonly number[];
  /** Told apart from uint8, whose values lie in the same kind of array. */
  readonly type?: 'bool';
}

/** Opens an ONNX file as it is, weights and all. */
export class ForeignSession {
  readonly provider: Provider;
  readonly warnings: readonly string[];
  private readonly inner: InferenceSession;
  private readonly prefix: string;

  private constructor(
    inner: InferenceSession,
    provider: Provider,
    told: { warnings: readonly string[]; prefix: string },
  ) {
    this.inner = inner;
    this.provider = provider;
    this.warnings = told.warnings;
    this.prefix = told.prefix;
  }

  /** `prefix` stands in the file before each name that is fed and given. */
  static async open(
    file: string,
    { provider = 'cpu', threads = usualThreads() }: SessionOptions = {},
    prefix = '',
  ): Promise<ForeignSession> {
    const open = (name: Provider) =>
      InferenceSession.create(file, {
        ...{ executionProviders: [name], enableMemPattern: false, logSeverityLevel: 4 },
        ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
        extra: { session: waiting },
      });
    try {
      return new ForeignSession(await open(provider), provider, { warnings: [], prefix });
    } catch (error) {
      if (provider === 'cpu') throw new WeightsError(`${file}: ${sentence(error)}`);
      const inner = await open('cpu').catch((again) => {
        throw new WeightsError(`${file}: ${sentence(again)}`);
      });
      return new ForeignSession(inner, 'cpu', { warnings: [refusal(provider, error)], prefix });
    }
  }

  async run(feeds: Readonly<Record<string, ShapedValue>>): Promise<Record<string, ShapedValue>> {
    const tensors = Object.entries(feeds).map(([name, { data, shape, type }]) => {
      return [this.prefix + name, new OrtTensor(type ?? typeOf(data), data as Float32Array, shape)] as const;
    });
    const results = await this.inner.run(Object.fromEntries(tensors)).catch((error: unknown) => {
      throw new Error(sentence(error), { cause: error });
    });
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims, type }]) => {
        return [name.slice(this.prefix.length), { data: data as Value, shape: dims, ...(type === 'bool' && { type }) }];
      }),
    );
  }

  async release(): Promise<void> {
    await this.inner.release();
  }
}

function typeOf(data: Value): 'float32' | 'float64' | 'int64' | 'int32' | 'uint8' {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Int32Array) return 'int32';
  return data instanceof Uint8Array ? 'uint8' : 'float64';
}

interface Settings {
  provider: Provider;
  order: NodeOrder;
  warnings: readonly string[];
}

let reversedWorks: Promise<boolean> | undefined;

/** ONNX does not promise that an unsorted node list is accepted, so two nodes the wrong way round are tried once. */
async function acceptsReversed(): Promise<boolean> {
  const port = (name: string): OnnxPort => ({ name, dtype: 'float32', declared: 'float32', shape: [1] });
  const node = (from: string, output: string) => ({
    ...{ op: 'Exp', domain: '', inputs: [from], output, attrs: {}, dtype: 'float32' as const, shape: [1] },
  });
  const nodes = [node('b', 'c'), node('a', 'b')];
  const model = encodeModel({ nodes, initializers: [], inputs: [port('a')], outputs: [port('c')] });
  const probe = await InferenceSession.create(model, { graphOptimizationLevel: 'disabled' }).catch(() => null);
  await probe?.release();
  return probe !== null;
}

async function chooseOrder({ purpose, order }: SessionOptions): Promise<Omit<Settings, 'provider'>> {
  const wanted = order ?? (purpose === 'train' ? 'reversed' : 'natural');
  if (wanted !== 'reversed') return { order: wanted, warnings: [] };
  reversedWorks ??= acceptsReversed();
  if (await reversedWorks) return { order: wanted, warnings: [] };
  const warning =
    'This ONNX Runtime refuses unsorted node lists; the sorted one in use needs about a third more memory.';
  return { order: 'sorted', warnings: [warning] };
}

/**
 * Threads that wait by spinning take cores from whatever else computes, and an answer waits for many of them; but threads that
 * sleep at once are woken for every operator, which a training step has thousands of: there they spin for as long as the
 * next one mostly takes to come (docs/decisions/waiting-threads.md).
 */
const waiting = { intra_op: { allow_spinning: '0' } } as const;
const waitingInSteps = { intra_op: { allow_spinning: '1', spin_duration_us: '20' } } as const;

const unmergedInSteps = ['CommonSubexpressionElimination', 'MatMulAddFusion', 'GemmTransposeFusion'];

const packs = (graph: OnnxGraph, { weights }: SessionOptions): boolean =>
  weights === undefined ? packsWeights(graph) : weights !== 'mapped';

function ortOptions(graph: OnnxGraph, options: SessionOptions, provider: Provider): InferenceSession.SessionOptions {
  const { purpose, folder, threads = usualThreads(), weights, keepsMemory = true, results } = options;
  const isPacked = packs(graph, options);
  // Weights that are packed because few rows pass are still too big to be converted for good.
  const converts = isPacked && (weights === 'packed' || isSmall(graph));
  // Folding would hold zeros and converted weights for the whole session; merging equal nodes would undo recomputation;
  // a sum merged into a product is first copied by one thread, which takes longer than the sum did; and a matrix that is turned
  // before a product is turned there because the product is faster so.
  const skipped = [
    ...(!converts || purpose === 'train' ? ['ConstantFolding'] : []),
    ...(purpose === 'train' ? unmergedInSteps : []),
  ];
  const halves = graph.initializers.some((v) => v.dtype === 'float16');
  return {
    executionProviders: [provider],
    ...(results === 'device' && provider === 'webgpu' ? { preferredOutputLocation: 'gpu-buffer' } : {}),
    // Above 'basic', float16 weights are converted for good, whatever is skipped.
    graphOptimizationLevel: !converts && halves ? 'basic' : 'all',
    enableMemPattern: false,
    enableCpuMemArena: keepsMemory,
    executionMode: 'sequential',
    logSeverityLevel: 4,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    extra: {
      session: {
        ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: folder }),
        ...(isPacked ? {} : { disable_prepacking: '1' }),
        ...(purpose === 'train' ? waitingInSteps : waiting),
      },
      ...(skipped.length === 0 ? {} : { optimization: { disable_specified_optimizers: skipped.join(';') } }),
    },
  };
}

const arrayTypes = {
  ...{ float32: Float32Array, float64: Float64Array, int64: BigInt64Array, int32: Int32Array },
  ...{ bool: Uint8Array, uint8: Uint8Array },
} as const;

function toOrt({ name, dtype, declared, shape }: OnnxPort, data: Fed | undefined): OrtTensor {
  if (!data) throw new Error(`Input ${name}: nothing was fed; it needs ${declared}[${shape.join(',')}].`);
  if (declared === 'float16' || declared === 'bfloat16' || dtype === 'float16' || dtype === 'bfloat16')
    throw new Error(`Input ${name}: 16-bit values cannot be fed.`);
  if (!(data instanceof arrayTypes[declared]) || data.length !== size(shape))
    throw new Error(`Input ${name}: ${kindOf(data)} was fed for ${declared}[${shape.join(',')}].`);
  return new OrtTensor(dtype, (dtype === declared ? data : narrow(name, data)) as Float32Array, shape);
}

const kindOf = (data: Fed): string =>
  ArrayBuffer.isView(data) ? `${data.constructor.name}[${data.length}]` : 'a tensor of another engine';

/** Gives int64 as int32, for targets that compute in no int64. */
function narrow(name: string, data: Value): Int32Array {
  const numbers = Array.from<number | bigint, number>(data, (value) => {
    const number = Number(value);
    if (number !== (number | 0)) throw new Error(`Input ${name}: ${value} does not fit int32; run it on CPU.`);
    return number;
  });
  return Int32Array.from(numbers);
}

function fromOrt({ name, dtype, declared }: OnnxPort, tensor: OrtTensor | undefined): Value {
  if (!tensor) throw new Error(`Output ${name}: ONNX Runtime returned nothing.`);
  if (dtype === declared) return tensor.data as Value;
  return BigInt64Array.from(tensor.data as Int32Array, BigInt);
}
