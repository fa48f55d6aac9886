// Asks the Hub for a repository's files with sizes and digests, and reads from the environment where files come from and lie.
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { parseJson } from '../../contract/answer.ts';
import { BadInput } from '../../contract/badInput.ts';
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
  return {
    endpoint: (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    cache: hubCache(env, home),
    token: tokenBy(env, placeBy(env, home, { variable: 'HF_TOKEN_PATH', name: 'token' })),
    isOffline: isSet(env.HF_HUB_OFFLINE),
  };
}

/** The folder that models are kept in. */
export const hubCache = (env: Environment, home = homedir()): string =>
  placeBy(env, home, { variable: 'HF_HUB_CACHE', name: 'hub' });

/** What a variable says, else `name` in the folder that all of the Hub's tools share. */
function placeBy(env: Environment, home: string, { variable, name }: { variable: string; name: string }): string {
  const base = env.HF_HOME || path.join(env.XDG_CACHE_HOME || path.join(home, '.cache'), 'huggingface');
  const place = env[variable] || path.join(base, name);
  return path.resolve(place.startsWith('~') ? path.join(home, place.slice(1)) : place);
}

/** What the Hub's own client would send: by a variable, else from the file that `hf auth login` writes. */
function tokenBy(env: Environment, file: string): string | null {
  if (isSet(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return null;
  const named = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'].find((name) => env[name]?.trim());
  const token = (named === undefined ? textOfFile(file) : (env[named] ?? '')).trim();
  if (token === '') return null;
  // A header that cannot be sent would be repeated in the failure, for all to read.
  if (!/^[\x21-\x7e]+$/u.test(token))
    throw new BadInput(
      `${named ?? file}: holds no token of the Hub: it has blanks or other letters in it; copy it anew`,
    );
  return token;
}

const isSet = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? '');

const LONGEST_TOKEN = 4096;

/** Empty where there is none, or none that may be read. */
function textOfFile(file: string): string {
  try {
    const { size } = statSync(file);
    return size <= LONGEST_TOKEN ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
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
  const text = await read(address, { ...options, page: `${endpoint}/${name}` });
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

interface Reading extends ListingOptions {
  /** Where a person sees the repository. */
  readonly page: string;
}

async function read(address: string, options: Reading): Promise<string> {
  const { signal, backoffMs = 500 } = options;
  for (let tries = 1; ; tries++)
    try {
      return await readOnce(address, options);
    } catch (error) {
      if (!(error instanceof Passing) || tries >= MOST_TRIES) throw error;
      await wait(Math.max(error.waitMs, backoffMs * tries), undefined, { signal });
    }
}

async function readOnce(address: string, { token, signal, page }: Reading): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIST_MS)]);
  try {
    const response = await fetch(address, {
      headers: { 'user-agent': 'loupe', ...authorisation(token) },
      signal: limit,
    });
    if (response.ok) return await textOf(address, response);
    await response.body?.cancel();
    if (response.status === 401 || response.status === 403)
      throw new HubRefusal(`${new URL(address).host} ${closed(response.status, { page, isKnown: token !== null })}`);
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
  const why = status === 404 ? 'is not there' : 'cannot be had';
  const said = `${address}: ${why} (${status})`;
  const isPassing = status === 408 || status === 429 || status >= 500;
  return isPassing ? new Passing(said, retryAfterMs(headers)) : new BadInput(said);
}

/** The server gives it to known accounts alone, or not to this token. */
export class HubRefusal extends BadInput {}

/** The end of a sentence on what is not given to everybody (401 or 403). `isKnown`: a token was sent. */
export function closed(status: number, { page, isKnown }: { page: string; isKnown: boolean }): string {
  const another = 'set HF_TOKEN to a token of your account, or log in by "hf auth login"';
  if (!isKnown) return `gives it to known accounts alone (${status}): accept its licence at ${page}, and ${another}`;
  if (status === 401) return `does not take the token (401): ${another} anew`;
  return `does not give it to the account of the token (403): accept its licence at ${page} by that account, or take a token that may read it`;
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
