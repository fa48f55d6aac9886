// What the reasoner should write: a scene and a prompt become the full answer text, and a box the words for it.
import type { Box } from '../contract/records.ts';
import { thingAt } from './relations.ts';
import { type Arrangement, frameBox, type Scene, type ScenePrompt, targetsOf } from './scene.ts';

export const boxText = ({ x1, y1, x2, y2 }: Box): string => `[${x1}, ${y1}, ${x2}, ${y2}]`;

/** "red car 1 [2, 40, 60, 88], dog 2 [90, 12, 140, 70]": everything from left to right. */
export function listText(stage: Arrangement): string {
  const rows = stage.things.map(({ name, colour, box }, i) => {
    const what = colour ? `${colour} ${name}` : name;
    return `${what} ${i + 1} ${boxText(frameBox(box, stage))}`;
  });
  return rows.join(', ');
}

/** An answer up to the end of its list. */
export const listedText = (stage: Arrangement): string => `<think>${listText(stage)}`;

/** What follows the list, up to where the answer's boxes begin. */
export const decisionText = (decision: string): string => `. ${decision}</think><answer>\`\`\`json\n[`;

/** What the answer should be after all reasoning, in the format of Seg-Zero and LENS. */
export function answerText(scene: Scene, prompt: ScenePrompt): string {
  const items = targetsOf(prompt).map((index) => {
    const { name, box } = thingAt(scene, index);
    return `{"bbox_2d": ${boxText(frameBox(box, scene))}, "label": "${name}"}`;
  });
  return `${listedText(scene)}${decisionText(prompt.decision)}${items.join(', ')}]\n\`\`\`</answer>`;
}
