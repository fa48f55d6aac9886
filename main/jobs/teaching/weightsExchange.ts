// Exports a version of a project's weights to a folder or an archive, and imports such a one as a version of another project.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { BadInput, refusalOf } from '../../contract/badInput.ts';
import type { WeightsVersion } from '../../contract/learning.ts';
import { archiveKind, unpackZip } from '../../formats/files/archive.ts';
import { packZip } from '../../formats/files/packZip.ts';
import { partFileOf } from '../../formats/files/partFile.ts';
import { isWhole } from '../../learn/gate/version.ts';
import type { Project } from '../../store/project.ts';
import { cachedCheckpoint } from '../../weights/adapter.ts';
import { checkTensors } from '../../weights/checkTensors.ts';
import { openWeights } from '../../weights/open.ts';
import { nameOf, openCheckpoint } from '../../weights/openCheckpoint.ts';
import { placeBase } from '../../weights/records/placedBase.ts';
import { namedBase, taughtIn } from '../../weights/taughtParts.ts';
import { checkpointDigest, weightsVersion } from '../../weights/version.ts';
import {
  checkFiles,
  filesOfVersion,
  isVersionFile,
  readVersionRecord,
  recordName,
  type VersionRecord,
} from '../../weights/versionRecord.ts';
import { freeName } from '../queue/backups.ts';
import { folderOf, learningFolder, versionOf } from './teaching.ts';

/** Limit of the unpacked bytes; an archive is refused sooner where it grows to many times its size. */
const MOST_BYTES = 1e11;

interface ExportOptions {
  /** Default: the version in use. */
  readonly id?: number;
  readonly signal?: AbortSignal;
}

/** A name that ends in .zip is an archive, every other one a folder; whole or not there. */
export async function exportVersion(
  project: Project,
  place: string,
  { id, signal }: ExportOptions = {},
): Promise<WeightsVersion> {
  const version = id === undefined ? inUse(project) : versionOf(project, id);
  const folder = folderOf(project, version);
  if (!isWhole(folder)) throw new BadInput(`${folder}: holds no weights any more, so they cannot be exported`);
  if (existsSync(place)) throw new BadInput(`${place}: is there already and was left as it is; name another place`);
  const record = await recordOf(project, version, signal);
  const part = partFileOf(place);
  try {
    await (/\.zip$/iu.test(place) ? pack : copy)(folder, record, part);
    await rename(part, place);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw blamed(error, `${place}: cannot be written`);
  }
  return version;
}

function inUse(project: Project): WeightsVersion {
  const version = project.versions().find((each) => each.inUse);
  if (version) return version;
  throw new BadInput('no weights of this project are in use; name the number of a version ("loupe weights list")');
}

async function recordOf(project: Project, version: WeightsVersion, signal?: AbortSignal): Promise<VersionRecord> {
  const { name, made, report } = version;
  const folder = folderOf(project, version);
  const files = await filesOfVersion(folder, signal);
  const lineage = await lineageOf(project, version);
  const base = await baseOf(folder);
  const told = { name, made, report: { ...report, prompts: [] }, lineage };
  return { format: 'loupe weights 1', ...told, ...(base ? { base } : {}), files };
}

type Base = NonNullable<VersionRecord['base']>;

/** The checkpoint that a version changes, which stays where it is; null: the version is whole. */
async function baseOf(folder: string): Promise<Base | null> {
  const taught = await taughtIn(folder);
  if (!taught) return null;
  const { recipe } = await openCheckpoint(folder);
  return { name: nameOf(await realpath(taught.base)), digest: await checkpointDigest(taught.base), recipe };
}

/** Through this project, and on through the one that its first version was imported from. */
async function lineageOf(project: Project, version: WeightsVersion): Promise<VersionRecord['lineage']> {
  const parent = project.versions().find(({ id }) => id === version.parent);
  if (!parent) return (await readVersionRecord(folderOf(project, version)))?.lineage ?? [];
  const { name, made, report } = parent;
  return [{ name, made, tier: report.tier, gate: report.gate }, ...(await lineageOf(project, parent))];
}

const textOf = (record: VersionRecord): string => `${JSON.stringify(record)}\n`;

const pack = (folder: string, record: VersionRecord, to: string): Promise<void> =>
  packZip({ folder, names: Object.keys(record.files), texts: { [recordName]: textOf(record) } }, to);

async function copy(folder: string, record: VersionRecord, to: string): Promise<void> {
  await mkdir(to);
  for (const name of Object.keys(record.files)) await copyFile(path.join(folder, name), path.join(to, name));
  await writeFile(path.join(to, recordName), textOf(record));
}

