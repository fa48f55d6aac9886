// `repair.json` beside a segmenter's weights: by what features, and by how much, a mask gains when they redraw it.
import { z } from 'zod';
import { type RecordKind, readRecordBeside, writeRecordBeside } from './recordBeside.ts';

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
  /** Taken off the expected gain, so that masks that were right stay unharmed. */
  margin: z.number(),
  /** Measured on masks that the fit had not seen: IoU before, after following the expectation, and loss where they were right. */
  figures: z.strictObject({
    before: z.number(),
    after: z.number(),
    harm: z.number(),
    auprc: z.number(),
    masks: z.int(),
  }),
});
export type RepairRecord = z.infer<typeof RepairRecord>;

const kind: RecordKind<RepairRecord> = { name: 'repair.json', schema: RepairRecord, command: 'loupe train repair' };

/** Null where the folder has none: what its weights redraw is then not expected to be better. */
export const readRepairRecord = (folder: string): Promise<RepairRecord | null> => readRecordBeside(folder, kind);

export const writeRepairRecord = (folder: string, record: RepairRecord): Promise<string> =>
  writeRecordBeside(folder, kind, record);
