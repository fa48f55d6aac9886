// Defines teaching as records: what a run measured before and after, whether its weights were promoted and why, and the versions.
import { z } from 'zod';
import { Image, PackedMask } from './project.ts';
import { Box } from './records.ts';

/**
 * What learns: the mask decoder and the context module; or the reasoner, words included, and then these; or all of them by
 * what sampled answers earn.
 */
export const tiers = ['decoder', 'supervised', 'rl'] as const;
export type Tier = (typeof tiers)[number];

/** Mean clicks that a simulated annotator needs at held-out objects, to an IoU of 0.85 and of 0.90. */
export const ClickFigures = z.object({ objects: z.int(), noc85: z.number(), noc90: z.number() });
export type ClickFigures = z.infer<typeof ClickFigures>;

/** Held-out prompts of a project by one version of the weights; fractions of 1. */
export const ProjectFigures = z.object({
  prompts: z.int(),
  objects: z.int(),
  /** Masks under true boxes. */
  gIoU: z.number(),
  cIoU: z.number(),
  /** Whole answers to the words; box50: the box is hit, or nothing was rightly said. */
  words: z.object({ prompts: z.int(), gIoU: z.number(), cIoU: z.number(), box50: z.number() }),
  /** Of the first held-out objects; reports of earlier versions and of cross-validation have none. */
  clicks: ClickFigures.optional(),
});
export type ProjectFigures = z.infer<typeof ProjectFigures>;

export const GateVerdict = z.object({
  promoted: z.boolean(),
  /** One sentence. */
  reason: z.string(),
  /** Mean gain on held-out prompts, and the ends of the interval that 95 of 100 resamples lie in. */
  gain: z.number(),
  low: z.number(),
  high: z.number(),
  /** Mean changes; null where there was nothing to measure. */
  otherLabels: z.number().nullable(),
  nothing: z.number().nullable(),
  base: z.number().nullable(),
});
export type GateVerdict = z.infer<typeof GateVerdict>;

/** A held-out prompt before and after: mean IoU of its masks, or of the answer to its words. */
export const PromptChange = z.object({ imageId: z.int(), text: z.string(), before: z.number(), after: z.number() });
export type PromptChange = z.infer<typeof PromptChange>;

/** A change together with what was drawn: masks at image size, all of them together; null: nothing, or unknown. */
export const DrawnChange = PromptChange.extend({
  truth: PackedMask.nullable(),
  was: PackedMask.nullable(),
  is: PackedMask.nullable(),
});
export type DrawnChange = z.infer<typeof DrawnChange>;

const ShownImage = Image.pick({ id: true, path: true, hash: true, width: true, height: true });

export const ShownChange = DrawnChange.extend({ image: ShownImage });
export type ShownChange = z.infer<typeof ShownChange>;

/** A sampled answer, what it earned, and how far that lies above or below the other answers of its group. */
export const DrawnRollout = z.object({
  /** Its beginning. */
  text: z.string(),
  /** Image pixels. */
  boxes: z.array(Box),
  /** At image size, all objects together; null: nothing was drawn. */
  mask: PackedMask.nullable(),
  /** The sum, and what it is made of, by the names that are shown. */
  reward: z.object({ total: z.number(), terms: z.record(z.string(), z.number()) }),
  /** 0 for all of a group whose rewards are equal: it teaches nothing. */
  advantage: z.number(),
});
export type DrawnRollout = z.infer<typeof DrawnRollout>;

/** The answers to one prompt; `truth` is what they are rewarded by, null: nothing matches, or no outline is known. */
export const DrawnGroup = z.object({
  imageId: z.int(),
  text: z.string(),
  truth: PackedMask.nullable(),
  rollouts: z.array(DrawnRollout),
});
export type DrawnGroup = z.infer<typeof DrawnGroup>;

/** The groups that one step learnt from. */
export const StepRollouts = z.object({ step: z.int(), groups: z.array(DrawnGroup) });
export type StepRollouts = z.infer<typeof StepRollouts>;

export const ShownRollouts = StepRollouts.extend({ groups: z.array(DrawnGroup.extend({ image: ShownImage })) });
export type ShownRollouts = z.infer<typeof ShownRollouts>;

/** An image with something to learn from that was left out, and why. */
export const SkippedImage = z.object({ path: z.string(), reason: z.string() });
export type SkippedImage = z.infer<typeof SkippedImage>;

