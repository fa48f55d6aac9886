// Fetches one file of known content from the network: resumes it, tries again and from other places, and checks what came.
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { BadInput } from '../../contract/badInput.ts';
import { type Digest, digestOf } from './digest.ts';
import { closed } from './hub.ts';
import { lockFile } from './lockFile.ts';
import { retryAfterMs } from './retryAfter.ts';

export interface WantedFile {
  /** What a person knows it by. */
  readonly name: string;
  /** The first is asked first; the others are mirrors. */
  readonly addresses: readonly string[];
  /** null: nobody said; then what the server says. */
  readonly bytes: number | null;
  readonly digest: Digest;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  /** Hears how many bytes of the file lie on disk. */
  onPosition?(bytes: number): void;
  /** Headers by address: what a private repository wants. */
  headers?(address: string): Readonly<Record<string, string>>;
  /** Silence of so long is a failure. */
  readonly stallMs?: number;
  /** Before the second try; twice as long before each further one. */
  readonly backoffMs?: number;
}

/** Most tries in a row that may bring nothing new; fewer where another address is left to ask. */
const MOST_IDLE_TRIES = { last: 5, others: 2 } as const;
const LONGEST_BACKOFF_MS = 15_000;

/** What is there of a file that has not come whole. */
export const partialOf = (target: string): string => `${target}.loupe.incomplete`;

/** Trying this address again may help. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** What the server asked for before the next try. */
  readonly waitMs: number;

  constructor(message: string, waitMs = 0) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** It does not help. */
class Refused extends Error {
  override readonly name = 'Refused';
}

/** Resolves when `target` holds the content asked for; throws one sentence otherwise, and then `target` is as it was. */
export async function fetchFile(wanted: WantedFile, target: string, options: FetchOptions): Promise<void> {
  const unlock = await lockFile(`${target}.loupe.lock`);
  try {
    const complaints: string[] = [];
    for (const [i, address] of wanted.addresses.entries()) {
      const mostIdle = i + 1 === wanted.addresses.length ? MOST_IDLE_TRIES.last : MOST_IDLE_TRIES.others;
      const said = await fetchFrom(address, wanted, target, { ...options, mostIdle });
      if (said === null) return;
      complaints.push(`${new URL(address).host} ${said}`);
    }
    throw new BadInput(`${wanted.name}: could not be downloaded: ${complaints.join('; ')}`);
  } finally {
    await unlock();
  }
}

/** Null when the file is there; else why this address does not give it. */
async function fetchFrom(
  address: string,
  wanted: WantedFile,
  target: string,
  options: FetchOptions & { readonly mostIdle: number },
) {
  const { signal, mostIdle, backoffMs = 500 } = options;
  let furthest = await sizeOf(partialOf(target));
  let hasBegunAnew = false;
  for (let idle = 0, failure: Interrupted; ; ) {
    const resumed = (await sizeOf(partialOf(target))) > 0;
    try {
      await receive(address, wanted, partialOf(target), options);
      const wrong = await judged(wanted, target, signal);
      if (wrong === null) return null;
      // What lay on disk may have been at fault: once more from the start.
      if (!resumed || hasBegunAnew) return wrong;
      [hasBegunAnew, furthest] = [true, 0];
      continue;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refused) return error.message;
      if (!(error instanceof Interrupted)) throw error;
      failure = error;
    }
    const far = await sizeOf(partialOf(target));
    idle = isProgress(furthest, far, wanted.bytes) ? 0 : idle + 1;
    furthest = Math.max(furthest, far);
    if (idle >= mostIdle) return `${failure.message}, ${mostIdle} times in a row`;
    const backoff = Math.min(backoffMs * 2 ** idle, LONGEST_BACKOFF_MS);
    await wait(Math.max(backoff, failure.waitMs), undefined, { signal });
  }
}

/** A hundredth of the file, at most 1 MiB, is progress: so tries are bounded whatever a server does. */
function isProgress(from: number, to: number, bytes: number | null): boolean {
  const least = bytes === null ? 2 ** 20 : Math.max(1, Math.min(2 ** 20, bytes / 100));
  return to - from >= least;
}

/** 0 where there is none. */
export const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => null))?.size ?? 0;

/** The part is put in place where its content is right, and removed where it is wrong: null, or what is wrong with it. */
async function judged({ digest }: WantedFile, target: string, signal: AbortSignal): Promise<string | null> {
  const partial = partialOf(target);
  const found = await digestOf(partial, digest.kind, signal);
  await rm(tagOf(partial), { force: true });
  if (found === digest.hex) await rename(partial, target);
  else await rm(partial, { force: true });
  return found === digest.hex ? null : `sent something else (${digest.kind} ${found}, not ${digest.hex})`;
}

/** Beside a part: the ETag of what it is a part of. */
const tagOf = (partial: string): string => `${partial}.etag`;

/** What of the file is there, if the server can be asked for the rest of the same. */
async function begun(partial: string, bytes: number | null): Promise<{ from: number; etag: string } | null> {
  const from = await sizeOf(partial);
  const etag = await readFile(tagOf(partial), 'utf8').catch(() => '');
  return from > 0 && (bytes === null || from < bytes) && etag !== '' ? { from, etag } : null;
}

