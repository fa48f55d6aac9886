// Keeps a decoder's graphs open, so many and so many bytes of packed weights; the one that was used longest ago is closed first.
import type { Tensor } from '../graph/tensor.ts';
import type { DeviceTensor, NamedValues, Results, Runner, Value } from '../graph/value.ts';

export interface OpenGraphsSetup {
  /** `results`: where runs leave them; default in memory. */
  open(outputs: Readonly<Record<string, Tensor>>, results?: Results): Promise<Runner>;
  /** Graphs kept open. Default 8. */
  keep?: number;
  /**
   * Bytes of packed weights that graphs may hold together beside the one in use: each packs weights of its own, which for
   * 3 B parameters in 4 bits is 1.4 GB a graph. Default: without bound.
   */
  room?: number;
}

export interface KeyedGraph {
  readonly key: string;
  outputs(): Readonly<Record<string, Tensor>>;
}

export class OpenGraphs {
  private readonly setup: OpenGraphsSetup;
  private readonly runners = new Map<string, Runner>();
  /** Runs come one after another, so that none finds its graph closed by the next. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(setup: OpenGraphsSetup) {
    this.setup = setup;
  }

  run(graph: KeyedGraph, feeds: () => NamedValues): Promise<Record<string, Value>> {
    return this.inTurn(async () => (await this.opened(graph, 'memory')).run(feeds()));
  }

  /** A graph that is run so is always run so. */
  runOnDevice(graph: KeyedGraph, feeds: () => NamedValues): Promise<Record<string, DeviceTensor>> {
    return this.inTurn(async () => (await this.opened(graph, 'device')).runOnDevice(feeds()));
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => {});
    return mine;
  }

  async release(): Promise<void> {
    await this.last;
    while (this.runners.size > 0) await this.closeOldest();
  }

  private async opened({ key, outputs }: KeyedGraph, results: Results): Promise<Runner> {
    const known = this.runners.get(key);
    this.runners.delete(key);
    if (!known) await this.makeRoom();
    const runner = known ?? (await this.setup.open(outputs(), results));
    this.runners.set(key, runner);
    return runner;
  }

  /** Before the next graph is opened: it packs about as much as the others did. */
  private async makeRoom(): Promise<void> {
    const { keep = 8, room = Number.POSITIVE_INFINITY } = this.setup;
    const isFull = () => this.runners.size >= keep || this.copiedBytes() > room;
    while (this.runners.size > 0 && isFull()) await this.closeOldest();
  }

  private copiedBytes(): number {
    return [...this.runners.values()].reduce((sum, { copiedBytes = 0 }) => sum + copiedBytes, 0);
  }

  private async closeOldest(): Promise<void> {
    const [key, runner] = this.runners.entries().next().value ?? [];
    if (key === undefined || !runner) return;
    this.runners.delete(key);
    await runner.release();
  }
}
