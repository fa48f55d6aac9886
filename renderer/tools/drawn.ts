// Which shape an area tool draws on: a selected one is refined, but what the tool itself has just drawn is left alone.
import type { Columns } from '../../main/contract/columns.ts';
import { commitArea, mayDraw, selectedShape, sizeOf } from './area.ts';
import type { ToolContext } from './tool.ts';

/** Draws areas one after the other: each a new shape, until a person selects one to go on with; Alt takes away. */
export class Drawer {
  readonly #context: ToolContext;
  #made: number | null = null;

  constructor(context: ToolContext) {
    this.#context = context;
  }

  /** Whether a step may begin with this key held; tells why where it may not. */
  begins(alt: boolean): boolean {
    const { store } = this.#context;
    if (this.#target(alt) === null) return !alt && sizeOf(store.getState()) !== null;
    return mayDraw(this.#context);
  }

  /** The id of the shape that is refined; null: a new one. */
  #target(alt: boolean): number | null {
    const state = this.#context.store.getState();
    const shape = selectedShape(state);
    if (shape === null) return state.selected.size > 1 ? ([...state.selected][0] ?? null) : null;
    return !alt && shape.id === this.#made ? null : shape.id;
  }

  async draw(area: Columns, alt: boolean, title: string): Promise<void> {
    const into = this.#target(alt);
    const id = await commitArea(this.#context, { area, way: alt ? 'take' : 'add', title, into });
    if (into === null) this.#made = id;
  }

  forget(): void {
    this.#made = null;
  }
}
