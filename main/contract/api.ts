// Defines what the renderer may ask the host: one oRPC contract, served over a MessagePort and over a WebSocket alike.
import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { type Diff, DiffSchema, NewDiff } from './diff.ts';
import { ExportSettings, Job, trainers, VerifyReport } from './jobs.ts';
import { LearningState, RunCurve, ShownChange, ShownRollouts, TeachProgress, tiers } from './learning.ts';
import { LiveWire } from './liveWire.ts';
import { Id, ImageDetail, ImageRow, Label, PackedMask, ProjectInfo, StoredPrompt, StoredProposal } from './project.ts';
import { ProposalReward, RewardRow } from './proposalReward.ts';
import { Box, Point } from './records.ts';
import { RunPlan } from './runPlan.ts';
import { Settings, SettingsChange } from './settings.ts';

/** `message` is the one sentence that is shown: what, which file, what to do. */
const base = oc.errors({
  BAD_INPUT: { message: 'That cannot be used.' },
  CONFLICT: { message: 'Somebody else changed it first.' },
  NO_PROJECT: { message: 'No project is open.' },
  /** The project's file is not where it was: nothing can be stored, and a copy can be saved. */
  FILE_GONE: { message: 'The project file was moved, deleted or replaced.' },
  /** The project cannot be written where it is; it can be kept elsewhere. */
  READ_ONLY: { message: 'The project cannot be written there.' },
  NO_MODEL: { message: 'The model is not running.' },
});

const Nothing = z.object({});
const File = z.object({ file: z.string().min(1) });

const Where = z.object({ imageId: Id, images: z.int().min(1) });

/** A stored change and where it stands in the journal. */
export const Recorded = z.object({
  seq: z.int(),
  diff: DiffSchema,
  undo: z.string().nullable(),
  redo: z.string().nullable(),
  /** The diff holds the first 1,000 changes of more; read everything again. */
  more: z.boolean().optional(),
  /** For a step that was undone or made again: the first of its images, and how many there are; absent where none is. */
  where: Where.optional(),
});
export interface Recorded {
  seq: number;
  diff: Diff;
  undo: string | null;
  redo: string | null;
  more?: boolean;
  where?: z.infer<typeof Where>;
}

/** How images are listed and stepped through. */
const Order = z.enum(['path', 'disagreement', 'spread']);
export type Order = z.infer<typeof Order>;
export const ImageQuery = z.object({
  /** Part of the path, in any case. */
  search: z.string().default(''),
  status: z.enum(['all', 'unreviewed', 'accepted', 'unclear', 'nothing found', 'problem']).default('all'),
  labelId: Id.nullable().default(null),
  order: Order.default('path'),
});
export type ImageQuery = z.infer<typeof ImageQuery>;

/** The model as it is now: what runs where, and what was asked for and could not be had. */
export const EngineStatus = z.object({
  state: z.enum(['starting', 'ready', 'failed', 'absent']),
  weights: z.string().nullable(),
  device: z.string().nullable(),
  /** What the settings ask for; a warning where it is not what runs. */
  requested: z.string(),
  warnings: z.array(z.string()),
  /** Milliseconds of the last call. */
  lastCallMs: z.number().nullable(),
  problem: z.string().nullable(),
});
export type EngineStatus = z.infer<typeof EngineStatus>;

/** A model that lies on this machine and can be opened, for words or for clicks. */
export const ModelPlace = z.object({ name: z.string(), kind: z.enum(['reasoner', 'segmenter']), place: z.string() });
export type ModelPlace = z.infer<typeof ModelPlace>;

/** A model that people use, and what this machine has and can do of it. */
export const CatalogueRow = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(['reasoner', 'segmenter']),
  bytes: z.int(),
  /** What it needs while it runs. */
  memory: z.int(),
  /** Whether this machine has so much memory. */
  fits: z.boolean(),
  /** The same for its weights in 4 bits, where they can be written so; about. */
  quantised: z.object({ memory: z.int(), fits: z.boolean() }).nullable(),
  licence: z.string(),
  note: z.string().nullable(),
  /** Null: it is not here, as far as Loupe knows. */
  place: z.string().nullable(),
  /** False: nobody knows for sure where it is; its files can be imported. */
  canDownload: z.boolean(),
});
export type CatalogueRow = z.infer<typeof CatalogueRow>;

