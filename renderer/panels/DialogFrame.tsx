// The frame of every dialog: it stands while the state names it, and closing it says so to the state.
import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DialogName } from '../state/workbench.ts';
import { useDesk, useWorkbench } from './desk.ts';

interface Props {
  readonly name: DialogName;
  readonly title: string;
  readonly size?: string | number;
  readonly children: ReactNode;
}

/** The content is made anew at every opening. */
export function DialogFrame({ name, title, size = 'lg', children }: Props) {
  const open = useWorkbench(({ dialog }) => dialog === name);
  const close = useCloseDialog();
  return (
    <Modal opened={open} onClose={close} title={title} size={size} closeButtonProps={{ 'aria-label': 'Close' }}>
      {children}
    </Modal>
  );
}

export function useCloseDialog(): () => void {
  const { store } = useDesk();
  return () => store.setState({ dialog: null });
}
