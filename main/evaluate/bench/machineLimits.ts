// Measures the best that this machine reaches, beside the work that is compared with it: products, memory reads, memory use.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { matmul } from '../../../models/graph/linear.ts';
import { input } from '../../../models/graph/tensor.ts';
import type { NamedValues, Runner, Value } from '../../../models/graph/value.ts';
import { Session } from '../../../models/runtime/session.ts';

/** Runs once and gives the outputs' memory back at once: the collector would leave several runs' outputs lying. */
export async function runOnce(runner: Pick<Runner, 'run'>, feeds: NamedValues): Promise<void> {
  const results = await runner.run(feeds);
  for (const { buffer } of Object.values(results)) if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

export async function milliseconds(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

/**
 * The best speed so far of one large product. It is asked between steps and multiplies for as long as a step takes: on a
 * busy machine a short product finds a quiet moment that no step could.
 */
export class ProductGauge {
  /** Units of work per second, in billions. */
  best = 0;
  private readonly session: Session;
  private readonly feeds: Record<string, Value>;
  private readonly work: number;

  private constructor(session: Session, feeds: Record<string, Value>, work: number) {
    this.session = session;
    this.feeds = feeds;
    this.work = work;
  }

  /** A square product: GFLOP/s. */
  static square(side: number): Promise<ProductGauge> {
    return ProductGauge.open([side, side, side], 2 * side ** 3);
  }

  /** A row times a matrix far larger than any cache: GB/s of float32 weights read. */
  static vector(inner: number, columns: number): Promise<ProductGauge> {
    return ProductGauge.open([1, inner, columns], 4 * inner * columns);
  }

  private static async open([rows, inner, columns]: [number, number, number], work: number): Promise<ProductGauge> {
    const [a, b] = [input('a', [rows, inner]), input('b', [inner, columns])];
    const filled = (count: number, value: number) => new Float32Array(count).fill(value);
    const feeds = { a: filled(rows * inner, 0.5), b: filled(inner * columns, 0.25) };
    const gauge = new ProductGauge(await Session.create({ y: matmul(a, b) }), feeds, work);
    await runOnce(gauge.session, gauge.feeds);
    return gauge;
  }

  async measure(forMs: number): Promise<void> {
    let spent = 0;
    let products = 0;
    for (; spent < forMs; products++) spent += await milliseconds(() => runOnce(this.session, this.feeds));
    if (products > 0) this.best = Math.max(this.best, (this.work * products) / spent / 1e6);
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/** The most private memory of this process from one moment to another, over what it had at first; and all memory, mapped files included. */
export class MemoryPeak {
  readonly #worker: Worker;
  readonly #most: Float64Array;
  readonly #before = privateBytes();

  private constructor(worker: Worker, most: Float64Array) {
    this.#worker = worker;
    this.#most = most;
  }

  static async start(): Promise<MemoryPeak> {
    const shared = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
    const worker = new Worker(new URL('./memoryWorker.ts', import.meta.url), { workerData: shared });
    await once(worker, 'message');
    resetHighWater();
    return new MemoryPeak(worker, new Float64Array(shared));
  }

  async stop(): Promise<{ privateBytes: number; residentBytes: number }> {
    const most = Math.max(this.#most[0] ?? 0, privateBytes());
    const residentBytes = highWater();
    await this.#worker.terminate();
    return { privateBytes: most - this.#before, residentBytes };
  }
}

/** The high-water mark of this process, bytes. Outside Linux it cannot be reset. */
export function highWater(): number {
  return ownStatus('VmHWM') ?? process.resourceUsage().maxRSS * 1024;
}

/** Memory that no file backs, bytes; everything in memory where the system does not tell them apart. */
export function privateBytes(): number {
  return ownStatus('RssAnon') ?? process.memoryUsage().rss;
}

function ownStatus(field: string): number | null {
  try {
    const kilobytes = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

export function resetHighWater(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // The mark stays that of the whole process: an upper bound.
  }
}
