// Correcting coarse masks: pairs of what stands and what the model would draw, judged one after another, worst first.
import type { RepairPair } from '../../main/contract/api.ts';
import { changed, created } from '../../main/contract/diff.ts';
import { type Shape, unpackMask } from '../../main/contract/project.ts';
import { maskBox } from '../../main/contract/rle.ts';
import { sentence } from './connection.ts';
import type { Desk } from './desk.ts';
import { diffOf } from './kept.ts';
import { boxAround, fittedView, viewOfBox } from './view.ts';
import { type Repair, say } from './workbench.ts';

const set = ({ store }: Desk, change: Partial<Repair>): void =>
  store.setState(({ repair }) => ({ repair: { ...repair, ...change } }));

/** The most pairs that one request brings. */
const mostPairs = 500;

/** Asks the model for a mask of every shape; a job. False where that cannot be. */
export async function compareMasks(desk: Desk, labelId: number | null): Promise<boolean> {
  try {
    await desk.edits.settled();
    const job = await desk.host.repair.compare({ labelId });
    desk.store.setState(({ jobs }) => ({ jobs: new Map(jobs).set(job.id, jobs.get(job.id) ?? job) }));
    return true;
  } catch (error) {
    say(desk.store, 'bad', sentence(error));
    return false;
  }
}

/** Puts the worst pair that is neither judged nor put off on the screen. */
export async function nextPair(desk: Desk): Promise<void> {
  const { skipped, stage } = desk.store.getState().repair;
  if (stage === 'loading') return;
  set(desk, { stage: 'loading' });
  try {
    const limit = Math.min(mostPairs, skipped.size + 1);
    const { pairs, total } = await desk.host.repair.pairs({ offset: 0, limit });
    const pair = pairs.find(({ shapeId }) => !skipped.has(shapeId)) ?? null;
    set(desk, { left: total });
    if (pair && (await show(desk, pair))) return;
    if (pair) return await putOff(desk, pair);
    leave(desk, total > 0 || skipped.size > 0 || desk.store.getState().repair.judged.length > 0 ? 'finished' : 'idle');
  } catch (error) {
    leave(desk, 'idle');
    say(desk.store, 'bad', sentence(error));
  }
}

function leave(desk: Desk, stage: Repair['stage']): void {
  const { repair } = desk.store.getState();
  set(desk, { pair: null, stage });
  // The close look was of the pair.
  desk.store.setState((state) => ({ wipe: null, view: repair.pair ? fittedView(state) : state.view }));
}

/** Its image opens, the shape is selected and comes close, and the wipe lies over it. False where the shape is gone. */
async function show(desk: Desk, pair: RepairPair, again = false): Promise<boolean> {
  const { store, actions } = desk;
  if (store.getState().open?.image.id !== pair.imageId) await actions.openImage(pair.imageId);
  const { open, canvas } = store.getState();
  const shape = open?.shapes.get(pair.shapeId);
  if (!shape || open?.image.id !== pair.imageId) return false;
  const area = boxAround([shape.box, maskBox(unpackMask(pair.mask))]) ?? shape.box;
  store.setState({
    selected: new Set([shape.id]),
    tool: 'select',
    view: viewOfBox(area, canvas, 0.6),
    wipe: { shapeId: shape.id, proposed: pair.mask, at: 0.5 },
  });
  set(desk, { pair, stage: 'judging', again });
  return true;
}

const shapeOf = (desk: Desk, pair: RepairPair): Shape | undefined =>
  desk.store.getState().open?.shapes.get(pair.shapeId);

/** `keep` what stands or `replace` it by the proposal, and go on. */
export async function judge(desk: Desk, verdict: 'keep' | 'replace'): Promise<void> {
  const { pair, stage } = desk.store.getState().repair;
  const before = pair && shapeOf(desk, pair);
  if (!pair || !before || stage !== 'judging') return;
  await settle(desk, pair, { before, verdict });
}

/** The person corrects the shape with the tools; `doneEditing` goes on. */
export function editPair(desk: Desk): void {
  const { pair, judged } = desk.store.getState().repair;
  const before = pair && shapeOf(desk, pair);
  if (!pair || !before) return;
  set(desk, { stage: 'editing', judged: [...judged, { pair, before, undo: null }] });
  desk.store.setState({ wipe: null, tool: 'brush', selected: new Set([pair.shapeId]) });
}

