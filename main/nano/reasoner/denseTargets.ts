// Says what each merged cell of the picture shows: targets of the two dense heads that are removed after training.
import { COLOURS } from '../../scenes/colours.ts';
import type { Scene } from '../../scenes/scene.ts';
import { THINGS } from '../../scenes/things.ts';

/** Class 0 is background, then the names; colour 0 is "no colour word". */
export const classCount = THINGS.length + 1;
export const colourCount = COLOURS.length + 1;
/** Numbers 1 to 9 of the list, those beyond count as the last; 0 is never asked for. */
export const rankCount = 10;

export interface DenseTargets {
  /** [cells] */
  classes: BigInt64Array;
  /** [cells] */
  colours: BigInt64Array;
  /** [cells]: the number that the thing has in the list of the answer, from 1. */
  ranks: BigInt64Array;
  /** [cells, 4]: x1, y1, x2, y2 of the thing's box, as fractions of the picture. */
  boxes: Float32Array;
  /** [cells]: 1 where a thing is, else 0. */
  present: Float32Array;
}

const classOf = new Map(THINGS.map(({ name }, i) => [name, i + 1]));
const colourOf = new Map(COLOURS.map((colour, i) => [colour, i + 1]));

function numberIn<T extends string>(numbers: ReadonlyMap<T, number>, name: T): number {
  const number = numbers.get(name);
  if (number === undefined) throw new Error(`Scenes do not know "${name}".`);
  return number;
}

/** side * side cells, row-major; a cell belongs to the thing that fills most of it, when that is at least a fifth. */
export function denseTargets(scene: Scene, side: number): DenseTargets {
  const targets: DenseTargets = {
    classes: new BigInt64Array(side * side),
    colours: new BigInt64Array(side * side),
    ranks: new BigInt64Array(side * side),
    boxes: new Float32Array(side * side * 4),
    present: new Float32Array(side * side),
  };
  const { width, height } = scene.image;
  for (const [cell, owner] of cellOwners(scene, side).entries()) {
    const thing = scene.things[owner - 1];
    if (!thing) continue;
    const { x1, y1, x2, y2 } = thing.box;
    targets.classes[cell] = BigInt(numberIn(classOf, thing.name));
    targets.colours[cell] = BigInt(thing.colour ? numberIn(colourOf, thing.colour) : 0);
    targets.ranks[cell] = BigInt(Math.min(owner, rankCount - 1));
    targets.boxes.set([x1 / width, y1 / height, x2 / width, y2 / height], cell * 4);
    targets.present[cell] = 1;
  }
  return targets;
}

/** Finds for each cell the id with the most pixels in it, or 0. */
function cellOwners(scene: Scene, side: number): Uint8Array {
  const { width, height } = scene.image;
  const things = scene.things.length + 1;
  const counts = new Uint16Array(side * side * things);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * side) / height) * side;
    for (let x = 0; x < width; x++) {
      const at = (row + Math.floor((x * side) / width)) * things + (scene.ids[y * width + x] ?? 0);
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  const least = (width * height) / (side * side) / 5;
  return Uint8Array.from({ length: side * side }, (_, cell) => {
    const inCell = counts.subarray(cell * things + 1, (cell + 1) * things);
    const most = Math.max(0, ...inCell);
    return most >= least ? inCell.indexOf(most) + 1 : 0;
  });
}
