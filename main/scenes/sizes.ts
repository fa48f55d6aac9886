// How large things look: boxes become rounded sides that a text can name, and the words small and large among one name.
import { boxArea } from '../contract/geometry.ts';
import { type Arrangement, frameBox, type SceneThing } from './scene.ts';
import { numeral } from './vocabulary.ts';

type View = Pick<Arrangement, 'frame' | 'image'>;
type Sized = Pick<SceneThing, 'name' | 'box' | 'area'>;

/** Longer side of the box in the frame of the texts, to the nearest 5. */
export function roundedSide({ box }: Pick<SceneThing, 'box'>, view: View): number {
  const { x1, y1, x2, y2 } = frameBox(box, view);
  return numeral(Math.max(x2 - x1, y2 - y1));
}

const longer = ({ box }: Sized): number => Math.max(box.x2 - box.x1, box.y2 - box.y1);

/** Larger by every measure that a person may have in mind: side, box and visible pixels. */
export const clearlyLarger = (a: Sized, b: Sized, view: View): boolean =>
  longer(a) >= 1.25 * longer(b) &&
  boxArea(a.box) >= 1.5 * boxArea(b.box) &&
  a.area >= 1.4 * b.area &&
  roundedSide(a, view) > roundedSide(b, view);

function sizeWord<T extends Sized>(thing: T, all: readonly T[], view: View): SceneThing['size'] {
  const others = all.filter((other) => other !== thing && other.name === thing.name);
  if (others.length === 0) return null;
  if (others.every((other) => clearlyLarger(other, thing, view))) return 'small';
  return others.every((other) => clearlyLarger(thing, other, view)) ? 'large' : null;
}

export const sizeWords = <T extends Sized>(things: readonly T[], view: View): (T & Pick<SceneThing, 'size'>)[] =>
  things.map((thing) => ({ ...thing, size: sizeWord(thing, things, view) }));
