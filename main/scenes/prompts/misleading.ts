// Prompts with a wrong box in their words, which the true answer ignores.

import { boxText } from '../../contract/answer.ts';
import { boxIou } from '../../contract/geometry.ts';
import type { Random } from '../../contract/random.ts';
import type { Box } from '../../contract/records.ts';
import { DECISIONS, fill, MISLEADING } from '../phrases.ts';
import { thingAt } from '../relations.ts';
import { type Arrangement, frameBox } from '../scene.ts';
import { type Builder, firstOf, nameable, namedDecision, numberOf } from './draft.ts';

interface Hint {
  readonly box: Box;
  /** What is in the box: "cat 5", or "nothing". */
  readonly shown: string;
}

const FARTHEST_OVERLAP = 0.1;

function onThing(stage: Arrangement, random: Random, target: number): Hint | null {
  const own = thingAt(stage, target).box;
  const apart = [...stage.things.keys()].filter((index) => boxIou(thingAt(stage, index).box, own) < FARTHEST_OVERLAP);
  if (apart.length === 0) return null;
  const index = random.pick(apart);
  const { name, box } = thingAt(stage, index);
  return { box, shown: `${name} ${numberOf(index)}` };
}

/** A box of a likely size that touches no thing by more than a little. */
function onNothing(stage: Arrangement, random: Random): Hint | null {
  const { width, height } = stage.image;
  for (let attempt = 0; attempt < 12; attempt++) {
    const [w, h] = [random.between(0.12, 0.3) * width, random.between(0.12, 0.3) * height];
    const [x1, y1] = [random.between(0, width - w), random.between(0, height - h)];
    const box = { x1, y1, x2: x1 + w, y2: y1 + h };
    if (stage.things.every((thing) => boxIou(thing.box, box) < FARTHEST_OVERLAP / 2)) return { box, shown: 'nothing' };
  }
  return null;
}

export const misleading: Builder = (stage, random) =>
  firstOf(random, nameable(stage, random), ({ index: target, what }) => {
    const hint = random.chance(0.65) ? onThing(stage, random, target) : onNothing(stage, random);
    if (!hint) return null;
    const text = fill(random.pick(MISLEADING), { what, box: boxText(frameBox(hint.box, stage)) });
    const decision = `${fill(DECISIONS.misled, { shown: hint.shown })} ${namedDecision(what, target)}`;
    return { text, decision, target, hint: hint.box };
  });
