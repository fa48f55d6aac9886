// Joins the host's parts: one open project with its files, settings, jobs, the engine, and the events that windows receive.
import path from 'node:path';
import type { EngineStatus, HostEvent, Recorded } from './contract/api.ts';
import { noProject, ReadOnlyPlace } from './contract/badInput.ts';
import type { Image, ProjectInfo } from './contract/project.ts';
import type { CallLog } from './engine/callLog.ts';
import { Engine } from './engine/supervisor.ts';
import { Events } from './events.ts';
import { examine, openChecked } from './jobs/opening/opening.ts';
import { ImageFiles } from './jobs/pictures/imageFiles.ts';
import { Jobs } from './jobs/queue/queue.ts';
import { versionInUse } from './jobs/teaching/teaching.ts';
import { Pictures } from './pictures/tiles.ts';
import { type Folders, SettingsFile } from './settings.ts';
import { copyElsewhere } from './store/copyProject.ts';
import type { Project } from './store/project.ts';

/** How long changes gather before windows hear of them. */
const TELL_AFTER_MS = 100;

interface Open {
  readonly project: Project;
  readonly files: ImageFiles;
}

/** A project may be closed or another one opened between two calls: ask for it each time. */
export class Host {
  readonly folders: Folders;
  readonly events = new Events();
  readonly jobs = new Jobs((job) => this.events.emit({ kind: 'job', job }));
  readonly settings: SettingsFile;
  readonly engine: Engine;
  readonly pictures: Pictures;
  readonly log: CallLog | null;
  #open: Open | null = null;
  /** What was to be opened, and is offered to windows to be kept elsewhere, until there is a project. */
  #readOnly: string | null = null;
  #telling: NodeJS.Timeout | undefined;
  readonly #news = new Set<number>();
  #turn: Promise<unknown> = Promise.resolve();

  /** `log`: where the calls of both engine programs are written down; default nowhere. */
  constructor(folders: Folders, { log = null }: { log?: CallLog | null } = {}) {
    this.folders = folders;
    this.settings = new SettingsFile(folders.config);
    this.pictures = new Pictures(folders.cache);
    const tell = (engine: EngineStatus) => this.events.emit({ kind: 'engine', engine });
    this.engine = new Engine(this.settings.read(), tell, { log, features: path.join(folders.cache, 'features') });
    this.log = log;
  }

  /** The open project; throws ProjectClosed where there is none. */
  project(): Project {
    if (this.#open === null) throw noProject();
    return this.#open.project;
  }

  files(): ImageFiles {
    if (this.#open === null) throw noProject();
    return this.#open.files;
  }

  fileOf(image: Image): string {
    return this.files().fileOf(image);
  }

  /** Weights that the open project has learnt and uses go before those of the settings. */
  configureEngine(): void {
    const { device, weights, segmenter } = this.settings.read();
    const learnt = this.#open && versionInUse(this.#open.project);
    this.engine.configure({ device, segmenter, weights: learnt?.path ?? weights });
  }

  /** Opens the file before the one that is open is closed, so that a bad one costs nothing. */
  open(file: string, options: { create?: boolean } = {}): Promise<ProjectInfo> {
    return this.#inTurn(() => this.#openNow(file, options));
  }

  /** Opens a project for a host that starts: one that cannot be written where it lies does not stop it. The refusal, or null. */
  async begin(file: string): Promise<ReadOnlyPlace | null> {
    try {
      await this.open(file);
      return null;
    } catch (error) {
      if (!(error instanceof ReadOnlyPlace)) throw error;
      this.#readOnly = path.resolve(file);
      return error;
    }
  }

  /** Goes on with a copy of the open project, which also stands where its own file is gone. */
  saveCopy(file: string): Promise<ProjectInfo> {
    return this.#inTurn(async () => {
      await this.project().still();
      this.project().saveCopy(file);
      return this.#openNow(file, {});
    });
  }

  /** Goes on with a copy of a project that cannot be written where it lies. */
  keepElsewhere(file: string, target: string): Promise<ProjectInfo> {
    return this.#inTurn(async () => {
      await copyElsewhere(file, target, (copy) => examine(copy));
      return this.#openNow(target, {});
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(() => this.#closeProject());
    this.events.emit({ kind: 'project', project: null });
  }

  async #openNow(file: string, options: { create?: boolean }): Promise<ProjectInfo> {
    const wanted = path.resolve(file);
    if (this.#open?.project.file === wanted && this.#open.project.inPlace()) return this.#open.project.info();
    const notices: string[] = [];
    const project = await openChecked(wanted, { ...options, say: (sentence) => notices.push(sentence) });
    await this.#closeProject();
    this.#readOnly = null;
    this.#open = { project, files: new ImageFiles(project, this.pictures, (ids) => this.#gather(ids)) };
    this.configureEngine();
    this.engine.forgetTimes();
    const info = project.info();
    this.settings.opened({ file: info.file, name: info.name });
    this.events.emit({ kind: 'project', project: info });
    for (const text of notices) this.events.emit({ kind: 'notice', text });
    return info;
  }

  /** Windows may open and close at the same time; one is done after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** What a window that comes now has to know. */
  state(): HostEvent[] {
    const jobs = this.jobs.list().map((job): HostEvent => ({ kind: 'job', job }));
    const project = this.#open?.project.info() ?? null;
    const offers: HostEvent[] = this.#readOnly === null ? [] : [{ kind: 'read only', file: this.#readOnly }];
    return [{ kind: 'project', project }, { kind: 'engine', engine: this.engine.status }, ...jobs, ...offers];
  }

  recorded(change: Recorded): Recorded {
    this.events.emit({ kind: 'recorded', recorded: change });
    this.changed();
    return change;
  }

  changed(): void {
    this.#gather([]);
  }

  /** Jobs are cancelled, the project is folded into its file, the engine ends. */
  async stop(): Promise<void> {
    await this.#inTurn(() => this.#closeProject());
    await this.jobs.stop();
    this.events.stop();
    await this.engine.close();
  }

  async #closeProject(): Promise<void> {
    await this.jobs.stop(['model', 'disk']);
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#news.clear();
    this.#open?.project.close();
    this.#open = null;
    this.configureEngine();
  }

  #gather(ids: readonly number[]): void {
    for (const id of ids) this.#news.add(id);
    this.#telling ??= setTimeout(() => this.#tell(), TELL_AFTER_MS);
  }

  #tell(): void {
    this.#telling = undefined;
    if (this.#open === null) return;
    if (this.#news.size > 0) this.events.emit({ kind: 'images', ids: [...this.#news] });
    this.#news.clear();
    this.events.emit({ kind: 'project', project: this.#open.project.info() });
  }
}
