// Puts one window together: the store, the connection and all actions.

import type { ActionContext, Memory } from './actionContext.ts';
import { type Actions, createActions } from './actions.ts';
import type { Connection } from './connection.ts';
import { createEdits } from './edits.ts';
import { follow } from './events.ts';
import { createList } from './list.ts';
import { createWorkbench, type WorkbenchStore } from './workbench.ts';

export interface Client extends ActionContext {
  readonly actions: Actions;
  /** Stops reading events; the connection belongs to its maker. */
  close(): void;
}

interface Lent {
  readonly memory: Memory;
  fetchAhead(address: string): void;
  /** Default: true. */
  readonly keepsWhileAway?: boolean;
}

export function openClient({ host, onState }: Connection, lent: Lent): Client {
  const store = createWorkbench();
  const edits = createEdits(store, host, lent);
  const list = createList(store, host);
  const context: ActionContext = { store, host, edits, list, ...lent };
  const actions = createActions(context);
  const forget = onState((connected, refused) => store.setState({ connected, refused }));
  const stop = follow(context, actions);
  const unselect = unselectGone(store);
  void host.settings.read().then(
    (settings) => store.setState({ settings }),
    () => {},
  );
  const close = () => {
    forget();
    stop();
    unselect();
    list.stop();
  };
  return { ...context, actions, close };
}

/** A shape that was deleted or taken back, by whomever, is not selected any more. */
function unselectGone(store: WorkbenchStore): () => void {
  return store.subscribe(({ open, selected }, before) => {
    if (open?.shapes === before.open?.shapes || selected.size === 0) return;
    const still = [...selected].filter((id) => open?.shapes.has(id));
    if (still.length < selected.size) store.setState({ selected: new Set(still) });
  });
}

/** The id for calls about the pixels of what is on the canvas. */
export function openImageId({ store }: ActionContext): number {
  const { open } = store.getState();
  if (open === null) throw new Error('No image is open.');
  return open.image.id;
}
