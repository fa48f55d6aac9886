// Magic wand: a click to everything that is connected to it and of its colour.
import { say } from '../state/workbench.ts';
import { sizeOf, type Target } from './area.ts';
import { Drawer } from './drawn.ts';
import { columnsOf } from './masks.ts';
import { isOn } from './place.ts';
import type { Draft, Gesture, Tool, ToolContext } from './tool.ts';

export class WandTool implements Tool {
  readonly #context: ToolContext;
  readonly #drawer: Drawer;
  #working: Gesture | null = null;

  constructor(context: ToolContext) {
    this.#context = context;
    this.#drawer = new Drawer(context);
  }

  press(at: Gesture): void {
    const size = sizeOf(this.#context.store.getState());
    if (at.button !== 'left' || size === null || !isOn(at, size) || this.#working) return;
    const target = this.#drawer.begin(at.alt);
    if (target) void this.#pick(target, at);
  }

  async #pick(target: Target, at: Gesture): Promise<void> {
    const { store, host } = this.#context;
    this.#working = at;
    try {
      const mask = await host.wand(at.x, at.y, store.getState().wandTolerance);
      if (this.#working === at)
        await this.#drawer.draw(target, columnsOf(mask), at.alt, `${at.alt ? 'Take away' : 'Draw'} by wand`);
    } catch (error) {
      say(store, 'bad', error instanceof Error ? error.message : String(error));
    } finally {
      if (this.#working === at) this.#working = null;
      this.#context.changed();
    }
  }

  move(): void {}

  release(): void {}

  finish(): boolean {
    return false;
  }

  back(): boolean {
    return false;
  }

  cancel(): boolean {
    const had = this.#working !== null;
    this.#working = null;
    return had;
  }

  leave(): void {
    this.cancel();
    this.#drawer.forget();
  }

  draft(): Draft {
    const at = this.#working;
    return at ? { points: [{ x: at.x, y: at.y, sign: at.alt ? '-' : '+' }], busy: true } : {};
  }
}