export async function doneEditing(desk: Desk): Promise<void> {
  const { pair, judged, stage } = desk.store.getState().repair;
  const last = judged.at(-1);
  if (!pair || !last || stage !== 'editing') return;
  set(desk, { judged: judged.slice(0, -1) });
  // A shape that was deleted meanwhile has nothing left to be judged.
  if (!shapeOf(desk, pair)) return putOff(desk, pair);
  await settle(desk, pair, { before: last.before, verdict: 'keep' });
}

interface Verdict {
  readonly before: Shape;
  readonly verdict: 'keep' | 'replace';
}

async function settle(desk: Desk, pair: RepairPair, { before, verdict }: Verdict): Promise<void> {
  const { judged, stage } = desk.store.getState().repair;
  set(desk, { stage: 'loading' });
  let undo: string | null = null;
  try {
    await desk.edits.settled();
    undo = await tell(desk, pair, verdict);
  } catch (error) {
    set(desk, { stage: stage === 'editing' ? 'judging' : stage });
    return say(desk.store, 'bad', sentence(error));
  }
  set(desk, { stage: 'idle', judged: [...judged, { pair, before, undo }] });
  await nextPair(desk);
}

/** What undo would take back right after; null where nothing on the image changed. */
async function tell(desk: Desk, pair: RepairPair, verdict: Verdict['verdict']): Promise<string | null> {
  const { shapeId, mask } = pair;
  const now = shapeOf(desk, pair);
  // The host replaces only what nobody has judged yet; of the others the change is the person's own.
  const own = desk.store.getState().repair.again && verdict === 'replace' && now;
  if (own)
    await desk.edits.commit(diffOf('Replace mask', changed('shape', own, { mask, box: maskBox(unpackMask(mask)) })));
  const { recorded } = await desk.host.repair.judge({ shapeId, verdict: own ? 'keep' : verdict });
  if (recorded) desk.edits.received(recorded);
  return recorded?.undo ?? null;
}

/** Not now: it comes again when the person starts over. */
export async function skipPair(desk: Desk): Promise<void> {
  const { pair } = desk.store.getState().repair;
  if (pair) await putOff(desk, pair);
}

async function putOff(desk: Desk, pair: RepairPair): Promise<void> {
  const { skipped } = desk.store.getState().repair;
  set(desk, { stage: 'idle', skipped: new Set(skipped).add(pair.shapeId) });
  await nextPair(desk);
}

/** Offers again what was put off. */
export async function startOver(desk: Desk): Promise<void> {
  set(desk, { skipped: new Set(), stage: 'idle' });
  await nextPair(desk);
}

/** The pair that was judged last, with its shape as it was then; false where there is none. */
export async function judgeAgain(desk: Desk): Promise<boolean> {
  const { judged } = desk.store.getState().repair;
  const last = judged.at(-1);
  if (!last) return false;
  const { pair, before, undo } = last;
  set(desk, { judged: judged.slice(0, -1), stage: 'loading', left: desk.store.getState().repair.left + 1 });
  if (desk.store.getState().open?.image.id !== pair.imageId) await desk.actions.openImage(pair.imageId);
  if (undo !== null && undo === desk.store.getState().project?.undo) await desk.actions.undo();
  const now = shapeOf(desk, pair);
  await desk.edits.commit(diffOf('Judge again', now ? changed('shape', now, before) : created('shape', before)));
  if (await show(desk, pair, true)) return true;
  set(desk, { stage: 'idle' });
  await nextPair(desk);
  return true;
}

/** Moves the edge of the wipe by a share of the canvas. */
export const moveWipe = ({ store }: Desk, by: number): void =>
  store.setState(({ wipe }) => ({ wipe: wipe && { ...wipe, at: Math.min(1, Math.max(0, wipe.at + by)) } }));

/** Shows all of the one mask, then all of the other. */
export const flipWipe = ({ store }: Desk): void =>
  store.setState(({ wipe }) => ({ wipe: wipe && { ...wipe, at: wipe.at < 0.5 ? 1 : 0 } }));
