// Supervises an engine process for the host: starts it, watches it, starts it again; passes calls in, results, events and failures out.
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { EngineStatus } from '../contract/api.ts';
import { BadInput, NoModel, NoRoom } from '../contract/badInput.ts';
import type { Settings } from '../contract/settings.ts';
import { embeddedWeights } from '../weights/embedded.ts';
import { type CallLog, logged } from './callLog.ts';
import type { CallName, Calls, Failure, FromEngine, ProgramName, Request, ToEngine, Urgency } from './protocol.ts';

export type EngineSettings = Pick<Settings, 'device' | 'weights'> & Partial<Pick<Settings, 'segmenter'>>;

interface Timing {
  /** Wait before the first new start; doubled for each further one. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** How long a cancelled call may go on before the process is killed. */
  readonly patienceMs: number;
}

interface EngineSurroundings {
  /** Default 'serve'. */
  readonly program?: ProgramName;
  readonly log?: CallLog | null;
  /** The folder where features of pictures are kept; default nowhere. */
  readonly features?: string | null;
  /** Whether freed memory goes back to the system at once; default no, which is faster. */
  readonly givesMemoryBack?: boolean;
}

const usual: Timing = { firstDelayMs: 250, longestDelayMs: 30_000, patienceMs: 30_000 };
/** After so many stops in a row calls are refused at once instead of waiting for the next start. */
const MANY_STOPS = 3;
const CLOSING_MS = 2000;

/**
 * glibc gives blocks from this size (bytes) back when they are freed. By itself it raises that to 32 MB, and keeps gigabytes of
 * weights that were packed for one graph while the next is open. Other systems do not read it, and give such blocks back.
 */
export const givingBack = { MALLOC_MMAP_THRESHOLD_: String(2 ** 20) };

export interface CallOptions<N extends CallName> {
  readonly signal?: AbortSignal;
  /** Default 'urgent': a person waits for it. */
  readonly urgency?: Urgency;
  onEvent?(event: Calls[N]['event']): void;
}

interface Pending {
  readonly message: Extract<ToEngine, { kind: 'call' }>;
  readonly finish: (result: Calls[CallName]['result']) => void;
  readonly fail: (error: unknown) => void;
  tell: (event: never) => void;
  overdue?: NodeJS.Timeout;
}

export class Engine {
  status: EngineStatus;
  private settings: EngineSettings;
  private readonly onStatus: (status: EngineStatus) => void;
  private readonly timing: Timing;
  /** Beside this file, with its ending: TypeScript as it stands, or built. */
  private readonly program: string;
  private readonly name: ProgramName;
  private readonly log: CallLog | null;
  private readonly features: string | null;
  private readonly environment: NodeJS.ProcessEnv;
  private readonly pending = new Map<number, Pending>();
  /** Who waits for another status. */
  private readonly waiting = new Set<() => void>();
  private child: ChildProcess | null = null;
  private restart: NodeJS.Timeout | undefined;
  private last = 0;
  private stops = 0;
  private closed = false;

  /** Nothing runs until `start` or the first call. */
  constructor(
    settings: EngineSettings,
    onStatus: (status: EngineStatus) => void = () => {},
    {
      program = 'serve',
      log = null,
      features = null,
      givesMemoryBack = false,
      ...timing
    }: Partial<Timing> & EngineSurroundings = {},
  ) {
    this.name = program;
    this.log = log;
    this.features = features;
    this.environment = givesMemoryBack ? { ...process.env, ...givingBack } : process.env;
    this.settings = settings;
    this.onStatus = onStatus;
    this.program = path.join(import.meta.dirname, `${program}${path.extname(import.meta.filename)}`);
    this.timing = { ...usual, ...timing };
    this.status = { ...unknown, state: 'absent', requested: settings.device, lastCallMs: null, problem: null };
  }

  /** Id of the process that runs now. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** How long calls took says nothing about those of another project. */
  forgetTimes(): void {
    if (this.status.lastCallMs !== null) this.set({ lastCallMs: null });
  }

  start(): void {
    if (!this.child && !this.closed && this.restart === undefined) this.launch();
  }

