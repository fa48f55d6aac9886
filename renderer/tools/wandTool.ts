// Magic wand: a click selects everything that is connected to it and of its colour.
import { say } from '../state/workbench.ts';
import { commitArea, type StartedDrawing, sizeOf, startDrawing } from './area.ts';
import { columnsOf } from './masks.ts';
import { isOn } from './place.ts';
import type { Draft, Gesture, Tool, ToolContext } from './tool.ts';

export class WandTool implements Tool {
  readonly #context: ToolContext;
  #working: { readonly at: Gesture; readonly takes: boolean } | null = null;

  constructor(context: ToolContext) {
    this.#context = context;
  }

  press(at: Gesture): void {
    const size = sizeOf(this.#context.store.getState());
    if (at.button !== 'left' || size === null || !isOn(at, size) || this.#working) return;
    const beginning = startDrawing(this.#context, { takes: at.alt, adds: at.shift });
    if (beginning) void this.#pick(beginning, at);
  }

  async #pick({ target, way }: StartedDrawing, at: Gesture): Promise<void> {
    const { store, host } = this.#context;
    const working = { at, takes: way === 'take' };
    this.#working = working;
    try {
      const { wandTolerance: tolerance, wandContiguous: contiguous } = store.getState();
      const area = columnsOf(await host.wand({ x: at.x, y: at.y }, { tolerance, contiguous }));
      const title = `${working.takes ? 'Take away' : 'Draw'} by wand`;
      if (this.#working === working) await commitArea(this.#context, { area, way, title, target });
    } catch (error) {
      say(store, 'bad', error instanceof Error ? error.message : String(error));
    } finally {
      if (this.#working === working) this.#working = null;
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
  }

  draft(): Draft {
    if (this.#working === null) return {};
    const { at, takes } = this.#working;
    return { points: [{ x: at.x, y: at.y, sign: takes ? '-' : '+' }], busy: true };
  }
}
