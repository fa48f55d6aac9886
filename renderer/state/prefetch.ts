// Fetches the neighbours of the open image, their records, pictures and embeddings, before anybody asks.
import { pictureAddress, wholeSide } from '../../main/contract/addresses.ts';
import type { Image, ImageDetail } from '../../main/contract/project.ts';
import type { ActionContext } from './actionContext.ts';

export type Step = 'next' | 'previous' | 'next unreviewed';

interface Neighbour {
  readonly id: number | null;
  readonly index: number | null;
  readonly total: number;
}

export class Prefetcher {
  private readonly context: ActionContext;
  private details = new Map<number, Promise<ImageDetail>>();
  private steps = new Map<string, Promise<Neighbour>>();

  constructor(context: ActionContext) {
    this.context = context;
  }

  forget(id?: number): void {
    if (id !== undefined) return void this.details.delete(id);
    this.details.clear();
    this.steps.clear();
  }

  /** Taken once: what was fetched ahead is not kept for a second visit. */
  async detail(id: number): Promise<ImageDetail> {
    const ready = this.details.get(id);
    this.details.delete(id);
    return (await ready?.catch(() => null)) ?? this.context.host.images.detail({ id });
  }

  neighbour(from: number | null, by: Step): Promise<Neighbour> {
    const key = `${from} ${by}`;
    const found = this.steps.get(key);
    if (found) return found;
    const { query } = this.context.store.getState();
    const fresh = this.context.host.images.step({ ...query, from, by });
    fresh.catch(() => this.steps.delete(key));
    this.steps.set(key, fresh);
    return fresh;
  }

  /** Failures here are not shown: the call for the thing itself reports them. */
  async around({ id }: Image): Promise<void> {
    this.steps.clear();
    try {
      const next = await this.neighbour(id, 'next');
      this.placed(id, next);
      const previous = await this.neighbour(id, 'previous');
      for (const one of [next.id, previous.id]) {
        // Who has gone on meanwhile changes what would be fetched here.
        if (one !== null && one !== id && this.isOpen(id)) await this.fetch(one);
      }
      if (this.isOpen(id)) await this.prepare(id);
      if (next.id !== null && this.isOpen(id)) await this.prepare(next.id, true);
    } catch {}
  }

  private isOpen = (id: number): boolean => this.context.store.getState().open?.image.id === id;

  /** The place of the open image follows from its neighbour's. */
  private placed(id: number, next: Neighbour): void {
    if (!this.isOpen(id)) return;
    const last = next.id === null && next.total > 0 ? next.total - 1 : null;
    const index = next.index === null ? last : next.index - 1;
    this.context.store.setState({ position: { index, total: next.total } });
  }

  private async fetch(id: number): Promise<void> {
    if (!this.details.has(id)) {
      const detail = this.context.host.images.detail({ id });
      detail.catch(() => this.details.delete(id));
      this.details.set(id, detail);
    }
    const { image } = (await this.details.get(id)) ?? {};
    // A picture of unknown size may be too large to fetch as a whole.
    if (!image?.hash || !image.width || !image.height || Math.max(image.width, image.height) > wholeSide) return;
    this.context.fetchAhead(pictureAddress(id, image.hash));
  }

  async prepare(imageId: number, ahead = false): Promise<void> {
    if (this.context.store.getState().engine?.state !== 'ready') return;
    await this.context.host.model.prepare({ imageId, ahead }).catch(() => {});
  }
}
