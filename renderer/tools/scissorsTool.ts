// Intelligent scissors: clicks along an edge give an outline that follows the picture's own edges from one to the next.

import { covers, middleOf, strongestNear, type UnpackedWire, wayTo } from '../../main/contract/liveWire.ts';
import { type Columns, toColumns } from '../../main/contract/maskColumns.ts';
import { simplified } from '../../main/contract/outline.ts';
import { fromPolygon } from '../../main/contract/polygon.ts';
import { say } from '../state/workbench.ts';
import { commitArea, type StartedDrawing, sizeOf, startDrawing } from './area.ts';
import { rememberCorners } from './corners.ts';
import { clamped, distance, type ImagePoint, isOn } from './place.ts';
import type { Draft, Gesture, Tool, ToolContext } from './tool.ts';

/** Screen pixels within which a click means the first anchor, and within which it goes to the strongest edge. */
const SNAP = 9;
const REACH = 4;
/** Image pixels that the outline may differ from the pixels' middles that the wire goes through. */
const LEAST_TRACE = 0.5;
const MOST_TRACE = 1;

/** A click, and the wire from it. */
interface Anchor {
  readonly clicked: ImagePoint;
  /** No edge leads here: the line from the anchor before is straight. */
  readonly straight: boolean;
  /** Null: the host has none to give; lines from here are straight. */
  readonly asked: Promise<UnpackedWire | null>;
}

interface Step extends StartedDrawing {
  readonly anchors: readonly Anchor[];
  readonly pointer: ImagePoint;
  readonly straight: boolean;
}

export class ScissorsTool implements Tool {
  readonly #context: ToolContext;
  /** What the host has answered; the widest where several were asked for. */
  readonly #wires = new WeakMap<Anchor, UnpackedWire>();
  readonly #widening = new WeakSet<Anchor>();
  #step: Step | null = null;
  /** An outline whose last ways are on their way. */
  #closing: Step | null = null;

  constructor(context: ToolContext) {
    this.#context = context;
  }

