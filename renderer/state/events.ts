// Reads what happens in the host for as long as the window is open, and keeps the store in step.
import type { HostEvent } from '../../main/contract/api.ts';
import type { Job } from '../../main/contract/jobs.ts';
import type { ActionContext } from './actionContext.ts';
import type { Actions } from './actions.ts';
import { sentence } from './connection.ts';
import { concerns } from './records.ts';
import { isActive } from './words.ts';
import { savedNow, say, type WorkbenchStore } from './workbench.ts';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Reads until it is stopped; a stream that breaks is read again from the state of everything. */
export function follow(context: ActionContext, actions: Actions): () => void {
  const stop = new AbortController();
  void reading(context, actions, stop.signal);
  return () => stop.abort();
}

async function reading(context: ActionContext, actions: Actions, signal: AbortSignal): Promise<void> {
  for (let again = false; !signal.aborted; again = true) {
    try {
      const stream = await context.host.watch(undefined, { signal });
      if (again && context.store.getState().project) void caughtUp(context, actions);
      // A stream whose wire broke while nobody read it may never end by itself.
      await Promise.race([takeAll(context, actions, stream), lost(context)]);
    } catch (error) {
      if (!signal.aborted && context.store.getState().connected) say(context.store, 'bad', sentence(error));
    }
    if (!signal.aborted) await sleep(200);
  }
}

async function takeAll(context: ActionContext, actions: Actions, stream: AsyncIterable<HostEvent>): Promise<void> {
  for await (const event of stream) await taken(context, actions, event);
}

/** Resolves when the connection is gone. */
const lost = ({ store }: ActionContext): Promise<void> =>
  new Promise((resolve) => {
    const gone = ({ connected }: { connected: boolean }) => {
      if (connected) return;
      stop();
      resolve();
    };
    const stop = store.subscribe(gone);
    gone(store.getState());
  });

/** Reads all again after a break, in which anything may have happened. */
async function caughtUp({ edits, store }: ActionContext, actions: Actions): Promise<void> {
  actions.forgetAhead();
  await edits.rejoined().catch(() => {});
  store.setState(({ listVersion }) => ({ listVersion: listVersion + 1 }));
}

/** A notice tells when a job in the background ends; a dialog, or the repair, shows it by itself. */
function tookJob(store: WorkbenchStore, job: Job): void {
  const { jobs, dialog, side } = store.getState();
  const before = jobs.get(job.id);
  store.setState({ jobs: new Map(jobs).set(job.id, job) });
  const ended = before !== undefined && isActive(before) && !isActive(job) && job.state !== 'cancelled';
  const isShown = dialog !== null || (job.kind === 'compare' && side === 'repair');
  if (ended && !isShown && job.message) say(store, job.state === 'failed' ? 'bad' : 'good', job.message);
}

async function taken(context: ActionContext, actions: Actions, event: HostEvent): Promise<void> {
  const { store, edits } = context;
  if (event.kind === 'project') await actions.entered(event.project);
  else if (event.kind === 'images') {
    savedNow(store);
    void actions.changedOutside(event.ids).catch(() => {});
  } else if (event.kind === 'job') tookJob(store, event.job);
  else if (event.kind === 'notice') say(store, 'bad', event.text);
  else if (event.kind === 'read only') store.setState({ dialog: 'keep elsewhere', readOnly: { file: event.file } });
  else if (event.kind === 'teaching') store.setState({ teaching: event });
  else if (event.kind === 'engine') {
    const before = store.getState().engine?.state;
    store.setState({ engine: event.engine });
    if (before !== 'ready' && event.engine.state === 'ready') void actions.prepare();
  } else {
    const { open } = store.getState();
    const isHere =
      open !== null && !event.recorded.more && event.recorded.diff.changes.every((change) => concerns(open, change));
    actions.forgetAhead(isHere ? open.image.id : undefined);
    edits.received(event.recorded);
  }
}
