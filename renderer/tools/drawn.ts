// Which shape an area tool draws on: a selected one is refined, but what the tool itself has just drawn is left alone.
import type { Columns } from '../../main/contract/columns.ts';
import { commitArea, mayDraw, type Target, targetOf } from './area.ts';
import type { ToolContext } from './tool.ts';

/** Draws areas one after the other: each a new shape, until a person selects one to go on with; Alt takes away. */
export class Drawer {
  readonly #context: ToolContext;
  #made: number | null = null;

  constructor(context: ToolContext) {
    this.#context = context;
  }

  /** What a step that begins with this key held draws on; null where it may not begin, and then it is told why. */
  begin(alt: boolean): Target | null {
    const state = this.#context.store.getState();
    const target = targetOf(state);
    const isOwn = !alt && target?.shape?.id === this.#made;
    if (target && (isOwn || state.selected.size === 0)) return alt ? null : { ...target, shape: null };
    return mayDraw(this.#context) ? target : null;
  }

  async draw(target: Target, area: Columns, alt: boolean, title: string): Promise<void> {
    const shape = await commitArea(this.#context, { area, way: alt ? 'take' : 'add', title, target });
    if (target.shape === null) this.#made = shape?.id ?? null;
    this.#context.changed();
  }

  forget(): void {
    this.#made = null;
  }
}
