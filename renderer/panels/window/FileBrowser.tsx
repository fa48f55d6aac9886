// Shows the host's folders as a dialog, for shells that have none of their own: folders, projects, images and COCO files.
import {
  ActionIcon,
  Alert,
  Breadcrumbs,
  Button,
  Group,
  Loader,
  Modal,
  ScrollArea,
  Text,
  TextInput,
} from '@mantine/core';
import {
  IconArrowUp,
  IconCpu,
  IconFileTypeXml,
  IconFolder,
  IconJson,
  IconPhoto,
  IconZoomScan,
} from '@tabler/icons-react';
import { useCallback, useEffect, useState } from 'react';
import type { FolderEntry } from '../../../main/contract/api.ts';
import type { DialogKind } from '../../../main/contract/shell.ts';
import { sentence } from '../../state/connection.ts';
import { useClient } from './client.ts';

/** What the system's dialogs take for other ones: a single file of `images`, a `folder` of weights. */
export type FileWish = DialogKind | 'image' | 'weights';

interface Manner {
  readonly title: string;
  readonly act: string;
  readonly kinds: readonly FolderEntry['kind'][];
  /** The folder that is shown may be chosen itself. */
  readonly folder: boolean;
  readonly several: boolean;
  /** Asks for the name of a file that is to be made, with this ending. */
  readonly ending: string | null;
}

const manners: Readonly<Record<FileWish, Manner>> = {
  'open project': {
    title: 'Open a project',
    act: 'Open',
    kinds: ['project'],
    folder: false,
    several: false,
    ending: null,
  },
  'new project': {
    title: 'Where the project is kept',
    act: 'Save here',
    kinds: ['project'],
    folder: false,
    several: false,
    ending: '.loupe',
  },
  folder: {
    title: 'Choose a folder of images',
    act: 'Use this folder',
    kinds: ['image'],
    folder: true,
    several: false,
    ending: null,
  },
  weights: {
    title: 'Choose the folder of the weights',
    act: 'Use this folder',
    kinds: [],
    folder: true,
    several: false,
    ending: null,
  },
  'weights file': {
    title: 'Choose the file of the weights',
    act: 'Use this file',
    kinds: ['weights'],
    folder: false,
    several: false,
    ending: null,
  },
  image: {
    title: 'Where the image is now',
    act: 'This is it',
    kinds: ['image'],
    folder: false,
    several: false,
    ending: null,
  },
  images: { title: 'Add images', act: 'Add', kinds: ['image'], folder: true, several: true, ending: null },
  import: {
    title: 'Choose what to import',
    act: 'Choose',
    kinds: ['coco'],
    folder: true,
    several: false,
    ending: null,
  },
  export: {
    title: 'Where the file is written',
    act: 'Save here',
    kinds: ['coco'],
    folder: false,
    several: false,
    ending: '.json',
  },
};

interface Listing {
  readonly folder: string;
  readonly parent: string | null;
  readonly entries: readonly FolderEntry[];
}

interface Props {
  readonly what: FileWish;
  readonly name?: string;
  onDone(paths: readonly string[]): void;
}

export function FileBrowser({ what, name, onDone }: Props) {
  const manner = manners[what];
  const { listing, problem, go } = useListing();
  const [picked, setPicked] = useState<readonly string[]>([]);
  const [fileName, setFileName] = useState(name ?? '');
  const [typed, setTyped] = useState<string | null>(null);
  const enter = (folder: string) => {
    setPicked([]);
    go(folder);
  };
  useEffect(() => {
    if (listing) setTyped(null);
  }, [listing]);
  // A path that was typed and not opened yet is not what the button would use.
  const paths = typed === null ? chosenPaths({ manner, listing, picked, fileName }) : [];
  const toggle = (path: string) => setPicked(toggled(picked, path, manner.several));
  return (
    <Modal
      opened
      onClose={() => onDone([])}
      title={manner.title}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Where listing={listing} onGo={enter} />
      <TypedFolder folder={listing?.folder ?? null} typed={typed} onType={setTyped} onGo={enter} />
      {problem && (
        <Alert color="red" my="xs">
          {problem}
        </Alert>
      )}
      <ScrollArea h={340} className="file-list" type="auto">
        {listing ? (
          <Entries
            {...{ listing, picked, kinds: manner.kinds }}
            onEnter={enter}
            onPick={toggle}
            onOpen={(path) => onDone([path])}
          />
        ) : (
          !problem && <Loader size="sm" m="xl" />
        )}
      </ScrollArea>
      {manner.ending && (
        <TextInput
          label="Name"
          mt="xs"
          value={fileName}
          onChange={(event) => setFileName(event.currentTarget.value)}
          placeholder={`name${manner.ending}`}
          data-autofocus
        />
      )}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={() => onDone([])}>
          Cancel
        </Button>
        <Button disabled={paths.length === 0} onClick={() => onDone(paths)}>
          {manner.act}
          {manner.several && picked.length > 0 ? ` ${picked.length}` : ''}
        </Button>
      </Group>
    </Modal>
  );
}

const lastFolder = 'folder of files';

