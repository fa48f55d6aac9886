// Select: picks shapes by click or by a box, moves them, and drags corners and box sides of the one that is selected.

import { type Change, changed } from '../../main/contract/diff.ts';
import { holds } from '../../main/contract/maskColumns.ts';
import type { Shape } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { offeredObjects } from '../state/answers.ts';
import { remasked, selectedShape, sizeOf } from './area.ts';
import {
  type Corner,
  cornerRings,
  type Ring,
  withCornerAdded,
  withCornerMoved,
  withoutCorner,
  withRings,
} from './corners.ts';
import { type BoxSides, type HeldHandle, heldBox, heldCorner, nearness, resized } from './handles.ts';
import { columnsOf } from './masks.ts';
import { nudge } from './nudge.ts';
import { boxBetween, clamped, distance, type ImagePoint } from './place.ts';
import type { ShapeGrid } from './shapeGrid.ts';
import type { Draft, Gesture, Tool, ToolContext } from './tool.ts';

type Step =
  | {
      readonly kind: 'corner';
      readonly shape: Shape;
      readonly before: readonly Ring[];
      readonly rings: readonly Ring[];
      readonly corner: Corner;
      readonly moved: boolean;
    }
  | { readonly kind: 'box'; readonly shape: Shape; readonly sides: BoxSides; readonly box: Box }
  /** `by` in whole pixels; null until the pointer has left the place of a click. */
  | { readonly kind: 'move'; readonly shape: Shape; readonly from: ImagePoint; readonly by: ImagePoint | null }
  | { readonly kind: 'band'; readonly from: ImagePoint; readonly to: ImagePoint; readonly keeps: boolean };

/** A press that moves less, in screen pixels, is a click. */
const CLICK = 4;

export class SelectTool implements Tool {
  readonly #context: ToolContext;
  readonly #index: () => ShapeGrid;
  #step: Step | null = null;

  constructor(context: ToolContext, index: () => ShapeGrid) {
    this.#context = context;
    this.#index = index;
  }

  press(at: Gesture): void {
    if (at.button !== 'left') return;
    const held = at.shift || at.ctrl ? null : this.#held(at, at.alt);
    if (held) this.#grab(held, at);
    else this.#pick(at);
  }

