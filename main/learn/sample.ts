// Corrections and labelled shapes of one image to samples: what was asked, and what a good answer would have found.
import type { Correction, ImageDetail, Label, PackedMask, Shape, StoredPrompt, Verdict } from '../contract/project.ts';
import type { Box, Point } from '../contract/records.ts';

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
  /** On the reasoning and on the objects as a whole (all there, none too many); nulls where no model proposed any. */
  readonly verdicts: { readonly reasoning: Verdict; readonly found: Verdict };
}

type Records = Pick<ImageDetail, 'shapes' | 'prompts' | 'review'>;

/** A label that tools give while nobody has named one: no prompt can be made of it. */
const UNNAMED = 'object';

/** All that one image teaches. Labelled shapes do not repeat what a correction under the same words says. */
export function samplesOf(records: Records, labels: readonly Label[]): Sample[] {
  const corrected = correctionSamples(records);
  const known = new Set(corrected.map(({ prompt }) => wordsOf(prompt.text)));
  return [...corrected, ...labelSamples(records, labels).filter(({ prompt }) => !known.has(wordsOf(prompt.text)))];
}

const wordsOf = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/^(the|a|an|all|every)\s+/u, '');

/** Of every prompt that a person has judged far enough to know what should have been found. */
export const correctionSamples = ({ shapes, prompts }: Records): Sample[] => {
  const standing = new Map(shapes.map((shape) => [shape.id, shape]));
  return prompts.flatMap((prompt) => (prompt.kept ? (correctionSample(prompt, prompt.kept, standing) ?? []) : []));
};

function correctionSample(
  { imageId, text, points, box }: StoredPrompt,
  kept: Correction,
  standing: ReadonlyMap<number, Shape>,
): Sample | null {
  const verdicts = { reasoning: kept.reasoning.verdict, found: kept.box.verdict };
  const said = kept.reasoning.verdict === 'right' || kept.reasoning.verdict === 'corrected';
  const reasoning = said && kept.reasoning.text !== '' ? kept.reasoning.text : null;
  const common = { imageId, prompt: { text, points, box }, reasoning, source: 'correction', verdicts } as const;
  if (kept.found === 'nothing') return isSettled(kept.box.verdict) ? { ...common, objects: [] } : null;
  const shape = kept.mask.shapeId === null ? undefined : standing.get(kept.mask.shapeId);
  if (!shape || !isSettled(kept.mask.verdict)) return null;
  const own = kept.box.verdict === 'corrected' && kept.box.value ? kept.box.value : shape.box;
  const object = { box: own, mask: shape.mask, verdicts: { box: kept.box.verdict, mask: kept.mask.verdict } };
  return { ...common, objects: [object] };
}

const isSettled = (verdict: Verdict): boolean => verdict === 'right' || verdict === 'corrected';

/**
 * Plain shapes teach too: the label's name is the prompt, and all shapes of it on the image are what matches. A label
 * with a crowd among its shapes is left out, because nobody knows how many objects that is.
 */
export function labelSamples({ shapes, review }: Records, labels: readonly Label[]): Sample[] {
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
        verdicts: { reasoning: null, found: null },
      },
    ];
  });
}
