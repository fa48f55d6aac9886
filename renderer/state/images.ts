// Projects and images: what is open, what comes next, and what is fetched before it is asked for.
import { pictureAddress, wholeSide } from '../../main/contract/addresses.ts';
import type { ImageQuery } from '../../main/contract/api.ts';
import { changed } from '../../main/contract/diff.ts';
import type { Image, ImageDetail, ProjectInfo, ReviewStatus } from '../../main/contract/project.ts';
import type { Bench } from './bench.ts';
import { sentence } from './connection.ts';
import { diffOf } from './kept.ts';
import { byId, openedImage } from './records.ts';
import { emptyWorkbench, type OpenImage, say } from './workbench.ts';

export type Step = 'next' | 'previous' | 'next unreviewed';

export interface ImageActions {
  openProject(file: string): Promise<boolean>;
  /** With `folder`, its images are added. */
  createProject(file: string, folder?: string): Promise<boolean>;
  openSample(): Promise<boolean>;
  closeProject(): Promise<void>;
  addImages(paths: string[]): Promise<boolean>;
  /** Says where a missing file is now. */
  relink(id: number, file: string): Promise<void>;
  /** What the host says is open; the first time its images and labels are read. */
  entered(project: ProjectInfo | null): Promise<void>;
  openImage(id: number, index?: number | null): Promise<void>;
  /** False at the end of the list. */
  step(by: Step): Promise<boolean>;
  first(): Promise<void>;
  setQuery(query: Partial<ImageQuery>): void;
  setReview(status: ReviewStatus): Promise<boolean>;
  /** Images that changed in the host. */
  changedOutside(ids: readonly number[]): Promise<void>;
  /** Computes the embedding of the open image, as soon as there is a model. */
  prepare(): Promise<void>;
  forgetAhead(): void;
}

interface Neighbour {
  readonly id: number | null;
  readonly index: number | null;
  readonly total: number;
}

export function createImages(bench: Bench): ImageActions {
  const { store, host, edits } = bench;
  const ahead = new Ahead(bench);

  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      say(store, 'bad', sentence(error));
      return false;
    }
  };

  // Who opens a project hears of it twice, by the answer and by the event, and both wait for the same reading.
  let reading: Promise<void> = Promise.resolve();
  const entered = (project: ProjectInfo | null): Promise<void> => {
    const { project: before } = store.getState();
    if (project && before?.file === project.file) store.setState({ project });
    else {
      edits.reset();
      ahead.forget();
      store.setState({ ...clean(store.getState()), project });
      reading = project ? read(project) : Promise.resolve();
    }
    return reading;
  };

  const read = async (project: ProjectInfo) => {
    // The engine starts when somebody asks for it.
    void host.model.status().then(
      (engine) => store.setState({ engine }),
      () => {},
    );
    store.setState({ labels: byId(await host.project.labels()) });
    await openRemembered(project);
  };

  const openRemembered = async ({ file, images: count }: ProjectInfo) => {
    if (count === 0) return;
    const remembered = Number(bench.memory.read(`image of ${file}`));
    if (remembered > 0 && (await show(remembered, null).then(yes, no))) return;
    await first();
  };

  const first = async () => {
    const { id, index } = await host.images.step({ ...store.getState().query, from: null, by: 'next' });
    if (id !== null) await openImage(id, index);
  };

  /** Throws where the image cannot be read. */
  const show = async (id: number, index: number | null): Promise<void> => {
    store.setState({ opening: id });
    try {
      const detail = await ahead.detail(id);
      if (store.getState().opening !== id) return;
      const { labels, position, project } = store.getState();
      const { open } = edits.onTop({ labels, open: openedImage(detail) });
      const place = index === null ? null : { index, total: position?.total ?? project?.images ?? 0 };
      store.setState({ ...ofImage(open), position: place });
      if (project) bench.memory.write(`image of ${project.file}`, String(id));
      void ahead.around(detail.image);
    } finally {
      if (store.getState().opening === id) store.setState({ opening: null });
    }
  };

  const openImage = async (id: number, index: number | null = null): Promise<void> => {
    await attempt(() => show(id, index));
  };

  const step = async (by: Step): Promise<boolean> => {
    const from = store.getState().opening ?? store.getState().open?.image.id ?? null;
    let next: Neighbour | null = null;
    await attempt(async () => {
      next = await ahead.neighbour(from, by);
    });
    const { id, index } = (next as Neighbour | null) ?? { id: null, index: null };
    if (id === null || id === from) return false;
    await openImage(id, index);
    return true;
  };

  const enter = (work: () => Promise<ProjectInfo>) =>
    attempt(async () => {
      await edits.settled();
      await entered(await work());
    });

  return {
    openProject: (file) => enter(() => host.project.open({ file })),
    createProject: (file, folder) => enter(() => host.project.create({ file, folder })),
    openSample: () => enter(() => host.project.sample()),
    closeProject: async () => {
      await edits.settled();
      if (await attempt(() => host.project.close())) await entered(null);
    },
    addImages: (paths) => attempt(() => host.images.add({ paths })),
    relink: async (id, file) => {
      await attempt(async () => {
        const { relinked } = await host.images.relink({ id, file });
        say(store, 'good', relinked === 1 ? 'The image was found again.' : `${relinked} images were found again.`);
        await edits.refresh();
      });
    },
    entered,
    openImage,
    step,
    first,
    setQuery: (query) => {
      ahead.forget();
      store.setState((state) => ({ query: { ...state.query, ...query }, position: null }));
      const { open } = store.getState();
      if (open) void ahead.around(open.image);
    },
    setReview: (status) => {
      const { open } = store.getState();
      if (!open) return Promise.resolve(false);
      return edits.commit(diffOf(reviewTitles[status], changed('review', open.review, { status })));
    },
    changedOutside: async (ids) => {
      ahead.forget();
      const { open, project, opening } = store.getState();
      store.setState(({ listVersion }) => ({ listVersion: listVersion + 1 }));
      if (open && ids.includes(open.image.id)) await edits.refresh();
      else if (!open && project && opening === null) await first();
    },
    prepare: async () => {
      const { open } = store.getState();
      if (open) await ahead.prepare(open.image.id);
    },
    forgetAhead: () => ahead.forget(),
  };
}