/** A model that lies on this machine, as a person manages it. */
export const InstalledRow = z.object({
  name: z.string(),
  place: z.string(),
  /** What it can be chosen for. */
  uses: z.array(ModelPlace.shape.kind),
  /** What its tensors say that it is. */
  detail: z.string(),
  /** Its weights are kept in so many bits; null: as they came. */
  bits: z.int().nullable(),
  canQuantise: z.boolean(),
  /** Why it cannot be used as it lies there now; null: nothing is known against it. */
  problem: z.string().nullable(),
});
export type InstalledRow = z.infer<typeof InstalledRow>;

/** What happens in the host, as it happens. */
export const HostEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('project'), project: ProjectInfo.nullable() }),
  z.object({ kind: z.literal('recorded'), recorded: Recorded }),
  /** New proposals or file states: read these images again. */
  z.object({ kind: z.literal('images'), ids: z.array(Id) }),
  z.object({ kind: z.literal('job'), job: Job }),
  z.object({ kind: z.literal('engine'), engine: EngineStatus }),
  /** One sentence that a person should know of the project that was opened. */
  z.object({ kind: z.literal('notice'), text: z.string() }),
  /** A project that was to be open from the start, and cannot be written where it lies. */
  z.object({ kind: z.literal('read only'), file: z.string() }),
  /** How far the run is that is under way. */
  TeachProgress,
]);
export type HostEvent = z.infer<typeof HostEvent>;

/** Answers to a prompt as they come. Boxes are image pixels; `candidate` counts from 0. */
export const AnswerEvent = z.discriminatedUnion('kind', [
  /** Comes first: coordinates in the texts are pixels of it. */
  z.object({ kind: z.literal('frame'), frame: StoredProposal.shape.frame }),
  z.object({ kind: z.literal('text'), candidate: z.int(), text: z.string() }),
  z.object({ kind: z.literal('box'), candidate: z.int(), box: Box }),
  /** Stored; the last one of a call has `chosen` settled for the whole group. */
  z.object({ kind: z.literal('proposal'), proposal: StoredProposal }),
  z.object({ kind: z.literal('done'), ms: z.number(), firstTokenMs: z.number() }),
]);
export type AnswerEvent = z.infer<typeof AnswerEvent>;

export const FolderEntry = z.object({
  name: z.string(),
  path: z.string(),
  kind: z.enum(['folder', 'project', 'image', 'coco', 'weights']),
});
export type FolderEntry = z.infer<typeof FolderEntry>;

/** What the queue of repairs is sorted by: expected gain in IoU, or how much outlines or masks differ. */
export const RepairOrder = z.enum(['gain', 'boundary', 'disagreement']);
export type RepairOrder = z.infer<typeof RepairOrder>;

/** A pair that a person is to judge: what stands there and what the model would draw. */
export const RepairPair = z.object({
  shapeId: Id,
  imageId: Id,
  mask: PackedMask,
  weights: z.string(),
  /** 1 - IoU of the two. */
  disagreement: z.number(),
  /** 1 - boundary IoU of the two; null, here and below: nobody knows. */
  boundary: z.number().nullable(),
  /** How much nearer to the truth the model's is expected to be (IoU); above 0 it is the likely better one. */
  gain: z.number().nullable(),
});
export type RepairPair = z.infer<typeof RepairPair>;

