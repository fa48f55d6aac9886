// Makes the diff of an area that a person drew: adds it to a shape, takes it away from one, or makes a new one of it.

import { type Change, changed, created, type Diff, deleted } from '../../main/contract/diff.ts';
import {
  type Columns,
  either,
  emptyColumns,
  isEmpty,
  joined,
  type Size,
  without,
} from '../../main/contract/maskColumns.ts';
import type { Label, Shape } from '../../main/contract/project.ts';
import { combineOf, drawsOnProposal } from '../state/drawing.ts';
import { type Combine, say, type Workbench } from '../state/workbench.ts';
import { columnsOf, extent } from './masks.ts';
import type { ToolContext } from './tool.ts';

/** The open image's size; null where no picture is there to draw on. */
export function sizeOf({ open }: Workbench): Size | null {
  const { width, height } = open?.image ?? { width: null, height: null };
  return width === null || height === null ? null : { width, height };
}

/** The one selected shape; null where none or several are. */
export function selectedShape({ open, selected }: Workbench): Shape | null {
  const [id] = selected;
  return id === undefined || selected.size > 1 ? null : (open?.shapes.get(id) ?? null);
}

/** Why the selection cannot be drawn on, in one sentence; null where it can. */
function refusal({ open, selected }: Workbench, combine: Combine): string | null {
  if (combine === 'new') return null;
  const verb = combine === 'add' ? 'add to' : 'take away from';
  if (selected.size > 1) return `Several shapes are selected. Select the one to ${verb}.`;
  const [id] = selected;
  const shape = id === undefined ? undefined : open?.shapes.get(id);
  if (combine === 'subtract' && !shape) return 'No shape is selected. Select the one to take away from.';
  if (shape?.locked) return 'The selected shape is locked. Unlock it to change it.';
  return shape?.hidden ? 'The selected shape is hidden. Show it to change it.' : null;
}

/** What is drawn on: kept from the first press, whatever is opened or selected before the drawing is done. */
export interface DrawingTarget {
  readonly imageId: number;
  readonly size: Size;
  /** Null: a new shape. */
  readonly shape: Shape | null;
  /** The object of the answer in review, which becomes a shape when the drawing is done. */
  readonly onProposal?: boolean;
}

/** A drawing that may begin: on what, and what becomes of it. */
export interface StartedDrawing {
  readonly target: DrawingTarget;
  readonly way: 'add' | 'take';
}

interface DrawingOptions {
  readonly takes: boolean;
  /** More of what is selected, whatever the bar says. */
  readonly adds?: boolean;
  /** What the tool itself has made and goes on with. */
  readonly own?: number | null;
}

/**
 * What a drawing of now is made to: what the bar over the canvas says, or with `takes` less of what is selected.
 * Null where it may not begin; the person is told why.
 */
export function startDrawing({ store }: ToolContext, { takes, adds = false, own = null }: DrawingOptions) {
  const state = store.getState();
  const { open } = state;
  const size = sizeOf(state);
  if (open === null || size === null) return null;
  const shape = selectedShape(state);
  const isOwn = shape !== null && shape.id === own;
  const goesOn = combineOf(state) === 'new' && (adds || isOwn);
  const combine = takes ? 'subtract' : goesOn ? 'add' : combineOf(state);
  const onProposal = combine !== 'new' && drawsOnProposal(state);
  const why = onProposal ? null : refusal(state, combine);
  if (why !== null) say(store, 'bad', why);
  const target = { imageId: open.image.id, size, shape: combine === 'new' || onProposal ? null : shape, onProposal };
  const beginning: StartedDrawing = { target, way: combine === 'subtract' ? 'take' : 'add' };
  return why === null ? beginning : null;
}

export type AreaOperation = 'add' | 'take' | 'replace';

function drawn(columns: Columns | null, area: Columns, way: AreaOperation): Columns {
  if (way === 'replace') return area;
  if (columns === null) return way === 'add' ? area : emptyColumns(area);
  return joined(columns, area, way === 'add' ? either : without);
}

