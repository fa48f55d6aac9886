// An area that a person drew to the diff that adds it to a shape, takes it away from one, or makes a new one of it.
import { type Columns, either, isEmpty, joined, type Size, without } from '../../main/contract/columns.ts';
import { type Change, changed, created, type Diff, deleted } from '../../main/contract/diff.ts';
import type { Label, PackedMask, Shape } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { say, type Workbench } from '../state/workbench.ts';
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
export function refusal({ open, selected }: Workbench): string | null {
  if (selected.size > 1) return 'Select one shape to draw on it, or none to draw a new one.';
  const [id] = selected;
  const shape = id === undefined ? undefined : open?.shapes.get(id);
  if (shape?.locked) return 'The selected shape is locked. Unlock it to change it.';
  return shape?.hidden ? 'The selected shape is hidden. Show it to change it.' : null;
}

/** Tells why where the selection refuses to be drawn on. */
export function mayDraw({ store }: ToolContext): boolean {
  const state = store.getState();
  const why = refusal(state);
  if (why !== null) say(store, 'bad', why);
  return why === null && sizeOf(state) !== null;
}

export type Way = 'add' | 'take' | 'replace';

const drawn = (columns: Columns | null, area: Columns, way: Way): Columns => {
  if (way === 'replace') return area;
  if (columns === null) return way === 'add' ? area : joined(area, area, without);
  return joined(columns, area, way === 'add' ? either : without);
};

/** The shape with its new mask, as a change; a mask that is emptied takes the shape with it. Null: nothing changes. */
export function remasked(shape: Shape, area: Columns, way: Way): Change | null {
  if (shape.mask === null && way === 'take') return null;
  const fields = extent(drawn(shape.mask && columnsOf(shape.mask), area, way));
  return fields === null ? deleted('shape', shape) : changed('shape', shape, fields);
}

interface Drawing {
  readonly area: Columns;
  readonly way: Way;
  /** What the undo menu says. */
  readonly title: string;
  /** Null: a new shape. */
  readonly into: number | null;
}

/** Commits what was drawn as one step of undo; the id of the shape that has it, null where nothing came of it. */
export async function commitArea(context: ToolContext, drawing: Drawing): Promise<number | null> {
  const { store, host } = context;
  const { area, way, title, into } = drawing;
  if (into === null) return way === 'take' || isEmpty(area) ? null : createShape(context, title, extent(area));
  const shape = store.getState().open?.shapes.get(into);
  const change = shape && !shape.locked ? remasked(shape, area, way) : null;
  if (change === null) return into;
  host.commit({ title, changes: [change] });
  if (change.after === null) store.setState({ selected: new Set(), hovered: null });
  return into;
}

/** A new shape of the label that is chosen, and selects it. A project without labels gets its first. */
export async function createShape(
  { store, host }: ToolContext,
  title: string,
  fields: { readonly mask: PackedMask | null; readonly box: Box } | null,
): Promise<number | null> {
  const image = store.getState().open?.image;
  if (fields === null || !image) return null;
  const label = labelForNew(store.getState()) ?? firstLabel(await host.reserveId());
  const id = await host.reserveId();
  const { open, labels } = store.getState();
  // While the id came, another image may have been opened: what was drawn belongs to the one it was drawn on.
  const shapes = open?.image.id === image.id ? [...open.shapes.values()] : [];
  const shape: Shape = { ...blankShape, ...fields, id, imageId: image.id, labelId: label.id, place: above(shapes) };
  const made = created('shape', shape);
  const diff: Diff = { title, changes: labels.has(label.id) ? [made] : [created('label', label), made] };
  host.commit(diff);
  if (store.getState().open?.image.id === image.id) store.setState({ selected: new Set([id]), labelId: label.id });
  return id;
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