const yes = () => true;
const no = () => false;

const reviewTitles: Readonly<Record<ReviewStatus, string>> = {
  accepted: 'Accept the image',
  unclear: 'Mark as unclear',
  unreviewed: 'Mark as unreviewed',
};

/** What does not belong to a project stays. */
const clean = ({ connected, settings, engine, jobs, canvas, notice, saving, tool, brush }: typeof emptyWorkbench) => ({
  ...emptyWorkbench,
  ...{ connected, settings, engine, jobs, canvas, notice, saving, tool, brush },
});

/** The window on a newly opened image; its last prompt and the likeliest candidate are in review. */
function ofImage(open: OpenImage | null) {
  const prompt = [...(open?.prompts.values() ?? [])].at(-1);
  const answers = [...(open?.proposals.values() ?? [])].filter(({ promptId }) => promptId === prompt?.id);
  const kept = answers.find(({ id }) => id === prompt?.kept?.proposalId);
  return {
    open,
    selected: new Set<number>(),
    hovered: null,
    lit: null,
    pointer: null,
    wipe: null,
    writing: null,
    promptId: prompt?.id ?? null,
    proposalId: (kept ?? answers.find(({ chosen }) => chosen) ?? answers[0])?.id ?? null,
  };
}

/** Neighbours of the open image, their records, pictures and embeddings, before anybody asks. */
class Ahead {
  private readonly bench: Bench;
  private details = new Map<number, Promise<ImageDetail>>();
  private steps = new Map<string, Promise<Neighbour>>();

  constructor(bench: Bench) {
    this.bench = bench;
  }

  forget(): void {
    this.details.clear();
    this.steps.clear();
  }

  /** Taken once: what was fetched ahead is not kept for a second visit. */
  async detail(id: number): Promise<ImageDetail> {
    const ready = this.details.get(id);
    this.details.delete(id);
    return (await ready?.catch(() => null)) ?? this.bench.host.images.detail({ id });
  }

  neighbour(from: number | null, by: Step): Promise<Neighbour> {
    const key = `${from} ${by}`;
    const found = this.steps.get(key);
    if (found) return found;
    const { query } = this.bench.store.getState();
    const fresh = this.bench.host.images.step({ ...query, from, by });
    fresh.catch(() => this.steps.delete(key));
    this.steps.set(key, fresh);
    return fresh;
  }

  /** Failures here are nobody's: whoever asks for the thing itself is told. */
  async around({ id }: Image): Promise<void> {
    this.steps.clear();
    try {
      const next = await this.neighbour(id, 'next');
      this.placed(id, next);
      const previous = await this.neighbour(id, 'previous');
      for (const one of [next.id, previous.id]) if (one !== null && one !== id) await this.fetch(one);
      await this.prepare(id);
      if (next.id !== null && this.isOpen(id)) await this.prepare(next.id);
    } catch {}
  }

  private isOpen = (id: number): boolean => this.bench.store.getState().open?.image.id === id;

  /** The place of the open image follows from its neighbour's. */
  private placed(id: number, next: Neighbour): void {
    if (!this.isOpen(id)) return;
    const last = next.id === null && next.total > 0 ? next.total - 1 : null;
    const index = next.index === null ? last : next.index - 1;
    this.bench.store.setState({ position: { index, total: next.total } });
  }

  private async fetch(id: number): Promise<void> {
    if (!this.details.has(id)) {
      const detail = this.bench.host.images.detail({ id });
      detail.catch(() => this.details.delete(id));
      this.details.set(id, detail);
    }
    const { image } = (await this.details.get(id)) ?? {};
    if (!image?.hash || Math.max(image.width ?? 0, image.height ?? 0) > wholeSide) return;
    this.bench.fetchAhead(pictureAddress(id, image.hash));
  }

  async prepare(id: number): Promise<void> {
    if (this.bench.store.getState().engine?.state !== 'ready') return;
    await this.bench.host.model.prepare({ imageId: id }).catch(() => {});
  }
}
