// Writing the project as the training files that a published trainer reads, into a folder of its own.
import { Button, Group, Radio, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { type TrainerName, trainers, trainerTitles } from '../../../main/contract/jobs.ts';
import { isActive } from '../../state/words.ts';
import { useClient, useWorkbench } from '../window/client.ts';
import { DialogFrame, FormEnd, useCloseDialog } from '../window/DialogFrame.tsx';
import { JobView } from '../window/JobView.tsx';
import { PathField } from '../window/PathField.tsx';
import { type StartedJob, useStartedJob } from '../window/startedJob.ts';
import { Written } from './ExportDialog.tsx';

export const TrainerDialog = () => (
  <DialogFrame name="trainer" title="Export for a trainer">
    <TrainerForm />
  </DialogFrame>
);

function TrainerForm() {
  const { host } = useClient();
  const file = useUsualFile();
  const [trainer, setTrainer] = useState<TrainerName>(trainers[0]);
  /** Null: the usual one of the trainer. */
  const [chosen, setChosen] = useState<string | null>(null);
  const started = useStartedJob();
  const folder = (chosen ?? usualFolder(file, trainer)).trim();
  if (started.job) return <Exported folder={folder} started={started} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        started.start(() => host.jobs.exportForTrainer({ folder, trainer }));
      }}
    >
      <Stack>
        <Text size="sm">
          For training on a larger machine by the trainers of the published models. Labelled shapes and judged answers
          are written, prompts that nothing matches among them; images that are held back for measuring are apart. Add
          the checkpoint that comes of it in the list of models.
        </Text>
        <Radio.Group
          label="Trainer"
          value={trainer}
          onChange={(value) => setTrainer(trainers.find((one) => one === value) ?? trainer)}
        >
          <Stack gap="xs" mt={4}>
            {trainers.map((one) => (
              <Radio key={one} size="sm" value={one} label={trainerTitles[one]} />
            ))}
          </Stack>
        </Radio.Group>
        <PathField
          label="New folder"
          description="Its own: one that holds files already is refused."
          what="folder"
          value={chosen ?? usualFolder(file, trainer)}
          onChange={setChosen}
        />
        <FormEnd problem={started.problem} starting={started.starting} disabled={folder === ''}>
          Export
        </FormEnd>
      </Stack>
    </form>
  );
}

/** Beside the project, but not where Loupe keeps the sample: where a COCO file would go. */
function useUsualFile(): string {
  const { host } = useClient();
  const project = useWorkbench((state) => state.project?.file ?? '');
  const [file, setFile] = useState(project);
  useEffect(() => {
    host.jobs.exportName().then(
      (usual) => setFile(usual.file),
      () => {},
    );
  }, [host]);
  return file;
}

/** "/p/cars-lens" for "/p/cars.loupe" and "/p/cars.json". */
export const usualFolder = (file: string, trainer: TrainerName): string =>
  file === '' ? '' : `${file.replace(/\.(loupe|json)$/u, '')}-${trainer}`;

function Exported({ folder, started: { job, clear } }: { folder: string; started: StartedJob }) {
  const close = useCloseDialog();
  return (
    job && (
      <Stack>
        <JobView job={job} notesTitle="Left out" />
        {job.state === 'done' && <Written file={folder} />}
        <Group justify="flex-end">
          {!isActive(job) && (
            <Button variant="default" onClick={clear}>
              Export again
            </Button>
          )}
          <Button onClick={close}>{isActive(job) ? 'Go on in the background' : 'Done'}</Button>
        </Group>
      </Stack>
    )
  );
}
