// Defines what a project holds: images, labels, shapes, prompts and proposals, as records that both sides of the wire read.
import { z } from 'zod';
import { checkCompressed, compress, decompress } from './cocoMask.ts';
import { Answer, Box, type Mask, Point } from './records.ts';
import { text } from './text.ts';

/** One sequence numbers everything in a project; an id is never given twice. */
export const Id = z.int().min(1);

/** Numbers. */
const longestRing = 100_000;

/** A mask as it travels and is stored: COCO's compressed text, 5 to 10 times shorter than the run list. */
export const PackedMask = z.object({
  size: z.tuple([z.int().min(1), z.int().min(1)]),
  counts: z.string(),
  /** The corners that a person drew or dragged, flat x1 y1 x2 y2 ... in image pixels; a mask of pixels has none. */
  rings: z.array(z.array(z.number()).min(6).max(longestRing)).optional(),
});
export type PackedMask = z.infer<typeof PackedMask>;

export const packMask = (mask: Mask): PackedMask => ({ size: [...mask.size], counts: compress(mask) });

/** Throws `BadInput` where the text is no mask of its size. */
export const unpackMask = ({ size, counts }: PackedMask): Mask => decompress(counts, size);

/** Throws `BadInput` where the text is no mask of its size, at the cost of reading it once. */
export const checkPacked = ({ size, counts }: PackedMask): void => checkCompressed(counts, size);

const AttributeValue = z.union([text(), z.number(), z.boolean()]);
export type AttributeValue = z.infer<typeof AttributeValue>;

/** What can be said about every shape of a label. */
export const AttributeRule = z.object({
  name: text().trim().min(1).max(100),
  kind: z.enum(['text', 'number', 'yes or no', 'choice']),
  choices: z.array(text().min(1)).optional(),
});
export type AttributeRule = z.infer<typeof AttributeRule>;

/** Characters. */
export const longestName = 1000;
export const longestPrompt = 2000;
/** Longest note, and longest text of an attribute. */
export const longestNote = 10_000;

export const Label = z.object({
  id: Id,
  name: text().trim().min(1).max(longestName),
  /** Stays with the label, whatever its place in the list. */
  colour: z.string().regex(/^#[0-9a-f]{6}$/),
  /** The key that gives it, '1' to '9'. */
  digit: z
    .string()
    .regex(/^[1-9]$/)
    .nullable(),
  attributes: z.array(AttributeRule),
  /** Order in lists, and of the categories in an exported file. */
  place: z.number(),
});
export type Label = z.infer<typeof Label>;

/** Where a shape came from first; what a person changed since stands in the journal. */
const Origin = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('drawn') }),
  z.object({ kind: z.literal('imported'), file: z.string() }),
  z.object({ kind: z.literal('proposal'), proposalId: Id, weights: z.string() }),
]);
export type Origin = z.infer<typeof Origin>;

/** What stands on the canvas for one object. */
export const Shape = z.object({
  id: Id,
  imageId: Id,
  labelId: Id,
  /** At image size; null: only a box is known. */
  mask: PackedMask.nullable(),
  /** Tight around the mask where there is one. */
  box: Box,
  attributes: z.record(text(), AttributeValue),
  crowd: z.boolean(),
  hidden: z.boolean(),
  locked: z.boolean(),
  /** Higher ones lie above. */
  place: z.number(),
  origin: Origin,
});
export type Shape = z.infer<typeof Shape>;

export const ReviewStatus = z.enum(['unreviewed', 'accepted', 'unclear']);
export type ReviewStatus = z.infer<typeof ReviewStatus>;

/** What a person said about a whole image; its id is the image's. */
export const Review = z.object({ id: Id, status: ReviewStatus, note: text() });
export type Review = z.infer<typeof Review>;

/** A person's verdict on one part of an answer; null: not looked at yet. */
export const Verdict = z.enum(['right', 'corrected', 'wrong']).nullable();
export type Verdict = z.infer<typeof Verdict>;

/** What a person made of one object of an answer. Box and mask are judged apart: a right box may have a wrong mask. */
export const CorrectedObject = z.object({
  /** Its place among the proposal's objects; null: the person found it, and the model did not. */
  index: z.int().min(0).nullable(),
  box: z.object({ value: Box, verdict: Verdict }),
  /** The shape that stands for it; null: none was made of it, or none is left. */
  mask: z.object({ shapeId: Id.nullable(), verdict: Verdict }),
});
export type CorrectedObject = z.infer<typeof CorrectedObject>;

