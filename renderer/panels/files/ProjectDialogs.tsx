// Opens and makes projects, and adds images: choosing files, and the two questions of a new project.
import { Button, Group, Stack, Text, Tooltip } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { fileName } from '../../state/words.ts';
import { useClient, useWorkbench } from '../window/client.ts';
import { DialogFrame, useCloseDialog } from '../window/DialogFrame.tsx';
import { useFileChoice } from '../window/fileChoice.tsx';
import { projectFileIn } from '../window/openFolder.ts';

export function ProjectDialogs() {
  useChoosing();
  return (
    <>
      <DialogFrame name="new project" title="New project" size="md">
        <NewProject />
      </DialogFrame>
      <DialogFrame name="save copy" title="Save a copy" size="md">
        <SaveCopy />
      </DialogFrame>
      <DialogFrame name="keep elsewhere" title="Keep the project elsewhere" size="md">
        <KeepElsewhere />
      </DialogFrame>
    </>
  );
}

/** These two ask for files and nothing else. */
function useChoosing(): void {
  const { store, actions } = useClient();
  const choose = useFileChoice();
  const dialog = useWorkbench((state) => state.dialog);
  const asked = useRef(false);
  useEffect(() => {
    if ((dialog !== 'open project' && dialog !== 'add images') || asked.current) return;
    asked.current = true;
    const chosen = async () => {
      const paths = await choose(dialog === 'open project' ? 'open project' : 'images');
      asked.current = false;
      store.setState({ dialog: null });
      const [first] = paths;
      if (first === undefined) return;
      await (dialog === 'open project' ? actions.openProject(first) : actions.addImages([...paths]));
    };
    void chosen();
  }, [dialog, choose, store, actions]);
}

function NewProject() {
  const { actions } = useClient();
  const choose = useFileChoice();
  const close = useCloseDialog();
  const [folder, setFolder] = useState<string | null>(null);
  const [file, setFile] = useState<string | null>(null);
  const target = file ?? (folder === null ? null : projectFileIn(folder));
  const pickFolder = async () => setFolder((await choose('folder'))[0] ?? folder);
  const pickFile = async () => setFile((await choose('new project', target ? fileName(target) : undefined))[0] ?? file);
  const create = async () => {
    if (target !== null && (await actions.createProject(target, folder ?? undefined))) close();
  };
  return (
    <Stack gap="sm">
      <Choice
        title="Images"
        path={folder}
        none="None; they can be added later"
        act={pickFolder}
        verb="Choose a folder"
      />
      <Choice title="Project file" path={target} none="Not chosen yet" act={pickFile} verb="Choose where" />
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button disabled={target === null} onClick={() => void create()}>
          Create
        </Button>
      </Group>
    </Stack>
  );
}

function SaveCopy() {
  const { actions } = useClient();
  const choose = useFileChoice();
  const close = useCloseDialog();
  const open = useWorkbench(({ project }) => project?.file ?? '');
  const save = async () => {
    const [file] = await choose('new project', `copy of ${fileName(open)}`);
    if (file !== undefined && (await actions.saveCopy(file))) close();
  };
  return (
    <Stack gap="sm">
      <Text size="sm">
        The copy holds all that was stored, with its history, and you go on in it. Do this where {open} was moved,
        deleted, replaced or cannot be written: nothing more can be stored there.
      </Text>
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button onClick={() => void save()}>Choose where</Button>
      </Group>
    </Stack>
  );
}

/** A folder that cannot be written: a disk of others, a card, a share. */
function KeepElsewhere() {
  const { actions, host, store } = useClient();
  const choose = useFileChoice();
  const close = useCloseDialog();
  const wanted = useWorkbench((state) => state.readOnly);
  const [target, setTarget] = useState<string | null>(null);
  useEffect(() => {
    if (wanted === null) return;
    // The person chooses where the host proposes nothing.
    host.project.elsewhere({ file: wanted.file }).then(
      ({ file }) => setTarget((chosen) => chosen ?? file),
      () => {},
    );
  }, [host, wanted]);
  if (wanted === null) return null;
  const isNew = wanted.folder !== undefined;
  const pick = async () => setTarget((await choose('new project', fileName(wanted.file)))[0] ?? target);
  const keep = async () => {
    if (target === null) return;
    const done = isNew
      ? await actions.createProject(target, wanted.folder ?? undefined)
      : await actions.keepElsewhere(wanted.file, target);
    if (done) store.setState({ dialog: null, readOnly: null });
  };
  return (
    <Stack gap="sm">
      <Text size="sm">
        {isNew
          ? `${wanted.file} cannot be made: its folder cannot be written.`
          : `${wanted.file} is read-only, or its folder is.`}{' '}
        Keep the project in another folder; its images stay where they are.
      </Text>
      <Choice title="Project file" path={target} none="Not chosen yet" act={pick} verb="Choose where" />
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button disabled={target === null} onClick={() => void keep()}>
          Keep it there
        </Button>
      </Group>
    </Stack>
  );
}

interface ChoiceProps {
  readonly title: string;
  readonly path: string | null;
  readonly none: string;
  readonly verb: string;
  act(): Promise<void>;
}

const Choice = ({ title, path, none, verb, act }: ChoiceProps) => (
  <Group justify="space-between" wrap="nowrap">
    <div style={{ minWidth: 0 }}>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <Tooltip label={path} disabled={path === null} multiline maw={480}>
        <Text size="xs" c={path ? undefined : 'dimmed'} className="ellipsis">
          {path ?? none}
        </Text>
      </Tooltip>
    </div>
    <Button variant="default" onClick={() => void act()} style={{ flex: 'none' }}>
      {verb}
    </Button>
  </Group>
);
