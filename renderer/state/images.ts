// Opens projects and images, steps through them, and fetches what comes next before it is asked for.
import type { ImageQuery } from '../../main/contract/api.ts';
import { changed } from '../../main/contract/diff.ts';
import type { ProjectInfo, ReviewStatus } from '../../main/contract/project.ts';
import type { ActionContext } from './actionContext.ts';
import { firstCandidate } from './answers.ts';
import { isRefusal, sentence } from './connection.ts';
import { diffOf } from './corrections.ts';
import { Prefetcher, type Step } from './prefetch.ts';
import { byId, openedImage } from './records.ts';
import { emptyWorkbench, type OpenImage, type ReadOnlyProject, say } from './workbench.ts';

export interface ImageActions {
  openProject(file: string): Promise<boolean>;
  /** Makes the project; adds the images of `folder` where one is given. */
  createProject(file: string, folder?: string): Promise<boolean>;
  /** A project that cannot be written as another file, which is then the open one; what it refers to stays in place. */
  keepElsewhere(file: string, target: string): Promise<boolean>;
  /** The open project as another file, which is then the open one. */
  saveCopy(file: string): Promise<boolean>;
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
  /**
   * Goes to the next image that is to be reviewed; at the end of the list a notice says what is left. `said`: what the person
   * was told just before, which begins that notice, as it takes the place of the one before.
   */
  stepUnreviewed(said?: string): Promise<void>;
  first(): Promise<void>;
  setQuery(query: Partial<ImageQuery>): void;
  setReview(status: ReviewStatus): Promise<boolean>;
  /** Images that changed in the host. */
  changedOutside(ids: readonly number[]): Promise<void>;
  /** Computes the embedding of the open image, as soon as there is a model. */
  prepare(): Promise<void>;
  /** What was fetched ahead of that image, or of all, is not what the host has any more. */
  forgetAhead(id?: number): void;
}

export function createImages(context: ActionContext): ImageActions {
  const { host } = context;
  const images = new Images(context);
  return {
    openProject: (file) => images.enter(() => host.project.open({ file }), { file }),
    createProject: (file, folder) =>
      images.enter(() => host.project.create({ file, folder }), { file, folder: folder ?? null }),
    keepElsewhere: (file, target) => images.enter(() => host.project.keepElsewhere({ file, target })),
    saveCopy: (file) => images.enter(() => host.project.saveCopy({ file })),
    openSample: () => images.enter(() => host.project.sample()),
    closeProject: () => images.close(),
    addImages: (paths) => images.attempt(() => host.images.add({ paths })),
    relink: (id, file) => images.relink(id, file),
    entered: (project) => images.entered(project),
    openImage: (id, index = null) => images.open(id, index),
    step: (by) => images.step(by),
    stepUnreviewed: (said) => images.stepUnreviewed(said),
    first: () => images.first(),
    setQuery: (query) => images.setQuery(query),
    setReview: (status) => images.setReview(status),
    changedOutside: (ids) => images.changedOutside(ids),
    prepare: () => images.prepare(),
    forgetAhead: (id) => images.ahead.forget(id),
  };
}

class Images {
  readonly ahead: Prefetcher;
  private readonly context: ActionContext;
  /** A window that opens a project learns of it twice, by the answer and by the event, and both wait for the same reading. */
  private reading: Promise<void> = Promise.resolve();
  /** How often an image was asked for: only the last request counts. */
  private wishes = 0;

  constructor(context: ActionContext) {
    this.context = context;
    this.ahead = new Prefetcher(context);
  }

  private get state() {
    return this.context.store.getState();
  }

