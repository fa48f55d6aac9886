import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packMask, type Shape } from '../../../main/contract/project.ts';
import { runCommand } from '../../../renderer/state/commands.ts';
import { judge, nextPair, sortPairs, startOver } from '../../../renderer/state/repair.ts';
import { fittedView } from '../../../renderer/state/view.ts';
import { block } from '../block.ts';
import { addLabel, draw, type Windowed, waitFor, windowed } from '../windowed.ts';

let window: Windowed;
let shapes: Shape[];

const state = () => window.client.store.getState();
const repair = () => state().repair;
const maskOf = (shape: Shape) => state().open?.shapes.get(shape.id)?.mask;

const proposed = { x1: 2, y1: 2, x2: 9, y2: 9 };

beforeAll(async () => {
  window = await windowed('repair', 3);
  const label = await addLabel(window, 'car');
  shapes = [];
  for (let i = 0; i < 3; i++) {
    shapes.push(await draw(window, label.id, { x1: 0, y1: 0, x2: 10, y2: 10 }));
    await window.client.actions.step('next');
  }
}, 30_000);

afterAll(() => window.close());

/** As a comparison leaves it: the third is the worst, the first the best. */
beforeEach(async () => {
  await window.client.edits.settled();
  shapes.forEach(({ id }, i) => {
    const mask = packMask(block(proposed));
    window.host.project().setComparison(id, { mask, weights: 'nano', disagreement: (i + 1) / 10 });
  });
  window.client.store.setState({
    side: 'repair',
    repair: { pair: null, order: 'gain', left: 0, judged: [], again: false, skipped: new Set(), stage: 'idle' },
  });
  await nextPair(window.client);
});

const at = (i: number): Shape => {
  const shape = shapes[i];
  if (!shape) throw new Error(`no shape ${i}`);
  return shape;
};

describe('the order of pairs', () => {
  it('is by expected gain at first, and another one as it is chosen', async () => {
    const mask = packMask(block(proposed));
    const tell = (i: number, gain: number, boundary: number) =>
      window.host
        .project()
        .setComparison(at(i).id, { mask, weights: 'nano', disagreement: (i + 1) / 10, gain, boundary });
    tell(0, 0.2, 0.1);
    tell(1, 0.1, 0.9);
    await nextPair(window.client);
    expect(repair()).toMatchObject({ order: 'gain', pair: { shapeId: at(0).id, gain: 0.2 } });
    await sortPairs(window.client, 'boundary');
    expect(repair()).toMatchObject({ stage: 'judging', pair: { shapeId: at(1).id } });
    await sortPairs(window.client, 'disagreement');
    expect(repair().pair?.shapeId).toBe(at(2).id);
  });
});

describe('stepping through pairs', () => {
  it('begins with the worst: its image is open, the shape selected and close, the wipe in the middle', () => {
    expect(repair()).toMatchObject({ stage: 'judging', left: 3, pair: { shapeId: at(2).id } });
    expect(state().open?.image.id).toBe(at(2).imageId);
    expect([...state().selected]).toEqual([at(2).id]);
    expect(state().wipe).toEqual({ shapeId: at(2).id, proposed: packMask(block(proposed)), at: 0.5 });
    expect(state().view.scale).toBeCloseTo(0.6 * 60);
  });

  it('keeps, and goes on to the next', async () => {
    await runCommand('repair.keep', window.context);
    expect(repair()).toMatchObject({ left: 2, pair: { shapeId: at(1).id } });
    expect(repair().judged.map(({ pair }) => pair.shapeId)).toEqual([at(2).id]);
  });

  it('replaces as a change that undo takes back, and then the pair is there to be judged again', async () => {
    const { id } = at(2);
    await runCommand('repair.replace', window.context);
    expect(window.host.project().record('shape', id)?.mask).toEqual(packMask(block(proposed)));
    await runCommand('repair.back', window.context);
    expect(repair()).toMatchObject({ stage: 'judging', pair: { shapeId: id }, judged: [] });
    expect(maskOf(at(2))).toEqual(at(2).mask);
    expect(window.host.project().record('shape', id)?.mask).toEqual(at(2).mask);
  });

  it('judges a kept one again, and may replace it then', async () => {
    await runCommand('repair.keep', window.context);
    await runCommand('repair.back', window.context);
    expect(repair()).toMatchObject({ again: true, pair: { shapeId: at(2).id } });
    await runCommand('repair.replace', window.context);
    await window.client.edits.settled();
    expect(window.host.project().record('shape', at(2).id)?.mask).toEqual(packMask(block(proposed)));
    expect(repair()).toMatchObject({ left: 2, pair: { shapeId: at(1).id } });
    await window.client.actions.undo();
  });

  it('waits while the person edits, and keeps what came of it', async () => {
    await runCommand('repair.edit', window.context);
    expect(state()).toMatchObject({ tool: 'brush', wipe: null, repair: { stage: 'editing' } });
    const edited = packMask(block({ x1: 1, y1: 1, x2: 9, y2: 9 }));
    const before = { mask: at(2).mask };
    const change = { kind: 'shape' as const, id: at(2).id, before, after: { mask: edited } };
    await window.client.edits.commit({ title: 'Brush', changes: [change] });
    await runCommand('repair.done', window.context);
    expect(repair().pair?.shapeId).toBe(at(1).id);
    expect(window.host.project().record('shape', at(2).id)?.mask).toEqual(edited);
    await runCommand('repair.back', window.context);
    expect(maskOf(at(2))).toEqual(at(2).mask);
  });

  it('puts off what the person does not want to judge yet, and offers it again at the end', async () => {
    await runCommand('repair.skip', window.context);
    expect(repair().pair?.shapeId).toBe(at(1).id);
    await judge(window.client, 'keep');
    await judge(window.client, 'keep');
    expect(repair()).toMatchObject({ stage: 'finished', left: 1, pair: null });
    expect(state().wipe).toBeNull();
    // The close look goes with the last pair.
    expect(state().view).toEqual(fittedView(state()));
    await startOver(window.client);
    expect(repair().pair?.shapeId).toBe(at(2).id);
  });

  it('does not judge what is not on screen', async () => {
    await window.client.actions.openImage(at(0).imageId);
    await runCommand('repair.keep', window.context);
    expect(repair()).toMatchObject({ judged: [], pair: { shapeId: at(2).id } });
    expect(state().notice?.text).toBe('Start the repair first.');
  });

  it('is done when a shape that is edited is deleted', async () => {
    await runCommand('repair.edit', window.context);
    await window.client.actions.remove([at(2).id]);
    await runCommand('repair.done', window.context);
    expect(repair()).toMatchObject({ stage: 'judging', pair: { shapeId: at(1).id } });
    await window.client.actions.undo();
    const { where } = state().notice ?? {};
    await window.client.actions.show(where ?? { imageId: 0, shapeIds: [] });
    await waitFor(window.client, ({ open }) => open?.shapes.has(at(2).id) ?? false);
  });
});

describe('the wipe', () => {
  it('moves by keys, stays on the canvas and flips', async () => {
    await runCommand('repair.wipeLeft', window.context);
    expect(state().wipe?.at).toBeCloseTo(0.48);
    for (let i = 0; i < 40; i++) await runCommand('repair.wipeRight', window.context);
    expect(state().wipe?.at).toBe(1);
    await runCommand('repair.wipeFlip', window.context);
    expect(state().wipe?.at).toBe(0);
    await runCommand('repair.wipeFlip', window.context);
    expect(state().wipe?.at).toBe(1);
  });
});
