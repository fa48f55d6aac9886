// The workbench itself: tools to the left, the canvas in the middle, prompt, shapes and images to the right.
import { Alert, Tabs } from '@mantine/core';
import { type ReactNode, useMemo } from 'react';
import { Group, type LayoutStorage, Panel, Separator, useDefaultLayout } from 'react-resizable-panels';
import type { SidePanel } from '../state/workbench.ts';
import { AnswerPanel } from './answer/AnswerPanel.tsx';
import { PromptBar } from './answer/PromptBar.tsx';
import { ImageList } from './images/ImageList.tsx';
import { RepairPanel } from './images/RepairPanel.tsx';
import { ReviewQueue } from './images/ReviewQueue.tsx';
import { TopBar } from './images/TopBar.tsx';
import { ShapesPanel } from './labels/ShapesPanel.tsx';
import { StageNotice } from './StageNotice.tsx';
import { StatusBar } from './StatusBar.tsx';
import { ToolOptions } from './ToolOptions.tsx';
import { ToolStrip } from './ToolStrip.tsx';
import { WipeBar } from './WipeBar.tsx';
import { useClient, useShell, useWorkbench } from './window/client.ts';

export function Layout({ stage }: { stage: ReactNode }) {
  const version = useWorkbench((state) => state.layoutVersion);
  return (
    <div className="window">
      <TopBar />
      <Disconnected />
      <div className="body">
        <ToolStrip />
        <main className="panels">
          <Panels key={version} isReset={version > 0} stage={stage} />
        </main>
      </div>
      <StatusBar />
    </div>
  );
}

/** The desktop starts its host again; one that was started by hand comes back at another address. */
const away = {
  desktop: 'The host does not answer; trying again. What you change meanwhile is kept and stored when it is back.',
  browser:
    'The host does not answer; trying again. If it was stopped, start it and open the address that it prints: all that was saved is there. Nothing can be changed here until then.',
} as const;

function Disconnected() {
  const connected = useWorkbench((state) => state.connected);
  const refused = useWorkbench((state) => state.refused);
  const shell = useShell();
  if (connected) return null;
  return (
    <Alert className="away" color="red" variant="filled" radius={0} p={6} role="alert">
      {refused ?? (shell ? away.desktop : away.browser)}
    </Alert>
  );
}

/** Sizes are kept on this machine; after a reset the old ones are not read again. */
function useSizes(id: string, isReset: boolean) {
  const { memory } = useClient();
  const storage = useMemo<LayoutStorage>(
    () => ({
      getItem: (key) => (isReset ? null : memory.read(`layout ${key}`)),
      setItem: (key, value) => memory.write(`layout ${key}`, value),
    }),
    [memory, isReset],
  );
  return useDefaultLayout({ id, storage });
}

function Panels({ stage, isReset }: { stage: ReactNode; isReset: boolean }) {
  const across = useSizes('across', isReset);
  const down = useSizes('down', isReset);
  // What was being written belongs to the project.
  const project = useWorkbench((state) => state.project?.file);
  return (
    <Group orientation="horizontal" {...across}>
      <Panel id="canvas" minSize="320px">
        <div className="stage-side">
          <ToolOptions />
          <section className="stage" aria-label="Image">
            {stage}
            <StageNotice />
            <WipeBar />
          </section>
        </div>
      </Panel>
      <Separator className="separator across" aria-label="Width of the right side" />
      <Panel id="side" defaultSize="372px" minSize="300px" maxSize="60%" groupResizeBehavior="preserve-pixel-size">
        <Group className="side" orientation="vertical" {...down}>
          <Panel id="prompt" defaultSize="60%" minSize="130px">
            <section className="side-panel" aria-label="Prompt and answer">
              <PromptBar key={project} />
              <AnswerPanel />
            </section>
          </Panel>
          <Separator className="separator down" aria-label="Height of the answer" />
          <Panel id="shapes" defaultSize="17%" minSize="96px">
            <ShapesPanel />
          </Panel>
          <Separator className="separator down" aria-label="Height of the shapes" />
          <Panel id="images" defaultSize="23%" minSize="120px">
            <Sides />
          </Panel>
        </Group>
      </Panel>
    </Group>
  );
}

const sides: readonly { side: SidePanel; name: string }[] = [
  { side: 'images', name: 'Images' },
  { side: 'review', name: 'Review' },
  { side: 'repair', name: 'Repair' },
];

function Sides() {
  const { store } = useClient();
  const side = useWorkbench((state) => state.side);
  return (
    <Tabs
      className="sides"
      value={side}
      keepMounted={false}
      onChange={(value) => value && store.setState({ side: value as SidePanel })}
    >
      <Tabs.List>
        {sides.map(({ side: one, name }) => (
          <Tabs.Tab key={one} value={one}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="images" className="side-tab">
        <ImageList />
      </Tabs.Panel>
      <Tabs.Panel value="review" className="side-tab scrolls">
        <ReviewQueue />
      </Tabs.Panel>
      <Tabs.Panel value="repair" className="side-tab scrolls">
        <RepairPanel />
      </Tabs.Panel>
    </Tabs>
  );
}