interface ImportOptions {
  /** Folder of the checkpoint that was taught, where it lies neither where it did nor in the cache of the Hub. */
  readonly base?: string;
  readonly signal?: AbortSignal;
}

/** The folder is checked whole before the project knows of it. It is not in use until it is promoted. */
export async function importVersion(
  project: Project,
  place: string,
  options: ImportOptions = {},
): Promise<WeightsVersion> {
  const base = learningFolder(project);
  const part = path.join(base, 'importing.part');
  // Removes what a killed import left.
  await rm(part, { recursive: true, force: true });
  try {
    await mkdir(part, { recursive: true });
    await takeIn(place, part);
    const { name, made, report } = await checked(part, options);
    refuseKnown(project, name);
    const folder = freeName(path.join(base, `imported-${name.slice(-8)}`));
    await rename(part, folder);
    return project.addImported({ name, made, report, folder: fromProject(project, folder) });
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw blamed(error, `${place}: cannot be imported`, [part, place]);
  }
}

const fromProject = ({ file }: Project, folder: string): string =>
  path.relative(path.dirname(file), folder).split(path.sep).join('/');

/** Copies or unpacks the files of a version, and no others. */
async function takeIn(place: string, to: string): Promise<void> {
  const info = await stat(place).catch(() => null);
  if (!info) throw new BadInput(`${place}: there is no such folder or archive`);
  const isWanted = (name: string) => name === recordName || isVersionFile(name);
  if (info.isDirectory()) {
    const names = (await readdir(place)).filter(isWanted);
    if (!names.includes(recordName)) throw foreign(place);
    for (const name of names) await copyFile(path.join(place, name), path.join(to, name));
  } else if ((await archiveKind(place)) === 'zip') await unpackZip(place, to, isWanted, MOST_BYTES);
  else throw foreign(place);
}

const foreign = (place: string): BadInput =>
  new BadInput(`${place}: is no version of weights that "loupe weights export" wrote (it has no ${recordName})`);

/** Digests, recipe, and every tensor that the recipe's graphs ask for. */
async function checked(folder: string, { base, signal }: ImportOptions): Promise<VersionRecord> {
  const record = await readVersionRecord(folder);
  if (!record) throw foreign(folder);
  await checkFiles(folder, record, signal);
  if (record.base) await checkTaught(folder, record.base, base);
  else checkTensors(folder, [await openSafetensors(folder)], await openWeights(folder));
  if ((await weightsVersion(folder, record.name.slice(0, -9))) !== record.name)
    throw new BadInput(`${folder}: are other weights than ${record.name}, as ${recordName} calls them`);
  return record;
}

/** Finds the checkpoint here and opens it with what was taught: a tensor that does not fit is named. */
async function checkTaught(folder: string, base: Base, named: string | undefined): Promise<void> {
  const { name, digest } = base;
  const places = named === undefined ? [await namedBase(folder), await cachedCheckpoint(name)] : [named];
  const there = places.flatMap((place) =>
    place !== null && existsSync(path.join(place, 'config.json')) ? [place] : [],
  );
  const digests = await Promise.all(there.map(checkpointDigest));
  const found = there[digests.indexOf(digest)];
  if (found === undefined) {
    const why = there.length > 0 ? `and ${there.join(' and ')} holds another one` : 'which is not on this machine';
    throw new BadInput(`${folder}: changes the checkpoint ${name} (${digest}), ${why}; name its folder by --base`);
  }
  await placeBase(folder, found);
  const { recipe } = await openCheckpoint(folder);
  if (!isDeepStrictEqual(recipe, base.recipe))
    throw new BadInput(
      `${folder}: was taught with another recipe than ${found} has here; call that folder ${path.basename(name)}, or give it the recipe.json that it had`,
    );
}

function refuseKnown(project: Project, name: string): void {
  const known = project.versions().find((each) => each.name === name);
  if (known && existsSync(folderOf(project, known)))
    throw new BadInput(`the project has these weights already, as version ${known.id} (${name})`);
}

/** One sentence about the place that was named, not about where its copy was looked through. */
function blamed(error: unknown, what: string, [from, to]: readonly [string, string] = ['', '']): unknown {
  const why = refusalOf(error);
  if (why !== null) return new BadInput(`${what}: ${why}`, { cause: error });
  if (!(error instanceof Error) || from === '' || !error.message.includes(from)) return error;
  return new BadInput(error.message.replaceAll(from, to), { cause: error });
}
