// Answers a prompt about a photograph by what a detector finds, written as reasoners write: a list of what is seen, and what of it is meant.
import { boxText, type ListedItem, toFrame, writtenItems } from '../contract/answer.ts';
import { boxIou, type Frame } from '../contract/geometry.ts';
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import { apart, type DetectedThing, type Detector } from './detector.ts';
import type { PredictOptions, Proposal, ProposedObject } from './predictor.ts';
import type { Segmenter } from './segmenter/segmenter.ts';
import type { ClassPrompt } from './words/classWords.ts';

interface Searched {
  readonly detector: Detector;
  /** Whose features the detector reads, and which draws what it finds. */
  readonly segmenter: Segmenter;
  readonly image: DecodedImage;
  /** Coordinates of the answer's text are pixels of it. */
  readonly frame: Frame;
}

/** All things of the classes that the prompt names, each with its mask; the surest first. */
export async function answerByDetector(
  { detector, segmenter, image, frame }: Searched,
  named: ClassPrompt,
  options: PredictOptions,
): Promise<Proposal> {
  const started = performance.now();
  const { classes } = detector.record;
  const all = classes.map((_, i) => i);
  const seen = await detector.find(await segmenter.features(image), image, { classes: all });
  const own = seen.filter(({ index }) => named.classes.includes(index));
  const meant = named.anything ? [...own, ...apart([...own, ...seen]).filter((each) => !own.includes(each))] : own;
  const names = named.classes.map((index) => classes[index]?.name ?? '');
  const asked = named.anything && names.length > 0 ? [...new Set([...names, ...namesOf(meant)])] : names;
  const written = detectedAnswer({ asked, meant, seen }, image, frame);
  // It misses many things on photographs: that it found nothing is no answer to accept unseen.
  const answer = { ...written, ...(meant.length === 0 && { unlikePicture: true as const }) };
  options.onText?.(answer.text, 0);
  for (const { box } of meant) options.onBox?.(box, 0);
  const answerMs = performance.now() - started;
  const objects: ProposedObject[] = [];
  for (const { name, box, score } of meant) {
    await options.between?.();
    options.signal?.throwIfAborted();
    const mask = await segmenter.segment(image, { box, points: [] });
    objects.push({ box: drawnBox(mask, box), label: name, score, mask });
  }
  const totalMs = performance.now() - started;
  return {
    ...{ answer, frame, objects, found: objects.length > 0 ? 'objects' : 'nothing', rewards: { format: 1 } },
    timings: { answerMs, maskMs: totalMs - answerMs, totalMs },
  };
}

/** A mask on the thing that was found tells its sides better than a search in cells does. */
function drawnBox(mask: Mask, found: Box): Box {
  const own = maskArea(mask) > 0 ? maskBox(mask) : found;
  return boxIou(own, found) >= 0.5 ? own : found;
}

/** Things that the list tells of beside those that are meant. */
const mostOthers = 6;

type NamedBox = Pick<DetectedThing, 'name' | 'box'>;

export interface DetectedList {
  /** Names in the order of the prompt; none: anything. */
  readonly asked: readonly string[];
  /** Of the asked classes. */
  readonly meant: readonly NamedBox[];
  /** Of all classes, the surest first. */
  readonly seen: readonly NamedBox[];
}

/** "cat 1 [..], person 2 [..]. person 2." and the boxes; "dog none." where a class is not there. Boxes in the frame's pixels. */
export function detectedAnswer(list: DetectedList, image: Frame, frame: Frame): { text: string; reasoning: string } {
  const { meant } = list;
  const asked = list.asked.length > 0 ? list.asked : meant.length > 0 ? namesOf(meant) : ['thing'];
  // A thing that is named already is not told again by a less sure name.
  const others = apart([...meant, ...list.seen.filter(({ name }) => !asked.includes(name))])
    .filter((each) => !meant.includes(each))
    .slice(0, mostOthers);
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

const namesOf = (found: readonly NamedBox[]): string[] => [...new Set(found.map(({ name }) => name))];
