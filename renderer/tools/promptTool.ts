// Points and prompt box: clicks and a box go to the segmenter, its mask waits, and Enter makes it the shape's.
import type { Columns } from '../../main/contract/maskColumns.ts';
import type { PackedMask } from '../../main/contract/project.ts';
import type { Box, Point } from '../../main/contract/records.ts';
import { proposedMask } from '../state/drawing.ts';
import { say } from '../state/workbench.ts';
import { type AreaOperation, commitArea, type DrawingTarget, sizeOf, startDrawing } from './area.ts';
import { columnsOf } from './masks.ts';
import { boxBetween, clamped, distance, type ImagePoint, isOn } from './place.ts';
import type { Draft, Gesture, Tool, ToolContext } from './tool.ts';

/** All that was asked about one object, and the last answer to it. */
interface Session {
  readonly target: DrawingTarget;
  readonly way: AreaOperation;
  readonly points: readonly Point[];
  readonly box: Box | null;
  readonly rough: PackedMask | null;
}

/** A press that moves less, in screen pixels, is a click. */
const CLICK = 4;

export class PromptTool implements Tool {
  readonly #context: ToolContext;
  readonly #boxes: boolean;
  #session: Session | null = null;
  #answer: Columns | null = null;
  #drag: { readonly session: Session; readonly from: ImagePoint; readonly to: ImagePoint } | null = null;
  /** Number of the last question; answers to earlier ones come too late. */
  #asked = 0;
  #busy = false;

  /** `boxes`: a drag draws a box; else every press is a click. */
  constructor(context: ToolContext, boxes: boolean) {
    this.#context = context;
    this.#boxes = boxes;
  }

  press(at: Gesture): void {
    const state = this.#context.store.getState();
    const size = sizeOf(state);
    if (size === null) return;
    const sign = at.button === 'right' || at.shift || at.alt ? '-' : '+';
    const drags = this.#boxes && sign === '+';
    const session = drags || isOn(at, size) ? this.#started() : null;
    if (session === null) return;
    if (drags) this.#drag = { session, from: clamped(at, size), to: clamped(at, size) };
    else this.#click(session, { x: at.x, y: at.y, sign });
  }

  /** A session goes on whatever is selected; a new one begins as the bar over the canvas says. */
  #started(): Session | null {
    if (this.#session) return this.#session;
    const beginning = startDrawing(this.#context, { takes: false });
    if (beginning === null) return null;
    const { target, way } = beginning;
    // Clicks go on from the mask that they are to mend; a box is of one more part, or of all of an answer's object.
    const rough = way === 'add' && !this.#boxes ? this.#maskOf(target) : null;
    const replaces = rough !== null || (way === 'add' && target.onProposal);
    return { target, way: replaces ? 'replace' : way, points: [], box: null, rough };
  }

  #maskOf({ shape, onProposal }: DrawingTarget): PackedMask | null {
    return onProposal ? proposedMask(this.#context.store.getState()) : (shape?.mask ?? null);
  }

  #click(session: Session, point: Point): void {
    this.#ask({ ...session, points: [...session.points, point] });
  }

  move(at: Gesture): void {
    const size = sizeOf(this.#context.store.getState());
    if (this.#drag && size) this.#drag = { ...this.#drag, to: clamped(at, size) };
  }

  release(at: Gesture): void {
    if (at.button !== 'left' || !this.#drag) return;
    this.move(at);
    const { session, from, to } = this.#drag;
    this.#drag = null;
    const isClick = distance(from, to) * this.#context.store.getState().view.scale < CLICK;
    if (isClick) this.#click(session, { ...from, sign: '+' });
    else this.#ask({ ...session, box: boxBetween(from, to) });
  }

  #ask(session: Session): void {
    this.#session = session;
    void this.#answered(++this.#asked, session);
  }

  async #answered(asked: number, session: Session): Promise<void> {
    const { store, host } = this.#context;
    this.#busy = true;
    try {
      const mask = await host.refine(session.points, session.box, session.rough);
      if (asked === this.#asked) this.#answer = columnsOf(mask);
    } catch (error) {
      if (asked === this.#asked) say(store, 'bad', error instanceof Error ? error.message : String(error));
    } finally {
      if (asked === this.#asked) this.#busy = false;
      this.#context.changed();
    }
  }

  /** Enter: the mask becomes the shape's. Before the answer is there, nothing happens but the key is used up. */
  finish(): boolean {
    const [session, area] = [this.#session, this.#answer];
    if (session === null) return false;
    if (area === null || this.#busy) return true;
    this.#clear();
    const { target, way } = session;
    const title = {
      add: target.shape ? 'Add a segment' : 'Segment',
      take: 'Take away a segment',
      replace: 'Refine mask',
    }[way];
    void commitArea(this.#context, { area, way, title, target }).then(() => this.#context.changed());
    return true;
  }

  /** Backspace: everything asked about this object. */
  back(): boolean {
    return this.cancel();
  }

  cancel(): boolean {
    const had = this.#session !== null || this.#drag !== null;
    if (this.#drag) this.#drag = null;
    else this.#clear();
    return had;
  }

  #clear(): void {
    this.#session = null;
    this.#answer = null;
    this.#drag = null;
    this.#busy = false;
    this.#asked++;
  }

  /** A mask that is there becomes a shape. */
  leave(): void {
    if (!this.#busy) this.finish();
    this.#clear();
  }

  draft(): Draft {
    const [session, drag] = [this.#session, this.#drag];
    const box = drag ? boxBetween(drag.from, drag.to) : (session?.box ?? null);
    return {
      points: session?.points ?? [],
      box: box && { box, manner: 'guide' },
      mask: this.#answer,
      busy: this.#busy,
    };
  }
}
