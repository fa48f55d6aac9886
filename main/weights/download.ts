// Downloads a model of the catalogue into a folder of this machine; files that are there are checked first and not fetched again.
import { mkdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { CatalogueModel } from './catalogue.ts';
import { isFile } from './hub/digest.ts';
import { type FetchOptions, fetchFile, partialOf, sizeOf, type WantedFile } from './hub/fetchFile.ts';
import {
  addressOf,
  authorisation,
  type HubListing,
  type HubPlaces,
  HubRefusal,
  listRepository,
  neededFiles,
} from './hub/hub.ts';
import { blobOf, place, readReference, repositoryIn, snapshotIn, writeReference } from './hub/hubCache.ts';

/** What is said of a download while it goes on. */
export interface DownloadProgress {
  readonly signal: AbortSignal;
  total(bytes: number | null): void;
  step(bytes?: number): void;
  resumeAt(bytes: number): void;
}

export interface DownloadSettings extends Pick<FetchOptions, 'stallMs' | 'backoffMs'> {
  readonly hub: HubPlaces;
  /** Other addresses of the Hub, asked when its own fails. */
  readonly mirrors: readonly string[];
  /** Where models go that are not the Hub's. */
  readonly folder: string;
}

interface Step {
  readonly wanted: WantedFile;
  /** Where its bytes go. */
  readonly target: string;
  /** Under its own name, where a person sees it. */
  readonly entry: string;
  /** Makes the entry lead to the target. */
  shown(): Promise<void>;
}

interface Plan {
  readonly folder: string;
  readonly steps: readonly Step[];
  /** What the Hub is asked with. */
  readonly token: string | null;
  /** Why it is asked without the person's token; null: it is asked with it, or there is none. */
  readonly refusal: string | null;
  finish(): Promise<void>;
}

/** The folder that holds the model when this resolves. A good file that is there is neither fetched nor touched. */
export async function downloadModel(model: CatalogueModel, settings: DownloadSettings, progress: DownloadProgress) {
  if (settings.hub.isOffline) return offlineFolder(model, settings);
  const plan = model.direct ? directPlan(model, settings) : await hubPlan(model, settings, progress.signal);
  const { unseen, missing } = await lacking(plan.steps, progress.signal);
  const begun = await Promise.all(
    missing.map(async (step) => ({ ...step, begun: await sizeOf(partialOf(step.target)) })),
  );
  const there = sum(begun.map((step) => step.begun));
  await refuseFullDisk(plan.folder, missing, there);
  tellTotal(progress, missing, there);
  const headers = headersFor(settings.hub.endpoint, plan.token);
  for (const { wanted, target, begun: from } of begun) {
    await mkdir(path.dirname(target), { recursive: true });
    let at = from;
    const onPosition = (bytes: number) => {
      progress.step(bytes - at);
      at = bytes;
    };
    await fetchFile(wanted, target, { ...settings, signal: progress.signal, headers, onPosition }).catch(
      (error: unknown) => {
        throw error instanceof BadInput && plan.refusal ? new BadInput(`${error.message}; ${plan.refusal}`) : error;
      },
    );
  }
  for (const { shown } of unseen) await shown();
  await plan.finish();
  return plan.folder;
}

/** `missing` are to be fetched; they and the rest of `unseen` are not under their names yet. */
async function lacking(steps: readonly Step[], signal: AbortSignal) {
  const unseen: Step[] = [];
  const missing: Step[] = [];
  for (const step of steps) {
    const { entry, target, wanted } = step;
    if (await isFile(entry, wanted.digest, signal)) continue;
    unseen.push(step);
    if (entry === target || !(await isFile(target, wanted.digest, signal))) missing.push(step);
  }
  return { unseen, missing };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

function tellTotal(progress: DownloadProgress, missing: readonly Step[], begun: number): void {
  const sizes = missing.map(({ wanted }) => wanted.bytes);
  progress.total(sizes.some((bytes) => bytes === null) ? null : sum(sizes.map((bytes) => bytes ?? 0)));
  progress.resumeAt(begun);
}

/** The Hub's own address alone is given the person's token. */
const headersFor = (endpoint: string, token: string | null) => (address: string) =>
  address.startsWith(`${endpoint}/`) ? authorisation(token) : {};

/** Room that other programs are left with. */
const SPARE_BYTES = 64 * 2 ** 20;

async function refuseFullDisk(folder: string, missing: readonly Step[], begun: number): Promise<void> {
  const needed = sum(missing.map(({ wanted }) => wanted.bytes ?? 0)) - begun;
  if (needed <= 0) return;
  const { bavail, bsize } = await statfs(await standing(folder));
  if (bavail * bsize >= needed + SPARE_BYTES) return;
  const [wants, has] = [needed, bavail * bsize].map((bytes) => `${(bytes / 1e9).toFixed(1)} GB`);
  throw new BadInput(
    `${folder}: ${wants} are still to be downloaded, and ${has} are free there; make room, or set HF_HOME elsewhere`,
  );
}

/** The folder or the nearest above it that is there. */
async function standing(folder: string): Promise<string> {
  const parent = path.dirname(folder);
  return parent === folder || (await stat(folder).catch(() => null)) ? folder : standing(parent);
}

/** Files with addresses of their own, below one folder. */
function directPlan({ id, direct = [] }: CatalogueModel, settings: DownloadSettings): Plan {
  const folder = path.join(settings.folder, id);
  const steps = direct.map(({ name, bytes = null, sha256, addresses }): Step => {
    const digest = { kind: 'sha256', hex: sha256 } as const;
    const entry = path.join(folder, name);
    return { wanted: { name, bytes, digest, addresses }, target: entry, entry, shown: async () => {} };
  });
  return { folder, steps, token: settings.hub.token, refusal: null, finish: async () => {} };
}

async function hubPlan(model: CatalogueModel, settings: DownloadSettings, signal: AbortSignal): Promise<Plan> {
  const { hub, revision = 'main' } = { ...model };
  if (hub === null)
    throw new BadInput(
      `${model.id}: no address of it is known for sure; get its files and give their folder to "loupe model import"`,
    );
  const { commit, files, token, refusal } = await listed({ name: hub, revision }, settings, signal);
  const needed = neededFiles(files, model.files);
  if (needed.length === 0) throw new BadInput(`${hub}: holds none of the files that a model is made of`);
  const snapshot = snapshotIn(settings.hub.cache, hub, commit);
  const steps = needed.map(({ name, bytes, digest }): Step => {
    const addresses = endpointsOf(settings).map((endpoint) => addressOf(endpoint, hub, commit, name));
    const wanted = { name, bytes, digest, addresses };
    const entry = path.join(snapshot.folder, name);
    return { wanted, target: blobOf(snapshot, digest), entry, shown: () => place(snapshot, name, digest) };
  });
  const finish = () => writeReference(snapshot.repository, revision, commit);
  return { folder: snapshot.folder, steps, token, refusal, finish };
}

const endpointsOf = ({ hub, mirrors }: DownloadSettings): string[] => [
  ...new Set([hub.endpoint, ...mirrors.map((mirror) => mirror.replace(/\/+$/, ''))]),
];

type Listed = HubListing & Pick<Plan, 'token' | 'refusal'>;

/** Lists the files by the first address that answers. The Hub refuses a token that is too old even what everybody may have: then it is asked without. */
async function listed(
  repository: { name: string; revision: string },
  settings: DownloadSettings,
  signal: AbortSignal,
): Promise<Listed> {
  const complaints: string[] = [];
  const ask = async (endpoint: string, token: string | null, refusal: string | null = null): Promise<Listed> => ({
    ...(await listRepository(endpoint, repository, { token, signal, backoffMs: settings.backoffMs })),
    ...{ token, refusal },
  });
  for (const endpoint of endpointsOf(settings)) {
    const token = endpoint === settings.hub.endpoint ? settings.hub.token : null;
    try {
      return await ask(endpoint, token).catch((error: unknown) => {
        if (token === null || !(error instanceof HubRefusal)) throw error;
        return ask(endpoint, null, error.message).catch(() => {
          throw error;
        });
      });
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      complaints.push(error.message);
    }
  }
  throw new BadInput(complaints.join('; '));
}

/** What an earlier download or a tool of Python's left, without a call to the network. */
async function offlineFolder({ id, hub, direct, revision = 'main' }: CatalogueModel, settings: DownloadSettings) {
  const repository = hub === null ? null : repositoryIn(settings.hub.cache, hub);
  const commit = repository && (await readReference(repository, revision));
  const ofHub = repository && commit ? path.join(repository, 'snapshots', commit) : null;
  const folder = direct ? path.join(settings.folder, id) : ofHub;
  if (folder !== null && (await stat(folder).catch(() => null))) return folder;
  throw new BadInput(
    `${id}: is not on this machine, and HF_HUB_OFFLINE forbids the network; "loupe model import FOLDER" takes it from elsewhere`,
  );
}
