// Moves the selected shapes by whole pixels, with the arrows or the pointer.

import { changed, type Diff, deleted } from '../../main/contract/diff.ts';
import { clampBox } from '../../main/contract/geometry.ts';
import { type Columns, columnsArea, moved } from '../../main/contract/maskColumns.ts';
import type { Shape } from '../../main/contract/project.ts';
import type { Workbench } from '../state/workbench.ts';
import { sizeOf } from './area.ts';
import { ownCorners, rememberCorners } from './corners.ts';
import { columnsOf, extent } from './masks.ts';

/** Null: nothing that may move. What leaves the image is cut off, and a shape that leaves it wholly is deleted. */
export function nudge(state: Workbench, dx: number, dy: number): Diff | null {
  const size = sizeOf(state);
  if (size === null) return null;
  const shift = ({ mask, box }: Shape) => {
    if (mask !== null) return extent(movedWithCorners(columnsOf(mask), dx, dy));
    const next = clampBox({ x1: box.x1 + dx, y1: box.y1 + dy, x2: box.x2 + dx, y2: box.y2 + dy }, size);
    return next && { mask, box: next };
  };
  const changes = [...state.selected].flatMap((id) => {
    const shape = state.open?.shapes.get(id);
    if (!shape || shape.locked || shape.hidden) return [];
    const fields = shift(shape);
    return (fields === null ? deleted('shape', shape) : changed('shape', shape, fields)) ?? [];
  });
  return changes.length > 0 ? { title: 'Move', changes } : null;
}

/** Corners that a person drew move along, unless the image's edge cuts the mask. */
function movedWithCorners(columns: Columns, dx: number, dy: number): Columns {
  const next = moved(columns, dx, dy);
  const rings = ownCorners(columns)?.map((ring) => ring.map((value, i) => value + (i % 2 === 0 ? dx : dy)));
  if (rings && columnsArea(next) === columnsArea(columns)) rememberCorners(next, rings);
  return next;
}
