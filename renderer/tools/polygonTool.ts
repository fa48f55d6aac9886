// Polygon and freehand: fill the outline of corners that are clicked or traced.
import { type Columns, toColumns } from '../../main/contract/maskColumns.ts';
import { simplified } from '../../main/contract/outline.ts';
import { fromPolygon } from '../../main/contract/polygon.ts';
import { commitArea, type StartedDrawing, sizeOf, startDrawing } from './area.ts';
import { rememberCorners } from './corners.ts';
import { clamped, distance, type ImagePoint, straightened } from './place.ts';
import type { Draft, DraftPath, Gesture, Tool, ToolContext } from './tool.ts';

/** Screen pixels within which a click means the first corner. */
const SNAP = 9;
/** Screen pixels that a traced line may differ from the hand's. */
const TRACE = 0.75;

interface Step extends StartedDrawing {
  readonly corners: readonly ImagePoint[];
  readonly pointer: ImagePoint;
}

/** Traced: the corners are where the pressed pointer went, and letting go closes it. */
export class PolygonTool implements Tool {
  readonly #context: ToolContext;
  readonly #traces: boolean;
  #step: Step | null = null;

  constructor(context: ToolContext, traces: boolean) {
    this.#context = context;
    this.#traces = traces;
  }

  press(at: Gesture): void {
    if (at.button !== 'left') return;
    const place = this.#place(at);
    if (place === null) return;
    if (this.#step === null) {
      const beginning = startDrawing(this.#context, { takes: at.alt });
      if (beginning) this.#step = { ...beginning, corners: [place], pointer: place };
    } else if (!this.#traces) this.#corner(place, at);
  }

  #corner(place: ImagePoint, at: Gesture): void {
    if (!this.#step) return;
    const { corners } = this.#step;
    const closes = corners.length > 2 && (at.clicks === 2 || this.#snaps(place));
    if (!closes && at.clicks < 2) this.#step = { ...this.#step, corners: [...corners, place], pointer: place };
    if (closes) this.finish();
  }

  move(at: Gesture): void {
    const place = this.#place(at);
    if (!this.#step || place === null) return;
    const { corners } = this.#step;
    const last = corners.at(-1);
    const far = last === undefined || distance(last, place) >= 0.5 / this.#scale();
    this.#step = { ...this.#step, pointer: place, corners: this.#traces && far ? [...corners, place] : corners };
  }

  release(at: Gesture): void {
    if (at.button === 'left' && this.#traces) this.finish();
  }

  /** Puts the place on the image, and straight from the corner before while Shift is held. */
  #place(at: Gesture): ImagePoint | null {
    const size = sizeOf(this.#context.store.getState());
    if (size === null) return null;
    const last = this.#traces ? undefined : this.#step?.corners.at(-1);
    return clamped(at.shift && last ? straightened(last, at) : at, size);
  }

  #scale = (): number => this.#context.store.getState().view.scale;

  #snaps(place: ImagePoint): boolean {
    const first = this.#step?.corners[0];
    return first !== undefined && distance(first, place) * this.#scale() <= SNAP;
  }

  finish(): boolean {
    const step = this.#step;
    if (step === null) return false;
    const { size } = step.target;
    this.#step = null;
    const flat = step.corners.flatMap(({ x, y }) => [x, y]);
    const ring = this.#traces ? simplified(flat, TRACE / this.#scale()) : flat;
    if (ring.length < 6) return true;
    const area: Columns = toColumns(fromPolygon(ring, size.width, size.height));
    rememberCorners(area, [ring]);
    const { target, way } = step;
    const title = `${way === 'take' ? 'Take away' : 'Draw'} ${this.#traces ? 'freehand' : 'polygon'}`;
    void commitArea(this.#context, { area, way, title, target }).then(() => this.#context.changed());
    return true;
  }

  back(): boolean {
    if (this.#step === null) return false;
    const corners = this.#step.corners.slice(0, -1);
    this.#step = corners.length === 0 || this.#traces ? null : { ...this.#step, corners };
    return true;
  }

  cancel(): boolean {
    const had = this.#step !== null;
    this.#step = null;
    return had;
  }

  leave(): void {
    if (this.#step && this.#step.corners.length > 2) this.finish();
    this.#step = null;
  }

  draft(): Draft {
    if (this.#step === null) return {};
    const { corners, way, pointer } = this.#step;
    const snaps = !this.#traces && corners.length > 2 && this.#snaps(pointer);
    const manner = way === 'take' ? 'takes' : 'adds';
    const path: DraftPath = { points: this.#traces ? corners : [...corners, pointer], closed: snaps, manner };
    return { paths: [path], snap: snaps ? (corners[0] ?? null) : null };
  }
}
