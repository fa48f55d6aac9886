// Holds what actions work with: the store, the host, the path of changes to it, and what the page lends them.
import type { HostClient } from './connection.ts';
import type { Edits } from './edits.ts';
import type { List } from './list.ts';
import type { WorkbenchStore } from './workbench.ts';

export interface ActionContext {
  readonly store: WorkbenchStore;
  readonly host: HostClient;
  readonly edits: Edits;
  readonly list: List;
  /** Fetches a picture ahead; nothing where there is no browser. */
  fetchAhead(address: string): void;
  /** What is remembered on this machine between visits. */
  readonly memory: Memory;
}

export interface Memory {
  read(key: string): string | null;
  write(key: string, value: string): void;
}

export const temporaryMemory = (): Memory => {
  const kept = new Map<string, string>();
  return { read: (key) => kept.get(key) ?? null, write: (key, value) => void kept.set(key, value) };
};
