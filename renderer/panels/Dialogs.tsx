// Everything that can lie over the window by its name in the state; of the dialogs at most one is there at a time.
import './dialogs.css';
import { useLayoutEffect } from 'react';
import { PromptAllDialog } from './answer/PromptAllDialog.tsx';
import { RewardsDialog } from './answer/RewardsDialog.tsx';
import { ExportDialog } from './files/ExportDialog.tsx';
import { ImportDialog } from './files/ImportDialog.tsx';
import { TrainerDialog } from './files/TrainerDialog.tsx';
import { VerifyDialog } from './files/VerifyDialog.tsx';
import { JobsPanel } from './JobsPanel.tsx';
import { LabelsDialog } from './labels/LabelsDialog.tsx';
import { ModelsDialog } from './models/ModelsDialog.tsx';
import { HelpDialog } from './settings/HelpDialog.tsx';
import { KeySettings } from './settings/KeySettings.tsx';
import { SettingsDialog } from './settings/SettingsDialog.tsx';
import { TeachDialog } from './teaching/TeachDialog.tsx';
import { CommandPalette } from './window/CommandPalette.tsx';
import { useWorkbench } from './window/client.ts';

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
      <TrainerDialog />
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