/** Begins where a file was chosen the last time, else beside the project, else at home. */
function useListing() {
  const { host, memory, store } = useClient();
  const [listing, setListing] = useState<Listing | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const go = useCallback(
    (folder: string | null) => {
      setProblem(null);
      host.files.browse({ folder }).then(setListing, (error: unknown) => setProblem(sentence(error)));
    },
    [host],
  );
  useEffect(() => {
    const begin = memory.read(lastFolder) ?? folderAround(store.getState().project?.file ?? '');
    // What was there the last time may be gone.
    host.files.browse({ folder: begin }).then(setListing, () => go(null));
  }, [go, host, memory, store]);
  useEffect(() => {
    if (listing) memory.write(lastFolder, listing.folder);
  }, [listing, memory]);
  return { listing, problem, go };
}

/** "/a" for "/a/b.loupe"; null where the path names no folder. */
export const folderAround = (file: string): string | null => /^(.+)[/\\][^/\\]*$/u.exec(file)?.[1] ?? null;

interface Choice {
  readonly manner: Manner;
  readonly listing: Listing | null;
  readonly picked: readonly string[];
  readonly fileName: string;
}

/** What the button would hand back; empty while nothing usable is chosen. */
export function chosenPaths({ manner, listing, picked, fileName }: Choice): readonly string[] {
  if (listing === null) return [];
  if (manner.ending !== null) {
    const name = fileName.trim();
    if (name === '' || /[/\\]/u.test(name)) return [];
    const separator = listing.folder.includes('\\') ? '\\' : '/';
    const whole = name.toLowerCase().endsWith(manner.ending) ? name : name + manner.ending;
    return [`${listing.folder.replace(/[/\\]$/u, '')}${separator}${whole}`];
  }
  if (picked.length > 0) return picked;
  return manner.folder ? [listing.folder] : [];
}

export function toggled(picked: readonly string[], path: string, several: boolean): readonly string[] {
  if (picked.includes(path)) return picked.filter((one) => one !== path);
  return several ? [...picked, path] : [path];
}

/** Shows every folder on the path as a button. */
function Where({ listing, onGo }: { listing: Listing | null; onGo(folder: string): void }) {
  const parts = listing ? pathParts(listing.folder) : [];
  return (
    <Group gap="xs" wrap="nowrap" mb="xs">
      <ActionIcon
        variant="default"
        aria-label="Folder above"
        disabled={!listing?.parent}
        onClick={() => listing?.parent && onGo(listing.parent)}
      >
        <IconArrowUp size={16} />
      </ActionIcon>
      <Breadcrumbs separator="›" separatorMargin={2} className="breadcrumbs">
        {parts.map(({ name, path }) => (
          <Button key={path} variant="subtle" color="gray" size="compact-xs" onClick={() => onGo(path)}>
            {name}
          </Button>
        ))}
      </Breadcrumbs>
    </Group>
  );
}

interface TypedFolderProps {
  /** Null until the first one is read: what is typed before would be lost by it. */
  readonly folder: string | null;
  /** Null while the path is that of the folder. */
  readonly typed: string | null;
  onType(typed: string): void;
  onGo(folder: string): void;
}

/** The folder as a path to be typed or pasted: the one way to those that the list does not show, as caches of models are. */
const TypedFolder = ({ folder, typed, onType, onGo }: TypedFolderProps) => (
  <TextInput
    aria-label="Path of the folder"
    description={typed === null ? undefined : 'Enter opens it'}
    inputWrapperOrder={['label', 'input', 'description', 'error']}
    size="xs"
    mb="xs"
    disabled={folder === null}
    value={typed ?? folder ?? ''}
    onChange={(event) => onType(event.currentTarget.value)}
    onKeyDown={(event) => {
      if (event.key === 'Enter' && typed !== null && typed.trim() !== '') onGo(typed.trim());
    }}
  />
);

/** "/a/b" is "/", "a" at "/a" and "b" at "/a/b". */
export function pathParts(folder: string): { name: string; path: string }[] {
  const separator = folder.includes('\\') ? '\\' : '/';
  const names = folder.split(separator).filter(Boolean);
  const root = folder.startsWith(separator) ? [{ name: separator, path: separator }] : [];
  const lead = folder.startsWith(separator) ? separator : '';
  return [
    ...root,
    ...names.map((name, i) => ({ name, path: lead + names.slice(0, i + 1).join(separator) || separator })),
  ];
}

const icons = {
  folder: IconFolder,
  project: IconZoomScan,
  image: IconPhoto,
  coco: IconJson,
  weights: IconCpu,
} as const;

interface EntriesProps {
  readonly listing: Listing;
  readonly kinds: readonly FolderEntry['kind'][];
  readonly picked: readonly string[];
  onEnter(folder: string): void;
  onPick(path: string): void;
  onOpen(path: string): void;
}

function Entries({ listing, kinds, picked, onEnter, onPick, onOpen }: EntriesProps) {
  const shown = listing.entries.filter(({ kind }) => kind === 'folder' || kinds.includes(kind));
  if (shown.length === 0) {
    return (
      <Text c="dimmed" size="sm" p="md">
        Nothing here that could be chosen.
      </Text>
    );
  }
  return (
    <ul className="plain-list">
      {shown.map(({ name, path, kind }) => {
        const Icon = icons[kind] ?? IconFileTypeXml;
        return (
          <li key={path}>
            <button
              type="button"
              className="file-entry"
              aria-pressed={kind === 'folder' ? undefined : picked.includes(path)}
              onClick={() => (kind === 'folder' ? onEnter(path) : onPick(path))}
              onDoubleClick={() => kind !== 'folder' && onOpen(path)}
            >
              <Icon size={16} aria-hidden />
              <span>{name}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
