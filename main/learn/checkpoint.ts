// Writes a training run to one file from which it can go on, and reads it: parameters, moments, step, and the caller's progress.
import { z } from 'zod';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { WeightsError } from '../../models/runtime/weightsFile.ts';
import { type TensorToWrite, writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import type { Moments } from '../../models/train/adamw.ts';
import type { TrainerState } from '../../models/train/trainer.ts';

/** What the run itself must remember: random generator, position in the data, curves; any JSON. */
export interface Checkpoint<P> {
  trainer: TrainerState;
  progress: P;
}

const header = z.object({ version: z.literal(1), step: z.int().min(0), counts: z.record(z.string(), z.int().min(1)) });

const metadataKey = 'loupe.checkpoint';
const progressKey = 'loupe.progress';

/** One file, so that weights and progress can never belong to different steps; replaced whole or not at all. */
export async function saveCheckpoint<P>(file: string, { trainer, progress }: Checkpoint<P>): Promise<void> {
  const record: Record<string, TensorToWrite> = {};
  const put = (name: string, data: Float32Array) => {
    record[name] = { shape: [data.length], data };
  };
  for (const [name, values] of trainer.parameters) put(`value.${name}`, values);
  for (const [name, { first, second }] of trainer.moments) {
    put(`first.${name}`, first);
    put(`second.${name}`, second);
  }
  const counts = Object.fromEntries([...trainer.moments].map(([name, { step }]) => [name, step]));
  const state: z.infer<typeof header> = { version: 1, step: trainer.step, counts };
  const metadata = { [metadataKey]: JSON.stringify(state), [progressKey]: JSON.stringify(progress) };
  await writeSafetensors(file, record, { metadata });
}

/** `progress` checks what the caller stored. */
export async function loadCheckpoint<P>(file: string, progress: z.ZodType<P>): Promise<Checkpoint<P>> {
  const weights = await openSafetensors(file);
  const parse = <T>(key: string, schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(parseJson(weights.metadata.get(key)));
    if (parsed.success) return parsed.data;
    throw new WeightsError(`${file}: is no checkpoint of this program ("${key}" is missing or wrong).`);
  };
  const { step, counts } = parse(metadataKey, header);
  const parameters = new Map<string, Float32Array<ArrayBuffer>>();
  const moments = new Map<string, Moments>();
  for (const key of weights.tensors.keys())
    if (key.startsWith('value.')) parameters.set(key.slice('value.'.length), await weights.read(key));
  for (const [name, count] of Object.entries(counts)) {
    const [first, second] = [await weights.read(`first.${name}`), await weights.read(`second.${name}`)];
    moments.set(name, { first, second, step: count });
  }
  return { trainer: { step, parameters, moments }, progress: parse(progressKey, progress) };
}

function parseJson(text = 'null'): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
