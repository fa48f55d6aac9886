// Says who may compute: urgent work at once, batch work one piece at a time and only while nothing urgent is under way.

export class ComputeQueue {
  private urgentCount = 0;
  private line: Promise<unknown> = Promise.resolve();
  private readonly waiting = new Set<() => void>();

  async urgent<T>(work: () => Promise<T>): Promise<T> {
    this.urgentCount++;
    try {
      return await work();
    } finally {
      this.urgentCount--;
      if (this.urgentCount === 0) this.wakeAll();
    }
  }

  batch<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.line.then(() => this.quiet()).then(work);
    this.line = turn.catch(() => undefined);
    return turn;
  }

  /** Fulfilled as soon as nothing urgent is under way: what a batch awaits between two tokens. */
  async quiet(): Promise<void> {
    while (this.urgentCount > 0) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  private wakeAll(): void {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}
