// Everything that can lie over the window by its name in the state; of the dialogs at most one is there at a time.
import './dialogs.css';
import { useLayoutEffect } from 'react';
import { CommandPalette } from './CommandPalette.tsx';
import { useWorkbench } from './client.ts';
import { ExportDialog } from './ExportDialog.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import { ImportDialog } from './ImportDialog.tsx';
import { JobsPanel } from './JobsPanel.tsx';
import { KeySettings } from './KeySettings.tsx';
import { LabelsDialog } from './LabelsDialog.tsx';
import { ModelsDialog } from './ModelsDialog.tsx';
import { PromptAllDialog } from './PromptAllDialog.tsx';
import { RewardsDialog } from './RewardsDialog.tsx';
import { SettingsDialog } from './SettingsDialog.tsx';
import { TeachDialog } from './TeachDialog.tsx';
import { VerifyDialog } from './VerifyDialog.tsx';

export function Dialogs() {
  const isOver = useWorkbench(({ dialog }) => dialog === null);
  useLayoutEffect(() => {
    if (isOver) leaveDialog();
  }, [isOver]);
  return (
    <>
      <CommandPalette />
      <LabelsDialog />
      <ImportDialog />
      <ExportDialog />
      <VerifyDialog />
      <TeachDialog />
      <RewardsDialog />
      <PromptAllDialog />
      <SettingsDialog />
      <ModelsDialog />
      <KeySettings />
      <HelpDialog />
      <JobsPanel />
    </>
  );
}

/** A closed dialog stays on the page for a moment; a key that is pressed in that moment is meant for the window. */
function leaveDialog() {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focused.closest('[aria-modal="true"]')) focused.blur();
}
