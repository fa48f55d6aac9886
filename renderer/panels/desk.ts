// The desk of this window for every panel below: one context, and the part of the store that a panel shows.
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { Desk } from '../state/desk.ts';
import type { Shell } from '../state/shell.ts';
import type { Workbench } from '../state/workbench.ts';

export const DeskContext = createContext<Desk | null>(null);

/** The desktop shell; null in a browser. */
export const ShellContext = createContext<Shell | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error('this panel stands outside of a window');
  return desk;
}

export const useShell = (): Shell | null => useContext(ShellContext);

/** Renders again when the selected part is another one; select fields, or values that compare by identity. */
export const useWorkbench = <T>(select: (state: Workbench) => T): T => useStore(useDesk().store, select);
