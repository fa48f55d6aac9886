// Says in one sentence what was stored when the image and its answer were accepted.
import { isAccepted } from '../../main/contract/correction.ts';
import { inReview } from './answers.ts';
import { fileName, several } from './words.ts';
import type { Workbench } from './workbench.ts';

/** "scene-01.jpg is accepted with 3 shapes, 1 of them for “the television”; 2 other prompts are not judged." */
export function acceptedSentence(state: Workbench): string {
  const { open } = state;
  if (open === null) throw new Error('no image is open that could have been accepted');
  const { prompt } = inReview(state);
  const count = open.shapes.size;
  const shapes = count === 0 ? 'without shapes' : `with ${several(count, 'shape')}`;
  const left = [...open.prompts.values()].filter((one) => one !== prompt && !isJudged(one)).length;
  const others = left === 0 ? '' : `; ${several(left, 'other prompt')} ${left === 1 ? 'is' : 'are'} not judged`;
  return `${fileName(open.image.path)} is accepted ${shapes}${prompt ? promptWords(prompt, count) : ''}${others}.`;
}

type PromptInReview = NonNullable<ReturnType<typeof inReview>['prompt']>;

const isJudged = ({ correction }: PromptInReview): boolean => correction !== null && isAccepted(correction);

/** What was stored of the prompt that was in review. */
function promptWords({ text, correction }: PromptInReview, shapes: number): string {
  if (correction === null) return `; the answer to “${text}” is not kept`;
  if (correction.found.value === 'nothing') return `; nothing matches “${text}”`;
  const own = correction.objects.filter(({ mask }) => mask.shapeId !== null).length;
  return shapes === own ? ` for “${text}”` : `, ${own} of them for “${text}”`;
}
