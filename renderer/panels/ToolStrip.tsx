// The tools down the left side: those of the hand above, those of the model below.
import { ActionIcon, Divider, Tooltip } from '@mantine/core';
import {
  IconBrush,
  IconEraser,
  IconLasso,
  IconLassoPolygon,
  IconPointer,
  IconRectangle,
  IconScissors,
  IconSquareRoundedPlus2,
  IconTargetArrow,
  IconWand,
} from '@tabler/icons-react';
import { type CommandId, commands } from '../../main/contract/commands.ts';
import type { ToolName } from '../state/workbench.ts';
import { useClient, useWorkbench } from './client.ts';
import { useTitle } from './keys.ts';

interface Entry {
  readonly tool: ToolName;
  readonly command: CommandId;
  readonly icon: typeof IconBrush;
}

const byHand: readonly Entry[] = [
  { tool: 'select', command: 'tool.select', icon: IconPointer },
  { tool: 'brush', command: 'tool.brush', icon: IconBrush },
  { tool: 'eraser', command: 'tool.eraser', icon: IconEraser },
  { tool: 'polygon', command: 'tool.polygon', icon: IconLassoPolygon },
  { tool: 'freehand', command: 'tool.freehand', icon: IconLasso },
  { tool: 'box', command: 'tool.box', icon: IconRectangle },
  { tool: 'wand', command: 'tool.wand', icon: IconWand },
  { tool: 'cut out', command: 'tool.cutOut', icon: IconScissors },
];

const byModel: readonly Entry[] = [
  { tool: 'points', command: 'tool.points', icon: IconTargetArrow },
  { tool: 'prompt box', command: 'tool.promptBox', icon: IconSquareRoundedPlus2 },
];

export function ToolStrip() {
  const ready = useWorkbench(({ engine }) => engine?.state === 'ready');
  const open = useWorkbench((state) => state.open !== null);
  return (
    <nav className="tool-strip" aria-label="Tools">
      {byHand.map((entry) => (
        <ToolButton key={entry.tool} entry={entry} off={!open} />
      ))}
      <Divider my={6} w={24} />
      {byModel.map((entry) => (
        <ToolButton key={entry.tool} entry={entry} off={!open || !ready} why={ready ? null : 'needs the model'} />
      ))}
    </nav>
  );
}

function ToolButton({ entry, off, why = null }: { entry: Entry; off: boolean; why?: string | null }) {
  const { store } = useClient();
  const current = useWorkbench(({ tool }) => tool === entry.tool);
  const title = useTitle(entry.command);
  const name = commands.find(({ id }) => id === entry.command)?.title ?? entry.tool;
  const Icon = entry.icon;
  return (
    <Tooltip label={why ? `${title}: ${why}` : title} position="right">
      <ActionIcon
        size={34}
        variant={current ? 'filled' : 'subtle'}
        color={current ? 'lens' : 'gray'}
        aria-label={name}
        aria-pressed={current}
        data-disabled={off || undefined}
        aria-disabled={off}
        onClick={() => !off && store.setState({ tool: entry.tool })}
      >
        <Icon size={19} stroke={1.7} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