  press(at: Gesture): void {
    const size = sizeOf(this.#context.store.getState());
    if (at.button !== 'left' || size === null || this.#closing) return;
    const pointer = clamped(at, size);
    if (this.#step === null) {
      const beginning = isOn(at, size) ? startDrawing(this.#context, { takes: at.alt }) : null;
      if (beginning === null) return;
      const anchor = this.#anchor(beginning, pointer, { straight: at.shift, reach: this.#reach() });
      this.#step = { ...beginning, anchors: [anchor], pointer, straight: false };
    } else this.#next({ ...this.#step, pointer, straight: at.shift }, at.clicks);
  }

  #next(step: Step, clicks: number): void {
    this.#step = step;
    if (step.anchors.length > 1 && (clicks === 2 || this.#snaps(step))) return void this.finish();
    if (clicks === 2) return;
    const [place, reach] = this.#aimed(step);
    const anchor = this.#anchor(step, place, { straight: step.straight, reach });
    this.#step = { ...step, anchors: [...step.anchors, anchor] };
  }

  /** Says where a click of now goes, and how far from there the host may look for an edge: not where the wire shows it already. */
  #aimed({ anchors, pointer, straight }: Step): [ImagePoint, number] {
    const last = anchors.at(-1);
    const wire = last && this.#wires.get(last);
    if (straight) return [pointer, 0];
    return wire && covers(wire, pointer) ? [strongestNear(wire, pointer, this.#reach()), 0] : [pointer, this.#reach()];
  }

  #anchor({ target }: StartedDrawing, clicked: ImagePoint, how: { straight: boolean; reach: number }): Anchor {
    // The last pixel of a picture ends where the picture ends.
    const inside = {
      x: Math.min(clicked.x, target.size.width - 0.5),
      y: Math.min(clicked.y, target.size.height - 0.5),
    };
    const asked = this.#ask(target.imageId, inside, { reach: how.reach, to: null });
    const anchor: Anchor = { clicked, straight: how.straight, asked };
    void asked.then((wire) => {
      if (wire) this.#wires.set(anchor, wire);
      this.#context.changed();
    });
    return anchor;
  }

  /** Null where it failed, which a notice says, or where another image is open by now. */
  async #ask(
    imageId: number,
    at: ImagePoint,
    how: { reach: number; to: ImagePoint | null },
  ): Promise<UnpackedWire | null> {
    const { store, host } = this.#context;
    if (store.getState().open?.image.id !== imageId) return null;
    try {
      return await host.wire(at, how);
    } catch (error) {
      say(store, 'bad', error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  move(at: Gesture): void {
    const size = sizeOf(this.#context.store.getState());
    if (this.#step === null || size === null) return;
    this.#step = { ...this.#step, pointer: clamped(at, size), straight: at.shift };
    this.#widen(this.#step);
  }

  /** Asks for a larger window where the pointer has left that of the last anchor; one at a time. */
  #widen({ anchors, pointer, target }: Step): void {
    const last = anchors.at(-1);
    const wire = last && this.#wires.get(last);
    if (!last || !wire || covers(wire, pointer) || this.#widening.has(last)) return;
    this.#widening.add(last);
    void this.#ask(target.imageId, this.#placeOf(last), { reach: 0, to: pointer }).then((wider) => {
      if (wider) this.#wires.set(last, wider);
      this.#widening.delete(last);
      this.#context.changed();
    });
  }

  release(): void {}

  #scale = (): number => this.#context.store.getState().view.scale;

  #reach = (): number => REACH / this.#scale();

  #placeOf(anchor: Anchor): ImagePoint {
    const wire = this.#wires.get(anchor);
    return wire ? middleOf(wire, wire.root) : anchor.clicked;
  }

  #snaps({ anchors: [first], pointer }: Step): boolean {
    return first !== undefined && distance(this.#placeOf(first), pointer) * this.#scale() <= SNAP;
  }

  finish(): boolean {
    const step = this.#step;
    if (step === null) return this.#closing !== null;
    this.#step = null;
    if (step.anchors.length > 1) void this.#close(step);
    return true;
  }

  async #close(step: Step): Promise<void> {
    this.#closing = step;
    const ring = await this.#ring(step);
    if (this.#closing !== step) return;
    this.#closing = null;
    const { target, way } = step;
    const { width, height } = target.size;
    if (ring.length >= 6) {
      const area: Columns = toColumns(fromPolygon(ring, width, height));
      rememberCorners(area, [ring]);
      await commitArea(this.#context, {
        area,
        way,
        target,
        title: `${way === 'take' ? 'Take away' : 'Draw'} by scissors`,
      });
    }
    this.#context.changed();
  }

  /** Flat x1 y1 x2 y2 ... along all ways and back to the first anchor. */
  async #ring({ anchors, target }: Step): Promise<readonly number[]> {
    await Promise.all(anchors.map(({ asked }) => asked));
    const ways: (readonly ImagePoint[])[] = [];
    for (const [i, from] of anchors.entries()) {
      const to = anchors[(i + 1) % anchors.length];
      if (to) ways.push(await this.#whole(from, to, target.imageId));
    }
    const flat = ways.flat().flatMap(({ x, y }) => [x, y]);
    return simplified(flat, Math.min(MOST_TRACE, Math.max(LEAST_TRACE, LEAST_TRACE / this.#scale())));
  }

  /** Finds the way between two anchors, also where the second lies outside of the first one's window. */
  async #whole(from: Anchor, to: Anchor, imageId: number): Promise<readonly ImagePoint[]> {
    const [wire, end] = [this.#wires.get(from), this.#placeOf(to)];
    if (to.straight || !wire || covers(wire, end)) return this.#way(from, end, to.straight);
    const wider = await this.#ask(imageId, this.#placeOf(from), { reach: 0, to: end });
    if (wider) this.#wires.set(from, wider);
    return this.#way(from, end, false);
  }

  #way(from: Anchor, to: ImagePoint, straight: boolean): readonly ImagePoint[] {
    const wire = this.#wires.get(from);
    return straight || !wire || !covers(wire, to) ? [this.#placeOf(from), to] : wayTo(wire, to);
  }

  /** The last anchor. */
  back(): boolean {
    if (this.#step === null) return false;
    const anchors = this.#step.anchors.slice(0, -1);
    this.#step = anchors.length === 0 ? null : { ...this.#step, anchors };
    return true;
  }

  cancel(): boolean {
    const had = this.#step !== null || this.#closing !== null;
    this.#step = null;
    this.#closing = null;
    return had;
  }

  leave(): void {
    if (this.#step && this.#step.anchors.length > 2) this.finish();
    this.#step = null;
  }

  draft(): Draft {
    const step = this.#step ?? this.#closing;
    if (step === null) return {};
    const { anchors, way } = step;
    const ways = anchors.slice(1).map((to, i) => {
      const from = anchors[i];
      return from ? this.#way(from, this.#placeOf(to), to.straight) : [];
    });
    const [first, last] = [anchors[0], anchors.at(-1)];
    const snaps = step === this.#step && anchors.length > 1 && this.#snaps(step);
    const end = snaps && first ? this.#placeOf(first) : this.#aimed(step)[0];
    const guide = last && step === this.#step ? this.#way(last, end, step.straight) : [];
    const manner = way === 'take' ? 'takes' : 'adds';
    return {
      paths: [{ points: [...ways.flat(), ...guide], closed: step === this.#closing, manner }],
      anchors: anchors.map((anchor) => this.#placeOf(anchor)),
      snap: snaps && first ? this.#placeOf(first) : null,
      busy: step === this.#closing || !last || !this.#wires.has(last),
    };
  }
}
