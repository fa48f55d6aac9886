// The line at the top: the menu of commands, which project and image this is, stepping, judging and undo.
import { ActionIcon, Kbd, Menu, Tooltip } from '@mantine/core';
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconChevronLeft,
  IconChevronRight,
  IconCircleCheck,
  IconCircleDashed,
  IconHelpCircle,
  IconMenu2,
  IconPlayerTrackNext,
  IconSchool,
  IconSearch,
  IconSettings,
  IconZoomQuestion,
} from '@tabler/icons-react';
import { type Command, type CommandId, commandGroups, commands } from '../../../main/contract/commands.ts';
import type { ReviewStatus } from '../../../main/contract/project.ts';
import { isAvailable, isChecked } from '../../state/commands.ts';
import { counted, fileName, folderOf, statusWords } from '../../state/words.ts';
import { Keys } from '../window/CommandPalette.tsx';
import { useClient, useWorkbench } from '../window/client.ts';
import { useTitle } from '../window/keys.ts';
import { useCommand, useKeys } from '../window/useCommands.ts';

export function TopBar() {
  return (
    <header className="top-bar">
      <MainMenu />
      <ProjectName />
      <Deed id="edit.undo" icon={IconArrowBackUp} what="undo" />
      <Deed id="edit.redo" icon={IconArrowForwardUp} what="redo" />
      <span className="status-gap" />
      <Stepping />
      <span className="status-gap" />
      <Deed id="project.teach" icon={IconSchool} />
      <SearchCommands />
      <Deed id="app.help" icon={IconHelpCircle} />
      <Deed id="app.settings" icon={IconSettings} />
    </header>
  );
}

function MainMenu() {
  return (
    <Menu position="bottom-start" offset={4} width={190}>
      <Menu.Target>
        <ActionIcon aria-label="Menu" size={34}>
          <IconMenu2 size={19} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {commandGroups
          .filter((group) => group !== 'Label')
          .map((group) => (
            <Menu.Sub key={group}>
              <Menu.Sub.Target>
                <Menu.Sub.Item>{group}</Menu.Sub.Item>
              </Menu.Sub.Target>
              <Menu.Sub.Dropdown>
                {commands
                  .filter((command) => command.group === group)
                  .map((command) => (
                    <CommandItem key={command.id} command={command} />
                  ))}
              </Menu.Sub.Dropdown>
            </Menu.Sub>
          ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Switches show whether they are on. */
function CommandItem({ command }: { command: Command }) {
  const { store } = useClient();
  const run = useCommand();
  const checked = useWorkbench((state) => isChecked(command.id, state));
  const rest = {
    disabled: !isAvailable(command, store.getState()),
    rightSection: <Keys id={command.id} />,
    children: command.title,
  };
  if (checked === null) return <Menu.Item {...rest} onClick={() => run(command.id)} />;
  return <Menu.CheckboxItem {...rest} checked={checked} onChange={() => run(command.id)} />;
}

function ProjectName() {
  const project = useWorkbench((state) => state.project);
  if (!project) return null;
  return (
    <Tooltip label={project.file} position="bottom-start">
      <h1 className="project-name ellipsis">{project.name}</h1>
    </Tooltip>
  );
}

interface DeedProps {
  readonly id: CommandId;
  readonly icon: typeof IconMenu2;
  /** The tooltips of undo and redo say what would be undone or redone. */
  readonly what?: 'undo' | 'redo';
}

function Deed({ id, icon: Icon, what }: DeedProps) {
  const run = useCommand();
  const title = useTitle(id);
  const about = useWorkbench(({ project }) => (what ? (project?.[what] ?? null) : null));
  const name = commands.find((command) => command.id === id)?.title ?? id;
  const idle = what !== undefined && about === null;
  return (
    <Tooltip label={about === null ? title : `${title}: ${about}`}>
      <ActionIcon
        size={32}
        aria-label={about === null ? name : `${name}: ${about}`}
        aria-disabled={idle}
        data-disabled={idle || undefined}
        onClick={() => !idle && run(id)}
      >
        <Icon size={19} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

function Stepping() {
  const image = useWorkbench(({ open }) => open?.image ?? null);
  const position = useWorkbench((state) => state.position);
  if (!image) return null;
  return (
    <div className="stepping">
      <Deed id="image.previous" icon={IconChevronLeft} />
      <div className="image-name">
        <Tooltip label={image.path}>
          <span className="ellipsis">
            <span className="dim">{folderOf(image.path) ? `${folderOf(image.path)}/` : ''}</span>
            {fileName(image.path)}
          </span>
        </Tooltip>
        {position && (
          <span className="number dim">
            {position.index === null ? '–' : counted(position.index + 1)} / {counted(position.total)}
          </span>
        )}
      </div>
      <Deed id="image.next" icon={IconChevronRight} />
      <Deed id="image.nextUnreviewed" icon={IconPlayerTrackNext} />
      <ReviewMenu />
    </div>
  );
}

export const statusIcons: Readonly<Record<ReviewStatus, typeof IconMenu2>> = {
  unreviewed: IconCircleDashed,
  accepted: IconCircleCheck,
  unclear: IconZoomQuestion,
};

export const statusTones: Readonly<Record<ReviewStatus, string | undefined>> = {
  unreviewed: undefined,
  accepted: 'good',
  unclear: 'warn',
};

const statuses: readonly ReviewStatus[] = ['unreviewed', 'accepted', 'unclear'];

function ReviewMenu() {
  const { actions } = useClient();
  const status = useWorkbench(({ open }) => open?.review.status ?? 'unreviewed');
  const Current = statusIcons[status];
  return (
    <Menu position="bottom-end" width={180}>
      <Menu.Target>
        <button
          type="button"
          className="status-chip"
          data-tone={statusTones[status]}
          aria-label={`Review: ${statusWords[status]}`}
        >
          <Current size={16} aria-hidden />
          {statusWords[status]}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {statuses.map((one) => {
          const Icon = statusIcons[one];
          return (
            <Menu.Item
              key={one}
              leftSection={<Icon size={16} aria-hidden />}
              onClick={() => void actions.setReview(one)}
            >
              {statusWords[one]}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

function SearchCommands() {
  const run = useCommand();
  const keys = useKeys()('app.palette');
  return (
    <button type="button" className="search-commands" onClick={() => run('app.palette')}>
      <IconSearch size={14} aria-hidden />
      <span>Commands</span>
      {keys.map((key) => (
        <Kbd key={key} size="xs">
          {key}
        </Kbd>
      ))}
    </button>
  );
}
