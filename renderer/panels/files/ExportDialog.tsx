// Writing the project as COCO, and checking what was written with one click.
import { Button, Checkbox, Group, Radio, Select, Stack, Text } from '@mantine/core';
import { IconFolderOpen, IconShieldCheck } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { ExportSettings } from '../../../main/contract/jobs.ts';
import { fileName, isActive, several } from '../../state/words.ts';
import { useClient, useShell, useWorkbench } from '../window/client.ts';
import { DialogFrame, FormEnd, useCloseDialog } from '../window/DialogFrame.tsx';
import { JobView } from '../window/JobView.tsx';
import { PathField } from '../window/PathField.tsx';
import { type StartedJob, useStartedJob } from '../window/startedJob.ts';
import { useVerify, VerifyResult } from './VerifyDialog.tsx';

export const ExportDialog = () => (
  <DialogFrame name="export" title="Export COCO">
    <ExportForm />
  </DialogFrame>
);

const ways: readonly { value: ExportSettings['masks']; label: string; description: string }[] = [
  {
    value: 'auto',
    label: 'Polygons where they are exact, else run lengths',
    description:
      'Imported masks that nobody touched stay word for word. Masks with holes, or that polygons would change, are run lengths.',
  },
  {
    value: 'polygons',
    label: 'Polygons only',
    description: 'For programs that read nothing else. Holes and single pixels may be lost; the result says how much.',
  },
  { value: 'run lengths', label: 'Run lengths only', description: 'Every pixel as it is.' },
];

function ExportForm() {
  const { host } = useClient();
  const project = useWorkbench((state) => state.project);
  const [file, setFile] = useState(() => suggested(project?.file ?? ''));
  const [replace, setReplace] = useState(false);
  const [sources, setSources] = useState<readonly string[]>([]);
  /** The file to write back to; null: a file of its own. */
  const [source, setSource] = useState<string | null>(null);
  const [isNamed, setIsNamed] = useState(false);
  // The usual name, unless a file has it already; what is typed before it comes would be mixed with it.
  useEffect(() => {
    host.jobs
      .exportName()
      .then(
        ({ file: free, sources: from }) => {
          setFile(free);
          setSources(from);
        },
        () => {},
      )
      .finally(() => setIsNamed(true));
  }, [host]);
  const [settings, setSettings] = useState<ExportSettings>({ masks: 'auto', onlyAccepted: false });
  const started = useStartedJob();
  const target = source ?? file.trim();
  if (started.job) return <Exported file={target} started={started} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        started.start(() => host.jobs.exportCoco({ file: target, settings, replace, back: source !== null }));
      }}
    >
      <Stack>
        {sources.length > 0 && <Destination sources={sources} value={source} onChange={setSource} />}
        {source === null && (
          <PathField
            {...{ label: 'File', what: 'export', name: fileName(file), value: file }}
            readOnly={!isNamed}
            onChange={setFile}
            autoFocus
          />
        )}
        <Radio.Group
          label="Masks"
          hidden={source !== null}
          value={settings.masks}
          onChange={(value) =>
            setSettings({ ...settings, masks: ways.find((way) => way.value === value)?.value ?? settings.masks })
          }
        >
          <Stack gap="xs" mt={4}>
            {ways.map((way) => (
              <Radio key={way.value} size="sm" {...way} />
            ))}
          </Stack>
        </Radio.Group>
        <Checkbox
          hidden={source !== null}
          label="Only images that were accepted"
          description={
            project ? `${several(project.unreviewed, 'image')} of ${project.images} not reviewed yet` : undefined
          }
          checked={settings.onlyAccepted}
          onChange={(event) => setSettings({ ...settings, onlyAccepted: event.currentTarget.checked })}
        />
        {started.problem?.includes('is there already') && (
          <Checkbox
            label="Replace the file that is there"
            description="It is kept beside the new one as a backup."
            checked={replace}
            onChange={(event) => setReplace(event.currentTarget.checked)}
          />
        )}
        <FormEnd problem={started.problem} starting={started.starting} disabled={target === ''}>
          {source === null ? 'Export' : 'Write back'}
        </FormEnd>
      </Stack>
    </form>
  );
}

interface DestinationProps {
  readonly sources: readonly string[];
  readonly value: string | null;
  onChange(source: string | null): void;
}

const OWN = 'a file of its own';

const Destination = ({ sources, value, onChange }: DestinationProps) => (
  <Select
    label="Write"
    data={[
      { value: OWN, label: 'to a file of its own' },
      ...sources.map((file) => ({ value: file, label: `back to ${fileName(file)}, the file it came from` })),
    ]}
    value={value ?? OWN}
    onChange={(next) => onChange(next === null || next === OWN ? null : next)}
    allowDeselect={false}
    description={
      value === null
        ? undefined
        : `${value}: only what was changed here is written anew. The file as it is now is kept beside it as a backup.`
    }
  />
);

/** Suggests a file beside the project, under its name. */
export const suggested = (project: string): string => (project === '' ? '' : project.replace(/(\.loupe)?$/u, '.json'));

/** Where the file lies; the desktop opens its folder, a browser cannot. */
export function Written({ file }: { file: string }) {
  const shell = useShell();
  return (
    <Group gap="xs" wrap="nowrap" justify="space-between">
      <Text size="sm" ff="monospace" className="written-file">
        {file}
      </Text>
      {shell && (
        <Button
          variant="default"
          leftSection={<IconFolderOpen size={16} aria-hidden />}
          onClick={() => shell.tell({ kind: 'reveal', file })}
        >
          Show in folder
        </Button>
      )}
    </Group>
  );
}

function Exported({ file, started }: { file: string; started: StartedJob }) {
  const close = useCloseDialog();
  const check = useVerify();
  const { job } = started;
  if (!job) return null;
  return (
    <Stack>
      <JobView job={job} notesTitle="What to know of the file" />
      {job.state === 'done' && <Written file={file} />}
      <VerifyResult report={check.report} problem={check.problem} />
      <Group justify="flex-end">
        {!isActive(job) && (
          <Button variant="default" onClick={started.clear}>
            Export again
          </Button>
        )}
        {job.state === 'done' && (
          <Button
            variant="default"
            leftSection={<IconShieldCheck size={16} aria-hidden />}
            loading={check.busy}
            onClick={() => check.verify(file)}
          >
            Verify
          </Button>
        )}
        <Button onClick={close}>{isActive(job) ? 'Go on in the background' : 'Done'}</Button>
      </Group>
    </Stack>
  );
}
