// Brush and eraser: a pressed pointer sweeps a disc over the image; the whole stroke is one diff.
import { columnsBox, either, emptyColumns, joined, type Sweep, sweepColumns } from '../../main/contract/maskColumns.ts';
import type { Shape } from '../../main/contract/project.ts';
import { brushRadius } from '../state/brush.ts';
import { commitArea, type DrawingTarget, startDrawing } from './area.ts';
import { clamped, type ImagePoint } from './place.ts';
import type { Draft, Gesture, Stroke, Tool, ToolContext } from './tool.ts';

interface Pending {
  readonly stroke: Stroke;
  readonly target: DrawingTarget;
  readonly last: ImagePoint;
  /** Strokes from taking up the tool, or from Enter, to the next belong to one shape. */
  readonly series: number;
}

export class StrokeTool implements Tool {
  readonly #context: ToolContext;
  readonly #erases: boolean;
  #now: Pending | null = null;
  #strokes = 0;
  /** Where the stroke before ended, for a straight line to a press with Shift. */
  #before: ImagePoint | null = null;
  /** Strokes that wait for the id of their shape; the next one on it waits for them. */
  #making: Promise<Shape | null> = Promise.resolve(null);
  #waiting: Pending[] = [];
  #series = 0;
  /** What the series has made. */
  #made: number | null = null;

  constructor(context: ToolContext, erases: boolean) {
    this.#context = context;
    this.#erases = erases;
  }

  press(at: Gesture): void {
    if (at.button !== 'left') return;
    const beginning = startDrawing(this.#context, { takes: this.#erases || at.ctrl || at.alt, own: this.#made });
    if (beginning === null) return;
    const { target } = beginning;
    const place = clamped(at, target.size);
    const adds = beginning.way === 'add';
    const last = at.shift && this.#before ? this.#before : place;
    const fresh = { area: emptyColumns(target.size), serial: ++this.#strokes, grown: 0, latest: null };
    this.#now = { stroke: { shapeId: target.shape?.id ?? null, adds, ...fresh }, target, last, series: this.#series };
    this.#sweepTo(place);
  }

  move(at: Gesture): void {
    if (this.#now) this.#sweepTo(clamped(at, this.#now.target.size));
  }

  #sweepTo(place: ImagePoint): void {
    if (!this.#now) return;
    const { stroke, last } = this.#now;
    const sweep: Sweep = { from: last, to: place, radius: brushRadius(this.#context.store.getState()) };
    const swept = sweepColumns(sweep, stroke.area);
    const grown = { area: joined(stroke.area, swept, either), grown: stroke.grown + 1, latest: columnsBox(swept) };
    this.#now = { ...this.#now, stroke: { ...stroke, ...grown }, last: place };
  }

  release(at: Gesture): void {
    const now = this.#now;
    if (!now || at.button !== 'left') return;
    this.#now = null;
    this.#before = now.last;
    this.#waiting = [...this.#waiting, now];
    this.#making = this.#commit(now, this.#making);
  }

  /** A stroke on nothing while the one before waits for its shape goes on with that shape. */
  async #commit(now: Pending, earlier: Promise<Shape | null>): Promise<Shape | null> {
    const continues = this.#waiting.length > 1 && this.#waiting.every(({ series }) => series === now.series);
    const made = await earlier.catch(() => null);
    const { stroke, target } = now;
    const own = continues && made?.imageId === target.imageId ? made : null;
    const [way, title] = stroke.adds ? (['add', 'Brush'] as const) : (['take', 'Erase'] as const);
    try {
      const on = { ...target, shape: target.shape ?? own };
      const shape = await commitArea(this.#context, { area: stroke.area, way, title, target: on });
      if (now.series === this.#series && on.shape === null) this.#made = shape?.id ?? null;
      return shape;
    } finally {
      this.#waiting = this.#waiting.filter((one) => one !== now);
      this.#context.changed();
    }
  }

  finish(): boolean {
    const { store } = this.#context;
    if (this.#now || store.getState().selected.size === 0) return false;
    store.setState({ selected: new Set() });
    this.#endSeries();
    return true;
  }

  back(): boolean {
    return false;
  }

  cancel(): boolean {
    const had = this.#now !== null;
    this.#now = null;
    return had;
  }

  leave(): void {
    if (this.#now)
      this.release({ ...this.#now.last, button: 'left', shift: false, alt: false, ctrl: false, clicks: 1 });
    this.#before = null;
    this.#endSeries();
  }

  #endSeries(): void {
    this.#series++;
    this.#made = null;
  }

  draft(): Draft {
    const [first, ...rest] = (this.#now ? [...this.#waiting, this.#now] : this.#waiting).map(({ stroke }) => stroke);
    const stroke = first && rest.reduce(together, first);
    return { stroke: stroke ?? null, radius: brushRadius(this.#context.store.getState()) };
  }
}

/** Two strokes in a row as one, as far as a draft can show it: added where one is taken away, the later alone. */
const together = (a: Stroke, b: Stroke): Stroke =>
  a.shapeId === b.shapeId && a.adds === b.adds ? { ...b, serial: 0, area: joined(a.area, b.area, either) } : b;
