// Writes down what a detector found on a photograph as a reasoner writes its answers: a list of what is seen, and what of it is meant.
import { boxText, type ListedItem, toFrame, writtenItems } from '../contract/answer.ts';
import type { Frame } from '../contract/geometry.ts';
import type { Detection } from './detector.ts';

/** Things that the list tells of beside those that are meant. */
const mostOthers = 6;

export interface DetectedList {
  /** Names in the order of the prompt; none: anything. */
  readonly asked: readonly string[];
  /** Of the asked classes. */
  readonly meant: readonly Detection[];
  /** Of all classes, the surest first. */
  readonly seen: readonly Detection[];
}

/** "cat 1 [..], person 2 [..]. person 2." and the boxes; "dog none." where a class is not there. Boxes in the frame's pixels. */
export function detectedAnswer(list: DetectedList, image: Frame, frame: Frame): { text: string; reasoning: string } {
  const { meant } = list;
  const asked = list.asked.length > 0 ? list.asked : meant.length > 0 ? namesOf(meant) : ['thing'];
  const others = list.seen.filter(({ name }) => !asked.includes(name)).slice(0, mostOthers);
  const items = [...meant, ...others].map(
    ({ name, box }, i): ListedItem => ({ number: i + 1, name, box: toFrame(box, image, frame) }),
  );
  const listed = items.map(({ name, number, box }) => `${name} ${number} ${boxText(box)}`).join(', ');
  const decided = asked.map((name) => {
    const numbers = items.filter((item) => item.name === name).map(({ number }) => number);
    return `${name} ${numbers.length > 0 ? numbers.join(', ') : 'none'}.`;
  });
  const reasoning = [...(listed === '' ? [] : [`${listed}.`]), ...decided].join(' ');
  return {
    reasoning,
    text: `<think>${reasoning}</think><answer>[${writtenItems(items.slice(0, meant.length))}]</answer>`,
  };
}

const namesOf = (found: readonly Detection[]): string[] => [...new Set(found.map(({ name }) => name))];
