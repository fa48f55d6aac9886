// Prepares feeds in a worker thread that is always one step ahead; they are the same as if they were made here.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { NamedValues } from '../../../models/graph/value.ts';
import type { Feeder } from './loop.ts';

export class BatchAhead implements Feeder<unknown> {
  private readonly program: URL;
  private readonly task: unknown;
  /** Started by the first batch that is asked for: a finished run asks for none. */
  private worker: Worker | null = null;
  private next: { step: number; feeds: Promise<NamedValues> } | null = null;

  /** `program` is sent step numbers and answers with `{ step, feeds }`; `task` is its `workerData`. */
  constructor(program: URL, task: unknown) {
    this.program = program;
    this.task = task;
  }

  /** Should be asked one step after the other. The thread draws its own samples. */
  async feed(_samples: readonly unknown[], step: number): Promise<NamedValues> {
    const feeds = await (this.next?.step === step ? this.next.feeds : this.ask(step));
    this.next = { step: step + 1, feeds: this.ask(step + 1) };
    this.next.feeds.catch(() => {});
    return feeds;
  }

  async release(): Promise<void> {
    await this.worker?.terminate();
  }

  private async ask(step: number): Promise<NamedValues> {
    this.worker ??= new Worker(this.program, { workerData: this.task });
    this.worker.postMessage(step);
    for (;;) {
      const [answer] = await once(this.worker, 'message');
      if (answer.step === step) return answer.feeds;
    }
  }
}
