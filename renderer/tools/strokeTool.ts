// Brush and eraser: a pressed pointer sweeps a disc over the image; the whole stroke is one diff.
import { columnsBox, either, emptyColumns, joined, type Sweep, sweepColumns } from '../../main/contract/columns.ts';
import { commitArea, mayDraw, selectedShape, sizeOf } from './area.ts';
import { clamped, type Place } from './place.ts';
import type { Draft, Gesture, Stroke, Tool, ToolContext } from './tool.ts';

interface Pending {
  readonly stroke: Stroke;
  readonly last: Place;
}

export class StrokeTool implements Tool {
  readonly #context: ToolContext;
  readonly #erases: boolean;
  #now: Pending | null = null;
  #strokes = 0;
  /** Where the stroke before ended, for a straight line to a press with Shift. */
  #before: Place | null = null;
  /** Strokes that wait for the id of their shape; the next one on it waits for them. */
  #making: Promise<number | null> = Promise.resolve(null);
  #waiting: Stroke[] = [];

  constructor(context: ToolContext, erases: boolean) {
    this.#context = context;
    this.#erases = erases;
  }

  press(at: Gesture): void {
    const { store } = this.#context;
    const state = store.getState();
    const size = sizeOf(state);
    if (at.button !== 'left' || size === null || !mayDraw(this.#context)) return;
    const place = clamped(at, size);
    const adds = !(this.#erases || at.ctrl || at.alt);
    const shapeId = selectedShape(state)?.id ?? null;
    const start = at.shift && this.#before ? this.#before : place;
    const fresh = { area: emptyColumns(size), serial: ++this.#strokes, grown: 0, latest: null };
    this.#now = { stroke: { shapeId, adds, ...fresh }, last: start };
    this.#sweepTo(place);
  }

  move(at: Gesture): void {
    const size = sizeOf(this.#context.store.getState());
    if (this.#now && size) this.#sweepTo(clamped(at, size));
  }

  #sweepTo(place: Place): void {
    if (!this.#now) return;
    const { stroke, last } = this.#now;
    const sweep: Sweep = { from: last, to: place, radius: this.#context.store.getState().brush };
    const latest = sweepColumns(sweep, stroke.area);
    const area = joined(stroke.area, latest, either);
    this.#now = { stroke: { ...stroke, area, grown: stroke.grown + 1, latest: columnsBox(latest) }, last: place };
  }

  release(at: Gesture): void {
    if (!this.#now || at.button !== 'left') return;
    const { stroke, last } = this.#now;
    this.#now = null;
    this.#before = last;
    this.#waiting = [...this.#waiting, stroke];
    this.#making = this.#commit(stroke, this.#making);
  }

  async #commit(stroke: Stroke, earlier: Promise<number | null>): Promise<number | null> {
    const continues = this.#waiting.length > 1;
    const made = await earlier.catch(() => null);
    const into = stroke.shapeId ?? (continues ? made : null);
    const title = stroke.adds ? 'Brush' : 'Erase';
    try {
      return await commitArea(this.#context, { area: stroke.area, way: stroke.adds ? 'add' : 'take', title, into });
    } finally {
      this.#waiting = this.#waiting.filter((one) => one !== stroke);
      this.#context.changed();
    }
  }

  finish(): boolean {
    const { store } = this.#context;
    if (this.#now || store.getState().selected.size === 0) return false;
    store.setState({ selected: new Set() });
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
  }

  draft(): Draft {
    const [first, ...rest] = this.#now ? [...this.#waiting, this.#now.stroke] : this.#waiting;
    const stroke = first && rest.reduce(together, first);
    return { stroke: stroke ?? null, radius: this.#context.store.getState().brush };
  }
}

/** Two strokes in a row as one, as far as a draft can show it: added where one is taken away, the later alone. */
const together = (a: Stroke, b: Stroke): Stroke =>
  a.shapeId === b.shapeId && a.adds === b.adds ? { ...b, serial: 0, area: joined(a.area, b.area, either) } : b;
