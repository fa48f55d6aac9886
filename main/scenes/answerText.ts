// Writes what the reasoner should answer to a prompt of a scene, and a box as the words for it.
import { boxText, writtenItems } from '../contract/answer.ts';
import { thingAt } from './relations.ts';
import { type Arrangement, frameBox, type Scene, type ScenePrompt, targetsOf } from './scene.ts';

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
export const answerText = (scene: Scene, prompt: ScenePrompt): string =>
  `${listedText(scene)}${decisionText(prompt.decision)}${itemsText(scene, targetsOf(prompt))}`;

/** The text from where the answer's boxes begin to its end. */
export function itemsText(stage: Arrangement, targets: readonly number[]): string {
  const items = targets.map((index) => {
    const { name, box } = thingAt(stage, index);
    return { number: index + 1, name, box: frameBox(box, stage) };
  });
  return `${writtenItems(items)}]\n\`\`\`</answer>`;
}
