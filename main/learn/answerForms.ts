// What a good answer of a checkpoint would have said, in the form that its recipe asks for: the text that it learns from.
import { boxText } from '../contract/answer.ts';
import type { Box } from '../contract/records.ts';
import type { ReasonerRecipe } from '../weights/recipe.ts';

export interface ToAnswer {
  /** What the prompt asks for. */
  readonly label: string;
  /** In the reasoner's frame, whole numbers; none: nothing matches. */
  readonly boxes: readonly Box[];
  readonly reasoning: string;
}

interface AnswerForm {
  /** Null: there is no such answer in this form. */
  write(answer: ToAnswer): string | null;
  /** Whether reasoning stands before the answer. */
  readonly reasons: boolean;
  /** Whether an answer names one box, of all that matches together. */
  readonly single: boolean;
}

const listed = ({ boxes, label }: ToAnswer): string =>
  boxes.length === 0
    ? '[]'
    : `[\n${boxes.map((box) => `\t{"bbox_2d": ${boxText(box)}, "label": ${JSON.stringify(label)}}`).join(',\n')}\n]`;

const fenced = (answer: ToAnswer): string => `\`\`\`json\n${listed(answer)}\n\`\`\``;
const thought = (answer: ToAnswer): string => `<think>${answer.reasoning}</think><answer>${fenced(answer)}</answer>`;
/** A reader of one box cannot be told that nothing matches. */
const named = (write: (answer: ToAnswer) => string) => (answer: ToAnswer) =>
  answer.boxes.length > 0 ? write(answer) : null;

/** By template; the others also ask for points, or for nano's own words. */
const forms: Partial<Record<ReasonerRecipe['template'], AnswerForm>> = {
  pr1_grounding: { write: named(fenced), reasons: false, single: true },
  samr1_v4: { write: named(thought), reasons: true, single: true },
  lens_loupe: { write: thought, reasons: true, single: false },
  grounding: { write: fenced, reasons: false, single: false },
};

/** Null: no tier teaches the answers of this recipe. */
export const answerForm = ({ template }: Pick<ReasonerRecipe, 'template'>): AnswerForm | null =>
  forms[template] ?? null;
