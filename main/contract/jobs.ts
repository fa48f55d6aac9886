// Defines long work as records: what runs, how far it is, and what it reports in the end.
import { z } from 'zod';

export const Job = z.object({
  id: z.string(),
  kind: z.enum([
    'add images',
    'import',
    'export',
    'prompt all',
    'propose anew',
    'compare',
    'teach',
    'undo',
    'download',
    'quantise',
    'masks',
  ]),
  /** What a person reads: "Exporting to cars.json". */
  title: z.string(),
  /** `done` and `total` of a download are bytes. */
  state: z.enum(['waiting', 'running', 'done', 'cancelled', 'failed']),
  done: z.number(),
  /** null: not known yet. */
  total: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** One sentence: the result, or why it failed. */
  message: z.string().nullable(),
  /** Lines that say what was left out, nothing was found for, and so on; the first 1,000. */
  notes: z.array(z.string()),
});
export type Job = z.infer<typeof Job>;

/** What an import took and what it left out, with a reason for each. */
export const ImportReport = z.object({
  format: z.string(),
  images: z.int(),
  shapes: z.int(),
  labels: z.int(),
  leftOut: z.array(z.object({ what: z.string(), why: z.string() })),
  unresolved: z.array(z.string()).describe('images that the file names and no folder has'),
  notes: z.array(z.string()).describe('what was taken otherwise than it stands there, and what was there already'),
});
export type ImportReport = z.infer<typeof ImportReport>;

export const ExportSettings = z.object({
  /** auto: polygons where they draw the mask exactly, else run lengths. */
  masks: z.enum(['auto', 'polygons', 'run lengths']).default('auto'),
  onlyAccepted: z.boolean().default(false),
});
export type ExportSettings = z.infer<typeof ExportSettings>;

/** Published trainers whose training files are written. */
export const trainers = ['lens', 'seg-zero', 'vlm-r1', 'qwen'] as const;
export type TrainerName = (typeof trainers)[number];
export const trainerTitles: Readonly<Record<TrainerName, string>> = {
  lens: 'LENS (the layout of ReasonSeg)',
  'seg-zero': 'Seg-Zero and VisionReasoner',
  'vlm-r1': 'VLM-R1',
  qwen: "Qwen2.5-VL's own fine-tuning",
};

/** Every broken rule as one sentence; `compared` says whether masks were held against the project's. */
export const VerifyReport = z.object({
  file: z.string(),
  images: z.int(),
  annotations: z.int(),
  /** Annotations without a mask: evaluation of boxes reads them, that of masks does not. */
  boxes: z.int(),
  problems: z.array(z.string()),
  compared: z.boolean(),
});
export type VerifyReport = z.infer<typeof VerifyReport>;
