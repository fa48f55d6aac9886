// Stages made by hand for tests: things with given names and boxes, filling their boxes.
import type { Colour } from '../../main/scenes/colours.ts';
import type { SceneThing, Stage } from '../../main/scenes/scene.ts';
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