  /** False, and one sentence on screen, where it failed. */
  async attempt(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      say(this.context.store, 'bad', sentence(error));
      return false;
    }
  }

  /** Offers another place where `wanted` cannot be written. */
  async enter(work: () => Promise<ProjectInfo>, wanted: ReadOnlyProject | null = null): Promise<boolean> {
    try {
      await this.context.edits.settled();
      await this.entered(await work());
      return true;
    } catch (error) {
      if (wanted && isRefusal(error) && error.code === 'READ_ONLY') {
        this.context.store.setState({ dialog: 'keep elsewhere', readOnly: wanted });
      } else say(this.context.store, 'bad', sentence(error));
      return false;
    }
  }

  async close(): Promise<void> {
    await this.context.edits.settled();
    if (await this.attempt(() => this.context.host.project.close())) await this.entered(null);
  }

  entered(project: ProjectInfo | null): Promise<void> {
    const { store, edits } = this.context;
    if (project && this.state.project?.file === project.file) store.setState({ project });
    else {
      edits.reset();
      this.ahead.forget();
      store.setState({ ...clean(this.state), project, entering: project !== null });
      this.reading = (project ? this.read(project) : Promise.resolve()).finally(() =>
        store.setState({ entering: false }),
      );
    }
    return this.reading;
  }

  private async read(project: ProjectInfo): Promise<void> {
    const { host, store } = this.context;
    // The engine starts when somebody asks for it.
    void host.model.status().then(
      (engine) => store.setState({ engine }),
      () => {},
    );
    store.setState({ labels: byId(await host.project.labels()) });
    await this.openRemembered(project);
  }

  private async openRemembered({ file, images: count }: ProjectInfo): Promise<void> {
    if (count === 0) return;
    const remembered = Number(this.context.memory.read(`image of ${file}`));
    if (remembered > 0 && (await this.show(remembered, null).then(yes, no))) return;
    await this.first();
  }

  async first(): Promise<void> {
    const { id, index } = await this.context.host.images.step({ ...this.state.query, from: null, by: 'next' });
    if (id !== null) await this.open(id, index);
  }

  async open(id: number, index: number | null): Promise<void> {
    this.wishes += 1;
    await this.attempt(() => this.show(id, index));
  }

  /** Throws where the image cannot be read. */
  private async show(id: number, index: number | null): Promise<void> {
    const { store, edits, memory } = this.context;
    store.setState({ opening: id });
    try {
      const detail = await this.ahead.detail(id);
      if (this.state.opening !== id) return;
      const { labels, position, project } = this.state;
      const { open } = edits.onTop({ labels, open: openedImage(detail) });
      const total = position?.total ?? project?.images;
      const place = index === null || total === undefined ? null : { index, total };
      store.setState({ ...ofImage(open), position: place });
      if (project) memory.write(`image of ${project.file}`, String(id));
      void this.ahead.around(detail.image);
    } finally {
      if (this.state.opening === id) store.setState({ opening: null });
    }
  }

  async step(by: Step): Promise<boolean> {
    this.wishes += 1;
    const { wishes } = this;
    const from = this.state.opening ?? this.state.open?.image.id ?? null;
    const next = await this.ahead.neighbour(from, by).catch((error: unknown) => {
      say(this.context.store, 'bad', sentence(error));
      return null;
    });
    if (!next || next.id === null || next.id === from) return false;
    // Who chose another image while the neighbour was looked up wants that one.
    if (wishes === this.wishes) await this.open(next.id, next.index);
    return true;
  }

  async stepUnreviewed(said = ''): Promise<void> {
    if (await this.step('next unreviewed')) return;
    const { host, store } = this.context;
    const left = await host.images.step({ ...this.state.query, from: null, by: 'next unreviewed' });
    if (left.id === null || left.id === this.state.open?.image.id)
      return say(store, 'plain', `${said} No other image of the list is left to review.`.trim());
    const where = { imageId: left.id, shapeIds: [] };
    say(store, 'plain', `${said} This is the last image of the list. Earlier ones are not reviewed yet.`.trim(), where);
  }

  async relink(id: number, file: string): Promise<void> {
    const { host, store, edits } = this.context;
    await this.attempt(async () => {
      const { relinked } = await host.images.relink({ id, file });
      say(store, 'good', relinked === 1 ? 'The image was found again.' : `${relinked} images were found again.`);
      await edits.refresh();
    });
  }

  setQuery(query: Partial<ImageQuery>): void {
    this.ahead.forget();
    this.context.store.setState((state) => ({ query: { ...state.query, ...query }, position: null }));
    const { open } = this.state;
    if (open) void this.ahead.around(open.image);
  }

  async setReview(status: ReviewStatus): Promise<boolean> {
    const { open } = this.state;
    if (!open) return false;
    return this.context.edits.commit(diffOf(reviewTitles[status], changed('review', open.review, { status })));
  }

  async changedOutside(ids: readonly number[]): Promise<void> {
    this.ahead.forget();
    const { open, project, opening } = this.state;
    this.context.store.setState(({ listVersion }) => ({ listVersion: listVersion + 1 }));
    if (open && ids.includes(open.image.id)) await this.context.edits.refresh();
    else if (!open && project && opening === null) await this.first();
  }

  async prepare(): Promise<void> {
    const { open } = this.state;
    if (open) await this.ahead.prepare(open.image.id);
  }
}

const yes = () => true;
const no = () => false;

const reviewTitles: Readonly<Record<ReviewStatus, string>> = {
  accepted: 'Accept the image',
  unclear: 'Mark as unclear',
  unreviewed: 'Mark as unreviewed',
};

/** What does not belong to a project stays. */
const clean = ({ connected, settings, engine, jobs, canvas, notice, tool, brush }: typeof emptyWorkbench) => ({
  ...emptyWorkbench,
  ...{ connected, settings, engine, jobs, canvas, notice, tool, brush },
});

/** The window on a newly opened image; its last prompt and the likeliest candidate are in review. */
function ofImage(open: OpenImage | null) {
  const prompt = [...(open?.prompts.values() ?? [])].at(-1);
  const answers = [...(open?.proposals.values() ?? [])].filter(({ promptId }) => promptId === prompt?.id);
  return {
    open,
    selected: new Set<number>(),
    hovered: null,
    lit: null,
    pointer: null,
    wipe: null,
    asking: false,
    writing: null,
    promptId: prompt?.id ?? null,
    proposalId: firstCandidate(answers, prompt),
    objectAt: 0,
  };
}
