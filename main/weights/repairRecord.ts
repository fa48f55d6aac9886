// `repair.json` beside a segmenter's weights: by what features, and by how much, a mask gains when they redraw it.
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../contract/badinput.ts';

/** A leaf's value, or [index of a feature, threshold, tree where the feature is below, tree where it is not]. */
export type GainTree = number | [number, number, GainTree, GainTree];
const GainTree: z.ZodType<GainTree> = z.lazy(() =>
  z.union([z.number(), z.tuple([z.int().min(0).max(999), z.number(), GainTree, GainTree])]),
);

const RepairRecord = z.strictObject({
  /** Names, in the order in which trees count them. */
  features: z.array(z.string()).min(1).max(1000),
  /** The expected gain in IoU is `base` and what every tree adds to it, less `margin`. */
  base: z.number(),
  trees: z.array(GainTree).max(1000),
  /** So much is taken off that masks that were right stay unharmed. */
  margin: z.number(),
  /** Of masks that the fit in question had not seen: IoU before, after following the expectation, and loss where they were right. */
  figures: z.strictObject({
    before: z.number(),
    after: z.number(),
    harm: z.number(),
    auprc: z.number(),
    masks: z.int(),
  }),
});
export type RepairRecord = z.infer<typeof RepairRecord>;

const name = 'repair.json';
const mostBytes = 2 ** 22;

/** Null where the folder has none: what its weights redraw is then not expected to be better. */
export async function readRepairRecord(folder: string): Promise<RepairRecord | null> {
  const file = path.join(folder, name);
  const info = await stat(file).catch(() => null);
  if (!info) return null;
  if (info.size > mostBytes) throw new BadInput(`${file}: is ${info.size} bytes long, which no such file needs`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    throw new BadInput(`${file}: is not JSON; make it again with "loupe train repair"`);
  }
  const read = RepairRecord.safeParse(json);
  if (read.success) return read.data;
  throw new BadInput(`${file}: ${z.prettifyError(read.error)}; make it again with "loupe train repair"`);
}

export async function writeRepairRecord(folder: string, record: RepairRecord): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `${JSON.stringify(record)}\n`);
  return file;
}
