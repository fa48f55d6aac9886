// Corrects coarse masks: what stands and what the model would draw are judged pair after pair, in an order that is shown.
import type { RepairOrder, RepairPair } from '../../main/contract/api.ts';
import { changed, created } from '../../main/contract/diff.ts';
import { type Shape, unpackMask } from '../../main/contract/project.ts';
import { maskBox } from '../../main/contract/rle.ts';
import type { Client } from './client.ts';
import { sentence } from './connection.ts';
import { diffOf } from './corrections.ts';
import { boxAround, fittedView, viewOfBox } from './view.ts';
import { type Repair, say } from './workbench.ts';

const set = ({ store }: Client, change: Partial<Repair>): void =>
  store.setState(({ repair }) => ({ repair: { ...repair, ...change } }));

/** The most pairs that one request brings. */
const mostPairs = 500;

/** Asks the model for a mask of every shape; a job. False where that cannot be. */
export async function compareMasks(client: Client, labelId: number | null): Promise<boolean> {
  try {
    await client.edits.settled();
    const job = await client.host.repair.compare({ labelId });
    client.store.setState(({ jobs }) => ({ jobs: new Map(jobs).set(job.id, jobs.get(job.id) ?? job) }));
    return true;
  } catch (error) {
    say(client.store, 'bad', sentence(error));
    return false;
  }
}

/** The next pair is the first one in this order; one that is judged just now stays. */
export async function sortPairs(client: Client, order: RepairOrder): Promise<void> {
  set(client, { order });
  if (client.store.getState().repair.stage === 'judging') await nextPair(client);
}

/** Puts the first pair that is neither judged nor put off on the screen. */
export async function nextPair(client: Client): Promise<void> {
  const { skipped, stage, order } = client.store.getState().repair;
  if (stage === 'loading') return;
  set(client, { stage: 'loading' });
  try {
    const limit = Math.min(mostPairs, skipped.size + 1);
    const { pairs, total } = await client.host.repair.pairs({ offset: 0, limit, order });
    const pair = pairs.find(({ shapeId }) => !skipped.has(shapeId)) ?? null;
    set(client, { left: total });
    if (pair && (await show(client, pair))) return;
    if (pair) return await putOff(client, pair);
    leave(
      client,
      total > 0 || skipped.size > 0 || client.store.getState().repair.judged.length > 0 ? 'finished' : 'idle',
    );
  } catch (error) {
    leave(client, 'idle');
    say(client.store, 'bad', sentence(error));
  }
}

function leave(client: Client, stage: Repair['stage']): void {
  const { repair } = client.store.getState();
  set(client, { pair: null, stage });
  // The close look was of the pair.
  client.store.setState((state) => ({ wipe: null, view: repair.pair ? fittedView(state) : state.view }));
}

/** Its image opens, the shape is selected and comes close, and the wipe lies over it. False where the shape is gone. */
async function show(client: Client, pair: RepairPair, again = false): Promise<boolean> {
  const { store, actions } = client;
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
  set(client, { pair, stage: 'judging', again });
  return true;
}

const shapeOf = (client: Client, pair: RepairPair): Shape | undefined =>
  client.store.getState().open?.shapes.get(pair.shapeId);

/** `keep` what stands or `replace` it by the proposal, and go on. */
export async function judge(client: Client, verdict: 'keep' | 'replace'): Promise<void> {
  const { pair, stage } = client.store.getState().repair;
  const before = pair && shapeOf(client, pair);
  if (!pair || !before || stage !== 'judging') return;
  await settle(client, pair, { before, verdict });
}

/** The person corrects the shape with the tools; `doneEditing` goes on. */
export function editPair(client: Client): void {
  const { pair, judged } = client.store.getState().repair;
  const before = pair && shapeOf(client, pair);
  if (!pair || !before) return;
  set(client, { stage: 'editing', judged: [...judged, { pair, before, undo: null }] });
  client.store.setState({ wipe: null, tool: 'brush', combine: 'add', selected: new Set([pair.shapeId]) });
}

