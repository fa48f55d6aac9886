// Writes samples as the records that the published trainers read: LENS, Seg-Zero and VisionReasoner, VLM-R1, Qwen's own fine-tuning.
import type { Frame } from '../../contract/geometry.ts';
import { rescale } from '../../contract/geometry.ts';
import { unpackMask } from '../../contract/project.ts';
import type { Box } from '../../contract/records.ts';
import { unionOf } from '../../contract/rle.ts';
import { type ReasonSegShape, reasonSegShapes } from '../../formats/reasonSegWrite.ts';
import { type PointedThing, pointedThing } from '../../learn/samples/inscribedCircles.ts';
import type { Sample } from '../../learn/samples/sample.ts';

/** A sample, and the picture that the trainer is given of its image. */
export interface ShownSample {
  readonly id: string;
  /** As the record names it. */
  readonly picture: string;
  readonly sample: Sample;
  /** Sizes of the image and of the picture. */
  readonly image: Frame;
  readonly frame: Frame;
}

type Conversation = readonly { readonly from: 'human' | 'gpt'; readonly value: string | readonly number[] }[];

/** ReasonSeg's file of one question; nothing that matches is a file without shapes. */
export interface LensRecord {
  readonly text: readonly string[];
  readonly is_sentence: boolean;
  readonly shapes: readonly ReasonSegShape[];
}

export function lensRecord({ sample }: ShownSample): LensRecord {
  const mask = unionOf(sample.objects.flatMap(({ mask }) => (mask ? [unpackMask(mask)] : [])));
  const text = sample.prompt.text;
  return { text: [text], is_sentence: /\s.*\s/.test(text), shapes: mask ? reasonSegShapes(mask) : [] };
}

/** A row of its training set: `solution` as the present code reads it, `single` as that of the first release did. */
export function segZeroRecord({ id, picture, sample, image, frame }: ShownSample) {
  const objects = sample.objects.flatMap(({ mask }) => (mask && pointedThing(unpackMask(mask), frame)) ?? []);
  const [only, ...others] = objects;
  const solution = objects.map(({ box, points: [point] }) => ({ bbox_2d: whole(box), point_2d: point }));
  return {
    ...{ id, file_name: picture, problem: sample.prompt.text, solution: JSON.stringify(solution) },
    single: only && others.length === 0 ? single(only) : null,
    ...{ img_height: image.height, img_width: image.width },
  };
}

type Four = [number, number, number, number];

const whole = ({ x1, y1, x2, y2 }: Box): Four => [Math.round(x1), Math.round(y1), Math.round(x2), Math.round(y2)];

const single = ({ box, points: [[ax, ay], [bx, by]] }: PointedThing): string => {
  const [x1, y1, x2, y2] = whole(box);
  return `<box>(${x1},${y1}),(${x2},${y2})</box><points>(${ax},${ay}),(${bx},${by})</points>`;
};

const boxesOf = ({ sample, image, frame }: ShownSample): Four[] =>
  sample.objects.map(({ box }) => whole(rescale(box, image, frame)));

/** VLM-R1's task of one box; null where there is none, or several. */
export function vlmR1Record(shown: ShownSample) {
  const [box, ...others] = boxesOf(shown);
  if (!box || others.length > 0) return null;
  const asked = `<image>Please provide the bounding box coordinate of the region this sentence describes: ${shown.sample.prompt.text}.`;
  return spoken(shown, [
    { from: 'human', value: asked },
    { from: 'gpt', value: box },
  ]);
}

/** Its task of any number of boxes, none among them, with the reward that takes "None". */
export function vlmR1ListRecord(shown: ShownSample) {
  const { text } = shown.sample.prompt;
  const asked =
    `<image>Please carefully check the image and detect the following objects: ["${text}"]. Output each detected ` +
    `target's bbox coordinates in JSON format. The format of the bbox coordinates is:\n` +
    '```json\n[{"bbox_2d": [x1, y1, x2, y2], "label": "target name"}]\n```\n' +
    'If there are no such targets in the image, simply respond with None.';
  const list = boxesOf(shown).map((bbox_2d) => ({ bbox_2d, label: text }));
  const answer = list.length > 0 ? `\`\`\`json\n${JSON.stringify(list)}\n\`\`\`` : 'None';
  const record = spoken(shown, [
    { from: 'human', value: asked },
    { from: 'gpt', value: answer },
  ]);
  return { ...record, accu_reward_method: 'weighted_sum' };
}

/** Qwen2.5-VL's own fine-tuning: one box as its example has it, several and none as a list. */
export function qwenRecord(shown: ShownSample) {
  const [box, ...others] = boxesOf(shown);
  const list = box ? [box, ...others].map((bbox_2d) => ({ bbox_2d, label: shown.sample.prompt.text })) : [];
  const answer = box && others.length === 0 ? `{\n"bbox_2d": [${box.join(', ')}]\n}` : JSON.stringify(list);
  const { image, conversations } = spoken(shown, [
    {
      from: 'human',
      value: `<image>\nLocate ${shown.sample.prompt.text} in this image and output the bbox coordinates in JSON format.`,
    },
    { from: 'gpt', value: answer },
  ]);
  return { image, conversations };
}

const spoken = ({ id, picture }: ShownSample, conversations: Conversation) => ({ id, image: picture, conversations });
