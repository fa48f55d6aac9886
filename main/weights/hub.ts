// Asks the Hub for a repository's files with sizes and digests, and reads from the environment where files come from and lie.
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { parseJson } from '../contract/answer.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Digest } from './digest.ts';
import { retryAfterMs } from './retryAfter.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface HubPlaces {
  readonly endpoint: string;
  /** The folder that Python's tools keep models in, too. */
  readonly cache: string;
  readonly token: string | null;
  /** The person has forbidden the network. */
  readonly isOffline: boolean;
}

/** By the variables that the Hub's own client reads. */
export function hubPlaces(env: Environment, home = homedir()): HubPlaces {
  const expanded = (folder: string): string => (folder.startsWith('~') ? path.join(home, folder.slice(1)) : folder);
  const base = env.HF_HOME || path.join(env.XDG_CACHE_HOME || path.join(home, '.cache'), 'huggingface');
  return {
    endpoint: (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    cache: path.resolve(expanded(env.HF_HUB_CACHE || path.join(base, 'hub'))),
    token: env.HF_TOKEN || null,
    isOffline: /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? ''),
  };
}

/** Such a name cannot lead out of the folder that it is below. */
const FileName = z.string().refine((name) => {
  const steps = name.split('/');
  return !name.includes('\\') && !name.includes('\0') && steps.every((step) => !['', '.', '..'].includes(step));
}, 'is no name of a file below the folder');

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Listing = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(
    z.object({
      rfilename: FileName,
      size: z.int().min(0).optional(),
      blobId: z
        .string()
        .regex(/^[0-9a-f]{40}$/)
        .optional(),
      lfs: z.object({ sha256, size: z.int().min(0) }).optional(),
    }),
  ),
});

export interface HubFile {
  readonly name: string;
  readonly bytes: number;
  readonly digest: Digest;
}

export interface HubListing {
  readonly commit: string;
  readonly files: readonly HubFile[];
}

export interface Repository {
  readonly name: string;
  readonly revision: string;
}

export interface ListingOptions {
  readonly token: string | null;
  readonly signal: AbortSignal;
  /** Before the second try; twice as long before the third. */
  readonly backoffMs?: number;
}

/** What a repository holds as it stands; throws one sentence. */
export async function listRepository(
  endpoint: string,
  { name, revision }: Repository,
  options: ListingOptions,
): Promise<HubListing> {
  const address = `${endpoint}/api/models/${name}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const text = await read(address, options);
  const parsed = Listing.safeParse(parseJson(text));
  if (!parsed.success)
    throw new BadInput(`${address}: is no list of files as the Hub gives it: ${z.prettifyError(parsed.error)}`);
  const { sha, siblings } = parsed.data;
  return { commit: sha, files: siblings.flatMap(fileOf) };
}

type Sibling = z.infer<typeof Listing>['siblings'][number];

function fileOf({ rfilename: name, size, blobId, lfs }: Sibling): HubFile[] {
  if (lfs) return [{ name, bytes: lfs.size, digest: { kind: 'sha256', hex: lfs.sha256 } }];
  if (size === undefined || blobId === undefined) return [];
  return [{ name, bytes: size, digest: { kind: 'git-sha1', hex: blobId } }];
}

/** Whole, and of no more than this: a list of ten thousand files takes some 3 MB. */
const LONGEST_LIST = 32 * 2 ** 20;
const LIST_MS = 30_000;
const MOST_TRIES = 3;

/** Asking again may help. */
class Passing extends BadInput {
  readonly waitMs: number;

  constructor(message: string, waitMs = 0) {
    super(message);
    this.waitMs = waitMs;
  }
}

async function read(address: string, options: ListingOptions): Promise<string> {
  const { signal, backoffMs = 500 } = options;
  for (let tries = 1; ; tries++)
    try {
      return await readOnce(address, options);
    } catch (error) {
      if (!(error instanceof Passing) || tries >= MOST_TRIES) throw error;
      await wait(Math.max(error.waitMs, backoffMs * tries), undefined, { signal });
    }
}

async function readOnce(address: string, { token, signal }: ListingOptions): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIST_MS)]);
  try {
    const response = await fetch(address, {
      headers: { 'user-agent': 'loupe', ...authorisation(token) },
      signal: limit,
    });
    if (response.ok) return await textOf(address, response);
    await response.body?.cancel();
    throw refusal(address, response);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BadInput) throw error;
    const { host } = new URL(address);
    if (limit.aborted) throw new BadInput(`${host}: gives no whole list of files within ${LIST_MS / 1000} s`);
    throw new Passing(`${host}: cannot be reached (${causeOf(error)}); HF_ENDPOINT names a mirror`);
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  // A proxy that refuses is a failure with a number for its code, which says nothing.
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

async function textOf(address: string, { body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > LONGEST_LIST) throw new BadInput(`${address}: is longer than any list of files`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refusal(address: string, { status, headers }: Response): BadInput {
  const why = { 401: 'is there for nobody unknown', 403: 'is refused', 404: 'is not there' }[status] ?? 'cannot be had';
  const said = `${address}: ${why} (${status})`;
  const isPassing = status === 408 || status === 429 || status >= 500;
  return isPassing ? new Passing(said, retryAfterMs(headers)) : new BadInput(said);
}

export const authorisation = (token: string | null): Readonly<Record<string, string>> =>
  token === null ? {} : { authorization: `Bearer ${token}` };

/** The file of a commit, which never changes. */
export const addressOf = (endpoint: string, repository: string, commit: string, file: string): string =>
  `${endpoint}/${repository}/resolve/${commit}/${file.split('/').map(encodeURIComponent).join('/')}`;

/** What describes a checkpoint beside its weights. */
const descriptions = ['*.json', '*.jinja', 'merges.txt', 'LICENSE*', '*.yaml'];
/** The first kind of which there is one is taken, and no other. */
const weights = [
  ['*.safetensors'],
  ['*.pt'],
  ['pytorch_model*.bin'],
  ['adapter_model.bin'],
  ['**/*.onnx', '**/*.onnx_data*'],
];

/** The files of a repository that a model needs; `patterns` overrule what is known of most. */
export function neededFiles(files: readonly HubFile[], patterns?: readonly string[]): HubFile[] {
  const named = (some: readonly string[]) =>
    files.filter(({ name }) => some.some((pattern) => path.posix.matchesGlob(name, pattern)));
  if (patterns) return named(patterns);
  const kind = weights.map(named).find((some) => some.length > 0) ?? [];
  return [...named(descriptions), ...kind];
}
