// Reads and writes the file beside a version of weights: what it learnt from, its figures, and a digest of every file.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../contract/badInput.ts';
import { GateVerdict, TeachReport } from '../contract/learning.ts';
import { digestOf, isFile } from './hub/digest.ts';
import { placedName } from './records/placedBase.ts';
import { type RecordKind, readRecordBeside } from './records/recordBeside.ts';
import { taughtName } from './taughtParts.ts';

/** A name alone: no folder can be left by it. */
const FileName = z.string().regex(/^[\w-][\w.-]*\.(?:json|safetensors)$/u);

export const VersionRecord = z.object({
  format: z.literal('loupe weights 1'),
  /** What proposals by it carry: the weights' name and a digest. */
  name: z.string().regex(/^.+ [0-9a-f]{8}$/u),
  made: z.iso.datetime(),
  /** Its prompts are left out: they name images of the project that it comes from. */
  report: TeachReport,
  /** What it learnt from, the nearest first; the last one learnt from weights that no project made. */
  lineage: z.array(z.object({ name: z.string(), made: z.string(), tier: z.string(), gate: GateVerdict })),
  /** The checkpoint of a taught version, whose files hold only what changed, and how it was asked. */
  base: z
    .object({ name: z.string().min(1), digest: z.string().regex(/^[0-9a-f]{8}$/u), recipe: z.unknown() })
    .optional(),
  files: z.record(FileName, z.object({ bytes: z.int(), sha256: z.string().regex(/^[0-9a-f]{64}$/u) })),
});
export type VersionRecord = z.infer<typeof VersionRecord>;

export const recordName = 'loupe-version.json';
const kind: RecordKind<VersionRecord> = { name: recordName, schema: VersionRecord, command: 'loupe weights export' };

/** Without these a folder is no model. */
const needed = ['config.json', 'tokenizer.json', 'model.safetensors'];

/** Where a checkpoint lies is another matter on each machine. */
const ownOfMachine = [recordName, placedName];

export const isVersionFile = (name: string): boolean =>
  !ownOfMachine.includes(name) && FileName.safeParse(name).success;

/** Digests of every file of a version's folder but the record itself. */
export async function filesOfVersion(folder: string, signal?: AbortSignal): Promise<VersionRecord['files']> {
  const files: VersionRecord['files'] = {};
  for (const name of (await readdir(folder)).filter(isVersionFile).toSorted()) {
    const file = path.join(folder, name);
    files[name] = { bytes: (await stat(file)).size, sha256: await digestOf(file, 'sha256', signal) };
  }
  return files;
}

/** Null where the folder has none: its weights came from elsewhere than a project. */
export const readVersionRecord = (folder: string): Promise<VersionRecord | null> => readRecordBeside(folder, kind);

/** Throws BadInput where a file is not what the record says of it. */
export async function checkFiles(folder: string, { files, base }: VersionRecord, signal?: AbortSignal): Promise<void> {
  const unnamed = (base ? [taughtName] : needed).find((name) => files[name] === undefined);
  if (unnamed) throw new BadInput(`${folder}: ${recordName} names no ${unnamed}, so these are no whole weights`);
  for (const [name, { bytes, sha256 }] of Object.entries(files)) {
    const file = path.join(folder, name);
    const info = await stat(file).catch(() => null);
    if (!info?.isFile()) throw new BadInput(`${file}: is missing, though ${recordName} names it; export it again`);
    if (info.size !== bytes || !(await isFile(file, { kind: 'sha256', hex: sha256 }, signal)))
      throw new BadInput(`${file}: is damaged or was changed since it was exported; export it again`);
  }
}
