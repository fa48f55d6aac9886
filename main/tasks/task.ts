// Runs one piece of work in a process of its own, so that its memory, time and crashes end with it and not with the host.
import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { Socket } from 'node:net';
import { totalmem } from 'node:os';
import { BadInput } from '../contract/badInput.ts';

/** What a program may cost. */
export interface TaskLimits {
  /** Limit of V8's heap; what lies beside it is watched where the system tells it. */
  readonly heapMB: number;
  /** Default: none. */
  readonly ms?: number;
}

interface TaskOptions<Event> extends TaskLimits {
  readonly signal?: AbortSignal;
  onEvent?(event: Event): void;
  /** Receives the process as soon as there is one. */
  started?(pid: number | undefined): void;
  /** Starting a process takes longer than most small work: one that has done its work well stays a while for more of it. */
  readonly reuse?: boolean;
}

/** The process did not come to its end: it used up what it was given, or somebody stopped it. */
export class TaskStopped extends Error {
  override readonly name = 'TaskStopped';
  readonly why: 'memory' | 'time' | 'stopped';

  constructor(why: TaskStopped['why'], how: string) {
    super(how);
    this.why = why;
  }
}

interface Failure {
  /** A fault is ours. */
  readonly reason: 'bad input' | 'fault';
  readonly message: string;
  /** Of a fault. It comes with the message, as what is written beside may arrive after it. */
  readonly stack?: string;
}

type FromTask =
  | { readonly kind: 'event'; readonly event: unknown }
  | { readonly kind: 'done'; readonly result: unknown; readonly resident: number }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'memory' };

const LOOK_EVERY_MS = 200;
/** Resident memory: what two pictures of the largest size take, or half of a small machine. */
const mostResident = Math.min(3e9, totalmem() / 2);

/** How long a process waits for more work. */
const WAIT_MS = 5000;
/** A process that holds more after its work is not kept for more. */
const MOST_KEPT_BYTES = 300e6;

/** Processes that have nothing to do, by program and heap. */
const waiting = new Map<string, { readonly child: ChildProcess; readonly timer: NodeJS.Timeout }>();

/**
 * Forks the program, a file that calls `performTask`, and gives what it gives. Rejects with BadInput, TaskStopped or the
 * signal's reason. Unless it may be used again, the process is gone when this is settled.
 */