/** What a run came to; `before` and `after` are null where it was refused before it began. */
export const TeachReport = z.object({
  tier: z.enum(tiers),
  samples: z.int(),
  /** Images that were learnt from; reports of earlier versions have none. */
  pictures: z.int().optional(),
  before: ProjectFigures.nullable(),
  after: ProjectFigures.nullable(),
  gate: GateVerdict,
  minutes: z.number(),
  peakMB: z.number(),
  /** Worst change first. */
  prompts: z.array(PromptChange),
  /** New words, and whether so many pictures are enough to learn one; reports of earlier versions have none. */
  words: z.array(z.object({ word: z.string(), pictures: z.int(), isEnough: z.boolean() })).optional(),
  /** Share of the groups of sampled answers that could teach anything; null: none were sampled. */
  usefulGroups: z.number().nullable().optional(),
  /** How many of the prompts that were learnt each weights drafted; null: no model did. Reports of earlier versions have none. */
  drafts: z.array(z.object({ weights: z.string().nullable(), prompts: z.int() })).optional(),
  /** Where the reasoning of the prompts that were learnt came from; null: the tier teaches none, or in another form. */
  reasoning: z.object({ written: z.int(), confirmed: z.int(), composed: z.int() }).nullable().optional(),
  /** Images that were left out; reports of earlier versions have none. */
  skipped: z.array(SkippedImage).optional(),
  /** Parts of the images that were each judged by a run that learnt from the others; none: some images are held back for good. */
  folds: z.int().optional(),
  /** Whether images that are too few to hold some back would do for that. */
  crossValidates: z.boolean().optional(),
});
export type TeachReport = z.infer<typeof TeachReport>;

/** "12 prompts by loupe-nano, 3 without one". */
export const draftWords = (drafts: NonNullable<TeachReport['drafts']>): string =>
  drafts
    .map(
      ({ weights, prompts }) =>
        `${prompts} prompt${prompts === 1 ? '' : 's'} ${weights === null ? 'without one' : `by ${weights}`}`,
    )
    .join(', ');

/** "2 written, 5 confirmed, 30 put together from the shapes". */
export const reasoningWords = ({ written, confirmed, composed }: NonNullable<TeachReport['reasoning']>): string =>
  `${written} written, ${confirmed} confirmed, ${composed} put together from the shapes`;

/** A part of a long step, and how many of its runs are over. */
export const PartOfStep = z.object({
  name: z.enum([
    'sampling',
    'drawing',
    'comparing',
    'reading',
    'judging',
    'learning',
    'drawing gradients',
    'gradients',
  ]),
  done: z.int(),
  of: z.int(),
});
export type PartOfStep = z.infer<typeof PartOfStep>;

const partsInWords: Readonly<Record<PartOfStep['name'], string>> = {
  sampling: 'sampling answers, token',
  drawing: 'drawing answer',
  comparing: 'reading answer by the weights before, answer',
  reading: 'reading answer',
  judging: 'judging the answers',
  learning: 'gradients of answer',
  'drawing gradients': 'gradients of what draws, part',
  gradients: 'gradients',
};

/** "gradients of answer 5 of 8". */
export const partWords = ({ name, done, of }: PartOfStep): string =>
  of === 1 ? partsInWords[name].replace(/, part$/u, '') : `${partsInWords[name]} ${Math.min(done + 1, of)} of ${of}`;

/** What a run reports while it works. */
export const TeachProgress = z.object({
  kind: z.literal('teaching'),
  phase: z.enum(['looking', 'measuring', 'preparing', 'training', 'judging']),
  /** A step under way counts by its share. */
  done: z.number(),
  total: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  figures: z.record(z.string(), z.number()),
  /** The run under way of several, from 1; none: there is one, or it is the last one, on all images. */
  fold: z.object({ number: z.int(), of: z.int() }).optional(),
  /** Of a step that is long. */
  part: PartOfStep.optional(),
});
export type TeachProgress = z.infer<typeof TeachProgress>;

/** Weights that a run of this project made. */
export const WeightsVersion = z.object({
  id: z.int(),
  /** The version that it learnt from; null: the weights that were in use without any. */
  parent: z.int().nullable(),
  /** What proposals carry: the weights' name and a digest. */
  name: z.string(),
  /** Beside the project file. */
  folder: z.string(),
  made: z.string(),
  inUse: z.boolean(),
  /** It comes from another project: the report is that of the run there. */
  imported: z.boolean(),
  report: TeachReport,
});
export type WeightsVersion = z.infer<typeof WeightsVersion>;

/** One figure of a run over its steps, as [step, value]. */
export const RunCurve = z.object({
  stage: z.string(),
  name: z.string(),
  points: z.array(z.tuple([z.int(), z.number()])),
});
export type RunCurve = z.infer<typeof RunCurve>;

/** What held-out prompts and objects came to after a run that learnt from so many images; none: before the first run. */
export const LearningPoint = z.object({
  pictures: z.int(),
  masks: z.number(),
  /** null: no words were asked. */
  answers: z.number().nullable(),
  /** Mean clicks to an IoU of 0.85 and of 0.90; null: no object was clicked at. */
  noc85: z.number().nullable(),
  noc90: z.number().nullable(),
  promoted: z.boolean(),
});
export type LearningPoint = z.infer<typeof LearningPoint>;

/** The state of learning in a project. */
export const LearningState = z.object({
  /** Last first. */
  versions: z.array(WeightsVersion),
  /** Report of the last run that came to an end. */
  last: TeachReport.nullable(),
  /** Whether a run was stopped and can go on. */
  stopped: z.boolean(),
  /** Images that are measured on and never learnt. */
  held: z.int(),
  /** In rising numbers of images. */
  curve: z.array(LearningPoint),
});
export type LearningState = z.infer<typeof LearningState>;