  /** Handles of the one selected shape come before anything under them. */
  #held(at: ImagePoint, anywhere: boolean): HeldHandle | null {
    const { store } = this.#context;
    const shape = selectedShape(store.getState());
    if (shape === null || shape.locked || shape.hidden) return null;
    const near = nearness(at, store.getState().view.scale);
    if (shape.mask === null) return heldBox(shape, near);
    return heldCorner(cornerRings(columnsOf(shape.mask)), near, anywhere);
  }

  #grab(held: HeldHandle, at: Gesture): void {
    const shape = selectedShape(this.#context.store.getState());
    if (shape === null) return;
    if (held.kind === 'box') {
      // A shape without a mask is clicked at its sides alone.
      if (at.clicks === 2) {
        this.#context.host.edit(shape.id);
        return;
      }
      this.#step = { kind: 'box', shape, sides: held.sides, box: shape.box };
      return;
    }
    if (shape.mask === null) return;
    const before = cornerRings(columnsOf(shape.mask));
    const { corner } = held;
    if (held.kind === 'corner' && at.alt) {
      this.#commitRings(shape, before, withoutCorner(before, corner), corner);
      return;
    }
    const rings = held.kind === 'side' ? withCornerAdded(before, corner, held.place) : before;
    this.#step = { kind: 'corner', shape, before, rings, corner, moved: held.kind === 'side' && at.alt };
  }

  #pick(at: Gesture): void {
    const { store, host } = this.#context;
    const { selected, view } = store.getState();
    const shape = this.#index().at(at, 4 / view.scale);
    const several = at.shift || at.ctrl;
    if (!several) this.#lookAtObject(at);
    if (shape === null) {
      this.#step = { kind: 'band', from: at, to: at, keeps: several };
      return;
    }
    if (several) {
      store.setState({ selected: toggled(selected, shape.id) });
      return;
    }
    // One of several stays with the others, as they may be about to be moved together.
    if (!selected.has(shape.id)) store.setState({ selected: new Set([shape.id]) });
    if (at.clicks === 2) {
      this.#selectOnly(shape);
      host.edit(shape.id);
      return;
    }
    this.#step = { kind: 'move', shape, from: at, by: null };
  }

  /** A click on what the answer in review offers is a look at that object; a shape under it is selected all the same. */
  #lookAtObject({ x, y }: ImagePoint): void {
    const { store } = this.#context;
    const state = store.getState();
    const isIn = ({ x1, y1, x2, y2 }: Box) => x >= x1 && x < x2 && y >= y1 && y < y2;
    const hit = offeredObjects(state).findLast(({ box, mask }) => (mask ? holds(columnsOf(mask), x, y) : isIn(box)));
    if (hit && hit.place !== state.objectAt) store.setState({ objectAt: hit.place, lit: null });
  }

  #selectOnly({ id }: Shape): void {
    const { store } = this.#context;
    if (store.getState().selected.size !== 1) store.setState({ selected: new Set([id]) });
  }

  move(at: Gesture): void {
    const step = this.#step;
    const size = sizeOf(this.#context.store.getState());
    if (size === null) return;
    const place = clamped(at, size);
    if (step === null) this.#hover(at);
    else if (step.kind === 'band') this.#step = { ...step, to: at };
    else if (step.kind === 'move') this.#step = { ...step, by: this.#way(step, place) };
    else if (step.kind === 'box') this.#step = { ...step, box: resized(step.shape.box, step.sides, place) };
    else this.#step = { ...step, rings: withCornerMoved(step.rings, step.corner, place), moved: true };
  }

  /** Under a wipe masks are compared, not moved. */
  #way({ from, by }: { from: ImagePoint; by: ImagePoint | null }, to: ImagePoint): ImagePoint | null {
    const { view, wipe } = this.#context.store.getState();
    if (wipe !== null || (by === null && distance(from, to) * view.scale < CLICK)) return null;
    return { x: Math.round(to.x - from.x), y: Math.round(to.y - from.y) };
  }

  #hover(at: ImagePoint): void {
    const { store } = this.#context;
    const { view, hovered } = store.getState();
    const id = this.#index().at(at, 4 / view.scale)?.id ?? null;
    if (id !== hovered) store.setState({ hovered: id });
  }

  release(at: Gesture): void {
    const step = this.#step;
    if (at.button !== 'left' || step === null) return;
    this.#step = null;
    if (step.kind === 'band') this.#select(step);
    else if (step.kind === 'move') this.#drop(step);
    else if (step.kind === 'box') this.#commit('Resize box', changed('shape', step.shape, { box: step.box }));
    else if (step.moved) this.#commitRings(step.shape, step.before, step.rings, step.corner);
  }

  #drop({ shape, by }: { shape: Shape; by: ImagePoint | null }): void {
    const { store, host } = this.#context;
    if (by === null) {
      this.#selectOnly(shape);
      return;
    }
    const diff = by.x === 0 && by.y === 0 ? null : nudge(store.getState(), by.x, by.y);
    if (diff !== null) host.commit(diff);
  }

  #select({ from, to, keeps }: { from: ImagePoint; to: ImagePoint; keeps: boolean }): void {
    const { store } = this.#context;
    const { selected, view } = store.getState();
    const isClick = distance(from, to) * view.scale < CLICK;
    const inside = isClick ? [] : this.#index().within(boxBetween(from, to));
    const next = new Set([...(keeps ? selected : []), ...inside.map(({ id }) => id)]);
    if (next.size !== selected.size || [...next].some((id) => !selected.has(id))) store.setState({ selected: next });
  }

  #commitRings(shape: Shape, before: readonly Ring[], after: readonly Ring[], corner: Corner): void {
    if (shape.mask === null) return;
    const title = after.flat().length < before.flat().length ? 'Delete corner' : 'Move corner';
    this.#commit(title, remasked(shape, withRings(columnsOf(shape.mask), before, after, corner), 'replace'));
  }

  #commit(title: string, change: Change | null): void {
    const { store, host } = this.#context;
    if (change === null) return;
    host.commit({ title, changes: [change] });
    if (change.after === null) store.setState({ selected: new Set(), hovered: null });
  }

  finish(): boolean {
    return false;
  }

  /** Backspace deletes the corner under the pointer. */
  back(): boolean {
    const { store } = this.#context;
    const { pointer } = store.getState();
    const shape = selectedShape(store.getState());
    const held = pointer && this.#held(pointer, false);
    if (!shape?.mask || held?.kind !== 'corner' || this.#step) return false;
    const before = cornerRings(columnsOf(shape.mask));
    this.#commitRings(shape, before, withoutCorner(before, held.corner), held.corner);
    return true;
  }

  cancel(): boolean {
    const had = this.#step !== null;
    this.#step = null;
    return had;
  }

  leave(): void {
    this.#step = null;
  }

  draft(): Draft {
    const step = this.#step;
    if (step === null) return {};
    if (step.kind === 'corner') return { rings: step.rings };
    if (step.kind === 'box') return { box: { box: step.box, manner: 'adds' } };
    if (step.kind === 'move') return { moved: step.by };
    return { box: { box: boxBetween(step.from, step.to), manner: 'guide' } };
  }
}

function toggled(selected: ReadonlySet<number>, id: number): Set<number> {
  const next = new Set(selected);
  if (!next.delete(id)) next.add(id);
  return next;
}
