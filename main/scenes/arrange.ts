// Draws an arrangement that nobody paints: names, colours and boxes as a scene could hold them.
// A thousand times cheaper than a scene, for what is learnt from the list alone.
import { boxArea } from '../contract/geometry.ts';
import type { Random } from '../contract/random.ts';
import type { Box } from '../contract/records.ts';
import { chooseRoles } from './chosenThings.ts';
import { poses } from './layout.ts';
import type { Pose } from './patch.ts';
import type { Arrangement, SceneThing } from './scene.ts';
import { sizeWords } from './sizes.ts';
import { seedOf, splitOf } from './split.ts';
import { kindOf } from './things.ts';

const side = 224;
const space = { width: side, height: side, side: [24, 92] } as const;
/** Part of its box that a thing fills. */
const filled = 0.6;

/** Places up to `count` things from left to right; those that are too far over the edge are left out. */
export function arrange(draw: Random, count: number): Arrangement {
  const seed = seedOf('train', 0);
  const frame = { frame: side, image: { width: side, height: side } };
  const places = poses(draw, space, count);
  const things = chooseRoles(draw, splitOf(seed), count).flatMap((role, i): Omit<SceneThing, 'size'>[] => {
    const box = places[i] && boxAt(places[i], draw);
    return box ? [{ ...role, family: kindOf(role.name).family, box, area: filled * boxArea(box) }] : [];
  });
  things.sort((a, b) => a.box.x1 + a.box.x2 - (b.box.x1 + b.box.x2));
  return { seed, split: splitOf(seed), ...frame, things: sizeWords(things, frame) };
}

/** A box of any proportion between a half and two, cut at the edges of the picture; null where little is left of it. */
function boxAt({ x, y, side: longer }: Pose, draw: Random): Box | null {
  const shorter = longer * draw.between(0.5, 1);
  const [width, height] = draw.chance(0.5) ? [longer, shorter] : [shorter, longer];
  const inside = (value: number) => Math.round(Math.min(side, Math.max(0, value)));
  const box = {
    ...{ x1: inside(x - width / 2), y1: inside(y - height / 2) },
    ...{ x2: inside(x + width / 2), y2: inside(y + height / 2) },
  };
  return Math.min(box.x2 - box.x1, box.y2 - box.y1) < space.side[0] / 2 ? null : box;
}
