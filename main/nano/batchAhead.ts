// Batches by step number from a worker thread that is always one step ahead; the same batches as drawn here.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { NamedValues } from '../../models/graph/value.ts';
import type { BatchTask } from './batchWorker.ts';

type Feeds = NamedValues;

export class BatchAhead {
  private readonly task: BatchTask;
  /** Started by the first batch that is asked for: a finished stage asks for none. */
  private worker: Worker | null = null;
  private next: { step: number; feeds: Promise<Feeds> } | null = null;

  constructor(task: BatchTask) {
    this.task = task;
  }

  /** Must be asked one step after the other. */
  async batch(step: number): Promise<Feeds> {
    const feeds = await (this.next?.step === step ? this.next.feeds : this.ask(step));
    this.next = { step: step + 1, feeds: this.ask(step + 1) };
    this.next.feeds.catch(() => {});
    return feeds;
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private async ask(step: number): Promise<Feeds> {
    this.worker ??= new Worker(new URL('./batchWorker.ts', import.meta.url), { workerData: this.task });
    this.worker.postMessage(step);
    for (;;) {
      const [answer] = await once(this.worker, 'message');
      if (answer.step === step) return answer.feeds;
    }
  }
}
