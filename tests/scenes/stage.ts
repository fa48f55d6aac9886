// Stages made by hand for tests: things with given names and boxes, filling their boxes.

import { random } from '../../main/contract/random.ts';
import type { Colour } from '../../main/scenes/colours.ts';
import type { Builder, PromptDraft } from '../../main/scenes/prompts/draft.ts';
import type { SceneThing, Stage } from '../../main/scenes/scene.ts';
import { sizeWords } from '../../main/scenes/sizes.ts';
import { kindOf } from '../../main/scenes/things.ts';

type Corners = readonly [x1: number, y1: number, x2: number, y2: number];

export const thing = (name: string, [x1, y1, x2, y2]: Corners, colour: Colour | null = null): SceneThing => ({
  name,
  colour,
  family: kindOf(name).family,
  size: null,
  box: { x1, y1, x2, y2 },
  area: (x2 - x1) * (y2 - y1),
});

/** Things must be given from left to right, as in a scene; later ones cover earlier ones. */
export function stage(...things: SceneThing[]): Stage {
  const ids = new Uint8Array(224 * 224);
  for (const [i, { box }] of things.entries()) {
    for (let y = box.y1; y < box.y2; y++) ids.fill(i + 1, y * 224 + box.x1, y * 224 + box.x2);
  }
  const image = { width: 224, height: 224, data: new Uint8Array(224 * 224 * 3) };
  return { seed: 0, split: 'train', frame: 224, image, ids, things };
}

/** A box of one size around a centre. */
export const around = (x: number, y: number, half = 15): Corners => [x - half, y - half, x + half, y + half];

/** A stage whose things carry the size words that a scene would give them. */
function sizedStage(...things: SceneThing[]): Stage {
  const plain = stage(...things);
  return { ...plain, things: sizeWords(things, plain) };
}

const every = (builder: Builder<Stage>, at: Stage, count: number): PromptDraft[] =>
  Array.from({ length: count }, (_, seed) => builder(at, random(seed))).filter((draft) => draft !== null);

/** All decisions that a kind of prompt comes to on a stage, over many seeds. */
export const decisionsOf = (builder: Builder<Stage>, at: Stage, count = 600): string[] =>
  [...new Set(every(builder, at, count).map(({ decision }) => decision))].toSorted();

/** All texts that lead to one decision. */
export const textsFor = (builder: Builder<Stage>, at: Stage, decision: string): string[] => {
  const fitting = every(builder, at, 1500).filter((draft) => draft.decision === decision);
  return [...new Set(fitting.map(({ text }) => text))].toSorted();
};

/** Two dogs of different sizes and two cars of different colours and sizes, well apart. */
export const street = sizedStage(
  thing('dog', around(40, 60)),
  thing('car', around(100, 120, 25), 'red'),
  thing('dog', around(180, 170, 10)),
  thing('car', around(190, 50, 15), 'blue'),
);

/** Two look-alikes and an umbrella. */
export const garden = sizedStage(
  thing('fox', around(40, 60)),
  thing('dog', around(150, 60)),
  thing('umbrella', around(180, 150), 'red'),
);
