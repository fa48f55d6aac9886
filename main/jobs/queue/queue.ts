// Runs long work as jobs that are listed, reported and cancelled; one at a time in each lane.
import type { Job } from '../../contract/jobs.ts';
import { exitCode, judge } from '../../failure.ts';

/** What a job occupies: the model's device, the disk, or the network, whose jobs are of no project. */
export type Lane = 'model' | 'disk' | 'network';

/** What running work reports of itself. */
export interface Progress {
  /** Aborted when the job is cancelled or the host stops. */
  readonly signal: AbortSignal;
  total(count: number | null): void;
  /** Counts so many more as done; 1 by default. */
  step(count?: number): void;
  /** Says that so many were done before this run; they do not count for its speed. */
  resumeAt(done: number): void;
  /** Says how far the work is and how long the rest takes, where that is known better than by the speed of late. */
  at(done: number, secondsLeft: number | null): void;
  /** A line that says what was left out, and why. */
  note(line: string): void;
}

export interface Work {
  readonly kind: Job['kind'];
  readonly title: string;
  readonly lane: Lane;
  /** Ends with the sentence that reports the result, or null. */
  run(progress: Progress): Promise<string | null>;
}

interface Entry {
  job: Job;
  readonly lane: Lane;
  readonly abort: AbortController;
  readonly settled: Promise<Job>;
}

const MOST_NOTES = 1000;
/** Finished ones are kept for the list. */
const MOST_FINISHED = 50;
const REPORT_EVERY_MS = 100;
/** Speed is that of the last so many milliseconds. */
const SPEED_OVER_MS = 20_000;

export class Jobs {
  readonly #entries = new Map<string, Entry>();
  readonly #lanes = new Map<Lane, Promise<unknown>>();
  readonly #report: (job: Job) => void;
  #last = 0;

  /** `report` is called at every change, at most ten times a second while a job runs. */
  constructor(report: (job: Job) => void) {
    this.#report = report;
  }

  /** The job waits until its lane is free. */
  start(work: Work): Job {
    this.#last += 1;
    const { kind, title } = work;
    const id = `${this.#last}`;
    const abort = new AbortController();
    const job: Job = { id, kind, title, state: 'waiting', ...unmeasured, message: null, notes: [] };
    const turn = this.#lanes.get(work.lane) ?? Promise.resolve();
    // The entry must be there before the work begins to report.
    const settled = turn.then(() => this.#run(id, work));
    this.#lanes.set(work.lane, settled);
    this.#entries.set(id, { job, lane: work.lane, abort, settled });
    this.#report(job);
    return job;
  }

  list(): Job[] {
    return [...this.#entries.values()].map(({ job }) => job);
  }

  /** A job that is not there any more is as good as cancelled. */
  cancel(id: string): void {
    const entry = this.#entries.get(id);
    entry?.abort.abort();
    if (entry?.job.state === 'waiting') this.#set(id, { state: 'cancelled', message: 'Cancelled.' });
  }

  /** The job as it ended. */
  async finished(id: string): Promise<Job> {
    return this.#entry(id).settled;
  }

  /** Cancels what runs and waits, and is done when all of it has stopped; by the lanes, those of the project alone. */
  async stop(lanes: readonly Lane[] = ['model', 'disk', 'network']): Promise<void> {
    const stopped = [...this.#entries].filter(([, { lane }]) => lanes.includes(lane));
    for (const [id] of stopped) this.cancel(id);
    await Promise.all(stopped.map(([, { settled }]) => settled));
  }

  async #run(id: string, work: Work): Promise<Job> {
    const entry = this.#entry(id);
    if (entry.job.state === 'cancelled') return entry.job;
    this.#set(id, { state: 'running' });
    const meter = new Meter(entry.abort.signal, (fields) => this.#set(id, fields));
    const end = await work.run(meter).then(
      (message): Partial<Job> => ({ state: 'done', message }),
      (error: unknown) => endOf(error),
    );
    // Aborted work may end as if nothing had happened; what it had done by then is in its fields.
    const aborted = entry.abort.signal.aborted && end.state === 'failed' ? endOf(abortion) : end;
    const job = this.#set(id, { ...meter.fields(), secondsLeft: null, ...aborted });
    this.#forget();
    return job;
  }

  #set(id: string, fields: Partial<Job>): Job {
    const entry = this.#entry(id);
    entry.job = { ...entry.job, ...fields };
    this.#report(entry.job);
    return entry.job;
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new Error(`there is no job ${id}`);
    return entry;
  }

  #forget(): void {
    const over = this.list().filter(({ state }) => state !== 'waiting' && state !== 'running');
    for (const { id } of over.slice(0, -MOST_FINISHED)) this.#entries.delete(id);
  }
}

const unmeasured = { done: 0, total: null, secondsLeft: null };
const abortion = new DOMException('cancelled', 'AbortError');

function endOf(error: unknown): Partial<Job> {
  const { code, line } = judge(error);
  if (code === exitCode.cancelled) return { state: 'cancelled', message: 'Cancelled.' };
  return { state: 'failed', message: line?.replace(/^loupe: /u, '') ?? 'It failed and gave no reason.' };
}

interface Mark {
  readonly at: number;
  readonly done: number;
}

/** Counts what is done and says how long the rest will take at the speed of late. */
export class Meter implements Progress {
  readonly signal: AbortSignal;
  readonly #report: (fields: Partial<Job>) => void;
  readonly #now: () => number;
  readonly #notes: string[] = [];
  #marks: Mark[];
  #done = 0;
  #total: number | null = null;
  #foretold: number | null = null;
  #reported = Number.NEGATIVE_INFINITY;

  constructor(signal: AbortSignal, report: (fields: Partial<Job>) => void, now = () => performance.now()) {
    this.signal = signal;
    this.#report = report;
    this.#now = now;
    this.#marks = [{ at: now(), done: 0 }];
  }

  total(count: number | null): void {
    this.#total = count;
    this.#tell();
  }

  step(count = 1): void {
    this.#done += count;
    this.#tell();
  }

  resumeAt(done: number): void {
    this.#done = done;
    this.#marks = [{ at: this.#now(), done }];
    this.#tell();
  }

  at(done: number, secondsLeft: number | null): void {
    this.#foretold = secondsLeft;
    this.resumeAt(done);
  }

  note(line: string): void {
    if (this.#notes.length < MOST_NOTES) this.#notes.push(line);
    this.#tell();
  }

  fields() {
    return { done: this.#done, total: this.#total, secondsLeft: this.#secondsLeft(), notes: [...this.#notes] };
  }

  #tell(): void {
    const now = this.#now();
    if (now - this.#reported < REPORT_EVERY_MS) return;
    this.#reported = now;
    this.#marks.push({ at: now, done: this.#done });
    const first = this.#marks.findIndex(({ at }) => now - at <= SPEED_OVER_MS);
    this.#marks = this.#marks.slice(Math.max(0, first));
    this.#report(this.fields());
  }

  #secondsLeft(): number | null {
    if (this.#foretold !== null) return this.#foretold;
    const [first] = this.#marks;
    if (first === undefined || this.#total === null || this.#done <= first.done) return null;
    const seconds = (this.#now() - first.at) / 1000;
    return ((this.#total - this.#done) * seconds) / (this.#done - first.done);
  }
}