/** A proposal as a person judged it. Where verdicts and shapes disagree, `correction.ts` says which of them gives way. */
export const Correction = z.object({
  /** The proposal that it started from; null: the person did it alone. */
  proposalId: Id.nullable(),
  /** `nothing`: there are no objects. The verdict is on the list as a whole: all are there, and none too many. */
  found: z.object({ value: z.enum(['objects', 'nothing']), verdict: Verdict }),
  /** Coordinates in the proposal's frame, as in its own text; without a proposal in image pixels. */
  reasoning: z.object({ text: text(), verdict: Verdict }),
  objects: z.array(CorrectedObject),
});
export type Correction = z.infer<typeof Correction>;

/** A prompt that was asked of one image, and its correction. */
export const StoredPrompt = z.object({
  id: Id,
  imageId: Id,
  text: text().trim().min(1).max(longestPrompt),
  points: z.array(Point),
  box: Box.nullable(),
  correction: Correction.nullable(),
});
export type StoredPrompt = z.infer<typeof StoredPrompt>;

/** One object of an answer, in image pixels. */
export const FoundObject = z.object({
  box: Box,
  /** Clicks that the answer gives the segmenter beside the box. */
  points: z.array(Point).optional(),
  /** What the answer calls it. */
  label: text().optional(),
  /** How sure the model is of it, where it tells. */
  score: z.number().min(0).max(1).optional(),
  mask: PackedMask.nullable(),
});
export type FoundObject = z.infer<typeof FoundObject>;

/** `objects`: one or more; `nothing`: none, said on purpose; `unreadable`: none could be read. */
export const Found = z.enum(['objects', 'nothing', 'unreadable']);
export type Found = z.infer<typeof Found>;

/** One candidate that one version of the weights wrote for a prompt. A value: it is never edited and never in a diff. */
export const StoredProposal = z.object({
  id: Id,
  promptId: Id,
  weights: z.string(),
  device: z.string(),
  answer: Answer,
  /** The picture as the reasoner saw it: coordinates in the answer's text are pixels of it. */
  frame: z.object({ width: z.int().min(1), height: z.int().min(1) }),
  found: Found,
  objects: z.array(FoundObject),
  /** What can be known without truth. */
  rewards: z.object({ format: z.number() }),
  /** Milliseconds by stage. */
  timings: z.record(z.string(), z.number()),
  /** The one of its group that most others agree with; of several such the likeliest. */
  chosen: z.boolean(),
});
export type StoredProposal = z.infer<typeof StoredProposal>;

/** What became of the file since it was added. */
export const FileState = z.enum(['present', 'missing', 'changed', 'unreadable']);
export type FileState = z.infer<typeof FileState>;

/** A picture on disk, referred to in place. Not in diffs: it follows the file. */
export const Image = z.object({
  id: Id,
  /** Relative to the project file's folder, forward slashes; absolute where no relative path exists. */
  path: z.string().min(1),
  /** SHA-256 of the bytes; null until they were read once. It also stands in addresses of pixels. */
  hash: z.string().nullable(),
  /** Upright; null until the file was read once. */
  width: z.int().min(1).nullable(),
  height: z.int().min(1).nullable(),
  state: FileState,
  /** One sentence where the state is not `present`. */
  problem: z.string().nullable(),
});
export type Image = z.infer<typeof Image>;

/** One line of the image list. */
export const ImageRow = z.object({
  ...Image.shape,
  status: ReviewStatus,
  shapes: z.int().min(0),
  prompts: z.int().min(0),
  /** Mean of 1 - IoU between each imported or drawn mask and the model's for it; null: not compared. */
  disagreement: z.number().nullable(),
  /** Mean of 1 - IoU between the samples of one prompt, the largest of the image; null: no samples. */
  spread: z.number().nullable(),
});
export type ImageRow = z.infer<typeof ImageRow>;

/** Keypoints of a shape, as a COCO file gave them; they are shown and exported again, and cannot be changed here. */
export const Keypoints = z.object({
  shapeId: Id,
  /** `seen` is false where the thing is covered; points that are not there are left out. */
  points: z.array(z.object({ x: z.number(), y: z.number(), seen: z.boolean() })),
  /** Pairs of points, by their places in the list. */
  bones: z.array(z.tuple([z.int().min(0), z.int().min(0)])),
});
export type Keypoints = z.infer<typeof Keypoints>;

/** Everything on one image. */
export const ImageDetail = z.object({
  image: Image,
  review: Review,
  shapes: z.array(Shape),
  prompts: z.array(StoredPrompt),
  proposals: z.array(StoredProposal),
  keypoints: z.array(Keypoints).optional(),
});
export type ImageDetail = z.infer<typeof ImageDetail>;

export const ProjectInfo = z.object({
  /** Absolute path of the project file. */
  file: z.string(),
  name: z.string(),
  images: z.int().min(0),
  shapes: z.int().min(0),
  /** Images of the state `unreviewed`, and all images. */
  unreviewed: z.int().min(0),
  undo: z.string().nullable().describe('title of what undo would take back'),
  redo: z.string().nullable(),
});
export type ProjectInfo = z.infer<typeof ProjectInfo>;
