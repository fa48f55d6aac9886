// Turns prompts of drawn scenes into answers to read: the true answer, or one whose last box misleads while its reasoning is right.

import { boxText } from '../contract/answer.ts';
import type { Random } from '../contract/random.ts';
import type { Box, Mask } from '../contract/records.ts';
import { fromBitmap } from '../contract/rle.ts';
import { answerText } from '../scenes/answerText.ts';
import { frameBox, type Scene, type ScenePrompt, targetsOf, visibleMask } from '../scenes/scene.ts';

export interface AnsweredPrompt {
  /** What was asked. */
  readonly text: string;
  readonly answer: string;
  /** The box that the answer ends in, image pixels. */
  readonly box: Box;
  /** How far the box is off, in image pixels. */
  readonly off: { readonly x: number; readonly y: number };
  readonly truth: Mask;
}

/** Prompts that mean one thing, as long as their answer can be written. */
export function answeredPrompts(scene: Scene, count: number, draw: Random): AnsweredPrompt[] {
  const asked = draw.shuffle(scene.prompts.filter((prompt) => targetsOf(prompt).length === 1));
  return asked.slice(0, count).flatMap((prompt) => answeredPrompt(scene, prompt, { isMisled: draw.chance(0.5) }) ?? []);
}

export function answeredPrompt(
  scene: Scene,
  prompt: ScenePrompt,
  { isMisled }: { isMisled: boolean },
): AnsweredPrompt | null {
  const [index, ...more] = targetsOf(prompt);
  const thing = scene.things[index ?? -1];
  if (index === undefined || !thing || more.length > 0) return null;
  const { width, height } = scene.image;
  const own = frameBox(thing.box, scene);
  const wrong = isMisled ? beside(own, scene.frame) : own;
  const scale = width / scene.frame;
  const answer = answerText(scene, prompt);
  const at = answer.lastIndexOf(boxText(own));
  return {
    ...{ text: prompt.text, truth: fromBitmap(visibleMask(scene, index), width, height) },
    answer: `${answer.slice(0, at)}${boxText(wrong)}${answer.slice(at + boxText(own).length)}`,
    box: { x1: wrong.x1 * scale, y1: wrong.y1 * scale, x2: wrong.x2 * scale, y2: wrong.y2 * scale },
    off: { x: (wrong.x1 - own.x1) * scale, y: (wrong.y1 - own.y1) * scale },
  };
}

/** Off by half of its width and height, towards the middle of the picture. */
function beside({ x1, y1, x2, y2 }: Box, side: number): Box {
  const half = (from: number, to: number) => 2 * Math.max(1, Math.round((to - from) / 4)) * (from + to > side ? -1 : 1);
  const [dx, dy] = [half(x1, x2), half(y1, y2)];
  return { x1: x1 + dx, y1: y1 + dy, x2: x2 + dx, y2: y2 + dy };
}
