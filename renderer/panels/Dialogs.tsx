// Everything that can lie over the window by its name in the state; of the dialogs at most one is there at a time.
import './dialogs.css';
import { CommandPalette } from './CommandPalette.tsx';
import { ExportDialog } from './ExportDialog.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import { ImportDialog } from './ImportDialog.tsx';
import { JobsPanel } from './JobsPanel.tsx';
import { KeySettings } from './KeySettings.tsx';
import { LabelsDialog } from './LabelsDialog.tsx';
import { ModelsDialog } from './ModelsDialog.tsx';
import { PromptAllDialog } from './PromptAllDialog.tsx';
import { SettingsDialog } from './SettingsDialog.tsx';
import { TeachDialog } from './TeachDialog.tsx';
import { VerifyDialog } from './VerifyDialog.tsx';

export const Dialogs = () => (
  <>
    <CommandPalette />
    <LabelsDialog />
    <ImportDialog />
    <ExportDialog />
    <VerifyDialog />
    <TeachDialog />
    <PromptAllDialog />
    <SettingsDialog />
    <ModelsDialog />
    <KeySettings />
    <HelpDialog />
    <JobsPanel />
  </>
);
