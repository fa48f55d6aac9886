// Makes samples of one image's corrections and labelled shapes: what was asked, and what a good answer would have found.
import { isKept } from '../../contract/correction.ts';
import type { Frame } from '../../contract/geometry.ts';
import type {
  CorrectedObject,
  Correction,
  ImageDetail,
  Label,
  PackedMask,
  Shape,
  StoredPrompt,
  StoredProposal,
  Verdict,
} from '../../contract/project.ts';
import { inPicture } from '../../contract/reasoning.ts';
import type { Box, Point } from '../../contract/records.ts';

/** One object that a good answer names. */
export interface SampleObject {
  /** Image pixels. */
  readonly box: Box;
  /** At image size; null: only the box is known, and the mask teaches nothing. */
  readonly mask: PackedMask | null;
  /** What a person said of the model's own box and mask; nulls where no model proposed any. */
  readonly verdicts: { readonly box: Verdict; readonly mask: Verdict };
}

/** Made ready to learn from; what a loop samples, splits by image and holds rollouts against. */
export interface Sample {
  readonly imageId: number;
  readonly prompt: { readonly text: string; readonly points: readonly Point[]; readonly box: Box | null };
  /** All that match, in no order; none: nothing on the image matches the prompt. */
  readonly objects: readonly SampleObject[];
  /** How a person says that it is found, with boxes in image pixels; null: nobody has said. */
  readonly reasoning: string | null;
  readonly source: 'correction' | 'labelled shapes';
  /** The weights that made the draft, as proposals name them; null: a person began alone. */
  readonly draftedBy: string | null;
  /** On the reasoning and on the objects as a whole (all there, none too many); nulls where no model proposed any. */
  readonly verdicts: { readonly reasoning: Verdict; readonly found: Verdict };
}

type Records = Pick<ImageDetail, 'image' | 'shapes' | 'prompts' | 'proposals' | 'review'>;

/** A label that tools give while nobody has named one: no prompt can be made of it. */
const UNNAMED = 'object';

/** All that one image teaches. Labelled shapes do not repeat what a correction under the same words says. */
export function samplesOf(records: Records, labels: readonly Label[]): Sample[] {
  const corrected = correctionSamples(records);
  const known = new Set(corrected.map(({ prompt }) => wordsOf(prompt.text)));
  return [...corrected, ...labelSamples(records, labels).filter(({ prompt }) => !known.has(wordsOf(prompt.text)))];
}

/** A labelled shape: what stands on the picture, whatever was asked. */
export interface StandingThing {
  readonly name: string;
  /** Image pixels. */
  readonly box: Box;
  readonly mask: PackedMask | null;
}

/** Shapes with a name of their own; a crowd is no thing. */
export const standingThings = (
  { shapes, review }: Pick<Records, 'shapes' | 'review'>,
  labels: readonly Label[],
): StandingThing[] =>
  review.status === 'unclear'
    ? []
    : shapes.flatMap(({ labelId, crowd, box, mask }) => {
        const name = labels.find(({ id }) => id === labelId)?.name ?? UNNAMED;
        return crowd || name === UNNAMED ? [] : [{ name, box, mask }];
      });

const wordsOf = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/^(the|a|an|all|every)\s+/u, '');

/** Samples of every prompt that a person has judged far enough to know all that should have been found. */
export const correctionSamples = ({ image, shapes, prompts, proposals }: Records): Sample[] => {
  const standing = new Map(shapes.map((shape) => [shape.id, shape]));
  const size = image.width && image.height ? { width: image.width, height: image.height } : null;
  return prompts.flatMap((prompt) => {
    const { correction } = prompt;
    const proposal = proposals.find(({ id }) => id === correction?.proposalId) ?? null;
    return correction ? (correctionSample(prompt, correction, { standing, proposal, size }) ?? []) : [];
  });
};

interface Around {
  readonly standing: ReadonlyMap<number, Shape>;
  readonly proposal: StoredProposal | null;
  /** Size of the image; null: its file was never read. */
  readonly size: Frame | null;
}

/** Null while the list, or one of its objects, is not judged: what is missing in the targets would be taught as wrong. */
function correctionSample(
  { imageId, text, points, box }: StoredPrompt,
  correction: Correction,
  around: Around,
): Sample | null {
  const { found, objects } = correction;
  if (!isSettled(found.verdict) || objects.some((one) => !isKept(one) && one.mask.verdict !== 'wrong')) return null;
  const targets = objects.filter(isKept).flatMap((one) => targetOf(one, around.standing) ?? []);
  // Where every mask was judged wrong, nobody has said what is right instead.
  if (targets.length === 0 && found.value === 'objects') return null;
  return {
    imageId,
    prompt: { text, points, box },
    objects: targets,
    reasoning: reasoningOf(correction, around),
    source: 'correction',
    draftedBy: around.proposal?.weights ?? null,
    verdicts: { reasoning: correction.reasoning.verdict, found: found.verdict },
  };
}

/** A box that a person corrected goes before the one around the mask. */
function targetOf({ box, mask }: CorrectedObject, standing: ReadonlyMap<number, Shape>): SampleObject | null {
  const shape = mask.shapeId === null ? undefined : standing.get(mask.shapeId);
  if (!shape) return null;
  const target = box.verdict === 'corrected' ? box.value : shape.box;
  return { box: target, mask: shape.mask, verdicts: { box: box.verdict, mask: mask.verdict } };
}

function reasoningOf({ reasoning: { text, verdict } }: Correction, { proposal, size }: Around): string | null {
  if (!isSettled(verdict) || text === '') return null;
  return proposal && size ? inPicture(text, proposal.frame, size) : text;
}

const isSettled = (verdict: Verdict): boolean => verdict === 'right' || verdict === 'corrected';

/**
 * Plain shapes teach too: the label's name is the prompt, and all shapes of it on the image are what matches. A label
 * with a crowd among its shapes is left out, because nobody knows how many objects that is.
 */
export function labelSamples(
  { shapes, review }: Pick<Records, 'shapes' | 'review'>,
  labels: readonly Label[],
): Sample[] {
  if (review.status === 'unclear') return [];
  return labels.flatMap(({ id, name }): Sample[] => {
    const own = shapes.filter(({ labelId }) => labelId === id);
    if (own.length === 0 || name === UNNAMED || own.some(({ crowd }) => crowd)) return [];
    return [
      {
        imageId: review.id,
        prompt: { text: name, points: [], box: null },
        objects: own.map(({ box, mask }) => ({ box, mask, verdicts: { box: null, mask: null } })),
        reasoning: null,
        source: 'labelled shapes',
        draftedBy: draftedBy(own),
        verdicts: { reasoning: null, found: null },
      },
    ];
  });
}

/** By the first of them that came from a proposal. */
const draftedBy = (shapes: readonly Shape[]): string | null =>
  shapes.flatMap(({ origin }) => (origin.kind === 'proposal' ? [origin.weights] : []))[0] ?? null;

/** How many samples each weights drafted, most first; null: those without a draft. */
export function draftsOf(samples: readonly Sample[]): { weights: string | null; prompts: number }[] {
  const drafts = new Map<string | null, number>();
  for (const { draftedBy: weights } of samples) drafts.set(weights, (drafts.get(weights) ?? 0) + 1);
  return [...drafts].map(([weights, prompts]) => ({ weights, prompts })).sort((a, b) => b.prompts - a.prompts);
}
