// Box and cut out: two corners to a filled rectangle, or to what GrabCut finds in it.

import { boxColumns } from '../../main/contract/columns.ts';
import type { Box } from '../../main/contract/records.ts';
import { say } from '../state/workbench.ts';
import type { Target } from './area.ts';
import { Drawer } from './drawn.ts';
import { columnsOf } from './masks.ts';
import { boxBetween, clamped, type Place, squared } from './place.ts';
import type { Draft, Gesture, Tool, ToolContext } from './tool.ts';

interface Step {
  readonly target: Target;
  readonly from: Place;
  readonly to: Place;
  readonly alt: boolean;
}

/** A drag of less is a slip, image pixels. */
const LEAST = 1;

export class BoxTool implements Tool {
  readonly #context: ToolContext;
  readonly #drawer: Drawer;
  readonly #cuts: boolean;
  #step: Step | null = null;
  /** The box that the host works on. */
  #working: Box | null = null;

  constructor(context: ToolContext, cuts: boolean) {
    this.#context = context;
    this.#drawer = new Drawer(context);
    this.#cuts = cuts;
  }

  press(at: Gesture): void {
    const target = at.button === 'left' && !this.#working ? this.#drawer.begin(at.alt) : null;
    if (target === null) return;
    const from = clamped(at, target.size);
    this.#step = { target, from, to: from, alt: at.alt };
  }

  move(at: Gesture): void {
    if (!this.#step) return;
    const { from, target } = this.#step;
    this.#step = { ...this.#step, to: clamped(at.shift ? squared(from, at) : at, target.size) };
  }

  release(at: Gesture): void {
    if (at.button !== 'left' || !this.#step) return;
    this.move(at);
    const { target, from, to, alt } = this.#step;
    this.#step = null;
    const box = boxBetween(from, to);
    if (box.x2 - box.x1 < LEAST || box.y2 - box.y1 < LEAST) return;
    void this.#draw(target, box, alt);
  }

  async #draw(target: Target, box: Box, alt: boolean): Promise<void> {
    this.#working = box;
    try {
      const area = this.#cuts ? columnsOf(await this.#context.host.cutOut(box)) : boxColumns(box, target.size);
      // Esc while the host worked on it.
      if (this.#working !== box) return;
      const what = this.#cuts ? 'cut-out' : 'box';
      await this.#drawer.draw(target, area, alt, `${alt ? 'Take away' : 'Draw'} ${what}`);
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
    this.#drawer.forget();
  }

  draft(): Draft {
    if (this.#step) {
      const { from, to, alt } = this.#step;
      return { box: { box: boxBetween(from, to), manner: alt ? 'takes' : 'adds' } };
    }
    return this.#working ? { box: { box: this.#working, manner: 'guide' }, busy: this.#cuts } : {};
  }
}
