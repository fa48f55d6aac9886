// Says what the next drawing does and to which shape: the person's choice, a new shape for each tool that is taken up.

import type { PackedMask } from '../../main/contract/project.ts';
import { type ToolName, tools } from '../../main/contract/tools.ts';
import { inReview, reviewed } from './answers.ts';
import type { Combine, Workbench, WorkbenchStore } from './workbench.ts';

/** Nothing was selected or drawn since the answer came, and its object is neither a shape nor refused: drawing edits it. */
export function drawsOnProposal(state: Workbench): boolean {
  const { answered, promptId, selected } = state;
  if (answered === null || answered.promptId !== promptId || answered.selected !== selected) return false;
  const { correction, at } = reviewed(state);
  const mask = correction?.objects[at]?.mask;
  return mask !== undefined && mask.shapeId === null && mask.verdict !== 'wrong';
}

/** The mask as the model drew the object in review. */
export function proposedMask(state: Workbench): PackedMask | null {
  const { correction, at } = reviewed(state);
  const index = correction?.objects[at]?.index ?? null;
  return index === null ? null : (inReview(state).proposal?.objects[index]?.mask ?? null);
}

/** What applies: straight after an answer, drawing adds to its object unless the person chose otherwise. */
export const combineOf = (state: Workbench): Combine =>
  state.combine === 'new' && drawsOnProposal(state) ? 'add' : state.combine;

export const takeUp = ({ setState }: WorkbenchStore, tool: ToolName): void =>
  setState(({ taken }) => ({ tool, taken: taken + 1, combine: 'new' }));

/** A person who asks for a new shape does not mean the answer. */
export const chooseCombine = ({ setState }: WorkbenchStore, combine: Combine): void =>
  setState(combine === 'new' ? { combine, answered: null } : { combine });

/** What the next drawing is made to, for the person; empty for tools that draw nothing. */
export function drawnOnWords(state: Workbench): string {
  const { options, erases } = tools[state.tool];
  if (!erases && !options.includes('combine')) return '';
  const combine = erases ? 'subtract' : combineOf(state);
  if (combine === 'new')
    return options.includes('brush') ? 'Strokes make one new shape, until Enter' : 'Draws a new shape';
  const name = drawsOnProposal(state) ? 'the answer' : selectedName(state);
  if (combine === 'add') return name ? `Adds to ${name}` : 'Draws a new shape: none is selected';
  return name ? `Takes away from ${name}` : 'Select a shape to take away from';
}

function selectedName({ open, selected, labels }: Workbench): string | null {
  const [id] = selected;
  if (selected.size > 1) return `${selected.size} shapes: select one`;
  const shape = id === undefined ? undefined : open?.shapes.get(id);
  return shape ? (labels.get(shape.labelId)?.name ?? 'the selected shape') : null;
}
