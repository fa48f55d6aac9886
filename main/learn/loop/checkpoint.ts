// Writes a training run to one file from which it can go on, and reads it: parameters, moments, step, and the caller's progress.
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { WeightsError, type WeightsFile } from '../../../models/runtime/weightsFile.ts';
import {
  overwriteSafetensors,
  type TensorToWrite,
  writeSafetensors,
} from '../../../models/runtime/writeSafetensors.ts';
import type { Moments } from '../../../models/train/adamw.ts';
import type { TrainerState } from '../../../models/train/trainer.ts';

/** What the run itself must remember: random generator, position in the data, curves; any JSON. */
export interface Checkpoint<P> {
  trainer: TrainerState;
  progress: P;
}

const header = z.object({
  version: z.literal(1),
  step: z.int().min(0),
  counts: z.record(z.string(), z.int().min(1)),
  /** CRC-32 of all tensors, sorted by name; checkpoints of older programs have none. */
  digest: z.int().min(0).optional(),
});

const metadataKey = 'loupe.checkpoint';
const progressKey = 'loupe.progress';

/** One file, so that weights and progress can never belong to different steps; replaced whole or not at all. */
export async function saveCheckpoint<P>(file: string, checkpoint: Checkpoint<P>): Promise<void> {
  const { record, metadata } = written(checkpoint);
  await writeSafetensors(file, record, { metadata });
}

/** The same over an older one, unflushed: what a kill leaves of it half written is refused when it is read. */
export function overwriteCheckpoint<P>(file: string, checkpoint: Checkpoint<P>): void {
  const { record, metadata } = written(checkpoint);
  overwriteSafetensors(file, record, { metadata });
}

function written<P>({ trainer, progress }: Checkpoint<P>) {
  const record: Record<string, TensorToWrite & { data: Float32Array }> = {};
  const put = (name: string, data: Float32Array) => {
    record[name] = { shape: [data.length], data };
  };
  for (const [name, values] of trainer.parameters) put(`value.${name}`, values);
  for (const [name, { first, second }] of trainer.moments) {
    put(`first.${name}`, first);
    put(`second.${name}`, second);
  }
  const counts = Object.fromEntries([...trainer.moments].map(([name, { step }]) => [name, step]));
  const heading = { version: 1, step: trainer.step, counts } as const;
  const digest = digestOf(heading, new Map(Object.entries(record).map(([name, { data }]) => [name, data])));
  const state: z.infer<typeof header> = { ...heading, digest };
  return { record, metadata: { [metadataKey]: JSON.stringify(state), [progressKey]: JSON.stringify(progress) } };
}

/** Of the heading too: pages of two steps' headings can stand in one file after a power cut. */
function digestOf(heading: unknown, tensors: ReadonlyMap<string, Float32Array>): number {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.reduce((crc, [, data]) => crc32(data, crc), crc32(JSON.stringify(heading)));
}

/** The step that a file says it holds, before its checksum is looked at. */
export async function checkpointStep(file: string): Promise<number> {
  return parsedFrom(file, await openSafetensors(file), { key: metadataKey, schema: header }).step;
}

/** `progress` checks what the caller stored. */
export async function loadCheckpoint<P>(file: string, progress: z.ZodType<P>): Promise<Checkpoint<P>> {
  const weights = await openSafetensors(file);
  const { digest, ...heading } = parsedFrom(file, weights, { key: metadataKey, schema: header });
  const tensors = new Map<string, Float32Array<ArrayBuffer>>();
  for (const name of weights.tensors.keys()) tensors.set(name, await weights.read(name));
  if (digest !== undefined && digest !== digestOf(heading, tensors))
    throw new WeightsError(`${file}: fails its checksum, so it was written only in part.`);
  const trainer = stateOf(file, heading, tensors);
  return { trainer, progress: parsedFrom(file, weights, { key: progressKey, schema: progress }) };
}

function parsedFrom<T>(
  file: string,
  { metadata }: Pick<WeightsFile, 'metadata'>,
  { key, schema }: { key: string; schema: z.ZodType<T> },
): T {
  const parsed = schema.safeParse(parseJson(metadata.get(key)));
  if (parsed.success) return parsed.data;
  throw new WeightsError(`${file}: is no checkpoint of this program ("${key}" is missing or wrong).`);
}

function stateOf(
  file: string,
  { step, counts }: z.infer<typeof header>,
  tensors: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
): TrainerState {
  const tensor = (name: string) => {
    const values = tensors.get(name);
    if (values) return values;
    throw new WeightsError(`${file}: holds no tensor "${name}".`);
  };
  const parameters = [...tensors].flatMap(([key, values]) =>
    key.startsWith('value.') ? [[key.slice('value.'.length), values] as const] : [],
  );
  const moments = Object.entries(counts).map(([name, count]): [string, Moments] => [
    name,
    { first: tensor(`first.${name}`), second: tensor(`second.${name}`), step: count },
  ]);
  return { step, parameters: new Map(parameters), moments: new Map(moments) };
}

function parseJson(text = 'null'): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
