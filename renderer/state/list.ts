// Holds the image list in slices: of a hundred thousand rows only those in sight are fetched.
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ImageRow } from '../../main/contract/project.ts';
import { type HostClient, sentence } from './connection.ts';
import type { WorkbenchStore } from './workbench.ts';

export interface ListState {
  /** null: not known yet. */
  readonly total: number | null;
  readonly pages: ReadonlyMap<number, readonly ImageRow[]>;
  readonly problem: string | null;
}

export interface List {
  readonly store: StoreApi<ListState>;
  /** Says which rows are seen; those that are missing or may be old are fetched. */
  want(first: number, last: number): void;
  row(index: number): ImageRow | null;
  stop(): void;
}

const pageSize = 100;
/** Pages far from the eye are dropped beyond this many. */
const mostPages = 30;
const nothing: ListState = { total: null, pages: new Map(), problem: null };

export function createList(store: WorkbenchStore, host: HostClient): List {
  const slices = new Slices(store, host);
  const stop = store.subscribe((now, before) => {
    if (now.project?.file !== before.project?.file || now.query !== before.query) slices.start();
    else if (now.listVersion !== before.listVersion) slices.age();
  });
  return {
    store: slices.state,
    want: (first, last) => slices.want(first, last),
    row: (index) => slices.state.getState().pages.get(Math.floor(index / pageSize))?.[index % pageSize] ?? null,
    stop: () => {
      stop();
      slices.age = () => {};
    },
  };
}

class Slices {
  readonly state = createStore<ListState>()(() => nothing);
  private readonly store: WorkbenchStore;
  private readonly host: HostClient;
  private wanted: readonly [number, number] = [0, 0];
  private readonly fresh = new Set<number>();
  private readonly underway = new Set<number>();
  private generation = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: WorkbenchStore, host: HostClient) {
    this.store = store;
    this.host = host;
  }

  /** Shows another list altogether. */
  start(): void {
    this.generation += 1;
    this.fresh.clear();
    this.underway.clear();
    this.state.setState(nothing);
    this.wanted = [0, 0];
    this.fetchWanted();
  }

  /** The rows may have changed: those in sight are read again, a little later, once for many changes. */
  age = (): void => {
    this.fresh.clear();
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.fetchWanted();
    }, 200);
  };

  want(first: number, last: number): void {
    this.wanted = [Math.floor(first / pageSize), Math.floor(last / pageSize)];
    this.fetchWanted();
  }

  private fetchWanted(): void {
    if (this.store.getState().project === null) return;
    const [first, last] = this.wanted;
    for (let page = first; page <= last; page++) {
      if (!this.fresh.has(page) && !this.underway.has(page)) void this.fetch(page);
    }
  }

  private async fetch(page: number): Promise<void> {
    const { generation } = this;
    this.underway.add(page);
    try {
      const { query } = this.store.getState();
      const { total, rows } = await this.host.images.list({ ...query, offset: page * pageSize, limit: pageSize });
      if (generation !== this.generation) return;
      this.fresh.add(page);
      this.state.setState(({ pages }) => ({ total, problem: null, pages: this.near(new Map(pages).set(page, rows)) }));
    } catch (error) {
      if (generation === this.generation) this.state.setState({ problem: sentence(error) });
    } finally {
      if (generation === this.generation) this.underway.delete(page);
    }
  }

  private near(pages: Map<number, readonly ImageRow[]>): Map<number, readonly ImageRow[]> {
    const distance = (page: number) => Math.abs(page - this.wanted[0]);
    const far = [...pages.keys()].sort((a, b) => distance(a) - distance(b)).slice(mostPages);
    for (const page of far) {
      pages.delete(page);
      this.fresh.delete(page);
    }
    return pages;
  }
}
