// Shows the whole window: chooses which of its states it is in, and gives every panel its part.
import { Button, Group, MantineProvider, useComputedColorScheme } from '@mantine/core';
import { Notifications, notifications } from '@mantine/notifications';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { Canvas } from './canvas/Canvas.tsx';
import type { CanvasHandle } from './canvas/canvasController.ts';
import { canvasHostOf } from './canvasHost.ts';
import { promptFieldId } from './panels/answer/PromptBar.tsx';
import { CanvasMenu, type MenuPlace } from './panels/CanvasMenu.tsx';
import { Dialogs } from './panels/Dialogs.tsx';
import { ProjectDialogs } from './panels/files/ProjectDialogs.tsx';
import { Layout } from './panels/Layout.tsx';
import { openLabelPicker } from './panels/labels/ShapesPanel.tsx';
import { StartScreen, Waiting } from './panels/StartScreen.tsx';
import { ClientContext, ShellContext } from './panels/window/client.ts';
import { useDrops } from './panels/window/droppedFiles.ts';
import { FileChoiceProvider } from './panels/window/fileChoice.tsx';
import { useShellNews } from './panels/window/shellMessages.ts';
import { cssVariables, theme } from './panels/window/theme.ts';
import { CommandsContext, useKeyboard } from './panels/window/useCommands.ts';
import type { Client } from './state/client.ts';
import type { CommandContext } from './state/commandActions.ts';
import type { Shell } from './state/shell.ts';
import { fillHoles, removeSpecks, smooth } from './tools/maskOperations.ts';

export function App({ client, shell }: { client: Client; shell: Shell | null }) {
  const chosen = useStore(client.store, (state) => state.settings.theme);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      forceColorScheme={chosen === 'as the system' ? undefined : chosen}
    >
      <Notifications position="bottom-left" limit={4} containerWidth={380} />
      <ClientContext.Provider value={client}>
        <ShellContext.Provider value={shell}>
          <Window client={client} />
        </ShellContext.Provider>
      </ClientContext.Provider>
    </MantineProvider>
  );
}

function Window({ client }: { client: Client }) {
  const [canvas, setCanvas] = useState<CanvasHandle | null>(null);
  const commands = useCommandContext(client, canvas);
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const host = useMemo(() => canvasHostOf(client, { menu: setMenu, edit: openLabelPicker }), [client]);
  useKeyboard(commands);
  useShellNews(commands);
  useDrops(client);
  useNotices(client);
  return (
    <CommandsContext.Provider value={commands}>
      <FileChoiceProvider>
        <Body stage={<Canvas store={client.store} host={host} onReady={setCanvas} />} client={client} />
        <CanvasMenu at={menu} onClose={() => setMenu(null)} />
        <ProjectDialogs />
        <Dialogs />
      </FileChoiceProvider>
    </CommandsContext.Provider>
  );
}

function Body({ client, stage }: { client: Client; stage: React.ReactNode }) {
  const project = useStore(client.store, (state) => state.project !== null);
  const connected = useStore(client.store, (state) => state.connected);
  const refused = useStore(client.store, (state) => state.refused);
  if (project) return <Layout stage={stage} />;
  if (connected && refused === null) return <StartScreen />;
  return <Waiting refused={refused} />;
}

const idle = () => false;

function useCommandContext(client: Client, canvas: CanvasHandle | null): CommandContext {
  const isDark = useComputedColorScheme('light') === 'dark';
  return useMemo(
    () => ({
      client,
      screen: {
        gesture: canvas ?? { finish: idle, back: idle, cancel: idle },
        masks: { fillHoles, removeSpecks, smooth },
        focusPrompt: () => {
          const field = document.getElementById(promptFieldId);
          field?.focus();
          // The file there can be opened, or be written over.
          if (field instanceof HTMLTextAreaElement) field.select();
        },
        isDark: () => isDark,
      },
    }),
    [client, canvas, isDark],
  );
}

const PlacedNotice = ({ text, onShow }: { text: string; onShow: () => void }) => (
  <Group justify="space-between" wrap="nowrap" gap="xs">
    <span>{text}</span>
    <Button size="compact-xs" variant="light" flex="none" onClick={onShow}>
      Show
    </Button>
  </Group>
);

const tones = { good: 'green', plain: 'gray', bad: 'red' } as const;

/** Every sentence for the person is shown; bad news stays until it was read for longer. */
function useNotices({ store, actions }: Client): void {
  /** The line about the latest step. */
  const step = useRef('');
  useEffect(
    () =>
      store.subscribe(({ notice }, before) => {
        if (notice === null || notice === before.notice) return;
        const { text, tone, where } = notice;
        // The same sentence again replaces the one that is shown, and so does the next step: what was undone does not stand.
        const id = where ? `step ${notice.id}` : text;
        notifications.hide(where ? step.current : id);
        if (where) step.current = id;
        notifications.show({
          id,
          message: where ? <PlacedNotice text={text} onShow={() => void actions.show(where)} /> : text,
          color: tones[tone],
          autoClose: tone === 'bad' ? 9000 : where ? 6000 : 3000,
          closeButtonProps: { 'aria-label': 'Close' },
        });
      }),
    [store, actions],
  );
}
