// One prompt asked of every image of the project, with the list of images where nothing was found.
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Job } from '../../../main/contract/jobs.ts';
import { inReview } from '../../state/answers.ts';
import { isActive, several } from '../../state/words.ts';
import { useClient, useWorkbench } from '../window/client.ts';
import { DialogFrame, FormEnd, useCloseDialog } from '../window/DialogFrame.tsx';
import { JobView } from '../window/JobView.tsx';
import { ModelNotice } from '../window/ModelNotice.tsx';
import { useStartedJob } from '../window/startedJob.ts';

export const PromptAllDialog = () => (
  <DialogFrame name="prompt all" title="Ask all images">
    <PromptAllForm />
  </DialogFrame>
);

const isPromptAll = (job: Job): boolean => job.kind === 'prompt all' && isActive(job);

function PromptAllForm() {
  const { store, host, actions } = useClient();
  const images = useWorkbench(({ project }) => project?.images ?? 0);
  const ready = useWorkbench(({ engine }) => engine?.state === 'ready');
  const [text, setText] = useState(() => inReview(store.getState()).prompt?.text ?? actions.history()[0] ?? '');
  const { job, problem, starting, start, clear } = useStartedJob(isPromptAll);
  const ask = () => start(() => host.jobs.promptAll({ text: text.trim() }));
  if (job) return <PromptAllState job={job} onAgain={clear} onResume={ask} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <Stack>
        <ModelNotice />
        <TextInput
          label="Prompt"
          description={`Asked of ${several(images, 'image')}. Images that were asked it before are left out, so this also goes on where it was stopped.`}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          maxLength={2000}
          data-autofocus
        />
        <Text size="sm" c="dimmed">
          Every answer is a proposal that you accept or correct; no shape changes by itself.
        </Text>
        <FormEnd problem={problem} starting={starting} disabled={text.trim() === '' || !ready || images === 0}>
          Ask {several(images, 'image')}
        </FormEnd>
      </Stack>
    </form>
  );
}

interface PromptAllStateProps {
  readonly job: Job;
  onAgain(): void;
  onResume(): void;
}

function PromptAllState({ job, onAgain, onResume }: PromptAllStateProps) {
  const { store, actions } = useClient();
  const close = useCloseDialog();
  const showEmpty = () => {
    actions.setQuery({ status: 'nothing found', search: '', labelId: null });
    store.setState({ dialog: null, side: 'images' });
  };
  return (
    <Stack>
      <JobView job={job} notesTitle="Nothing was found, or went wrong" />
      {isActive(job) && (
        <Text size="xs" c="dimmed">
          You can close this and review what is there already. Your own prompts go first.
        </Text>
      )}
      <Group justify="flex-end">
        {!isActive(job) && job.notes.length > 0 && (
          <Button variant="default" onClick={showEmpty}>
            List the images with nothing found
          </Button>
        )}
        {(job.state === 'cancelled' || job.state === 'failed') && <Button onClick={onResume}>Go on</Button>}
        {job.state === 'done' && (
          <Button variant="default" onClick={onAgain}>
            Ask another
          </Button>
        )}
        <Button variant={isActive(job) ? 'filled' : 'default'} onClick={close}>
          {isActive(job) ? 'Go on in the background' : 'Done'}
        </Button>
      </Group>
    </Stack>
  );
}