/** The shape with its new mask, as a change; a mask that is emptied takes the shape with it. Null: nothing changes. */
export function remasked(shape: Shape, area: Columns, way: AreaOperation): Change | null {
  if (shape.mask === null && way === 'take') return null;
  const fields = extent(drawn(shape.mask && columnsOf(shape.mask), area, way));
  return fields === null ? deleted('shape', shape) : changed('shape', shape, fields);
}

interface Drawing {
  readonly area: Columns;
  readonly way: AreaOperation;
  /** What the undo menu says. */
  readonly title: string;
  readonly target: DrawingTarget;
}

/** Commits what was drawn as one step of undo; the shape as it is then, null where there is none. */
export async function commitArea(context: ToolContext, drawing: Drawing): Promise<Shape | null> {
  const { store, host } = context;
  const { area, way, title, target } = drawing;
  if (target.onProposal) return onProposedShape(context, drawing);
  if (target.shape === null) return way === 'take' || isEmpty(area) ? null : newShape(context, title, { area, target });
  const { open } = store.getState();
  const here = open?.image.id === target.imageId;
  const shape = here ? open.shapes.get(target.shape.id) : target.shape;
  const change = shape && !shape.locked ? remasked(shape, area, way) : null;
  if (!shape || change === null) return shape ?? null;
  host.commit({ title, changes: [change] });
  if (here && change.after === null) store.setState({ selected: new Set(), hovered: null });
  return change.after && { ...shape, ...(change.after as Partial<Shape>) };
}

/** The answer's object becomes a shape and is drawn on in one step; where it is gone, what was added is a new shape. */
async function onProposedShape(context: ToolContext, drawing: Drawing): Promise<Shape | null> {
  const { store, host } = context;
  const isHere = store.getState().open?.image.id === drawing.target.imageId;
  const proposed = isHere ? await host.proposedShape() : null;
  const target = { ...drawing.target, shape: proposed?.shape ?? null, onProposal: false };
  if (proposed === null || proposed.changes.length === 0) return commitArea(context, { ...drawing, target });
  const change = remasked(proposed.shape, drawing.area, drawing.way);
  if (change === null) return null;
  if (change.after === null) {
    say(store, 'plain', 'Nothing of the mask would be left. Judge it as wrong, or say that nothing matches.');
    return null;
  }
  const shape = { ...proposed.shape, ...(change.after as Partial<Shape>) };
  const isMade = ({ kind, id }: Change) => kind === 'shape' && id === shape.id;
  const changes = proposed.changes.map((one) => (isMade(one) ? created('shape', shape) : one));
  host.commit({ title: drawing.title, changes });
  store.setState({ selected: new Set([shape.id]), combine: 'add' });
  return shape;
}

/** A shape of the label that is chosen; a project without labels gets its first with it. */
async function newShape(
  { store, host }: ToolContext,
  title: string,
  { area, target }: { area: Columns; target: DrawingTarget },
): Promise<Shape | null> {
  const fields = extent(area);
  if (fields === null) return null;
  const label = labelForNew(store.getState()) ?? firstLabel(await host.reserveId());
  const id = await host.reserveId();
  const { open, labels } = store.getState();
  const { imageId } = target;
  const here = open?.image.id === imageId;
  const shape: Shape = {
    ...blankShape,
    ...fields,
    id,
    imageId,
    labelId: label.id,
    place: above(here ? [...open.shapes.values()] : []),
  };
  const made = created('shape', shape);
  const diff: Diff = { title, changes: labels.has(label.id) ? [made] : [created('label', label), made] };
  host.commit(diff);
  if (here) store.setState({ selected: new Set([id]), labelId: label.id });
  return shape;
}

const blankShape = {
  attributes: {},
  crowd: false,
  hidden: false,
  locked: false,
  origin: { kind: 'drawn' },
} as const;

const above = (shapes: readonly Shape[]): number => shapes.reduce((top, { place }) => Math.max(top, place + 1), 0);

function labelForNew({ labels, labelId }: Workbench): Label | null {
  const chosen = labelId === null ? undefined : labels.get(labelId);
  return chosen ?? [...labels.values()].sort((a, b) => a.place - b.place)[0] ?? null;
}

const firstLabel = (id: number): Label => ({
  id,
  name: 'object',
  colour: '#0072b2',
  digit: '1',
  attributes: [],
  place: 0,
});
