// The frame of every dialog: it stands while the state names it, closing it says so to the state, and forms end alike.
import { Alert, Button, Group, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DialogName } from '../../state/workbench.ts';
import { useClient, useWorkbench } from './client.ts';
import { useIsChoosing } from './fileChoice.tsx';

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
  const isChoosing = useIsChoosing();
  return (
    <Modal
      opened={open}
      onClose={close}
      closeOnEscape={!isChoosing}
      title={title}
      size={size}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {children}
    </Modal>
  );
}

interface EndProps {
  /** Why it could not be started. */
  readonly problem: string | null;
  readonly starting: boolean;
  readonly disabled: boolean;
  /** What the button says. */
  readonly children: ReactNode;
}

/** The end of a form that starts a job. */
export function FormEnd({ problem, starting, disabled, children }: EndProps) {
  const close = useCloseDialog();
  return (
    <>
      {problem && (
        <Alert color="red" role="alert">
          {problem}
        </Alert>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button type="submit" loading={starting} disabled={disabled}>
          {children}
        </Button>
      </Group>
    </>
  );
}

export function useCloseDialog(): () => void {
  const { store } = useClient();
  return () => store.setState({ dialog: null });
}