export const api = {
  /** Every open window reads this stream; it begins with the state of everything. */
  watch: base.output(eventIterator(HostEvent)),

  project: {
    open: base.input(File).output(ProjectInfo),
    /** Makes the file; with `folder`, adds its images as a job. */
    create: base.input(z.object({ file: z.string().min(1), folder: z.string().optional() })).output(ProjectInfo),
    /** The sample project of scenes; made when it is not there. */
    sample: base.output(ProjectInfo),
    close: base.output(Nothing),
    /** The project as it stands as another file, which is then the open one; also where its own file is gone. */
    saveCopy: base.input(File).output(ProjectInfo),
    /** A project that cannot be written where it lies as another file, which is then the open one. */
    keepElsewhere: base.input(z.object({ file: z.string().min(1), target: z.string().min(1) })).output(ProjectInfo),
    /** A place in the person's own folder for a project of this name that no file has. */
    elsewhere: base.input(File).output(File),
    recent: base.output(z.array(z.object({ file: z.string(), name: z.string(), opened: z.string() }))),
    labels: base.output(z.array(Label)),
    /** How much every label is used, for those that are used at all. */
    labelUse: base.output(z.array(z.object({ labelId: Id, shapes: z.int(), images: z.int() }))),
    /** `count` ids that nobody else gets; the answer is the first. */
    reserve: base.input(z.object({ count: z.int().min(1).max(10_000) })).output(z.object({ first: Id })),
  },

  images: {
    /** A slice of the list in its order, and how long the list is. */
    list: base
      .input(ImageQuery.extend({ offset: z.int().min(0), limit: z.int().min(1).max(500) }))
      .output(z.object({ total: z.int(), rows: z.array(ImageRow) })),
    /** The neighbour in the list; null at its end. `from` null: the first. */
    step: base
      .input(ImageQuery.extend({ from: Id.nullable(), by: z.enum(['next', 'previous', 'next unreviewed']) }))
      .output(z.object({ id: Id.nullable(), index: z.int().nullable(), total: z.int() })),
    detail: base.input(z.object({ id: Id })).output(ImageDetail),
    /** Adds files and folders (all images below them) as a job. */
    add: base.input(z.object({ paths: z.array(z.string()).min(1) })).output(Job),
    /** Says where a missing file is now; others beside it are found by the same move. */
    relink: base.input(z.object({ id: Id, file: z.string() })).output(z.object({ relinked: z.int() })),
  },

  edit: {
    /** Stores the diff or, on `CONFLICT`, nothing of it. */
    apply: base.input(NewDiff).output(Recorded),
    undo: base.output(Recorded.nullable()),
    redo: base.output(Recorded.nullable()),
    /** All shapes of `from` become shapes of `into`, and `from` goes: one step of undo. */
    mergeLabels: base.input(z.object({ from: Id, into: Id })).output(Recorded),
    /** The label goes with all its shapes: one step of undo. */
    deleteLabel: base.input(z.object({ id: Id })).output(Recorded),
  },

  model: {
    status: base.output(EngineStatus),
    /** Stores the prompt's proposals as they come. Ends early when the caller stops reading. */
    ask: base
      .input(z.object({ promptId: Id, samples: z.int().min(1).max(8).default(1), seed: z.int().default(0) }))
      .output(eventIterator(AnswerEvent)),
    /** One mask from clicks, a box and a rough mask; the image's embedding is kept. */
    refine: base
      .input(
        z.object({ imageId: Id, points: z.array(Point).max(1000), box: Box.nullable(), rough: PackedMask.nullable() }),
      )
      .output(z.object({ mask: PackedMask, ms: z.number() })),
    /** Computes the embedding ahead of the first click. */
    prepare: base.input(z.object({ imageId: Id, ahead: z.boolean().default(false) })).output(Nothing),
    /** GrabCut in a box, without any model. */
    cutOut: base.input(z.object({ imageId: Id, box: Box })).output(z.object({ mask: PackedMask, ms: z.number() })),
    /** What has the colour of a point and is connected to it; tolerance 0 to 255 per channel. */
    wand: base
      .input(
        z.object({
          imageId: Id,
          x: z.number(),
          y: z.number(),
          tolerance: z.number().min(0).max(255),
          /** False: all of the picture that has the colour, connected or not. */
          contiguous: z.boolean().default(true),
        }),
      )
      .output(z.object({ mask: PackedMask })),
    /** Intelligent scissors: the cheapest ways along edges from a place, over a window that covers `to` as well. */
    wire: base
      .input(
        z.object({
          imageId: Id,
          x: z.number(),
          y: z.number(),
          /** Image pixels within which it begins at the strongest edge. */
          reach: z.number().min(0).max(1000),
          to: z.object({ x: z.number(), y: z.number() }).nullable(),
        }),
      )
      .output(z.object({ wire: LiveWire })),
  },

  repair: {
    /** A job: the model proposes for every shape that has a mask and no pair yet. */
    compare: base.input(z.object({ labelId: Id.nullable() })).output(Job),
    /** The first in the order asked for; those that were judged are left out. */
    pairs: base
      .input(
        z.object({
          ...{ offset: z.int().min(0), limit: z.int().min(1).max(500) },
          order: RepairOrder.default('disagreement'),
        }),
      )
      .output(z.object({ total: z.int(), pairs: z.array(RepairPair) })),
    /** `replace` makes the diff of the shape too. */
    judge: base
      .input(z.object({ shapeId: Id, verdict: z.enum(['keep', 'replace']) }))
      .output(z.object({ recorded: Recorded.nullable() })),
  },

  jobs: {
    list: base.output(z.array(Job)),
    cancel: base.input(z.object({ id: z.string() })).output(Nothing),
    importFile: base.input(z.object({ file: z.string().min(1), images: z.string().optional() })).output(Job),
    /** `replace`: a file that stands there is copied beside it and replaced; without it, it is refused. */
    exportCoco: base
      .input(
        z.object({
          file: z.string().min(1),
          settings: ExportSettings,
          replace: z.boolean().default(false),
          back: z
            .boolean()
            .default(false)
            .describe('into the file that the project came from; the settings do not count'),
        }),
      )
      .output(Job),
    /** Training files of a published trainer, into a folder that is new or empty. */
    exportForTrainer: base.input(z.object({ folder: z.string().min(1), trainer: z.enum(trainers) })).output(Job),
    /** A name beside the project that no file has. */
    exportName: base.output(
      z.object({ file: z.string(), sources: z.array(z.string()).describe('COCO files that the project came from') }),
    ),
    verify: base.input(File).output(VerifyReport),
    /** Asks one prompt of every image that was not asked it yet; goes on where it was stopped. */
    promptAll: base.input(StoredPrompt.pick({ text: true })).output(Job),
    /** Every shape of which only a box is known gets a mask by the segmenter, in one step; goes on where it was stopped. */
    masks: base.input(z.object({ labelId: Id.nullable() })).output(Job),
  },

  learning: {
    state: base.output(LearningState),
    /** What of the weights in use learns in which tier and what stays as it is, or why nothing can, or what a run that was stopped teaches; one sentence. */
    learns: base.output(z.string()),
    /** What a run that starts now would learn from, by which tier, and what time and memory it takes. */
    plan: base
      .input(
        z.object({
          tier: z.enum([...tiers, 'auto']).default('auto'),
          minutes: z.number().min(0.1).max(1440).default(10),
          seed: z.int().min(0).default(1),
        }),
      )
      .output(RunPlan),
    /** What the proposals of an image earned against what was kept, of each prompt that is judged. */
    rewardsOf: base.input(z.object({ imageId: Id })).output(z.array(ProposalReward)),
    /** Those of all images, the lowest 5,000 first; `total` counts all. */
    rewards: base.output(z.object({ rows: z.array(RewardRow), total: z.int() })),
    /** Curves of the last run, also while it is under way. */
    curves: base.output(z.array(RunCurve)),
    /** Answers that the last step of the last run learnt from, also while it is under way; null: it samples none. */
    rollouts: base.output(ShownRollouts.nullable()),
    /** Changes that the last finished run made, the worst first. */
    changes: base.output(z.array(ShownChange)),
    /** A job; goes on with a run that was stopped. */
    teach: base
      .input(
        z.object({
          tier: z.enum([...tiers, 'auto']).default('auto'),
          minutes: z.number().min(0.1).max(1440).default(10),
          seed: z.int().min(0).default(1),
          /** Judges by cross-validation, where images are too few to hold some back for good. */
          crossValidate: z.boolean().default(false),
          /** Gives up a run that was stopped and begins another. */
          anew: z.boolean().default(false),
        }),
      )
      .output(Job),
    /** Uses a version, whatever the gate said; null goes back to what the one in use learnt from. */
    use: base.input(z.object({ versionId: z.int().nullable() })).output(LearningState),
    /** Uses none of the versions: the weights of the settings answer again. */
    setAside: base.output(LearningState),
  },

  files: {
    /** Folders, projects, images and COCO files in a folder; null: the person's home. For shells without dialogs. */
    browse: base
      .input(z.object({ folder: z.string().nullable() }))
      .output(z.object({ folder: z.string(), parent: z.string().nullable(), entries: z.array(FolderEntry) })),
  },

  models: {
    catalogue: base.output(z.array(CatalogueRow)),
    /** A job, which goes on with what an earlier one left; it counts bytes. */
    download: base.input(z.object({ id: z.string().min(1) })).output(Job),
    installed: base.output(z.array(InstalledRow)),
    /** Recognises what lies there by its tensors; it stays where it is. */
    import: base.input(z.object({ place: z.string().min(1) })).output(InstalledRow),
    /** Its files stay. */
    forget: base.input(z.object({ name: z.string().min(1) })).output(Nothing),
    /** A job that writes its weights in fewer bits beside it; it counts weights, written and checked. */
    quantise: base.input(z.object({ name: z.string().min(1), bits: z.literal([4, 8]) })).output(Job),
  },

  settings: {
    read: base.output(Settings),
    write: base.input(SettingsChange).output(Settings),
    models: base.output(z.array(ModelPlace)),
  },
};