export async function runTask<Given, Event, Result>(
  program: string,
  given: Given,
  options: TaskOptions<Event>,
): Promise<Result> {
  const { signal, heapMB, ms } = options;
  signal?.throwIfAborted();
  const key = `${program} ${heapMB}`;
  const child = takeWaiting(key) ?? start(program, heapMB);
  options.started?.(child.pid);
  const ended = Promise.withResolvers<Done>();
  const stop = () => ended.reject(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  const late = ms === undefined ? undefined : setTimeout(() => ended.reject(new TaskStopped('time', 'time')), ms);
  const clock = setInterval(() => void tooLarge(child).then((is) => is && ended.reject(outOfMemory())), LOOK_EVERY_MS);
  const deafen = listen(child, options, ended);
  let mayWait = false;
  child.send(given as object, () => {});
  try {
    const { result, resident } = await ended.promise;
    mayWait = options.reuse === true && resident < MOST_KEPT_BYTES;
    return result as Result;
  } finally {
    signal?.removeEventListener('abort', stop);
    clearTimeout(late);
    clearInterval(clock);
    deafen();
    if (mayWait) await keepWaiting(key, child);
    else await endOf(child);
  }
}

type Done = Pick<Extract<FromTask, { kind: 'done' }>, 'result' | 'resident'>;

function start(program: string, heapMB: number): ChildProcess {
  const child = fork(program, [], {
    serialization: 'advanced',
    execArgv: [`--max-old-space-size=${heapMB}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  // An error event without a listener would end the host, also when the task is over.
  return child.on('error', () => {});
}

/** The host may end while it waits, and then so does it. */
async function keepWaiting(key: string, child: ChildProcess): Promise<void> {
  if (waiting.has(key) || !lives(child)) return endOf(child);
  const timer = setTimeout(() => {
    waiting.delete(key);
    child.kill('SIGKILL');
  }, WAIT_MS).unref();
  waiting.set(key, { child, timer });
  child.unref();
  child.channel?.unref();
  stderrOf(child)?.unref();
}

function takeWaiting(key: string): ChildProcess | null {
  const found = waiting.get(key);
  if (found === undefined) return null;
  waiting.delete(key);
  clearTimeout(found.timer);
  const { child } = found;
  if (!lives(child)) return null;
  child.ref();
  child.channel?.ref();
  stderrOf(child)?.ref();
  return child;
}

const stderrOf = ({ stderr }: ChildProcess): Socket | null => (stderr instanceof Socket ? stderr : null);

const lives = ({ exitCode, signalCode, connected }: ChildProcess): boolean =>
  exitCode === null && signalCode === null && connected;

const outOfMemory = () => new TaskStopped('memory', 'memory');

/** Listens to the process until the returned function is called. */
function listen<Event>(
  child: ChildProcess,
  { onEvent }: TaskOptions<Event>,
  { resolve, reject }: PromiseWithResolvers<Done>,
): () => void {
  let words = '';
  const hear = (text: string) => {
    words = (words + text).slice(-4000);
  };
  const take = (message: FromTask) => {
    if (message.kind === 'event') onEvent?.(message.event as Event);
    else if (message.kind === 'done') resolve(message);
    else if (message.kind === 'memory') reject(outOfMemory());
    else reject(asError(message.failure));
  };
  const fail = (error: Error) => reject(new TaskStopped('stopped', error.message));
  // Resolves when all its output is here: V8 reports a lack of memory before it aborts.
  const close = (code: number | null, signal: string | null) => {
    if (/heap out of memory|Allocation failed/u.test(words)) reject(outOfMemory());
    else reject(new TaskStopped('stopped', signal ?? `exit code ${code}`));
  };
  child.stderr?.setEncoding('utf8').on('data', hear);
  child.on('message', take).on('error', fail).on('close', close);
  return () => {
    child.stderr?.off('data', hear);
    child.off('message', take).off('error', fail).off('close', close);
  };
}

function asError({ reason, message, stack }: Failure): Error {
  if (reason === 'bad input') return new BadInput(message);
  return new Error(message, { cause: stack });
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Only Linux tells it cheaply. */
async function tooLarge({ pid }: ChildProcess): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(?<kB>\d+)/mu.exec(text)?.groups?.kB) * 1024 > mostResident;
}

/** The other side: does what this process was forked for, and stays until the host ends it, or has ended. */
export function performTask<Given, Event, Result>(
  work: (given: Given, tell: (event: Event) => void) => Promise<Result>,
): void {
  const send = (message: FromTask): void => void (process.connected && process.send?.(message));
  // The process is killed when it has answered, and would keep nothing of what Node compiled of it.
  flushCompileCache();
  process.on('message', (given: Given) => {
    work(given, (event) => send({ kind: 'event', event })).then(
      (result) => send({ kind: 'done', result, resident: process.memoryUsage.rss() }),
      (error: unknown) => send(isWantOfMemory(error) ? { kind: 'memory' } : failed(error)),
    );
  });
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C in a terminal reaches the whole group: the host decides when this ends.
  process.on('SIGINT', () => {});
}

function failed(error: unknown): FromTask {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BadInput) return { kind: 'failed', failure: { reason: 'bad input', message } };
  const stack = error instanceof Error ? error.stack : undefined;
  return { kind: 'failed', failure: { reason: 'fault', message, ...(stack !== undefined && { stack }) } };
}

const isWantOfMemory = (error: unknown): boolean =>
  error instanceof RangeError &&
  /allocation failed|invalid (?:typed )?array (?:buffer )?length|invalid string length/iu.test(error.message);
