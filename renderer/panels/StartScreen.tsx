// The first thing to see: open a folder, a project or the sample, or go on with what was open before.
import { Button, Group, Loader, Text, Title } from '@mantine/core';
import { IconFolderOpen, IconSparkles, IconZoomScan } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import logo from '../../resources/icon.svg';
import { folderOf } from '../state/words.ts';
import { useClient } from './window/client.ts';
import { useFileChoice } from './window/fileChoice.tsx';
import { openFolder } from './window/openFolder.ts';

/** Stands there before the host answers, or when it refuses to. */
export function Waiting({ refused }: { refused: string | null }) {
  return (
    <main className="start">
      <div className="start-card" role={refused === null ? 'status' : 'alert'}>
        <Title order={1} size="h2">
          Loupe
        </Title>
        {refused === null ? (
          <Group gap="xs">
            <Loader size="xs" aria-hidden />
            <Text size="sm">Waiting for the host…</Text>
          </Group>
        ) : (
          <Text size="sm">{refused}</Text>
        )}
      </div>
    </main>
  );
}

export function StartScreen() {
  const client = useClient();
  const choose = useFileChoice();
  const { busy, during } = useBusy();
  const folder = () =>
    during('folder', async () => {
      const [path] = await choose('folder');
      if (path !== undefined) await openFolder(client, path);
    });
  const project = () =>
    during('project', async () => {
      const [file] = await choose('open project');
      if (file !== undefined) await client.actions.openProject(file);
    });
  return (
    <main className="start">
      <div className="start-card">
        <Group gap="sm">
          <img src={logo} alt="" className="logo" />
          <Title order={1} size="h2">
            Loupe
          </Title>
        </Group>
        <Text size="sm" c="dimmed">
          Say in words what to segment. See how the model found it, correct reasoning, box and mask, export COCO.
        </Text>
        <div className="start-deeds">
          <Deed
            name="Open a folder of images"
            hint="Images stay in place; a project file beside them keeps the work"
            icon={IconFolderOpen}
            busy={busy === 'folder'}
            act={folder}
            primary
          />
          <Deed
            name="Open a project"
            hint="A file that ends with .loupe"
            icon={IconZoomScan}
            busy={busy === 'project'}
            act={project}
          />
          <Deed
            name="Try the sample"
            hint="A few scenes that the built-in model knows"
            icon={IconSparkles}
            busy={busy === 'sample'}
            act={() => during('sample', () => client.actions.openSample())}
          />
        </div>
        <Recent />
      </div>
    </main>
  );
}

function useBusy() {
  const [busy, setBusy] = useState<string | null>(null);
  const during = async (what: string, work: () => Promise<unknown>) => {
    setBusy(what);
    try {
      await work();
    } finally {
      setBusy(null);
    }
  };
  return { busy, during };
}

interface DeedProps {
  readonly name: string;
  readonly hint: string;
  readonly icon: typeof IconSparkles;
  readonly busy: boolean;
  readonly primary?: boolean;
  act(): Promise<unknown>;
}

const Deed = ({ name, hint, icon: Icon, busy, primary = false, act }: DeedProps) => (
  <button
    type="button"
    className="start-deed"
    data-primary={primary || undefined}
    disabled={busy}
    onClick={() => void act()}
  >
    {busy ? <Loader size={22} aria-hidden /> : <Icon size={22} stroke={1.6} aria-hidden />}
    <span>
      <strong>{name}</strong>
      <small>{hint}</small>
    </span>
  </button>
);

type RecentProject = { file: string; name: string; opened: string };

function Recent() {
  const { host, actions } = useClient();
  const [recent, setRecent] = useState<readonly RecentProject[]>([]);
  useEffect(() => {
    // A start screen without this list is still a start screen.
    host.project.recent().then(setRecent, () => {});
  }, [host]);
  if (recent.length === 0) return null;
  return (
    <section aria-label="Recent projects">
      <h2>Recent</h2>
      <ul className="plain-list">
        {recent.slice(0, 8).map(({ file, name }) => (
          <li key={file}>
            <Button
              variant="subtle"
              color="gray"
              size="sm"
              fullWidth
              justify="flex-start"
              onClick={() => void actions.openProject(file)}
            >
              <span className="ellipsis">{name}</span>
              <span className="ellipsis dim small recent-folder">{folderOf(file)}</span>
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
