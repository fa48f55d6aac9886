// The menu of a right click on the canvas: what can be done now with the selected shapes, or with the image.
import { Menu } from '@mantine/core';
import { type CommandId, commands } from '../../main/contract/commands.ts';
import { isAvailable } from '../state/commands.ts';
import { Keys } from './window/CommandPalette.tsx';
import { useClient } from './window/client.ts';
import { useCommand } from './window/useCommands.ts';

/** In page coordinates. */
export interface MenuPlace {
  readonly x: number;
  readonly y: number;
}

const offered: readonly CommandId[] = [
  'edit.copy',
  'edit.paste',
  'edit.duplicate',
  'edit.delete',
  'shape.hide',
  'shape.lock',
  'shape.raise',
  'shape.lower',
  'mask.union',
  'mask.fillHoles',
  'mask.removeSpecks',
  'mask.smooth',
  'view.selection',
  'edit.selectAll',
  'shape.showAll',
  'view.fit',
];

// The canvas keeps presses from becoming mouse events, so the menu listens for the press beside it.
const beside = ['pointerdown'];

// Wherever the click was, the whole menu is in the window: over the place of the click where it has to be.
const wholly = { flip: false, shift: { crossAxis: true, padding: 4 } };

export function CanvasMenu({ at, onClose }: { at: MenuPlace | null; onClose(): void }) {
  return (
    <Menu
      opened={at !== null}
      onClose={onClose}
      position="bottom-start"
      offset={0}
      width={270}
      clickOutsideEvents={beside}
      transitionProps={{ duration: 0 }}
      middlewares={wholly}
    >
      <Menu.Target>
        <span aria-hidden style={{ position: 'fixed', left: at?.x ?? 0, top: at?.y ?? 0, width: 1, height: 1 }} />
      </Menu.Target>
      <Menu.Dropdown aria-label="Canvas menu" mah="98vh" style={{ overflowY: 'auto' }}>
        {at && <Offers />}
      </Menu.Dropdown>
    </Menu>
  );
}

function Offers() {
  const { store } = useClient();
  const run = useCommand();
  return offered
    .flatMap((id) => commands.find((command) => command.id === id && isAvailable(command, store.getState())) ?? [])
    .map(({ id, title }) => (
      <Menu.Item key={id} rightSection={<Keys id={id} />} onClick={() => run(id)}>
        {title}
      </Menu.Item>
    ));
}
