// Box and cut out: two corners give a filled rectangle, or what GrabCut finds in it.

import { boxColumns } from '../../main/contract/maskColumns.ts';
import type { Box } from '../../main/contract/records.ts';
import { say } from '../state/workbench.ts';
import { commitArea, type StartedDrawing, startDrawing } from './area.ts';
import { columnsOf } from './masks.ts';
import { boxBetween, clamped, type ImagePoint, squared } from './place.ts';
import type { Draft, Gesture, Tool, ToolContext } from './tool.ts';

interface Step extends StartedDrawing {
  readonly from: ImagePoint;
  readonly to: ImagePoint;
}

/** A drag of less is a slip, image pixels. */
const LEAST = 1;

export class BoxTool implements Tool {
  readonly #context: ToolContext;
  readonly #cuts: boolean;
  #step: Step | null = null;
  /** The box that the host works on. */
  #working: Box | null = null;

  constructor(context: ToolContext, cuts: boolean) {
    this.#context = context;
    this.#cuts = cuts;
  }

  press(at: Gesture): void {
    const beginning = at.button === 'left' && !this.#working ? startDrawing(this.#context, { takes: at.alt }) : null;
    if (beginning === null) return;
    const from = clamped(at, beginning.target.size);
    this.#step = { ...beginning, from, to: from };
  }

  move(at: Gesture): void {
    if (!this.#step) return;
    const { from, target } = this.#step;
    this.#step = { ...this.#step, to: clamped(at.shift ? squared(from, at) : at, target.size) };
  }

  release(at: Gesture): void {
    if (at.button !== 'left' || !this.#step) return;
    this.move(at);
    const { from, to, ...beginning } = this.#step;
    this.#step = null;
    const box = boxBetween(from, to);
    if (box.x2 - box.x1 < LEAST || box.y2 - box.y1 < LEAST) return;
    void this.#draw(beginning, box);
  }

  async #draw({ target, way }: StartedDrawing, box: Box): Promise<void> {
    this.#working = box;
    try {
      const area = this.#cuts ? columnsOf(await this.#context.host.cutOut(box)) : boxColumns(box, target.size);
      // Esc while the host worked on it.
      if (this.#working !== box) return;
      const what = this.#cuts ? 'cut-out' : 'box';
      const title = `${way === 'take' ? 'Take away' : 'Draw'} ${what}`;
      await commitArea(this.#context, { area, way, title, target });
    } catch (error) {
      say(this.#context.store, 'bad', error instanceof Error ? error.message : String(error));
    } finally {
      if (this.#working === box) this.#working = null;
      this.#context.changed();
    }
  }

  finish(): boolean {
    return false;
  }

  back(): boolean {
    return false;
  }

  cancel(): boolean {
    const had = this.#step !== null || this.#working !== null;
    this.#step = null;
    this.#working = null;
    return had;
  }

  leave(): void {
    this.cancel();
  }

  draft(): Draft {
    if (this.#step) {
      const { from, to, way } = this.#step;
      return { box: { box: boxBetween(from, to), manner: way === 'take' ? 'takes' : 'adds' } };
    }
    return this.#working ? { box: { box: this.#working, manner: 'guide' }, busy: this.#cuts } : {};
  }
}
