// Sends what happens in the host to every window that watches, as one stream each.
import type { HostEvent } from './contract/api.ts';

/** A window that reads nothing for so long has lost the thread; it is sent away and may begin anew. */
const MOST_WAITING = 10_000;

export class Events {
  readonly #watchers = new Set<Watcher>();

  emit(event: HostEvent): void {
    for (const watcher of this.#watchers) watcher.push(event);
  }

  /** Events from now on, those of `beginning` first, until the signal or the reader ends it. */
  watch(beginning: readonly HostEvent[], signal?: AbortSignal): AsyncGenerator<HostEvent, void, void> {
    const watcher = new Watcher(beginning);
    this.#watchers.add(watcher);
    const end = () => {
      this.#watchers.delete(watcher);
      watcher.end();
    };
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted) end();
    return read(watcher, () => {
      signal?.removeEventListener('abort', end);
      end();
    });
  }

  get watched(): number {
    return this.#watchers.size;
  }

  /** Ends every stream. */
  stop(): void {
    for (const watcher of this.#watchers) watcher.end();
  }
}

async function* read(watcher: Watcher, close: () => void): AsyncGenerator<HostEvent, void, void> {
  try {
    for (let event = await watcher.next(); event !== null; event = await watcher.next()) yield event;
  } finally {
    close();
  }
}

/** Holds what one window has not read yet: the latest state of each thing, and every recorded change. */
class Watcher {
  readonly #waiting = new Map<string, HostEvent>();
  #count = 0;
  #ended = false;
  #wake: () => void = () => {};

  constructor(beginning: readonly HostEvent[]) {
    for (const event of beginning) this.push(event);
  }

  push(event: HostEvent): void {
    this.#count += 1;
    const key = keyOf(event) ?? `${this.#count}`;
    this.#waiting.set(key, merged(this.#waiting.get(key), event));
    if (this.#waiting.size > MOST_WAITING) this.end();
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async next(): Promise<HostEvent | null> {
    while (!this.#ended) {
      const [first] = this.#waiting;
      if (first !== undefined) {
        this.#waiting.delete(first[0]);
        return first[1];
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return null;
  }
}

/** Events of one key replace each other while they wait; null: every one counts. */
function keyOf(event: HostEvent): string | null {
  if (event.kind === 'recorded' || event.kind === 'notice') return null;
  return event.kind === 'job' ? `job ${event.job.id}` : event.kind;
}

function merged(earlier: HostEvent | undefined, event: HostEvent): HostEvent {
  if (earlier?.kind !== 'images' || event.kind !== 'images') return event;
  return { kind: 'images', ids: [...new Set([...earlier.ids, ...event.ids])] };
}