export async function doneEditing(client: Client): Promise<void> {
  const { pair, judged, stage } = client.store.getState().repair;
  const last = judged.at(-1);
  if (!pair || !last || stage !== 'editing') return;
  set(client, { judged: judged.slice(0, -1) });
  // A shape that was deleted meanwhile has nothing left to be judged.
  if (!shapeOf(client, pair)) return putOff(client, pair);
  await settle(client, pair, { before: last.before, verdict: 'keep' });
}

interface Verdict {
  readonly before: Shape;
  readonly verdict: 'keep' | 'replace';
}

async function settle(client: Client, pair: RepairPair, { before, verdict }: Verdict): Promise<void> {
  const { judged, stage } = client.store.getState().repair;
  set(client, { stage: 'loading' });
  let undo: string | null = null;
  try {
    await client.edits.settled();
    undo = await tell(client, pair, verdict);
  } catch (error) {
    set(client, { stage: stage === 'editing' ? 'judging' : stage });
    return say(client.store, 'bad', sentence(error));
  }
  set(client, { stage: 'idle', judged: [...judged, { pair, before, undo }] });
  await nextPair(client);
}

/** What undo would take back right after; null where nothing on the image changed. */
async function tell(client: Client, pair: RepairPair, verdict: Verdict['verdict']): Promise<string | null> {
  const { shapeId, mask } = pair;
  const now = shapeOf(client, pair);
  // The host replaces only what nobody has judged yet; of the others the change is the person's own.
  const own = client.store.getState().repair.again && verdict === 'replace' && now;
  if (own)
    await client.edits.commit(diffOf('Replace mask', changed('shape', own, { mask, box: maskBox(unpackMask(mask)) })));
  const { recorded } = await client.host.repair.judge({ shapeId, verdict: own ? 'keep' : verdict });
  if (recorded) client.edits.received(recorded);
  return recorded?.undo ?? null;
}

/** Puts the pair off: it comes again when the person starts over. */
export async function skipPair(client: Client): Promise<void> {
  const { pair } = client.store.getState().repair;
  if (pair) await putOff(client, pair);
}

async function putOff(client: Client, pair: RepairPair): Promise<void> {
  const { skipped } = client.store.getState().repair;
  set(client, { stage: 'idle', skipped: new Set(skipped).add(pair.shapeId) });
  await nextPair(client);
}

/** Offers again what was put off. */
export async function startOver(client: Client): Promise<void> {
  set(client, { skipped: new Set(), stage: 'idle' });
  await nextPair(client);
}

/** The pair that was judged last, with its shape as it was then; false where there is none. */
export async function judgeAgain(client: Client): Promise<boolean> {
  const { judged } = client.store.getState().repair;
  const last = judged.at(-1);
  if (!last) return false;
  const { pair, before, undo } = last;
  set(client, { judged: judged.slice(0, -1), stage: 'loading', left: client.store.getState().repair.left + 1 });
  if (client.store.getState().open?.image.id !== pair.imageId) await client.actions.openImage(pair.imageId);
  if (undo !== null && undo === client.store.getState().project?.undo) await client.actions.undo();
  const now = shapeOf(client, pair);
  await client.edits.commit(diffOf('Judge again', now ? changed('shape', now, before) : created('shape', before)));
  if (await show(client, pair, true)) return true;
  set(client, { stage: 'idle' });
  await nextPair(client);
  return true;
}

/** Moves the edge of the wipe by a share of the canvas. */
export const moveWipe = ({ store }: Client, by: number): void =>
  store.setState(({ wipe }) => ({ wipe: wipe && { ...wipe, at: Math.min(1, Math.max(0, wipe.at + by)) } }));

/** Shows all of the one mask, then all of the other. */
export const flipWipe = ({ store }: Client): void =>
  store.setState(({ wipe }) => ({ wipe: wipe && { ...wipe, at: wipe.at < 0.5 ? 1 : 0 } }));
