// The tools down the left side: those of the hand above, those of the model below.
import { ActionIcon, Divider, Tooltip } from '@mantine/core';
import {
  IconBrush,
  IconEraser,
  IconLasso,
  IconLassoPolygon,
  IconMagnet,
  IconPointer,
  IconRectangle,
  IconScissors,
  IconSquareRoundedPlus2,
  IconTargetArrow,
  IconWand,
} from '@tabler/icons-react';
import { type ToolIcon, type ToolName, toolNames, tools } from '../../main/contract/tools.ts';
import { takeUp } from '../state/drawing.ts';
import { useClient, useWorkbench } from './window/client.ts';
import { useTitle } from './window/keys.ts';

const icons: Readonly<Record<ToolIcon, typeof IconBrush>> = {
  pointer: IconPointer,
  brush: IconBrush,
  eraser: IconEraser,
  polygon: IconLassoPolygon,
  lasso: IconLasso,
  rectangle: IconRectangle,
  wand: IconWand,
  scissors: IconScissors,
  magnet: IconMagnet,
  target: IconTargetArrow,
  'rounded box': IconSquareRoundedPlus2,
};

const doneBy = (by: 'hand' | 'model') => toolNames.filter((name) => tools[name].by === by);

export function ToolStrip() {
  const ready = useWorkbench(({ engine }) => engine?.state === 'ready');
  const open = useWorkbench((state) => state.open !== null);
  return (
    <nav className="tool-strip" aria-label="Tools">
      {doneBy('hand').map((name) => (
        <ToolButton key={name} name={name} off={!open} />
      ))}
      <Divider my={6} w={24} />
      {doneBy('model').map((name) => (
        <ToolButton key={name} name={name} off={!open || !ready} why={ready ? null : 'needs the model'} />
      ))}
    </nav>
  );
}

function ToolButton({ name, off, why = null }: { name: ToolName; off: boolean; why?: string | null }) {
  const { store } = useClient();
  const current = useWorkbench(({ tool }) => tool === name);
  const title = useTitle(tools[name].command);
  const Icon = icons[tools[name].icon];
  return (
    <Tooltip label={why ? `${title}: ${why}` : title} position="right">
      <ActionIcon
        size={34}
        variant={current ? 'filled' : 'subtle'}
        color={current ? 'lens' : 'gray'}
        aria-label={tools[name].title}
        aria-pressed={current}
        data-disabled={off || undefined}
        aria-disabled={off}
        onClick={() => !off && takeUp(store, name)}
      >
        <Icon size={19} stroke={1.7} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
