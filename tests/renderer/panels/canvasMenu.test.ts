import { describe, expect, it } from 'vitest';
import { commands } from '../../../main/contract/commands.ts';
import { CanvasMenu } from '../../../renderer/panels/CanvasMenu.tsx';
import type { Workbench } from '../../../renderer/state/workbench.ts';
import { onImage } from '../printed.ts';
import { shape } from './given.ts';
import { laidOpen } from './laidOpen.ts';
import { namesOf } from './markup.ts';

const offered = (state: Partial<Workbench>, at: { x: number; y: number } | null = { x: 5, y: 7 }): string[] =>
  namesOf(laidOpen(CanvasMenu, state, { at, onClose: () => {} }), 'menuitem');

const titleOf = (id: string): string => commands.find((command) => command.id === id)?.title ?? id;

describe('the menu of the canvas', () => {
  it('is not there before a right click', () => expect(offered(onImage(), null)).toEqual([]));

  it('offers what the image can have where nothing is selected', () => {
    const names = offered(onImage()).join('\n');
    for (const id of ['edit.selectAll', 'shape.showAll', 'view.fit']) expect(names).toContain(titleOf(id));
    for (const id of ['edit.copy', 'edit.paste', 'mask.smooth']) expect(names).not.toContain(titleOf(id));
  });

  it('offers what a selected shape can have; uniting needs two', () => {
    const state = onImage({ shapes: [shape(1), shape(2)] });
    const one = offered({ ...state, selected: new Set([1]) }).join('\n');
    for (const id of ['edit.copy', 'edit.delete', 'shape.lock', 'mask.fillHoles']) expect(one).toContain(titleOf(id));
    expect(one).not.toContain(titleOf('mask.union'));
    expect(offered({ ...state, selected: new Set([1, 2]) }).join('\n')).toContain(titleOf('mask.union'));
  });
});