/** Resolves when as many bytes lie in `partial` as the file has. */
async function receive(address: string, wanted: WantedFile, partial: string, options: FetchOptions): Promise<void> {
  // Nothing needs to be asked for a file of no bytes.
  if (wanted.bytes === 0) await writeFile(partial, '');
  if (wanted.bytes !== null && (await sizeOf(partial)) === wanted.bytes) return;
  const known = await begun(partial, wanted.bytes);
  const stall = new Stall(options.stallMs ?? 30_000);
  const signal = AbortSignal.any([options.signal, stall.signal]);
  try {
    const response = await fetch(address, { signal, headers: requestHeaders(address, known, options) });
    stall.heard();
    const { status } = response;
    if (status === 401 || status === 403) {
      await response.body?.cancel();
      const isKnown = options.headers?.(address).authorization !== undefined;
      throw new Refused(closed(status, { page: address.replace(/\/resolve\/.*$/u, ''), isKnown }));
    }
    const { from, bytes } = await placeOf(response, known, wanted.bytes, partial);
    await keep(response, { partial, from, bytes, heard: () => stall.heard(), onPosition: options.onPosition });
  } catch (error) {
    if (error instanceof Refused || error instanceof Interrupted) throw error;
    throw stall.signal.aborted ? new Interrupted('fell silent') : unreached(error);
  } finally {
    stall.end();
  }
}

function requestHeaders(address: string, known: { from: number; etag: string } | null, { headers }: FetchOptions) {
  const range = known && { range: `bytes=${known.from}-`, 'if-range': known.etag };
  // Bytes are counted: they must come as they are.
  return { 'accept-encoding': 'identity', 'user-agent': 'loupe', ...headers?.(address), ...range };
}

/** A failure of the disk is reported as it is; any other is the network's. */
function unreached(error: unknown): unknown {
  if (!(error instanceof Error) || 'syscall' in error) return error;
  const cause = error.cause instanceof Error ? error.cause : error;
  return new Interrupted(
    'code' in cause && typeof cause.code === 'string'
      ? `cannot be reached (${cause.code})`
      : `broke the connection (${cause.message})`,
  );
}

/** Where the body belongs, and how many bytes there are in the end; the part on disk is emptied where it is not of the same. */
async function placeOf(
  response: Response,
  known: { from: number; etag: string } | null,
  bytes: number | null,
  partial: string,
) {
  const from = response.status === 206 && known ? known.from : 0;
  try {
    const whole = wholeLength(response, known);
    if (bytes !== null && whole !== null && whole !== bytes)
      throw new Refused(`says that the file has ${whole} bytes, not ${bytes}`);
    if (from === 0) await startAnew(partial, response.headers.get('etag'));
    return { from, bytes: bytes ?? whole };
  } catch (error) {
    await response.body?.cancel();
    if (response.status === 416 || response.status === 206) await startAnew(partial, null);
    throw error;
  }
}

/** Length of the whole file, as the headers have it; null where they do not. Throws where the answer cannot be used. */
function wholeLength({ status, headers }: Response, known: { from: number; etag: string } | null): number | null {
  if (status === 206 && known) {
    const [, from, whole] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
    if (Number(from) !== known.from) throw new Interrupted('sends another part than it was asked for');
    if ((headers.get('etag') ?? known.etag) !== known.etag) throw new Interrupted('has another file now');
    return Number(whole);
  }
  if (status === 200) {
    const length = headers.get('content-length');
    return length === null || headers.has('content-encoding') ? null : Number(length);
  }
  const isPassing = status === 206 || status === 408 || status === 416 || status === 429 || status >= 500;
  const said = `answers ${status}`;
  throw isPassing ? new Interrupted(said, retryAfterMs(headers)) : new Refused(said);
}

/** Parts of what has no strong ETag cannot be joined: nothing says that they are of one file. */
async function startAnew(partial: string, etag: string | null): Promise<void> {
  await writeFile(partial, '');
  if (etag !== null && !etag.startsWith('W/')) await writeFile(tagOf(partial), etag);
  else await rm(tagOf(partial), { force: true });
}

interface PartialFile {
  readonly partial: string;
  readonly from: number;
  readonly bytes: number | null;
  heard(): void;
  onPosition?(bytes: number): void;
}

async function keep({ body }: Response, { partial, from, bytes, heard, onPosition }: PartialFile): Promise<void> {
  if (body === null) throw new Interrupted('sends nothing');
  const file = await open(partial, 'r+');
  let at = from;
  try {
    for await (const chunk of body) {
      heard();
      if (bytes !== null && at + chunk.length > bytes)
        throw new Refused(`sends more than the ${bytes} bytes there are`);
      await file.write(chunk, 0, chunk.length, at);
      at += chunk.length;
      onPosition?.(at);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (bytes !== null && at < bytes) throw new Interrupted(`stops after ${at} of ${bytes} bytes`);
}

/** Aborts when nothing was heard for a while. */
class Stall {
  readonly #abort = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#ms = ms;
    this.#timer = this.#wait();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#wait();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(() => this.#abort.abort(), this.#ms);
  }
}
