// One piece of work in a process of its own: memory, time and crashes that it costs end with it, and not with the host.
import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { totalmem } from 'node:os';
import { BadInput } from '../contract/badinput.ts';

/** What a program may cost. */
export interface TaskLimits {
  /** Of V8's heap; what lies beside it is watched where the system tells it. */
  readonly heapMB: number;
  /** Default: none. */
  readonly ms?: number;
}

interface TaskOptions<Event> extends TaskLimits {
  readonly signal?: AbortSignal;
  onEvent?(event: Event): void;
  /** Hears of the process as soon as there is one. */
  started?(pid: number | undefined): void;
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
}

type FromTask =
  | { readonly kind: 'event'; readonly event: unknown }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'memory' };

const LOOK_EVERY_MS = 200;
/** Resident memory: what two pictures of the largest size take, or half of a small machine. */
const mostResident = Math.min(3e9, totalmem() / 2);

/**
 * Forks the program, a file that calls `performTask`, and gives what it gives. Rejects with BadInput, TaskStopped or the
 * signal's reason. The process is gone when this is settled.
 */
export async function runTask<Given, Event, Result>(
  program: string,
  given: Given,
  options: TaskOptions<Event>,
): Promise<Result> {
  const { signal, heapMB, ms } = options;
  signal?.throwIfAborted();
  const child = fork(program, [], {
    serialization: 'advanced',
    execArgv: [`--max-old-space-size=${heapMB}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  options.started?.(child.pid);
  const ended = Promise.withResolvers<Result>();
  const stop = () => ended.reject(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  const late = ms === undefined ? undefined : setTimeout(() => ended.reject(new TaskStopped('time', 'time')), ms);
  const clock = setInterval(() => void tooLarge(child).then((is) => is && ended.reject(outOfMemory())), LOOK_EVERY_MS);
  listen<Event, Result>(child, options, ended);
  child.send(given as object, () => {});
  try {
    return await ended.promise;
  } finally {
    signal?.removeEventListener('abort', stop);
    clearTimeout(late);
    clearInterval(clock);
    await endOf(child);
  }
}

const outOfMemory = () => new TaskStopped('memory', 'memory');

function listen<Event, Result>(
  child: ChildProcess,
  { onEvent }: TaskOptions<Event>,
  { resolve, reject }: PromiseWithResolvers<Result>,
): void {
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4000);
  });
  child.on('message', (message: FromTask) => {
    if (message.kind === 'event') onEvent?.(message.event as Event);
    else if (message.kind === 'done') resolve(message.result as Result);
    else if (message.kind === 'memory') reject(outOfMemory());
    else reject(asError(message.failure, words));
  });
  child.on('error', (error) => reject(new TaskStopped('stopped', error.message)));
  // When all that it said is here: V8 tells of want of memory before it aborts.
  child.on('close', (code, signal) => {
    if (/heap out of memory|Allocation failed/u.test(words)) reject(outOfMemory());
    else reject(new TaskStopped('stopped', signal ?? `exit code ${code}`));
  });
}

function asError({ reason, message }: Failure, words: string): Error {
  if (reason === 'bad input') return new BadInput(message);
  return new Error(message, { cause: words });
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Only Linux tells it for nothing. */
async function tooLarge({ pid }: ChildProcess): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(?<kB>\d+)/mu.exec(text)?.groups?.kB) * 1024 > mostResident;
}

/** The other side: does the one thing that this process was forked for, and stays until the host has heard of it. */
export function performTask<Given, Event, Result>(
  work: (given: Given, tell: (event: Event) => void) => Promise<Result>,
): void {
  const send = (message: FromTask): void => void (process.connected && process.send?.(message));
  // The process is killed when it has answered, and would keep nothing of what Node compiled of it.
  flushCompileCache();
  process.once('message', (given: Given) => {
    work(given, (event) => send({ kind: 'event', event })).then(
      (result) => send({ kind: 'done', result }),
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
  process.stderr.write(`${error instanceof Error ? error.stack : message}\n`);
  return { kind: 'failed', failure: { reason: 'fault', message } };
}

const isWantOfMemory = (error: unknown): boolean =>
  error instanceof RangeError &&
  /allocation failed|invalid (?:typed )?array (?:buffer )?length|invalid string length/iu.test(error.message);
