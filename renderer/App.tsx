// The whole window: which of its states it is in, and what every panel of it is given.
import { MantineProvider, useComputedColorScheme } from '@mantine/core';
import { Notifications, notifications } from '@mantine/notifications';
import { useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import { Canvas } from './canvas/Canvas.tsx';
import type { CanvasHandle } from './canvas/easel.ts';
import { canvasHostOf } from './canvasHost.ts';
import { CanvasMenu, type MenuPlace } from './panels/CanvasMenu.tsx';
import { CommandsContext, useKeyboard } from './panels/commanding.ts';
import { Dialogs } from './panels/Dialogs.tsx';
import { DeskContext, ShellContext } from './panels/desk.ts';
import { useDrops } from './panels/drops.ts';
import { FileChoiceProvider } from './panels/fileChoice.tsx';
import { Layout } from './panels/Layout.tsx';
import { ProjectDialogs } from './panels/ProjectDialogs.tsx';
import { promptFieldId } from './panels/PromptBar.tsx';
import { openLabelPicker } from './panels/ShapesPanel.tsx';
import { StartScreen, Waiting } from './panels/StartScreen.tsx';
import { useShellNews } from './panels/shellNews.ts';
import { cssVariables, theme } from './panels/theme.ts';
import type { Desk } from './state/desk.ts';
import type { CommandContext } from './state/runs.ts';
import type { Shell } from './state/shell.ts';
import { fillHoles, removeSpecks, smooth } from './tools/maskOperations.ts';

export function App({ desk, shell }: { desk: Desk; shell: Shell | null }) {
  const chosen = useStore(desk.store, (state) => state.settings.theme);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      forceColorScheme={chosen === 'as the system' ? undefined : chosen}
    >
      <Notifications position="bottom-left" limit={4} containerWidth={380} />
      <DeskContext.Provider value={desk}>
        <ShellContext.Provider value={shell}>
          <Window desk={desk} />
        </ShellContext.Provider>
      </DeskContext.Provider>
    </MantineProvider>
  );
}

function Window({ desk }: { desk: Desk }) {
  const [canvas, setCanvas] = useState<CanvasHandle | null>(null);
  const commands = useCommandContext(desk, canvas);
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const host = useMemo(() => canvasHostOf(desk, { menu: setMenu, edit: openLabelPicker }), [desk]);
  useKeyboard(commands);
  useShellNews(commands);
  useDrops(desk);
  useNotices(desk);
  return (
    <CommandsContext.Provider value={commands}>
      <FileChoiceProvider>
        <Body stage={<Canvas store={desk.store} host={host} onReady={setCanvas} />} desk={desk} />
        <CanvasMenu at={menu} onClose={() => setMenu(null)} />
        <ProjectDialogs />
        <Dialogs />
      </FileChoiceProvider>
    </CommandsContext.Provider>
  );
}

function Body({ desk, stage }: { desk: Desk; stage: React.ReactNode }) {
  const project = useStore(desk.store, (state) => state.project !== null);
  const connected = useStore(desk.store, (state) => state.connected);
  const refused = useStore(desk.store, (state) => state.refused);
  if (project) return <Layout stage={stage} />;
  if (connected && refused === null) return <StartScreen />;
  return <Waiting refused={refused} />;
}

const idle = () => false;

function useCommandContext(desk: Desk, canvas: CanvasHandle | null): CommandContext {
  const isDark = useComputedColorScheme('light') === 'dark';
  return useMemo(
    () => ({
      desk,
      screen: {
        gesture: canvas ?? { finish: idle, back: idle, cancel: idle },
        masks: { fillHoles, removeSpecks, smooth },
        focusPrompt: () => {
          const field = document.getElementById(promptFieldId);
          field?.focus();
          // What stands there can be gone on with, or be written over.
          if (field instanceof HTMLTextAreaElement) field.select();
        },
        isDark: () => isDark,
      },
    }),
    [desk, canvas, isDark],
  );
}

const tones = { good: 'green', plain: 'gray', bad: 'red' } as const;

/** Every sentence for the person is shown; bad news stays until it was read for longer. */
function useNotices({ store }: Desk): void {
  useEffect(
    () =>
      store.subscribe(({ notice }, before) => {
        if (notice === null || notice === before.notice) return;
        const { text, tone } = notice;
        notifications.show({
          // The same sentence again replaces the one that is shown.
          id: text,
          message: text,
          color: tones[tone],
          autoClose: tone === 'bad' ? 9000 : 3000,
          closeButtonProps: { 'aria-label': 'Close' },
        });
      }),
    [store],
  );
}
