// Finds the shapes at a place or in a box: a grid over their boxes, kept up as records are replaced, then their masks.
import { holds } from '../../main/contract/maskColumns.ts';
import type { Shape } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { columnsOf } from './masks.ts';
import { boxesTouch, type ImagePoint } from './place.ts';

/** Cells along the longer side. */
const CELLS = 64;
/** A box over more cells is kept in a list of its own. */
const MOST_CELLS = 256;

type Shapes = ReadonlyMap<number, Shape>;

/** What has changed between two states of the shapes. */
export interface Changed {
  readonly shape: Shape;
  readonly was: Shape | null;
  readonly is: Shape | null;
}

/** Records that differ, by identity. */
export function changedShapes(before: Shapes, after: Shapes): Changed[] {
  if (before === after) return [];
  const found: Changed[] = [];
  for (const [id, shape] of before) {
    const now = after.get(id) ?? null;
    if (now !== shape) found.push({ shape, was: shape, is: now });
  }
  for (const [id, shape] of after) if (!before.has(id)) found.push({ shape, was: null, is: shape });
  return found;
}

export class ShapeGrid {
  #shapes: Shapes = new Map();
  readonly #cells = new Map<number, Set<number>>();
  readonly #large = new Set<number>();
  readonly #side: number;

  /** `extent`: the longer side of the image. */
  constructor(extent: number) {
    this.#side = Math.max(1, extent / CELLS);
  }

  /** Takes over another state; what differs from the one before. */
  update(shapes: Shapes): Changed[] {
    const changes = changedShapes(this.#shapes, shapes);
    for (const { was, is } of changes) {
      if (was) this.#remove(was);
      if (is) this.#add(is);
    }
    this.#shapes = shapes;
    return changes;
  }

  #add({ id, box }: Shape): void {
    const cells = this.#cellsOf(box);
    if (cells === null) return void this.#large.add(id);
    for (const key of cells) {
      const cell = this.#cells.get(key) ?? new Set();
      this.#cells.set(key, cell.add(id));
    }
  }

  #remove({ id, box }: Shape): void {
    this.#large.delete(id);
    for (const key of this.#cellsOf(box) ?? []) this.#cells.get(key)?.delete(id);
  }

  /** Null: too many. */
  #cellsOf({ x1, y1, x2, y2 }: Box): number[] | null {
    const cell = (value: number) => Math.floor(Math.min(Math.max(value / this.#side, -1), CELLS + 1)) + 1;
    const [left, top, right, bottom] = [cell(x1), cell(y1), cell(x2), cell(y2)];
    if ((right - left + 1) * (bottom - top + 1) > MOST_CELLS) return null;
    const keys: number[] = [];
    for (let column = left; column <= right; column++) {
      for (let row = top; row <= bottom; row++) keys.push(column * (CELLS + 4) + row);
    }
    return keys;
  }

  /** Shapes that are shown and whose boxes touch it, the lowest first. */
  within(box: Box): Shape[] {
    const cells = this.#cellsOf(box);
    const all = cells === null ? [...this.#shapes.values()] : this.#gathered(cells);
    return all.filter((shape) => !shape.hidden && boxesTouch(shape.box, box)).sort(lowestFirst);
  }

  #gathered(cells: readonly number[]): Shape[] {
    const ids = new Set(this.#large);
    for (const key of cells) for (const id of this.#cells.get(key) ?? []) ids.add(id);
    return [...ids].flatMap((id) => this.#shapes.get(id) ?? []);
  }

  /** The topmost shape at a place; a box without a mask counts only near its sides. `near`: image pixels. */
  at(place: ImagePoint, near: number): Shape | null {
    const { x, y } = place;
    const around = this.within({ x1: x - near, y1: y - near, x2: x + near, y2: y + near }).reverse();
    const exact = around.find(({ mask }) => mask !== null && holds(columnsOf(mask), x, y));
    return exact ?? around.find(({ mask, box }) => mask === null && nearSide(place, box, near)) ?? null;
  }
}

const lowestFirst = (a: Shape, b: Shape): number => a.place - b.place || a.id - b.id;

function nearSide({ x, y }: ImagePoint, { x1, y1, x2, y2 }: Box, near: number): boolean {
  const inside = x > x1 + near && x < x2 - near && y > y1 + near && y < y2 - near;
  return !inside && x > x1 - near && x < x2 + near && y > y1 - near && y < y2 + near;
}