  /** Fulfilled when a process is there, which is at once unless it stopped and waits for its next start. */
  async untilStarted(signal?: AbortSignal): Promise<void> {
    const wake = () => this.wakeAll();
    signal?.addEventListener('abort', wake, { once: true });
    while (!this.closed && this.restart !== undefined && !signal?.aborted) {
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  /** The name of the weights, as soon as they are open. Rejects with NoModel where they cannot be opened. */
  async weights(): Promise<string> {
    this.start();
    for (;;) {
      if (this.status.state === 'failed' || this.closed) throw this.problem();
      if (this.status.weights !== null) return this.status.weights;
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  private launch(): void {
    this.restart = undefined;
    const child = fork(this.program, [], {
      serialization: 'advanced',
      execArgv: [],
      env: this.environment,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child = child;
    endsWithHost(child);
    const said = lastWords(child);
    child.on('message', (message: FromEngine) => this.child === child && this.hear(message));
    // Either comes alone or first, whatever became of the process.
    const gone = (how: string) => this.child === child && this.onStopped(how, said());
    child.on('error', (error) => gone(error.message));
    child.on('exit', (code, signal) => gone(signal === null ? `exit code ${code}` : signal));
    this.set({ ...unknown, state: 'starting', requested: this.settings.device, problem: null });
    const { weights, segmenter = null, device: provider } = this.settings;
    this.post({ kind: 'open', weights: weights ?? embeddedWeights, segmenter, provider, features: this.features });
    for (const { message } of this.pending.values()) this.post(message);
  }

  /** Other weights or another device: what is under way begins again with them, as whoever asked still waits for it. */
  configure(settings: EngineSettings): void {
    const isSame = sameModel(settings, this.settings);
    if (isSame || this.closed) return;
    this.settings = settings;
    this.launchAnew();
  }

  /** Opens the weights at `place` anew where they are in use, as what lies there is not what was opened. */
  reopen(place: string): void {
    if (!this.closed && this.settings.weights === place) this.launchAnew();
  }

  private launchAnew(): void {
    const wasRunning = this.child !== null || this.restart !== undefined;
    // Nobody waits any more for what was cancelled.
    for (const [id, { overdue }] of this.pending) if (overdue) this.take(id);
    this.letGo();
    this.stops = 0;
    if (wasRunning) this.launch();
  }

  /** Rejects with BadInput, NoModel or the signal's reason. */
  call<N extends CallName>(
    name: N,
    args: Calls[N]['arguments'],
    { signal, urgency = 'urgent', onEvent }: CallOptions<N> = {},
  ): Promise<Calls[N]['result']> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.closed) return Promise.reject(new NoModel('The host is closing.'));
    if (this.restart !== undefined && this.stops >= MANY_STOPS) return Promise.reject(this.problem({ stopped: true }));
    const id = ++this.last;
    const message: ToEngine = { kind: 'call', id, urgency, request: { name, arguments: args } as Request };
    const outcome = new Promise<Calls[N]['result']>((resolve, reject) => {
      const cancel = () => this.cancel(id, signal?.reason);
      const settle =
        <T>(act: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener('abort', cancel);
          act(value);
        };
      signal?.addEventListener('abort', cancel, { once: true });
      const tell = onEvent ?? (() => {});
      this.pending.set(id, { message, tell, finish: settle(resolve), fail: settle(reject) });
      if (this.child) this.post(message);
      else this.start();
    });
    return this.log ? logged(this.log, { program: this.name, ...message }, outcome) : outcome;
  }

  /** Done when the process is gone. */
  async close(): Promise<void> {
    this.closed = true;
    const child = this.child;
    this.failAll(new NoModel('The host is closing.'));
    this.letGo();
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const overdue = setTimeout(() => child.kill('SIGKILL'), CLOSING_MS);
    await new Promise((resolve) => child.once('exit', resolve));
    clearTimeout(overdue);
  }

  private hear(message: FromEngine): void {
    if (message.kind === 'opened') {
      const { weights, device, warnings } = message;
      this.set({ state: 'ready', weights, device, warnings: [...warnings], problem: null });
    } else if (message.kind === 'refused') this.set({ state: 'failed', problem: message.problem });
    else if (message.kind === 'event') this.pending.get(message.id)?.tell(message.event as never);
    else this.conclude(message);
  }

  private conclude(message: Extract<FromEngine, { kind: 'done' | 'failed' }>): void {
    const pending = this.take(message.id);
    if (message.kind === 'failed') pending?.fail(asError(message.failure));
    else {
      this.stops = 0;
      const { urgency, request } = pending?.message ?? {};
      // Calls that a person waited for are counted; a batch would send every window a state for every image.
      if (urgency === 'urgent' && request?.name !== 'prepare') this.set({ lastCallMs: message.result.ms });
      pending?.finish(message.result);
    }
  }

  /** The caller goes on at once; the engine stops between two tokens, or is killed when it does not. */
  private cancel(id: number, reason: unknown): void {
    const pending = this.pending.get(id);
    if (!pending) return;
    pending.fail(reason);
    pending.tell = () => {};
    if (!this.child) {
      this.pending.delete(id);
      return;
    }
    this.post({ kind: 'cancel', id });
    pending.overdue = setTimeout(() => this.child?.kill('SIGKILL'), this.timing.patienceMs).unref();
  }

  private onStopped(how: string, words: string): void {
    this.child = null;
    const delay = Math.min(this.timing.firstDelayMs * 2 ** this.stops, this.timing.longestDelayMs);
    this.stops++;
    const cause = words === '' ? how : `${how}: ${words}`;
    const again = `it is started again in ${(delay / 1000).toFixed(1)} s`;
    const times = this.stops > 1 ? `, ${this.stops} times in a row` : '';
    const problem = `The model's process stopped${times} (${cause}); ${again}.`;
    this.set({ ...unknown, state: this.stops >= MANY_STOPS ? 'failed' : 'starting', problem });
    this.failAll(new NoModel(problem, { stopped: true }));
    this.restart = setTimeout(() => this.launch(), delay);
  }

  private letGo(): void {
    clearTimeout(this.restart);
    this.restart = undefined;
    const child = this.child;
    this.child = null;
    if (child?.connected) child.disconnect();
    this.set({ ...unknown, state: 'absent', requested: this.settings.device, problem: null });
  }

  private failAll(why: NoModel): void {
    for (const id of [...this.pending.keys()]) this.take(id)?.fail(why);
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    clearTimeout(pending?.overdue);
    this.pending.delete(id);
    return pending;
  }

  private problem(options?: { stopped: boolean }): NoModel {
    return new NoModel(this.status.problem ?? 'The model is not running.', options);
  }

  /** A process that is just going away says so by its exit. */
  private post(message: ToEngine): void {
    if (this.child?.connected) this.child.send(message, () => {});
  }

  private set(fields: Partial<EngineStatus>): void {
    const { state, weights = null, device = null, problem = null } = fields;
    if (state) this.log?.write({ kind: 'state', program: this.name, state, weights, device, problem });
    this.status = { ...this.status, ...fields };
    this.onStatus(this.status);
    this.wakeAll();
  }

  private wakeAll(): void {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}

/** A run of a graph that takes minutes does not see that the host is gone, as at a second Ctrl-C. */
function endsWithHost(child: ChildProcess): void {
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
}

const sameModel = (a: EngineSettings, b: EngineSettings): boolean =>
  a.device === b.device && a.weights === b.weights && (a.segmenter ?? null) === (b.segmenter ?? null);

const unknown = { weights: null, device: null, warnings: [] };

function asError({ reason, message }: Failure): Error {
  if (reason === 'bad input') return new BadInput(message);
  if (reason === 'no room') return new NoRoom(message);
  if (reason === 'no model') return new NoModel(message);
  if (reason === 'cancelled') return new DOMException(message, 'AbortError');
  return new Error(message);
}

/** The line with the error, else the last one, of what the process wrote to its error stream. */
function lastWords(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-2000);
  });
  return () => {
    const lines = tail.split('\n').map((line) => line.trim());
    const line = lines.findLast((each) => /error/iu.test(each)) ?? lines.findLast((each) => each !== '') ?? '';
    return line.slice(0, 200);
  };
}
