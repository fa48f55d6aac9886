// Gives every panel the client of this window: one context, and the part of the store that a panel shows.
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { Client } from '../../state/client.ts';
import type { Shell } from '../../state/shell.ts';
import type { Workbench } from '../../state/workbench.ts';

export const ClientContext = createContext<Client | null>(null);

/** The desktop shell; null in a browser. */
export const ShellContext = createContext<Shell | null>(null);

export function useClient(): Client {
  const client = useContext(ClientContext);
  if (client === null) throw new Error('this panel stands outside of a window');
  return client;
}

export const useShell = (): Shell | null => useContext(ShellContext);

/** Renders again when the selected part is another one; select fields, or values that compare by identity. */
export const useWorkbench = <T>(select: (state: Workbench) => T): T => useStore(useClient().store, select);
