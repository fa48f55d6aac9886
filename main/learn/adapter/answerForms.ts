// Writes the answer that a checkpoint should have given, in the form that its recipe asks for: the text that it learns from.
import { boxText } from '../../contract/answer.ts';
import type { Box } from '../../contract/records.ts';
import type { PixelPair } from '../../reward/segZero.ts';
import type { ReasonerRecipe } from '../../weights/recipe.ts';

/** In the reasoner's frame, whole numbers. */
export interface AnswerObject {
  readonly box: Box;
  /** As many as the form has; none where it has none. */
  readonly points: readonly PixelPair[];
}

export interface ToAnswer {
  /** What the prompt asks for. */
  readonly label: string;
  /** None: nothing matches. */
  readonly objects: readonly AnswerObject[];
  readonly reasoning: string;
}

interface AnswerForm {
  /** Null: there is no such answer in this form. */
  write(answer: ToAnswer): string | null;
  /** Whether reasoning stands before the answer. */
  readonly reasons: boolean;
  /** Whether an answer names one object, of all that matches together. */
  readonly single: boolean;
  /** How many points stand beside each box. */
  readonly points: 0 | 1 | 2;
}

const listed = ({ objects, label }: ToAnswer): string =>
  objects.length === 0
    ? '[]'
    : `[\n${objects.map(({ box }) => `\t{"bbox_2d": ${boxText(box)}, "label": ${JSON.stringify(label)}}`).join(',\n')}\n]`;

const fenced = (answer: ToAnswer): string => `\`\`\`json\n${listed(answer)}\n\`\`\``;
const thinking =
  (write: (answer: ToAnswer) => string) =>
  (answer: ToAnswer): string =>
    `<think>${answer.reasoning}</think><answer>${write(answer)}</answer>`;
/** A reader of one box cannot be told that nothing matches. */
const named = (write: (answer: ToAnswer) => string) => (answer: ToAnswer) =>
  answer.objects.length > 0 ? write(answer) : null;

const pairText = ([x, y]: PixelPair): string => `[${x}, ${y}]`;

/** `{"bbox": [..], "points_1": [..], "points_2": [..]}` */
const boxAndPoints = ({ objects: [first] }: ToAnswer): string =>
  `{${[
    ...(first ? [`"bbox": ${boxText(first.box)}`] : []),
    ...(first?.points.map((point, i) => `"points_${i + 1}": ${pairText(point)}`) ?? []),
  ].join(', ')}}`;

/** `[{"bbox_2d": [..], "point_2d": [..]}, ..]` */
const pointedList = ({ objects }: ToAnswer): string =>
  `[${objects
    .map(({ box, points }) => `{"bbox_2d": ${boxText(box)}, "point_2d": ${points.map(pairText).join(', ')}}`)
    .join(', ')}]`;

/** Forms by template; the other templates want nano's own words. */
const forms: Partial<Record<ReasonerRecipe['template'], AnswerForm>> = {
  pr1_grounding: { write: named(fenced), reasons: false, single: true, points: 0 },
  samr1_v4: { write: named(thinking(fenced)), reasons: true, single: true, points: 0 },
  lens_loupe: { write: thinking(fenced), reasons: true, single: false, points: 0 },
  grounding: { write: fenced, reasons: false, single: false, points: 0 },
  seg_zero: { write: named(thinking(boxAndPoints)), reasons: true, single: true, points: 2 },
  vision_reasoner: { write: thinking(pointedList), reasons: true, single: false, points: 1 },
};

/** Null: no tier teaches the answers of this recipe. */
export const answerForm = ({ template }: Pick<ReasonerRecipe, 'template'>): AnswerForm | null =>
  forms[template] ?? null;
